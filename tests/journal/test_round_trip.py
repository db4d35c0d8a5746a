"""What was written is what is read, in this process and in the next."""

from __future__ import annotations

import sqlite3
import stat
import sys
import tempfile
import threading
import time
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journal.books import create, numbered, running, task
from resource_strategies import resources

from mesos_batch import __version__
from mesos_batch.config.secret import Secret
from mesos_batch.errors import ExitCode, JournalError
from mesos_batch.journal import (
    Journal,
    digest_of,
    list_runs,
    read_attempts,
    read_run,
    read_snapshot,
)
from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import Resources
from mesos_batch.model.saved import (
    AgentEntry,
    AttemptEntry,
    EndEntry,
    Entry,
    FrameworkEntry,
    TaskEntry,
)
from mesos_batch.model.scheduling import ORDINARY, Constraint, Operator, Scheduling
from mesos_batch.model.snapshot import AgentView
from mesos_batch.model.state import TaskState
from mesos_batch.model.task import TaskSpec

POSITIONS = 3
texts = st.none() | st.text(max_size=8)
times = st.none() | st.floats(0, 4e9)
positions = st.integers(0, POSITIONS - 1)
states = st.none() | st.sampled_from(TaskState)
phases = st.sampled_from(Phase)
counts = st.integers(0, 2**40)
task_entries = st.builds(
    TaskEntry,
    position=positions,
    phase=phases,
    launches=counts,
    failures=counts,
    losses=counts,
    retry_at=times,
    state=states,
    message=texts,
    reason=texts,
    ended_at=times,
)
attempt_entries = st.builds(
    AttemptEntry,
    position=positions,
    number=st.integers(1, 3),
    phase=phases,
    agent_id=st.text(max_size=4),
    hostname=st.text(max_size=4),
    launched_at=st.floats(0, 4e9),
    state=states,
    message=texts,
    reason=texts,
    started_at=times,
    ended_at=times,
    exit_status=st.none() | st.integers(-255, 255),
    signal=texts,
    sandbox_url=texts,
    sandbox_path=texts,
)
framework_entries = st.builds(FrameworkEntry, at=st.floats(0, 4e9), framework_id=texts)
commits = st.lists(st.lists(task_entries | attempt_entries | framework_entries, max_size=8))


@settings(max_examples=60)
@given(commits, st.sets(st.integers(0, 5)))
def test_the_last_entry_of_each_kind_counts(batches: list[list[Entry]], reopened: set[int]) -> None:
    tasks: dict[int, TaskEntry] = {}
    attempts: dict[tuple[int, int], AttemptEntry] = {}
    framework: FrameworkEntry | None = None
    with tempfile.TemporaryDirectory() as folder:
        journal = create(Path(folder), POSITIONS)
        for number, batch in enumerate(batches):
            journal.commit(batch)
            for entry in batch:
                if isinstance(entry, TaskEntry):
                    tasks[entry.position] = entry
                elif isinstance(entry, AttemptEntry):
                    attempts[entry.position, entry.number] = entry
                elif isinstance(entry, FrameworkEntry):
                    framework = entry
            if number in reopened:
                journal.close()
                journal = Journal.open(journal.directory)
            past = journal.past
            assert {entry.position: entry for entry in past.tasks} == tasks
            assert {(entry.position, entry.number): entry for entry in past.attempts} == attempts
            assert past.framework_id == (framework.framework_id if framework else None)
        journal.close()
        assert read_attempts(journal.directory) == [attempts[key] for key in sorted(attempts)]


constraints = st.builds(
    Constraint,
    field=st.text(max_size=4),
    operator=st.sampled_from(Operator),
    values=st.lists(st.text(max_size=4), max_size=3).map(tuple),
)
schedulings = st.builds(
    Scheduling,
    priority=st.integers(-(10**9), 10**9),
    expected_runtime=times,
    constraints=st.lists(constraints, max_size=3).map(tuple),
    max_attempts=st.none() | st.integers(1, 10**9),
)
task_specs = st.builds(
    TaskSpec,
    task_id=st.text(max_size=4),
    name=st.text(max_size=4),
    resources=resources,
    kept=st.binary(max_size=8),
    agent_id=texts,
    command=st.text(max_size=4),
    executor_id=texts,
    executor_resources=st.none() | resources,
    scheduling=schedulings,
    depends_on=st.lists(st.text(max_size=4), max_size=3).map(tuple),
    always=st.booleans(),
)


@settings(max_examples=60)
@given(st.lists(task_specs, max_size=5))
def test_the_task_list_is_read_as_it_was_written(tasks: list[TaskSpec]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        about = {"master": "m", "source": "s", "options": {}}
        Journal.create(Path(folder), tasks, **about).close()
        [run] = list_runs(Path(folder))
        with Journal.open(run.directory) as journal:
            read = journal.tasks
    assert read == tasks
    # Equality of resources is that of Mesos and says nothing of mount points and allocations.
    assert [list(each.resources) for each in read] == [list(each.resources) for each in tasks]


def test_tasks_that_ask_for_the_same_share_one_object(tmp_path: Path) -> None:
    shared = Resources.scalars(cpus=2)
    tasks = [task(0), task(1, resources=shared), task(2), task(3, executor_resources=shared)]
    with Journal.create(tmp_path, tasks, master="m", source="s", options={}) as journal:
        read = journal.tasks
    assert read[0].resources is read[2].resources is read[3].resources
    assert read[1].resources is read[3].executor_resources


def test_tasks_that_are_scheduled_alike_share_one_object(tmp_path: Path) -> None:
    urgent = [Scheduling(5, 90.0, (Constraint("rack", Operator.IN, ("r1", "r2")),)) for _ in "ab"]
    tasks = [task(0), task(1, scheduling=urgent[0]), task(2, scheduling=urgent[1]), task(3)]
    with Journal.create(tmp_path, tasks, master="m", source="s", options={}) as journal:
        read = journal.tasks
    assert read == tasks
    assert read[1].scheduling is read[2].scheduling
    assert read[0].scheduling is read[3].scheduling is ORDINARY


def test_the_header_stays(tmp_path: Path) -> None:
    options = {"role": "eo", "partition_aware": True, "local": {"agents": 2}, "user": None}
    before = time.time()
    with create(tmp_path, master="zk://h1,h2/mesos", source="ü.json", options=options) as journal:
        header = journal.header
    with Journal.open(journal.directory) as again:
        assert again.header == header
    assert header.run_id == journal.run_id == journal.directory.name
    assert before <= header.created_at <= time.time()
    assert header.version == __version__
    assert (header.master, header.source) == ("zk://h1,h2/mesos", "ü.json")
    assert header.options == options
    assert header.task_count == 3
    assert header.digest == digest_of([task(0), task(1), task(2)])


def test_digests_tell_lists_apart() -> None:
    one = [TaskSpec("a", "a", Resources(), b"ab"), TaskSpec("b", "b", Resources(), b"c")]
    other = [TaskSpec("a", "a", Resources(), b"a"), TaskSpec("b", "b", Resources(), b"bc")]
    assert len({digest_of(one), digest_of(one[::-1]), digest_of(other), digest_of(one[:1])}) == 4


@pytest.mark.parametrize(("kind", "table"), [(TaskEntry, "progress"), (AttemptEntry, "attempts")])
def test_every_field_of_an_entry_has_its_column(
    tmp_path: Path, kind: type[Entry], table: str
) -> None:
    with create(tmp_path) as journal:
        pass
    with closing(sqlite3.connect(journal.directory / "journal.sqlite")) as db:
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    assert columns == [field.name for field in fields(kind)]


def test_a_journal_serves_another_thread_than_its_maker(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        thread = threading.Thread(target=journal.commit, args=(running(0),))
        thread.start()
        thread.join()
        assert [entry.phase for entry in journal.past.tasks] == [Phase.RUNNING]


def test_an_empty_commit_writes_nothing(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        before = journal.past.touched_at
        journal.commit([])
        assert journal.past.touched_at == before


def test_a_commit_is_a_sign_of_life(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        journal.commit([FrameworkEntry(5.0, "f")])
        assert journal.past.touched_at == 5.0
        before = time.time()
        journal.commit(running(0))
        assert before <= journal.past.touched_at <= time.time()


def test_a_run_that_has_ended_is_not_taken_up(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        journal.commit([EndEntry(7.0, ExitCode.TASK_FAILED, "1 task failed")])
    with pytest.raises(JournalError, match="has ended, with exit code 1") as raised:
        Journal.open(journal.directory)
    assert raised.value.hint is not None
    assert f"retry {journal.run_id}" in raised.value.hint
    assert read_run(journal.directory).touched_at == 7.0


def test_a_commit_waits_for_the_disk(tmp_path: Path) -> None:
    # Only a power cut would show it. 2 is FULL: the log is flushed before COMMIT returns.
    with create(tmp_path) as journal:
        assert pragmas(journal) == (2, "wal")
    with Journal.open(journal.directory) as journal:
        assert pragmas(journal) == (2, "wal")


def pragmas(journal: Journal) -> tuple[int, str]:
    asked = (journal._db.execute(f"PRAGMA {name}") for name in ("synchronous", "journal_mode"))
    synchronous, mode = (answer.fetchone()[0] for answer in asked)
    return synchronous, mode


def test_no_secret_gets_in(tmp_path: Path) -> None:
    secret = Secret("hunter2")
    for options in ({"secret": secret}, {"deep": [{"secret": secret}]}, {secret: 1}):
        with pytest.raises(TypeError) as raised:
            create(tmp_path, options=options)
        assert "hunter2" not in str(raised.value)
    with pytest.raises(ValueError, match="credentials") as refused:
        create(tmp_path, master="zk://ann:hunter2@h1/mesos")
    assert "hunter2" not in str(refused.value)
    assert list_runs(tmp_path) == []
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_nobody_else_may_look(tmp_path: Path) -> None:
    with create(tmp_path / "new" / "place") as journal:
        for directory in (journal.directory, journal.directory.parent):
            assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_path_may_have_any_characters(tmp_path: Path) -> None:
    with create(tmp_path / "50% off? #1 & ü") as journal:
        journal.commit(numbered(1))
    assert read_run(journal.directory).framework_id == "framework-1"


def test_the_state_directory_of_the_platform_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesos_batch.journal.paths.user_state_path", lambda *_, **__: tmp_path)
    with Journal.create(None, [], master="m", source="s", options={}) as journal:
        assert journal.directory.parent == tmp_path / "runs"
    assert [run.run_id for run in list_runs(None)] == [journal.run_id]


def test_what_payloads_have_in_common_is_kept_once_again(tmp_path: Path) -> None:
    common = bytes(range(256)) * 2
    written = [
        TaskSpec("t", "t", Resources(), b"%d" % number + common, command="run it")
        for number in range(3)
    ]
    about = {"master": "m", "source": "s", "options": {}}
    with Journal.create(tmp_path, written, **about) as journal:
        _, one, other = journal.tasks

    assert [one.payload, other.payload] == [each.payload for each in written[1:]]
    assert len(one.kept) < 50
    assert one.like is other.like
    assert one.command is other.command


def test_agents_are_read_with_what_runs_on_them(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        journal.commit([AgentEntry("agent-1", "node1", 2.0, 512.0), *running(0), *running(1)])
        journal.commit([AttemptEntry(2, 1, Phase.FAILED, "agent-1", "node1", launched_at=9.0)])
        journal.commit([AgentEntry("agent-1", "node1", 4.0, 1024.0)])
        journal.commit([AgentEntry("agent-2", "node2", 8.0, 64.0)])

    assert read_snapshot(journal.directory).agents == (
        AgentView("agent-1", "node1", cpus=4.0, mem=1024.0, running=2),
        AgentView("agent-2", "node2", cpus=8.0, mem=64.0, running=0),
    )
