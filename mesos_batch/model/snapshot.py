"""The state of a run at one moment, for displays and reports."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from mesos_batch.model.facts import Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mesos_batch.errors import ExitCode
    from mesos_batch.model.change import ChangeView
    from mesos_batch.model.state import TaskState
    from mesos_batch.model.task import TaskSpec


@dataclass(frozen=True, slots=True)
class TaskView:
    """One task of the run.

    What is told of an attempt is told of the latest one: ``launches`` is its number, ``failures``
    how many attempts counted as failed. Times are seconds since the epoch. ``exit_status`` is
    what the command returned, where the cluster told it. ``sandbox_url`` browses the sandbox on
    the agent, ``sandbox_path`` is the same on this machine when the cluster is local.
    """

    spec: TaskSpec
    phase: Phase
    state: TaskState | None = None
    agent_id: str | None = None
    hostname: str | None = None
    message: str | None = None
    reason: str | None = None
    launches: int = 0
    failures: int = 0
    launched_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    exit_status: int | None = None
    signal: str | None = None
    sandbox_url: str | None = None
    sandbox_path: str | None = None

    def changed(self, values: Mapping[str, Any]) -> TaskView:
        """The same task with other values, in half the time ``replace`` takes."""
        return TaskView(
            *[values[name] if name in values else getattr(self, name) for name in _VIEWED]
        )


_VIEWED = tuple(item.name for item in fields(TaskView))


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent the run has seen offers of; amounts are the largest seen free at once."""

    agent_id: str
    hostname: str
    cpus: float
    mem: float
    running: int


@dataclass(frozen=True, slots=True)
class OfferCounts:
    """How many offers were used, and how many declined; each is answered at once, none is held."""

    used: int = 0
    declined: int = 0

    @property
    def came(self) -> int:
        """All of them."""
        return self.used + self.declined


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """Everything a display needs; ``exit_code`` is ``None`` while the run goes on.

    ``restart_losses`` counts attempts that were lost when their agent restarted, which
    checkpointing would have saved. ``why_waiting`` says what the task whose turn is next lacks.
    ``blocked`` of the waiting tasks wait for others to end. A run that is ``stopping`` launches no
    task any more but ``always`` tasks, because others failed.
    """

    at: float
    started_at: float
    tasks: tuple[TaskView, ...]
    agents: tuple[AgentView, ...] = ()
    changes: tuple[ChangeView, ...] = ()
    master: str | None = None
    framework_id: str | None = None
    connected: bool = False
    cancelling: bool = False
    exit_code: ExitCode | None = None
    message: str | None = None
    restart_losses: int = 0
    why_waiting: str | None = None
    blocked: int = 0
    stopping: bool = False
    offers: OfferCounts = OfferCounts()

    def counts(self) -> Counter[Phase]:
        """How many tasks are in each phase."""
        return Counter(task.phase for task in self.tasks)

    @property
    def failures(self) -> tuple[TaskView, ...]:
        """The tasks that ended otherwise than finished, in task list order."""
        return tuple(
            task for task in self.tasks if task.phase.is_end and task.phase is not Phase.FINISHED
        )
