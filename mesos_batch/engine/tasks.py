"""The books of a run: one record per task, and where each task id of the cluster belongs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mesos_batch.model.facts import Phase
from mesos_batch.model.snapshot import TaskView

if TYPE_CHECKING:
    from mesos_batch.model.task import TaskSpec

_EXIT_STATUS = re.compile(r"(?:Command|Container) exited with status (\d+)")
_SIGNAL = re.compile(r"(?:Command|Container) terminated with signal (.+?)(?: \(core dumped\))?$")


@dataclass(slots=True, eq=False)
class TaskRecord:
    """One task of the batch and its present attempt.

    Each attempt has a task id of its own, since an agent refuses an id whose executor lingers.
    ``started`` is whether the attempt's executor was heard of, ``kill_why`` why we killed it.
    """

    position: int
    view: TaskView
    launches: int = 0
    started: bool = False
    kill_why: str | None = None
    unplaceable: bool = False
    heard: set[bytes] = field(default_factory=set)

    @property
    def spec(self) -> TaskSpec:
        """What the task list says."""
        return self.view.spec

    @property
    def phase(self) -> Phase:
        """Where the task is."""
        return self.view.phase

    @property
    def attempt_id(self) -> str:
        """The task id of the present attempt: the task's own, then ``id~2``, ``id~3``."""
        own = self.spec.task_id
        return own if self.launches <= 1 else f"{own}~{self.launches}"


class Tasks:
    """All tasks of the run, with counts that need no scan."""

    def __init__(self, specs: Sequence[TaskSpec]) -> None:
        self.records = [
            TaskRecord(position, TaskView(spec=spec, phase=Phase.WAITING))
            for position, spec in enumerate(specs)
        ]
        self._views = [record.view for record in self.records]
        self._by_id: dict[str, TaskRecord] = {}
        self._active: dict[int, TaskRecord] = {}
        self._open = len(self.records)

    def views(self) -> tuple[TaskView, ...]:
        """The present view of each task; safe from any thread."""
        return tuple(self._views)

    @property
    def all_ended(self) -> bool:
        """Whether every task has its final phase."""
        return self._open == 0

    def active(self) -> list[TaskRecord]:
        """The tasks the cluster holds."""
        return list(self._active.values())

    def find(self, attempt_id: str) -> TaskRecord | None:
        """The record of a task id of the cluster, if it is that record's present attempt."""
        record = self._by_id.get(attempt_id)
        return record if record is not None and record.attempt_id == attempt_id else None

    def next_attempt(self, record: TaskRecord) -> str:
        """Begin another attempt and give its task id."""
        record.launches += 1
        record.started = False
        record.heard.clear()
        self._by_id[record.attempt_id] = record
        return record.attempt_id

    def change(self, record: TaskRecord, **values: Any) -> None:
        """Change the view of a task."""
        before = record.phase
        record.view = replace(record.view, **values)
        self._views[record.position] = record.view
        after = record.phase
        if before is after:
            return
        if after.is_active:
            self._active[record.position] = record
        else:
            self._active.pop(record.position, None)
        if after.is_end and not before.is_end:
            self._open -= 1


def how_it_ended(message: str | None) -> tuple[int | None, str | None]:
    """Read the exit status or the signal out of a status message; Mesos tells it nowhere else."""
    if message is None:
        return None, None
    status = _EXIT_STATUS.search(message)
    if status is not None:
        return int(status[1]), None
    signal = _SIGNAL.search(message)
    return None, signal[1] if signal is not None else None
