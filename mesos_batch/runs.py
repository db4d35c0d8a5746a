"""Runs as their journals tell of them: for whoever does not drive them.

for info in list_runs():
    print(info.run_id, info.state.value, read_snapshot(info).counts())
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch import journal
from mesos_batch.journal import Follower, RunInfo, RunState
from mesos_batch.options import RunOptions, from_json

if TYPE_CHECKING:
    from mesos_batch.errors import ExitCode
    from mesos_batch.model.saved import AttemptEntry
    from mesos_batch.model.snapshot import RunSnapshot
    from mesos_batch.model.task import TaskSpec

__all__ = [
    "Follower",
    "RunInfo",
    "RunState",
    "ask_cancel",
    "directory",
    "find_run",
    "follow",
    "list_runs",
    "options_of",
    "read_attempts",
    "read_snapshot",
    "read_tasks",
]


def list_runs(state_dir: Path | None = None) -> list[RunInfo]:
    """All runs, newest first; ``state_dir`` ``None`` is where this platform keeps state.

    Raises:
        JournalError: the directory of the runs cannot be read.
    """
    return journal.list_runs(state_dir)


def find_run(text: str, state_dir: Path | None = None) -> RunInfo:
    """The run with this id, or with an id of which this is a part, or the ``last`` one begun.

    Raises:
        JournalError: there is none, more than one, or its journal cannot be read.
    """
    return journal.find_run(state_dir, text)


def read_snapshot(info: RunInfo) -> RunSnapshot:
    """The tasks of a run as they were when its journal was last written.

    Raises:
        JournalError: its journal cannot be read.
    """
    return journal.read_snapshot(info.directory)


def follow(info: RunInfo) -> Follower:
    """Look at a run again and again, for much less than as many times :func:`read_snapshot`."""
    return Follower(info.directory)


def read_tasks(info: RunInfo) -> list[TaskSpec]:
    """The task list of a run.

    Raises:
        JournalError: its journal cannot be read.
    """
    return [view.spec for view in journal.read_snapshot(info.directory).tasks]


def read_attempts(info: RunInfo, position: int | None = None) -> list[AttemptEntry]:
    """All attempts of a run, or those of the task at ``position``, by position and number.

    Raises:
        JournalError: its journal cannot be read.
    """
    return journal.read_attempts(info.directory, position)


def options_of(info: RunInfo) -> RunOptions:
    """How the run was started, but for its secret."""
    return from_json(info.master, info.options)


def directory(info: RunInfo) -> Path:
    """Where the run keeps its files."""
    return info.directory


def ask_cancel(info: RunInfo, exit_code: ExitCode) -> None:
    """Ask the process that drives the run to kill its tasks and end; it does so within seconds.

    Raises:
        JournalError: the request cannot be written.
    """
    journal.ask_cancel(info.directory, exit_code)
