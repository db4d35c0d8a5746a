"""Failures by cause: what failed for the same reason is told once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesos_batch.messages import explain

if TYPE_CHECKING:
    from mesos_batch.model.snapshot import TaskView

# The first of a cause are named.
NAMED = 5
# What differs between messages of one cause: numbers and ids.
_OWN = re.compile(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\S*|\d+(?:\.\d+)*")


@dataclass(slots=True)
class Cause:
    """Why some tasks failed: ``why`` of the latest, how many, and the latest of them first."""

    why: str
    count: int = 0
    task_ids: list[str] = field(default_factory=list)


class Causes:
    """The failures of a run by cause."""

    def __init__(self) -> None:
        self._causes: dict[str, Cause] = {}
        self.count = 0

    def add(self, task: TaskView) -> None:
        """Count a task that failed."""
        why = _why(task)
        cause = self._causes.setdefault(_alike(task, why), Cause(why))
        cause.why = why
        cause.count += 1
        cause.task_ids.insert(0, task.spec.task_id)
        del cause.task_ids[NAMED:]
        self.count += 1

    def most_frequent(self) -> list[Cause]:
        """All causes, the most frequent first."""
        return sorted(self._causes.values(), key=lambda cause: -cause.count)


def _why(task: TaskView) -> str:
    """In few words why a task failed."""
    if task.exit_status is not None:
        return f"exit status {task.exit_status}"
    if task.signal is not None:
        return f"signal {task.signal}"
    state = task.state.name if task.state is not None else None
    sentence = explain(state, task.reason, task.message).sentence
    return sentence if state is None else f"{state}: {sentence}"


def _alike(task: TaskView, why: str) -> str:
    """The same text for all failures of one cause."""
    if task.exit_status is not None or task.signal is not None:
        return why
    return _OWN.sub("#", why.replace(task.spec.task_id, "#"))
