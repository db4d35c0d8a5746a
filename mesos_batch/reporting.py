"""How well a run used the cluster, from a snapshot of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesos_batch.engine.lower_bound import lower_bound
from mesos_batch.model.dependencies import longest_chain
from mesos_batch.model.resources import Resources

if TYPE_CHECKING:
    from mesos_batch.model.snapshot import RunSnapshot, TaskView


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Seconds from the first launch to the last end, and what no schedule could undercut.

    ``bound_by`` is the resource, or the longest task or chain of tasks, that says so.
    """

    makespan: float
    lower_bound: float
    bound_by: str

    @property
    def share(self) -> float:
        """The lower bound as a share of the makespan; 1 is perfect."""
        return min(1.0, self.lower_bound / self.makespan)


def efficiency(run: RunSnapshot) -> Efficiency | None:
    """Hold the makespan against work by capacity, the longest task and the longest chain of tasks.

    ``None`` when too little ran to tell. What attempts cost that were repeated is not counted as
    work.
    """
    ran = [
        (task.spec.resources, seconds)
        for task in run.tasks
        if (seconds := _ran_for(task)) is not None
    ]
    begins = [task.launched_at for task in run.tasks if task.launched_at is not None]
    ends = [task.ended_at for task in run.tasks if task.ended_at is not None]
    if not ran or not begins or max(ends) <= min(begins):
        return None
    capacities = [Resources.scalars(cpus=agent.cpus, mem=agent.mem) for agent in run.agents]
    chain = longest_chain(
        [task.spec for task in run.tasks], [_ran_for(task) or 0.0 for task in run.tasks]
    )
    bound = lower_bound(ran, capacities, chain)
    if not bound.by or not bound.seconds:
        return None
    return Efficiency(max(ends) - min(begins), bound.seconds, bound.by)


def _ran_for(task: TaskView) -> float | None:
    if task.started_at is None or task.ended_at is None:
        return None
    return max(0.0, task.ended_at - task.started_at)
