"""Attempts as spans of time on their agents: what every report is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesos_batch.model.agent_name import agent_name
from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import CPUS

if TYPE_CHECKING:
    from mesos_batch.history import RunHistory
    from mesos_batch.model.saved import AttemptEntry
    from mesos_batch.model.snapshot import TaskView


@dataclass(frozen=True, slots=True)
class Span:
    """One attempt and its task. ``end`` is the moment of the report while it goes on."""

    task: TaskView
    attempt: AttemptEntry
    end: float

    @property
    def begin(self) -> float:
        """When it was launched; from then on it holds its resources."""
        return self.attempt.launched_at

    @property
    def ran(self) -> float:
        """Seconds from its start, where the cluster told it, to its end."""
        begun = self.attempt.started_at
        return max(0.0, self.end - (self.begin if begun is None else begun))

    @property
    def held(self) -> float:
        """Seconds for which it held its resources."""
        return max(0.0, self.end - self.begin)

    @property
    def cpus(self) -> float:
        """How many cpus it held."""
        return self.task.spec.resources.amount(CPUS)

    @property
    def has_ended(self) -> bool:
        """Whether the attempt is over."""
        return not self.attempt.phase.is_active

    @property
    def agent(self) -> str:
        """What its agent is called."""
        return agent_name(self.attempt.agent_id, self.attempt.hostname)


def spans_of(history: RunHistory) -> list[Span]:
    """All attempts, in the order of the task list and of their numbers."""
    tasks = history.snapshot.tasks
    return [
        Span(tasks[attempt.position], attempt, _end(attempt, history))
        for attempt in history.attempts
    ]


def _end(attempt: AttemptEntry, history: RunHistory) -> float:
    end = attempt.ended_at
    if end is None:
        # The journal may not know: of an attempt that came back after it was given up.
        end = history.snapshot.at
    return max(end, attempt.launched_at)


def did_not_finish(spans: Sequence[Span]) -> list[Span]:
    """The attempts that ended otherwise than finished."""
    return [span for span in spans if span.has_ended and span.attempt.phase is not Phase.FINISHED]
