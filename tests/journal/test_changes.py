"""Changes and their operations in the journal; and journals of before there were any."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journal.books import create, running, task
from resource_strategies import resources

from mesos_batch import journal as journals
from mesos_batch.errors import ExitCode
from mesos_batch.journal import Journal, read_run, read_snapshot, schema
from mesos_batch.model.change import Change, ChangeKind, ChangePhase, ChangeView, OperationView
from mesos_batch.model.facts import Phase
from mesos_batch.model.operation import OperationState, OperationType
from mesos_batch.model.resource import Disk, Reservation, ReservationType, Resource, Volume
from mesos_batch.model.resources import Resources
from mesos_batch.model.saved import ChangeEntry, EndEntry, OperationEntry
from mesos_batch.model.scalar import Scalar
from mesos_batch.model.scheduling import ORDINARY, Scheduling
from mesos_batch.model.task import TaskSpec
from mesos_batch.protocol.resource_bytes import resources_to_bytes

names = st.none() | st.text(max_size=5)

changes = st.builds(
    Change,
    kind=st.sampled_from(ChangeKind),
    reserved=resources,
    volumes=resources,
    agents=st.none() | st.frozensets(st.text(max_size=5), max_size=3),
    apart=st.booleans(),
    run_id=names,
)
POSITIONS = st.integers(0, 1)
change_entries = st.builds(
    ChangeEntry,
    position=POSITIONS,
    phase=st.sampled_from(ChangePhase),
    agent_id=names,
    hostname=names,
    reserved=resources,
    volumes=resources,
    message=names,
)
operation_entries = st.builds(
    OperationEntry,
    position=POSITIONS,
    number=st.integers(0, 2),
    type=st.sampled_from(OperationType),
    agent_id=st.text(max_size=5),
    resources=resources,
    state=st.sampled_from(OperationState),
    sent_at=st.floats(0, 4e9),
    operation_id=names,
    message=names,
)

STACK = (Reservation(ReservationType.DYNAMIC, "test", "alice"),)
DISK = Resource("disk", Scalar.of(100), STACK)
VOLUME = Resource("disk", Scalar.of(100), STACK, disk=Disk("v", "alice", Volume("data")))
MAKE = Change(ChangeKind.MAKE, Resources([DISK]), Resources([VOLUME]), frozenset({"b", "a"}))


def progress(phase: ChangePhase, position: int = 0, message: str | None = None) -> ChangeEntry:
    return ChangeEntry(position, phase, "a", "host", MAKE.reserved, MAKE.volumes, message)


def operation(
    state: OperationState, kind: OperationType = OperationType.RESERVE, number: int = 0
) -> OperationEntry:
    return OperationEntry(0, number, kind, "a", MAKE.reserved, state, 1.5, f"op-{number}", "why")


@settings(max_examples=12)
@given(
    st.lists(changes, min_size=2, max_size=2),
    st.lists(change_entries | operation_entries, max_size=6),
)
def test_what_was_written_last_is_read(
    wanted: list[Change], entries: list[ChangeEntry | OperationEntry]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with create(Path(folder), changes=wanted) as journal:
            journal.commit(entries)
        with Journal.open(journal.directory) as again:
            assert again.changes == wanted
            past = again.past
        operations = journals.read_operations(journal.directory)
        views = journals.read_changes(journal.directory)
    last = {it.position: it for it in entries if isinstance(it, ChangeEntry)}
    sent = {(it.position, it.number): it for it in entries if isinstance(it, OperationEntry)}
    assert list(past.changes) == [last[key] for key in sorted(last)]
    assert list(past.operations) == operations == [sent[key] for key in sorted(sent)]
    assert [view.change for view in views] == wanted
    assert [view.phase for view in views] == [
        last[at].phase if at in last else ChangePhase.WAITING for at in (0, 1)
    ]


def test_a_change_is_shown_as_planned_and_then_as_it_is(tmp_path: Path) -> None:
    with create(tmp_path, changes=[MAKE]) as journal:
        where = journal.directory
        assert journals.read_changes(where) == [
            ChangeView(MAKE, reserved=MAKE.reserved, volumes=MAKE.volumes)
        ]
        finished = operation(OperationState.OPERATION_FINISHED)
        pending = operation(OperationState.OPERATION_PENDING, OperationType.CREATE, 1)
        journal.commit([progress(ChangePhase.WAITING, message="waits"), pending, finished])
        view = ChangeView(
            MAKE,
            ChangePhase.WAITING,
            "a",
            "host",
            MAKE.reserved,
            MAKE.volumes,
            tuple(
                OperationView(it.type, it.resources, it.state, "why") for it in (finished, pending)
            ),
            "waits",
        )
        assert journals.read_changes(where) == [view]
        assert read_snapshot(where).changes == (view,)


@pytest.mark.parametrize("agents", [None, frozenset(), frozenset({"b", "a"})])
def test_no_agent_is_not_any_agent(agents: frozenset[str] | None, tmp_path: Path) -> None:
    wanted = Change(ChangeKind.UNDO, MAKE.reserved, MAKE.volumes, agents, run_id="r")
    with create(tmp_path, changes=[wanted]) as journal:
        assert journal.changes == [wanted]


def test_changes_are_counted_like_tasks(tmp_path: Path) -> None:
    with create(tmp_path, changes=[MAKE] * 5) as journal:
        assert read_run(journal.directory).changes == {ChangePhase.WAITING: 5}
        journal.commit(
            [
                progress(ChangePhase.DONE, 0),
                progress(ChangePhase.DONE, 3),
                progress(ChangePhase.FAILED, 1),
                progress(ChangePhase.WAITING, 4),
            ]
        )
        assert read_run(journal.directory).changes == {
            ChangePhase.DONE: 2,
            ChangePhase.FAILED: 1,
            ChangePhase.WAITING: 2,
        }


def test_entries_of_one_commit_are_there_together_or_not_at_all(tmp_path: Path) -> None:
    with create(tmp_path, changes=[MAKE]) as journal:
        wrong = OperationEntry(
            0, 0, OperationType.RESERVE, "a", Resources(), OperationState.OPERATION_PENDING,
            None,  # type: ignore[arg-type]
        )  # fmt: skip
        with pytest.raises(sqlite3.IntegrityError):
            journal.commit([progress(ChangePhase.DONE), wrong])
        assert list(journal.past.changes) == []


def older_run(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of the mesos-batch that knew of no changes: it took the first step only."""
    with monkeypatch.context() as patch:
        patch.setattr(schema, "_STEPS", schema._STEPS[:1])
        patch.setattr("mesos_batch.journal.change_rows.insert_changes", lambda *_: None)
        patch.setattr("mesos_batch.journal.rows.insert_tasks", insert_tasks_as_before)
        with create(state_dir, 1) as journal:
            db = journal._db
            assert db.execute("PRAGMA user_version").fetchone() == (1,)
            db.execute("BEGIN IMMEDIATE")
            for entry in running(0):
                _put_old(db, entry)
            db.execute("COMMIT")
    return journal.directory


def insert_tasks_as_before(db: sqlite3.Connection, tasks: list[TaskSpec]) -> None:
    row = (0, "t0", "task 0", 0, tasks[0].payload, "")
    db.execute("INSERT INTO resources VALUES (0, ?)", (resources_to_bytes(tasks[0].resources),))
    db.execute(
        "INSERT INTO tasks (position, task_id, name, resources, payload, command)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        row,
    )


def _put_old(db: sqlite3.Connection, entry: object) -> None:
    from mesos_batch.journal import rows
    from mesos_batch.model.saved import AttemptEntry, TaskEntry

    if isinstance(entry, TaskEntry):
        rows.put_progress(db, [entry])
    elif isinstance(entry, AttemptEntry):
        rows.put_attempts(db, [entry])


def version_of(directory: Path) -> int:
    with closing(sqlite3.connect(directory / "journal.sqlite")) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        return int(version)


def test_an_older_journal_is_read_as_one_without_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = older_run(tmp_path, monkeypatch)
    (info,) = journals.list_runs(tmp_path)
    assert (info.changes, info.counts) == ({}, {Phase.RUNNING: 1})
    assert journals.read_changes(directory) == []
    assert journals.read_operations(directory) == []
    snapshot = read_snapshot(directory)
    assert (snapshot.changes, [view.spec.scheduling for view in snapshot.tasks]) == ((), [ORDINARY])
    assert snapshot.agents == ()
    # Who only looks changes nothing.
    assert version_of(directory) == 1


def test_a_journal_from_before_dependencies_is_read_and_goes_on(tmp_path: Path) -> None:
    urgent = Scheduling(priority=7)
    tasks = [task(0, scheduling=urgent), task(1)]
    with Journal.create(tmp_path, tasks, master="m", source="s", options={}) as journal:
        directory = journal.directory
    with closing(sqlite3.connect(directory / "journal.sqlite")) as db:
        for table, column in (
            ("scheduling", "max_attempts"),
            ("tasks", "depends_on"),
            ("tasks", "always"),
        ):
            db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        db.execute("PRAGMA user_version = 4")

    assert [view.spec for view in read_snapshot(directory).tasks] == tasks
    assert version_of(directory) == 4
    with Journal.open(directory) as journal:
        assert journal.tasks == tasks
    assert version_of(directory) == len(schema._STEPS)


def test_an_older_journal_goes_on_as_one_of_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = older_run(tmp_path, monkeypatch)
    with Journal.open(directory) as journal:
        assert (journal.changes, journal.tasks) == ([], [task(0)])
        assert [(it.phase, it.launches) for it in journal.past.tasks] == [(Phase.RUNNING, 1)]
        journal.commit([EndEntry(5.0, ExitCode.FINISHED)])
    assert version_of(directory) == len(schema._STEPS)
    assert read_run(directory).exit_code is ExitCode.FINISHED
