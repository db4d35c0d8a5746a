"""The simulated journal with the real one under it: both must remember the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from faults.sim_journal import Journal, Watcher
from faults.violation import ViolationError

from mesos_batch import journal
from mesos_batch.model.change import Change
from mesos_batch.model.saved import AttemptEntry, ChangeEntry, Entry, Past, TaskEntry
from mesos_batch.model.task import TaskSpec


class DiskJournal(Journal):
    """Writes to a directory as well; a new life of the scheduler reads from there."""

    def __init__(
        self,
        watch: Watcher,
        state_dir: Path,
        tasks: Sequence[TaskSpec],
        changes: Sequence[Change],
    ) -> None:
        super().__init__(watch)
        self._written: list[Entry] = []
        self._disk = journal.Journal.create(
            state_dir, tasks, master="master:5050", source="plan", options={}, changes=changes
        )
        self._changes = list(changes)

    def take(self, entries: Iterable[Entry]) -> None:
        kept = list(entries)
        super().take(kept)
        self._written += kept

    def commit(self, now: float) -> None:
        super().commit(now)
        self._disk.commit(self._written)
        self._written = []

    def past(self) -> Past:
        self._disk.close()
        self._disk = journal.Journal.open(self._disk.directory)
        known, read = super().past(), self._disk.past
        if (
            sorted(known.tasks, key=_position) != sorted(read.tasks, key=_position)
            or sorted(known.attempts, key=_attempt) != sorted(read.attempts, key=_attempt)
            or sorted(known.changes, key=_position) != sorted(read.changes, key=_position)
            or list(known.operations) != list(read.operations)
            or (known.framework_id, known.cancelled) != (read.framework_id, read.cancelled)
            or self._disk.changes != self._changes
        ):
            raise ViolationError("written is read", f"{read} instead of {known}")
        return read

    def close(self) -> None:
        self._disk.close()


def _position(entry: TaskEntry | ChangeEntry) -> int:
    return entry.position


def _attempt(entry: AttemptEntry) -> tuple[int, int]:
    return entry.position, entry.number
