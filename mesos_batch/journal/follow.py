"""A run that another process drives, looked at again and again: only what is new is read."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from mesos_batch.journal import rows
from mesos_batch.journal.read import opened, snapshot_of
from mesos_batch.model.snapshot import RunSnapshot, TaskView

# An end is written a moment after it happened, one the cluster told late perhaps minutes after.
_LATE_SECONDS = 60.0


class Follower:
    """Looks at a run.

    The task list, which never changes, is read once. Of the tasks each look reads those that go
    on and those that ended lately, and all of them only when the journal has more ends than are
    known then. Tasks that have not changed stay the same objects. Losses to restarts of agents
    are not counted.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._tasks: list[TaskView] = []
        self._ended = 0
        self._touched_at: float | None = None

    def snapshot(self) -> RunSnapshot:
        """The run as it was when its journal was last written.

        Raises:
            JournalError: its journal cannot be read.
        """
        with opened(self._directory) as db:
            _, touched_at = rows.read_signs_of_life(db)
            if self._touched_at is None:
                self._tasks = list(rows.read_views(db))
                self._ended = sum(task.phase.is_end for task in self._tasks)
            elif self._touched_at != touched_at:
                self._read_news(db, self._touched_at - _LATE_SECONDS)
            self._touched_at = touched_at
            return snapshot_of(db, tuple(self._tasks))

    def _read_news(self, db: sqlite3.Connection, since: float) -> None:
        for position, view in rows.read_views_since(db, self._tasks, since):
            self._see(position, view)
        counts = rows.read_counts(db, len(self._tasks))
        if self._ended != sum(count for phase, count in counts.items() if phase.is_end):
            for position, view in enumerate(rows.read_views(db)):
                self._see(position, view)

    def _see(self, position: int, view: TaskView) -> None:
        known = self._tasks[position]
        # Of equal ones the known one stays: whoever compares looks for another object.
        if view != known:
            self._ended += view.phase.is_end - known.phase.is_end
            self._tasks[position] = view
