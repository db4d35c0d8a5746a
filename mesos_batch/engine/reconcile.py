"""Explicit reconciliation: ask the master about tasks we have not heard of.

After a subscription, and every quarter of an hour, every active task is asked about; those not
answered are asked again with growing pauses (Mesos ``docs/reconciliation.md``). A launch that
nobody ever answered is asked about as well, since a call may be lost and an update of the
master's own is sent only once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mesos_batch.engine.timers import Timers

if TYPE_CHECKING:
    from mesos_batch.engine.tasks import TaskRecord

FIRST_PAUSE = 5.0
LONGEST_PAUSE = 60.0
SILENT_LAUNCH = 60.0
# Mesos advises every 15 minutes; it also finds tasks of ours that are in no book.
AGAIN = 900.0


class Reconciliation:
    """Which tasks to ask about, and when."""

    def __init__(self) -> None:
        self._asking: dict[int, tuple[TaskRecord, float]] = {}
        self._timers: Timers[int] = Timers()

    def begin(self, active: Iterable[TaskRecord], now: float) -> None:
        """Ask about every active task at once, and again until each is heard of."""
        for record in active:
            self._ask(record, now, FIRST_PAUSE)

    def launched(self, record: TaskRecord, now: float) -> None:
        """Ask about a launch if nothing is heard of it for a while."""
        self._ask(record, now + SILENT_LAUNCH, FIRST_PAUSE)

    def ask_about(self, record: TaskRecord, now: float) -> None:
        """Ask about a task whose agent is away, every now and then."""
        self._ask(record, now + LONGEST_PAUSE, LONGEST_PAUSE)

    def heard(self, record: TaskRecord) -> None:
        """Stop asking about a task."""
        self._asking.pop(record.position, None)
        self._timers.cancel(record.position)

    def next_deadline(self) -> float | None:
        """When :meth:`due` has something to ask."""
        return self._timers.next()

    def due(self, now: float) -> list[TaskRecord]:
        """The tasks to ask about now."""
        asked: list[TaskRecord] = []
        for position in self._timers.due(now):
            record, pause = self._asking[position]
            asked.append(record)
            self._ask(record, now + pause, min(2 * pause, LONGEST_PAUSE))
        return asked

    def _ask(self, record: TaskRecord, at: float, pause: float) -> None:
        self._asking[record.position] = record, pause
        self._timers.set(record.position, at)
