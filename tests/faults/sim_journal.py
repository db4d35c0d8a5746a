"""A journal in memory: the entries of a commit are all there or all lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from faults.plan import START

from mesos_batch.model.saved import (
    AttemptEntry,
    CancelEntry,
    ChangeEntry,
    EndEntry,
    Entry,
    FrameworkEntry,
    OperationEntry,
    Past,
    TaskEntry,
)

Watcher = Callable[[Entry], None]


class Journal:
    """What is on disk; ``watch`` is told of every entry just before it is taken in."""

    def __init__(self, watch: Watcher) -> None:
        self._watch = watch
        self.tasks: dict[int, TaskEntry] = {}
        self.attempts: dict[tuple[int, int], AttemptEntry] = {}
        self.changes: dict[int, ChangeEntry] = {}
        self.operations: dict[tuple[int, int], OperationEntry] = {}
        self.framework_id: str | None = None
        self.cancelled: CancelEntry | None = None
        self.end: EndEntry | None = None
        self.touched_at = 0.0
        self.commits = 0

    def commit(self, now: float) -> None:
        """What was taken in since the last commit is on disk."""
        self.commits += 1
        self.touched_at = now

    def take(self, entries: Iterable[Entry]) -> None:
        """Take in entries of the present commit, which does not fail half-way."""
        for entry in entries:
            self._watch(entry)
            match entry:
                case TaskEntry():
                    self.tasks[entry.position] = entry
                case AttemptEntry():
                    self.attempts[entry.position, entry.number] = entry
                case ChangeEntry():
                    self.changes[entry.position] = entry
                case OperationEntry():
                    self.operations[entry.position, entry.number] = entry
                case FrameworkEntry():
                    self.framework_id = entry.framework_id
                case CancelEntry():
                    self.cancelled = entry
                case EndEntry():
                    self.end = entry

    def close(self) -> None:
        """The run is over."""

    def past(self) -> Past:
        """What a scheduler is restored from."""
        return Past(
            framework_id=self.framework_id,
            began_at=START,
            touched_at=self.touched_at,
            tasks=tuple(self.tasks.values()),
            attempts=tuple(self.attempts.values()),
            changes=tuple(self.changes.values()),
            operations=tuple(self.operations[key] for key in sorted(self.operations)),
            cancelled=self.cancelled,
        )
