"""Why a task of a run is where it is: what its journal says, and what the cluster has now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch.engine.agents import Agents
from mesos_batch.engine.events import AgentTotal
from mesos_batch.engine.fit import take, usable
from mesos_batch.engine.nearest import no_more_may_run
from mesos_batch.engine.waiting import Waiting
from mesos_batch.model.agent_name import agent_name
from mesos_batch.model.dependencies import Names
from mesos_batch.model.offer import Offer
from mesos_batch.registration import with_constraints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mesos_batch.model.cluster import ClusterView
    from mesos_batch.model.snapshot import TaskView
    from mesos_batch.model.task import TaskSpec
    from mesos_batch.options import RunOptions

_NAMED_ONE_BY_ONE = 3


def what_it_waits_for(tasks: Sequence[TaskView], position: int) -> str | None:
    """Say which of the other tasks of a run have to end before this one may begin.

    ``waits for 3 of 500 tasks named tile``; ``None`` when it waits for none.
    """
    own = tasks[position].spec
    names = Names([task.spec for task in tasks], own.depends_on)
    groups = [(f"named {name}", members) for name, members in names.groups.items()]
    if own.always and not own.depends_on:
        ordinary = [at for at, task in enumerate(tasks) if not task.spec.always]
        groups = [("that are not 'always'", ordinary)]
    alone = list(names.ids.values())
    if len(alone) > _NAMED_ONE_BY_ONE:
        groups.append(("named by their ids", alone))
    else:
        groups += [("", [one]) for one in alone]
    others = [(what, [at for at in members if at != position]) for what, members in groups]
    waits = [
        _so_many(left, len(members), what, tasks)
        for what, members in others
        if (left := [at for at in members if not tasks[at].phase.is_end])
    ]
    return f"waits for {' and '.join(waits)}" if waits else None


def _so_many(left: Sequence[int], count: int, what: str, tasks: Sequence[TaskView]) -> str:
    if len(left) > 1:
        return f"{len(left):,} of {count:,} tasks {what}"
    task_id, phase = tasks[left[0]].spec.task_id, tasks[left[0]].phase.value
    if count == 1:
        return f"{task_id}, which is {phase}"
    return f"{task_id}, the last of {count:,} tasks {what}"


def why_it_waits(task: TaskSpec, options: RunOptions, running: int, cluster: ClusterView) -> str:
    """Say what a task that waits lacks on the agents there are: a sentence without a full stop.

    ``options`` are those of its run, of which so many tasks are ``running``. What other frameworks
    are offered counts as free: they may decline it.
    """
    if options.max_running is not None and running >= options.max_running:
        return no_more_may_run(options.max_running)
    (task,) = with_constraints([task], options)
    role = options.role
    agents = Agents(role)
    able = [agent for agent in cluster.agents if agent.active]
    agents.listed(
        AgentTotal(agent.agent_id, agent.hostname, agent.total, agent.attributes) for agent in able
    )
    shape = Waiting().push(0, task)
    if not agents.could_hold(shape):
        return agents.explain(shape)
    free = {agent.agent_id: usable(agent.total.without(agent.used), role) for agent in able}
    agents.offered(
        Offer("", agent.agent_id, agent.hostname, free[agent.agent_id]) for agent in able
    )
    missing = agents.why_not_now(shape)
    if missing is not None:
        return missing
    for agent in able:
        satisfied = agents.satisfies(agent.agent_id, task.scheduling.constraints)
        room = take(free[agent.agent_id], shape.total) is not None
        if room and satisfied and shape.may_go_to(agent.agent_id):
            name = agent_name(agent.agent_id, agent.hostname)
            return f"agent {name} has room for it now: an offer of it is waited for"
    return "no agent that could hold it has all it needs free now"
