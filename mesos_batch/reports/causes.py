"""Why tasks failed: the same cause once, however many tasks it befell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesos_batch.messages import explain

if TYPE_CHECKING:
    from mesos_batch.model.saved import AttemptEntry
    from mesos_batch.model.snapshot import TaskView
    from mesos_batch.reports.spans import Span

# By name: what is not run for the sake of another task is as little to blame as what is cancelled.
NOT_TO_BLAME = ("cancelled", "skipped")
# Ids, addresses and numbers of which each task has its own.
_OF_ONE_TASK = re.compile(
    r"'[^']*'|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{12,}\b|\b\d{4,}\b"
)


@dataclass(slots=True)
class Cause:
    """One cause: how it ended, a sentence, what may help, and whom it befell.

    Where the sentences differ in an id only, ``sentence`` is the first of them. ``befell`` are
    the ids of tasks, each with the task or the attempt that ended so.
    """

    ended_as: str
    sentence: str
    hint: str | None
    befell: list[tuple[str, TaskView | AttemptEntry]] = field(default_factory=list)


def why(of: TaskView | AttemptEntry) -> tuple[str, str | None]:
    """Why a task or an attempt ended as it did, and what may help."""
    found = explain(
        None if of.state is None else of.state.name,
        of.reason,
        of.message,
        exit_status=of.exit_status,
        signal=of.signal,
    )
    return found.sentence, found.hint


def causes_of_tasks(tasks: Iterable[TaskView]) -> list[Cause]:
    """Group tasks that did not finish, the most frequent cause first."""
    return _grouped((task.spec.task_id, task) for task in tasks)


def causes_of_attempts(spans: Iterable[Span]) -> list[Cause]:
    """Group attempts that came to nothing, the most frequent cause first."""
    return _grouped((span.task.spec.task_id, span.attempt) for span in spans)


def _grouped(ends: Iterable[tuple[str, TaskView | AttemptEntry]]) -> list[Cause]:
    causes: dict[tuple[str, str], Cause] = {}
    for task_id, ended in ends:
        sentence, hint = why(ended)
        state = ended.state.name if ended.state is not None else ended.phase.value
        key = state, _OF_ONE_TASK.sub("…", sentence)
        if key not in causes:
            causes[key] = Cause(state, sentence, hint)
        causes[key].befell.append((task_id, ended))
    return sorted(causes.values(), key=lambda cause: -len(cause.befell))
