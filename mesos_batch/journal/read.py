"""Runs as other processes see them, while their owner writes and after."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from mesos_batch.errors import ExitCode, JournalError, NoSuchRunError
from mesos_batch.journal import agent_rows, change_rows, rows
from mesos_batch.journal.database import connect_to_read
from mesos_batch.journal.failures import missing, reading
from mesos_batch.journal.header import Json
from mesos_batch.journal.owner import Owner, is_held, read_owner
from mesos_batch.journal.paths import JOURNAL, created_at_of, run_directories, runs_directory
from mesos_batch.journal.schema import check_schema
from mesos_batch.model.change import ChangePhase, ChangeView
from mesos_batch.model.facts import Phase
from mesos_batch.model.saved import AttemptEntry, EndEntry, OperationEntry
from mesos_batch.model.snapshot import RunSnapshot, TaskView

_CANDIDATES_SHOWN = 5


class RunState(Enum):
    """What a run is doing: driven by a process, left by it, over, or impossible to tell."""

    RUNNING = "running"
    STOPPED = "stopped"
    ENDED = "ended"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run in a list of runs. Times are seconds since the epoch.

    ``pid`` and ``host`` are those of the process that drives it, ``None`` when there is none.
    ``counts`` are of its tasks, ``changes`` of its changes.
    ``version`` is that of the mesos-batch that drove it last.
    ``message`` says how the run ended or stopped, or why its journal cannot be read; then only
    ``run_id``, ``directory`` and ``created_at`` are known besides. A run that is stopped and has
    no ``exit_code`` crashed.
    """

    run_id: str
    directory: Path
    created_at: float
    state: RunState
    master: str = ""
    source: str = ""
    exit_code: ExitCode | None = None
    message: str | None = None
    counts: Mapping[Phase, int] = field(default_factory=dict)
    total: int = 0
    changes: Mapping[ChangePhase, int] = field(default_factory=dict)
    pid: int | None = None
    host: str | None = None
    framework_id: str | None = None
    touched_at: float = 0.0
    options: Mapping[str, Json] = field(default_factory=dict)
    version: str = ""


def list_runs(state_dir: Path | None) -> list[RunInfo]:
    """All runs, newest first; a journal that cannot be read is among them and says why.

    Raises:
        JournalError: the directory of the runs cannot be read.
    """
    infos = [_info_or_why_not(directory) for directory in _directories(state_dir)]
    return sorted(infos, key=lambda info: (info.created_at, info.run_id), reverse=True)


def find_run(state_dir: Path | None, text: str) -> RunInfo:
    """The run with this id, or with an id of which this is a part, or the ``last`` one begun.

    Raises:
        JournalError: there is none, more than one, or its journal cannot be read.
    """
    directories = _directories(state_dir)
    if not directories:
        raise JournalError(
            f"there are no runs in {runs_directory(state_dir)}",
            "'mesos-batch run FILE' begins one; --state_dir=PATH looks elsewhere.",
        )
    if text == "last":
        newest = created_at_of(directories[-1].name)
        # Several may have begun within the second their ids tell.
        same = [_info_or_why_not(d) for d in directories if created_at_of(d.name) == newest]
        return read_run(max(same, key=lambda info: info.created_at).directory)
    exact = [directory for directory in directories if directory.name == text]
    matches = exact or [directory for directory in directories if text in directory.name]
    if not matches:
        raise NoSuchRunError(
            f"there is no run '{text}' in {runs_directory(state_dir)}",
            "'mesos-batch runs' lists the runs.",
        )
    if len(matches) > 1:
        shown = [directory.name for directory in reversed(matches)][:_CANDIDATES_SHOWN]
        more = f" and {len(matches) - len(shown)} more" if len(matches) > len(shown) else ""
        raise JournalError(
            f"'{text}' is a part of {len(matches)} run ids: {', '.join(shown)}{more}",
            "Give a longer part.",
        )
    return read_run(matches[0])


def read_run(directory: Path) -> RunInfo:
    """How a run is, without reading its tasks.

    Raises:
        JournalError: its journal cannot be read.
    """
    with reading(directory / JOURNAL):
        # Looked at before the rest: who lets go of the lock has written the end by then.
        held = is_held(directory)
    with opened(directory) as db:
        return _info(db, directory, held=held)


def read_snapshot(directory: Path) -> RunSnapshot:
    """All tasks of a run as they were when its journal was last written.

    Raises:
        JournalError: its journal cannot be read.
    """
    with opened(directory) as db:
        return _snapshot(db)


def read_history(directory: Path) -> tuple[RunInfo, RunSnapshot, list[AttemptEntry]]:
    """A run, its tasks and all their attempts, as they were at one moment.

    Raises:
        JournalError: its journal cannot be read.
    """
    with reading(directory / JOURNAL):
        held = is_held(directory)
    with opened(directory) as db:
        info = _info(db, directory, held=held)
        return info, _snapshot(db), list(rows.read_attempts(db))


def snapshot_of(
    db: sqlite3.Connection, tasks: tuple[TaskView, ...], restart_losses: int = 0
) -> RunSnapshot:
    """A run with these tasks; all else of it is read."""
    header, end = rows.read_header(db), rows.read_end(db)
    framework_id, touched_at = rows.read_signs_of_life(db)
    return RunSnapshot(
        at=touched_at,
        started_at=header.created_at,
        tasks=tasks,
        agents=tuple(agent_rows.read_agents(db)),
        changes=tuple(change_rows.read_change_views(db)),
        master=header.master,
        framework_id=framework_id,
        cancelling=end is None and rows.is_cancelled(db),
        exit_code=None if end is None else end.exit_code,
        message=None if end is None else end.message,
        restart_losses=restart_losses,
    )


def read_attempts(directory: Path, position: int | None = None) -> list[AttemptEntry]:
    """All attempts of a run, or those of the task at ``position``, by position and number.

    Raises:
        JournalError: its journal cannot be read.
    """
    with opened(directory) as db:
        return list(rows.read_attempts(db, position))


def read_changes(directory: Path) -> list[ChangeView]:
    """The changes of a run as they were when its journal was last written.

    Raises:
        JournalError: its journal cannot be read.
    """
    with opened(directory) as db:
        return change_rows.read_change_views(db)


def read_operations(directory: Path) -> list[OperationEntry]:
    """All operations of a run, by change and in the order they were sent.

    Raises:
        JournalError: its journal cannot be read.
    """
    with opened(directory) as db:
        return change_rows.read_operations(db)


@contextmanager
def opened(directory: Path) -> Iterator[sqlite3.Connection]:
    """The journal as it is at one moment, whatever its owner writes meanwhile."""
    path = directory / JOURNAL
    if not path.exists():
        raise missing(path)
    with reading(path), closing(connect_to_read(path)) as db:
        check_schema(db, path)
        db.execute("BEGIN")
        yield db


def _restart_losses(db: sqlite3.Connection) -> int:
    """Attempts that checkpointing would have saved; where it was on, none."""
    checkpoint = rows.read_header(db).options.get("checkpoint")
    return 0 if checkpoint else rows.read_restart_losses(db)


def _directories(state_dir: Path | None) -> list[Path]:
    with reading(runs_directory(state_dir)):
        return run_directories(state_dir)


def _info_or_why_not(directory: Path) -> RunInfo:
    try:
        return read_run(directory)
    except JournalError as error:
        name = directory.name
        created_at = created_at_of(name)
        return RunInfo(name, directory, created_at, RunState.UNREADABLE, message=error.message)


def _info(db: sqlite3.Connection, directory: Path, *, held: bool) -> RunInfo:
    header, end, owner = rows.read_header(db), rows.read_end(db), read_owner(db)
    framework_id, touched_at = rows.read_signs_of_life(db)
    state = _state(end, owner, held=held)
    driver = owner if state is RunState.RUNNING else None
    return RunInfo(
        run_id=directory.name,
        directory=directory,
        created_at=header.created_at,
        state=state,
        master=header.master,
        source=header.source,
        exit_code=None if end is None else end.exit_code,
        message=None if end is None else end.message,
        counts=rows.read_counts(db, header.task_count),
        total=header.task_count,
        changes=change_rows.read_change_counts(db),
        pid=None if driver is None else driver.pid,
        host=None if driver is None else driver.hostname,
        framework_id=framework_id,
        touched_at=touched_at,
        options=header.options,
        version=header.version,
    )


def _snapshot(db: sqlite3.Connection) -> RunSnapshot:
    return snapshot_of(db, tuple(rows.read_views(db)), restart_losses=_restart_losses(db))


def _state(end: EndEntry | None, owner: Owner | None, *, held: bool) -> RunState:
    if end is not None and end.final:
        return RunState.ENDED
    # The lock of another host may not be visible here.
    elsewhere = owner is not None and not owner.is_on_this_host
    return RunState.RUNNING if held or elsewhere else RunState.STOPPED
