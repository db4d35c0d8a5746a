"""Runs as other processes see them: lists, ids, states, snapshots, requests."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest
from journal.books import child, copy_of, crashed_run, create, running, task

from mesos_batch.errors import ExitCode, JournalError
from mesos_batch.journal import (
    Journal,
    RunState,
    ask_cancel,
    find_run,
    list_runs,
    read_attempts,
    read_run,
    read_snapshot,
)
from mesos_batch.journal.owner import is_held
from mesos_batch.journal.paths import created_at_of
from mesos_batch.model.facts import Phase
from mesos_batch.model.saved import AttemptEntry, CancelEntry, EndEntry, FrameworkEntry, TaskEntry
from mesos_batch.model.state import TaskState


def named(directory: Path, name: str) -> Path:
    """The directory of a run under another run id."""
    return directory.rename(directory.with_name(name))


def test_a_run_while_it_is_driven_and_after(tmp_path: Path) -> None:
    journal = create(tmp_path, 4, options={"role": "eo"})
    journal.commit([FrameworkEntry(5.0, "framework-1"), *running(0), *running(2)])
    journal.commit([TaskEntry(2, Phase.FINISHED, 1)])
    run = read_run(journal.directory)
    assert run.state is RunState.RUNNING
    assert (run.pid, run.host) == (os.getpid(), socket.gethostname())
    assert run.counts == {Phase.WAITING: 2, Phase.RUNNING: 1, Phase.FINISHED: 1}
    assert (run.total, run.framework_id, run.options) == (4, "framework-1", {"role": "eo"})
    assert (run.master, run.source) == ("leader:5050", "tiles.json")
    assert run.touched_at == journal.past.touched_at
    assert (run.exit_code, run.message) == (None, None)

    journal.close()
    run = read_run(journal.directory)
    assert (run.state, run.pid, run.host) == (RunState.STOPPED, None, None)

    with Journal.open(journal.directory) as again:
        again.commit([EndEntry(9.0, ExitCode.TASK_FAILED, "1 task failed")])
        assert read_run(journal.directory).state is RunState.ENDED
    run = read_run(journal.directory)
    assert (run.state, run.exit_code) == (RunState.ENDED, ExitCode.TASK_FAILED)
    assert (run.message, run.pid) == ("1 task failed", None)


def test_a_run_without_tasks(tmp_path: Path) -> None:
    with create(tmp_path, 0) as journal:
        assert read_run(journal.directory).counts == {}
        assert journal.tasks == []


def test_a_run_is_stopped_when_its_owner_died(tmp_path: Path) -> None:
    run = read_run(crashed_run(tmp_path, commits=1))
    assert (run.state, run.pid) == (RunState.STOPPED, None)
    assert run.counts == {Phase.LAUNCHED: 3}


def test_looking_changes_nothing(tmp_path: Path) -> None:
    directory = crashed_run(tmp_path, commits=2)
    files = [directory / "journal.sqlite", directory / "journal.sqlite-wal"]
    before = [path.read_bytes() for path in files]
    assert list_runs(tmp_path)
    assert read_snapshot(directory)
    assert [path.read_bytes() for path in files] == before


def test_a_run_that_ends_while_it_is_looked_at_is_not_taken_for_crashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = create(tmp_path)

    def end_after_the_look(directory: Path) -> bool:
        held = is_held(directory)
        journal.commit([EndEntry(9.0, ExitCode.FINISHED)])
        journal.close()
        return held

    monkeypatch.setattr("mesos_batch.journal.read.is_held", end_after_the_look)
    assert read_run(journal.directory).state is RunState.ENDED


def test_runs_are_listed_newest_first_and_a_broken_one_hides_none(tmp_path: Path) -> None:
    for name in ("20260101-000000-aaaa", "20260103-000000-aaaa", "20260102-000000-aaaa"):
        with create(tmp_path) as journal:
            pass
        directory = named(journal.directory, name)
        if name.startswith("20260102"):
            (directory / "journal.sqlite").write_bytes(b"what a disk may leave behind" * 1000)
    for name in ("notes", "20261301-000000-aaaa"):
        (tmp_path / "runs" / name).mkdir()
    (tmp_path / "runs" / "20260104-000000-aaaa").write_text("a file", encoding="utf-8")
    runs = list_runs(tmp_path)
    # Those that can be read have the time of their header, which is now.
    assert [run.directory.name for run in runs] == [
        "20260103-000000-aaaa",
        "20260101-000000-aaaa",
        "20260102-000000-aaaa",
    ]
    assert [run.state for run in runs] == [
        RunState.STOPPED,
        RunState.STOPPED,
        RunState.UNREADABLE,
    ]
    broken = runs[-1]
    assert broken.run_id == "20260102-000000-aaaa"
    assert broken.created_at == created_at_of("20260102-000000-aaaa") == 1767312000
    assert broken.message is not None
    assert "it is damaged or no journal" in broken.message


def test_no_runs(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "never") == []
    with pytest.raises(JournalError, match="there are no runs in"):
        find_run(tmp_path, "last")


def test_a_run_is_found_by_its_id_or_a_part_of_it(tmp_path: Path) -> None:
    for name in ("20260101-000000-aaaa", "20260101-000000-aabb", "20260102-000000-bbbb"):
        with create(tmp_path) as journal:
            pass
        named(journal.directory, name)

    def found(text: str) -> str:
        return find_run(tmp_path, text).directory.name

    assert found("20260101-000000-aaaa") == "20260101-000000-aaaa"
    assert found("aabb") == "20260101-000000-aabb"
    assert found("0102") == "20260102-000000-bbbb"
    assert found("last") == "20260102-000000-bbbb"
    with pytest.raises(JournalError, match="there is no run 'zz'"):
        found("zz")
    with pytest.raises(
        JournalError,
        match=r"'aa' is a part of 2 run ids: 20260101-000000-aabb, 20260101-000000-aaaa$",
    ):
        found("aa")


def test_few_of_many_candidates_are_named(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / "runs" / f"20260101-00000{number}-aaaa").mkdir(parents=True)
    with pytest.raises(JournalError, match=r"-000006-aaaa, .*-000002-aaaa and 2 more$"):
        find_run(tmp_path, "aaaa")


def test_the_last_of_two_runs_of_one_second(tmp_path: Path) -> None:
    made = []
    for name in ("20260101-000000-zzzz", "20260101-000000-aaaa", "20260101-000000-mmmm"):
        with create(tmp_path) as journal:
            made.append(journal.header.created_at)
        named(journal.directory, name)
    assert made == sorted(made)
    assert find_run(tmp_path, "last").created_at == made[-1]


def test_a_run_that_cannot_be_read_is_found_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "runs" / "20260101-000000-aaaa").mkdir(parents=True)
    with pytest.raises(JournalError, match="there is no journal"):
        find_run(tmp_path, "aaaa")


def test_ids_are_made_for_each_run_and_tell_the_time(tmp_path: Path) -> None:
    before = int(time.time())
    journals = [create(tmp_path) for _ in range(5)]
    assert len({journal.run_id for journal in journals}) == 5
    for journal in journals:
        assert before <= created_at_of(journal.run_id) <= journal.header.created_at
        journal.close()


def test_an_id_that_is_taken_is_not_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = iter("aaaaaaaaaaab")
    monkeypatch.setattr("mesos_batch.journal.paths.secrets.choice", lambda _: next(letters))
    monkeypatch.setattr("mesos_batch.journal.write.time.time", lambda: 1767312000.5)
    with create(tmp_path) as one, create(tmp_path) as other:
        assert one.run_id == "20260102-000000-aaaa"
        assert other.run_id == "20260102-000000-aaab"


def test_a_snapshot_has_each_task_with_its_latest_attempt(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        journal.commit([FrameworkEntry(5.0, "framework-1"), *running(1, 1)])
        again = AttemptEntry(
            1,
            2,
            Phase.FAILED,
            "agent-2",
            "node2",
            launched_at=20.0,
            state=TaskState.TASK_FAILED,
            started_at=21.0,
            ended_at=22.0,
            exit_status=3,
            signal="SIGHUP",
            sandbox_url="http://node2:5051/files",
            sandbox_path="/tmp/sandbox",
        )
        ended = TaskEntry(
            1,
            Phase.FAILED,
            2,
            failures=2,
            state=TaskState.TASK_FAILED,
            message="exited with 3",
            reason="REASON_COMMAND_EXECUTOR_FAILED",
            ended_at=22.5,
        )
        journal.commit([again, ended, FrameworkEntry(30.0, "framework-1")])
        snapshot = read_snapshot(journal.directory)
    assert (snapshot.at, snapshot.started_at) == (30.0, journal.header.created_at)
    assert (snapshot.master, snapshot.framework_id) == ("leader:5050", "framework-1")
    assert (snapshot.exit_code, snapshot.cancelling, snapshot.connected) == (None, False, False)
    waiting, view, _ = snapshot.tasks
    assert [each.spec for each in snapshot.tasks] == [task(0), task(1), task(2)]
    assert (waiting.phase, waiting.launches, waiting.agent_id) == (Phase.WAITING, 0, None)
    assert (view.phase, view.state) == (Phase.FAILED, TaskState.TASK_FAILED)
    assert (view.launches, view.failures) == (2, 2)
    assert (view.message, view.reason) == ("exited with 3", "REASON_COMMAND_EXECUTOR_FAILED")
    assert (view.agent_id, view.hostname) == ("agent-2", "node2")
    assert (view.launched_at, view.started_at, view.ended_at) == (20.0, 21.0, 22.5)
    assert (view.exit_status, view.signal) == (3, "SIGHUP")
    assert view.sandbox_url == "http://node2:5051/files"
    assert view.sandbox_path == "/tmp/sandbox"


def test_attempts_of_one_task_or_of_all(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        journal.commit([*running(2, 2), *running(2, 1), *running(0, 1)])
        every = read_attempts(journal.directory)
        assert [(each.position, each.number) for each in every] == [(0, 1), (2, 1), (2, 2)]
        assert read_attempts(journal.directory, 2) == every[1:]


def test_a_reader_sees_what_the_owner_has_committed(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        for position in range(3):
            journal.commit(running(position))
            assert read_run(journal.directory).counts[Phase.RUNNING] == position + 1


def test_a_cancellation_is_asked_of_the_owner(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        assert journal.cancel_request() is None
        ask_cancel(journal.directory, ExitCode.TERMINATED)
        assert read_snapshot(journal.directory).cancelling
        assert journal.cancel_request() is ExitCode.TERMINATED
        assert journal.cancel_request() is None
        journal.commit(running(0))
        assert journal.cancel_request() is None
        ask_cancel(journal.directory, ExitCode.INTERRUPTED)
        assert journal.cancel_request() is ExitCode.INTERRUPTED


def test_a_request_outlives_the_owner_that_did_not_see_it(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        ask_cancel(journal.directory, ExitCode.TERMINATED)
    with Journal.open(journal.directory) as again:
        assert again.cancel_request() is ExitCode.TERMINATED
        assert again.cancel_request() is None


def test_a_run_stays_cancelled(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        assert journal.past.cancelled is None
        entry = CancelEntry(6.0, ExitCode.INTERRUPTED, "too many failures")
        journal.commit([entry])
    assert read_snapshot(journal.directory).cancelling
    with Journal.open(journal.directory) as again:
        assert again.past.cancelled == entry


def test_a_run_that_stopped_says_how_until_it_goes_on(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        left = "left; the tasks run on"
        journal.commit([EndEntry(8.0, ExitCode.INTERRUPTED, left, final=False)])
    for told in (read_run(journal.directory), read_snapshot(journal.directory)):
        assert (told.exit_code, told.message) == (ExitCode.INTERRUPTED, left)
    assert read_run(journal.directory).state is RunState.STOPPED
    with Journal.open(journal.directory):
        for told in (read_run(journal.directory), read_snapshot(journal.directory)):
            assert (told.exit_code, told.message) == (None, None)
        assert read_run(journal.directory).state is RunState.RUNNING


def test_nobody_can_be_asked_to_cancel_what_nobody_drives(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        pass
    with pytest.raises(JournalError, match=r"nobody drives run .*: it is stopped") as stopped:
        ask_cancel(journal.directory, ExitCode.INTERRUPTED)
    assert stopped.value.hint is not None
    with Journal.open(journal.directory) as again:
        again.commit([EndEntry(9.0, ExitCode.FINISHED)])
    with pytest.raises(JournalError, match="has ended"):
        ask_cancel(journal.directory, ExitCode.INTERRUPTED)


def test_a_run_that_may_be_driven_elsewhere_is_left_alone(tmp_path: Path) -> None:
    directory = crashed_run(tmp_path, commits=1)
    name = socket.gethostname()
    with pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.setattr("socket.gethostname", lambda: "elsewhere")
        run = read_run(directory)
        assert (run.state, run.host) == (RunState.RUNNING, name)
        with pytest.raises(JournalError, match=f"process {run.pid} on {name}$"):
            ask_cancel(directory, ExitCode.INTERRUPTED)
        with pytest.raises(JournalError, match=f"process {run.pid} on {name}$") as refused:
            Journal.open(directory)
        # The hint says what to remove when that host is gone for good.
        assert refused.value.hint is not None
        assert str(directory / "owner.sqlite") in refused.value.hint
        (directory / "owner.sqlite").unlink()
        with Journal.open(directory):
            assert read_run(directory).host == "elsewhere"
    with Journal.open(directory):
        assert read_run(directory).host == name


def test_a_run_is_driven_by_one_process_at_a_time(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        with pytest.raises(JournalError, match=f"is being driven by process {os.getpid()}$"):
            Journal.open(journal.directory)
        journal.commit(running(0))
    contenders = [child("take", journal.directory) for _ in range(4)]
    outcomes = {}
    for each in contenders:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in contenders:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in contenders:
        assert each.stdout is not None
        outcomes[each.pid] = each.stdout.readline().strip()
    [winner] = [pid for pid, outcome in outcomes.items() if outcome == "won"]
    refusal = f"run {journal.run_id} is being driven by"
    assert {text for pid, text in outcomes.items() if pid != winner} <= {
        f"{refusal} process {winner}",
        f"{refusal} another process",
    }
    assert read_run(journal.directory).pid == winner
    for each in contenders:
        with each:
            each.communicate("stop\n")
    with Journal.open(journal.directory):
        pass


def test_a_copy_of_a_run_can_be_taken_up(tmp_path: Path) -> None:
    directory = crashed_run(tmp_path, commits=2)
    with Journal.open(copy_of(directory, tmp_path / "copy")) as journal:
        assert journal.past.framework_id == "framework-2"


@pytest.mark.parametrize(("checkpoint", "losses"), [(False, 1), (True, 0)])
def test_what_restarts_of_agents_cost(checkpoint: bool, losses: int, tmp_path: Path) -> None:
    def lost(position: int, agent: str) -> AttemptEntry:
        reason = "REASON_AGENT_DISCONNECTED"
        at = {"launched_at": 1.0, "ended_at": 2.0}
        return AttemptEntry(position, 1, Phase.LOST, agent, agent, reason=reason, **at)

    with create(tmp_path, 3, options={"checkpoint": checkpoint}) as journal:
        back = AttemptEntry(0, 2, Phase.RUNNING, "back", "back", launched_at=3.0)
        journal.commit([lost(0, "back"), lost(1, "gone"), back])
        assert read_snapshot(journal.directory).restart_losses == losses
