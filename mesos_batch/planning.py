"""The public door to plans: what a run would be like on a cluster, without running anything.

cluster = cluster_of(options)
print(plan(tasks, options, cluster.agents).makespan)

The real engine decides, in virtual time, as it would in a run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch.collector import collector_paused
from mesos_batch.config.masters import LOCAL
from mesos_batch.engine.fit import usable
from mesos_batch.engine.lower_bound import LowerBound, lower_bound
from mesos_batch.engine.policy import ExecutorUse, Policy
from mesos_batch.engine.scheduler import BatchScheduler
from mesos_batch.model.cluster import AgentState, ClusterView
from mesos_batch.model.dependencies import longest_chain
from mesos_batch.model.facts import Phase
from mesos_batch.model.offer import Attribute
from mesos_batch.model.resources import CPUS, GPUS, MEM, Resources
from mesos_batch.registration import capabilities, with_constraints
from mesos_batch.simulation.virtual_agent import VirtualAgent
from mesos_batch.simulation.virtual_cluster import VirtualCluster
from mesos_batch.simulation.virtual_time import BEGIN, drive
from mesos_batch.volumes.look import look

if TYPE_CHECKING:
    from mesos_batch.model.snapshot import TaskView
    from mesos_batch.model.task import TaskSpec
    from mesos_batch.options import RunOptions

RUNTIME_SECONDS = 60.0
# A command executor of Mesos takes about this long to register and start a process.
START_SECONDS = 0.5
_HOUR = 3600.0
_MB_OF_GB = 1024
# As the embedded cluster calls its agents.
_LOCAL_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class AgentShare:
    """What one agent would do: how many tasks, and how much of its free cpus would be busy.

    ``cpus`` and ``mem`` (MB) are what it has free for the run, ``busy`` is from 0 to 1.
    """

    agent_id: str
    hostname: str
    cpus: float
    mem: float
    tasks: int
    busy: float


@dataclass(frozen=True, slots=True)
class NeverFits:
    """Tasks that no agent could hold even if it were empty, and the one reason for all of them."""

    explanation: str
    task_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be expected of a run. Times are seconds.

    ``makespan`` is from the subscription to the end of the last task. ``waves`` is how many tasks
    one agent runs one after another at most: the longest chain in which each is launched when, or
    after, the one before has ended. ``bound`` is what no schedule could do with less of.
    ``cpu_hours`` and ``gb_hours`` (memory) are what the tasks hold while they start and run.
    ``must_wait`` are tasks that fit an agent only once other frameworks give something back; they
    are not part of the numbers. ``skipped`` tasks depend on one that never fits, ``dependent``
    counts those that wait for others at all. ``assumed`` tasks told no runtime and were given
    ``assumed_runtime``, ``start_seconds`` is what each task was given to start. ``capacity`` is
    what the agents have free for the role, ``held_by_others`` what others hold of it, ``left_out``
    how many agents make no offers to a framework without GPU_RESOURCES.
    """

    tasks: int
    agents: tuple[AgentShare, ...]
    capacity: Resources
    makespan: float
    bound: LowerBound
    waves: int
    cpu_hours: float
    gb_hours: float
    never_fits: tuple[NeverFits, ...]
    must_wait: tuple[str, ...]
    skipped: tuple[str, ...]
    dependent: int
    assumed: int
    assumed_runtime: float
    start_seconds: float
    held_by_others: Resources
    left_out: int = 0

    @property
    def efficiency(self) -> float:
        """How close the makespan is to the lower bound: 1 is as good as can be."""
        return self.bound.seconds / self.makespan if self.makespan > 0 else 1.0

    @property
    def unplaceable(self) -> int:
        """How many tasks will never fit."""
        return sum(len(group.task_ids) for group in self.never_fits)


def cluster_of(options: RunOptions) -> ClusterView:
    """The cluster a run with these options would find now; nothing is changed by looking.

    Raises:
        UsageError: the resources of the embedded cluster cannot be read.
        ClusterError: no master answers, or it does not show its agents.
    """
    if options.master != LOCAL:
        return look(options)
    from mesos_batch.local.agent.agent_resources import configured_resources

    total = configured_resources(options.local, Path())
    pairs = (text.partition(":") for text in options.local.attributes)
    attributes = {name: value for name, _, value in pairs}
    nothing = Resources()
    agents = (
        AgentState(f"local-S{number}", _LOCAL_HOST, True, total, nothing, nothing, attributes)
        for number in range(options.local.agents)
    )
    return ClusterView(LOCAL, tuple(agents))


def usual_start(options: RunOptions) -> float:
    """Seconds a task takes to start where nothing else is known."""
    return 0.0 if options.master == LOCAL else START_SECONDS


def plan(
    tasks: Sequence[TaskSpec],
    options: RunOptions,
    agents: Iterable[AgentState],
    *,
    assume_runtime: float = RUNTIME_SECONDS,
    assume_start: float | None = None,
) -> Plan:
    """Run the tasks in virtual time and say how that went.

    Of the options role, capabilities, constraints, ``max_running`` and master are looked at. A
    task runs as long as it is expected to, or for ``assume_runtime``; before that it starts for
    ``assume_start`` seconds
    (``None``: :func:`usual_start`). What others hold of the agents they are taken to keep.

    Raises:
        UsageError: the options name a capability that Mesos does not know.
    """
    start = usual_start(options) if assume_start is None else assume_start
    active = [agent for agent in agents if agent.active]
    offering = [agent for agent in active if _makes_offers(agent, capabilities(tasks, options))]
    virtual = [_virtual(agent, options.role) for agent in offering]
    durations = [_duration(task, assume_runtime) for task in tasks]
    with collector_paused():
        views = _run(tasks, durations, virtual, options, start)
    ran = [view for view in views if view.phase is Phase.FINISHED]
    ended_at = max((view.ended_at or 0.0 for view in ran), default=BEGIN)
    taken = [
        start + duration if view.phase is Phase.FINISHED else 0.0
        for view, duration in zip(views, durations, strict=True)
    ]
    held = [
        (_held(view.spec), seconds)
        for view, seconds in zip(views, taken, strict=True)
        if view.phase is Phase.FINISHED
    ]
    by_agent: dict[str, list[TaskView]] = {}
    for view in ran:
        by_agent.setdefault(view.agent_id or "", []).append(view)
    makespan = ended_at - BEGIN
    capacity = Resources()
    others = Resources()
    for agent, state in zip(virtual, offering, strict=True):
        capacity += agent.free
        others += usable(state.total, options.role).without(agent.free)
    return Plan(
        tasks=len(tasks),
        agents=tuple(
            _share(agent, by_agent.get(agent.agent_id, ()), makespan) for agent in virtual
        ),
        capacity=capacity,
        makespan=makespan,
        bound=lower_bound(
            held, [agent.free for agent in virtual], chain=longest_chain(tasks, taken)
        ),
        waves=max((_longest_chain(views) for views in by_agent.values()), default=0),
        cpu_hours=sum(needs.amount(CPUS) * seconds for needs, seconds in held) / _HOUR,
        gb_hours=sum(needs.amount(MEM) * seconds for needs, seconds in held) / _MB_OF_GB / _HOUR,
        never_fits=_never_fits(views),
        must_wait=tuple(view.spec.task_id for view in views if not view.phase.is_end),
        skipped=tuple(view.spec.task_id for view in views if view.phase is Phase.SKIPPED),
        dependent=sum(bool(task.depends_on) or task.always for task in tasks),
        assumed=sum(view.spec.scheduling.expected_runtime is None for view in ran),
        assumed_runtime=assume_runtime,
        start_seconds=start,
        held_by_others=others,
        left_out=len(active) - len(offering),
    )


def _run(
    tasks: Sequence[TaskSpec],
    durations: Sequence[float],
    agents: Sequence[VirtualAgent],
    options: RunOptions,
    start: float,
) -> tuple[TaskView, ...]:
    # What never fits is known at once: nobody waits here for a larger agent.
    policy = Policy(
        role=options.role,
        max_running=options.max_running,
        executor=ExecutorUse.COMMAND,
        unplaceable_timeout=0.0,
        staging_timeout=math.inf,
    )
    scheduler = BatchScheduler(with_constraints(tasks, options), policy, BEGIN)
    cluster = VirtualCluster(agents, durations, BEGIN, start_seconds=start, role=options.role)
    drive(scheduler, cluster)
    return scheduler.snapshot().tasks


def _makes_offers(agent: AgentState, wanted: Sequence[str]) -> bool:
    """Agents with gpus are kept for frameworks that say they want them."""
    return "GPU_RESOURCES" in wanted or agent.total.milli(GPUS) == 0


def _virtual(agent: AgentState, role: str) -> VirtualAgent:
    """An agent with what is free for a role; of a shared volume others need not let go."""
    free = agent.total.without(agent.used.filter(lambda item: not item.shared))
    attributes = tuple(Attribute(name, value) for name, value in agent.attributes.items())
    return VirtualAgent(agent.agent_id, agent.hostname, usable(free, role), agent.total, attributes)


def _duration(task: TaskSpec, otherwise: float) -> float:
    expected = task.scheduling.expected_runtime
    return otherwise if expected is None else expected


def _held(task: TaskSpec) -> Resources:
    """What a task takes of its agent."""
    if task.executor_resources is None:
        return task.resources
    return task.resources + task.executor_resources


def _share(agent: VirtualAgent, ran: Iterable[TaskView], makespan: float) -> AgentShare:
    seconds, count = 0.0, 0
    for view in ran:
        held_for = (view.ended_at or 0.0) - (view.launched_at or 0.0)
        seconds += _held(view.spec).amount(CPUS) * held_for
        count += 1
    cpus = agent.free.amount(CPUS)
    busy = seconds / (cpus * makespan) if cpus * makespan > 0 else 0.0
    mem = agent.free.amount(MEM)
    return AgentShare(agent.agent_id, agent.hostname, cpus, mem, count, busy)


def _longest_chain(ran: Iterable[TaskView]) -> int:
    """How many tasks of an agent ran one after another at most: always the next to end."""
    count, free_at, before = 0, 0.0, -math.inf
    for launched_at, ended_at in sorted(
        ((view.launched_at or 0.0, view.ended_at or 0.0) for view in ran), key=lambda span: span[1]
    ):
        # Of tasks that take no time, those of one moment do not follow each other.
        if launched_at >= free_at and launched_at > before:
            count, free_at, before = count + 1, ended_at, launched_at
    return count


def _never_fits(views: Iterable[TaskView]) -> tuple[NeverFits, ...]:
    groups: dict[str, list[str]] = {}
    for view in views:
        if view.phase is Phase.UNPLACEABLE:
            groups.setdefault(view.message or "", []).append(view.spec.task_id)
    return tuple(NeverFits(why, tuple(task_ids)) for why, task_ids in groups.items())
