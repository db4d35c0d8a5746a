"""What a seed decides before the run begins, as data: tasks, agents, policy, and the faults.

A plan can be made smaller (a fault or a task taken away) and run again, which is how a failing
seed is shrunk.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

from faults.sim_offers import resources

from mesos_batch.model.change import Change
from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import DISK, Resources
from mesos_batch.model.scalar import Scalar

START = 1_000_000.0
# Nothing is broken after this many seconds, so that what goes on can be told from what hangs.
QUIET_AFTER = 900.0


@dataclass(frozen=True, slots=True)
class Try:
    """How one attempt goes: seconds until its process ends, and with which exit status."""

    seconds: float
    exit_status: int


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """A task in thousandths of a cpu and of a MB; the last try repeats for ever.

    ``pinned`` names the one agent it may run on, ``volume`` the one volume it needs. Tasks of one
    ``name`` may be waited for together, ``max_attempts`` is in place of that of the plan.
    """

    task_id: str
    cpus: int
    mem: int
    tries: tuple[Try, ...]
    pinned: str | None = None
    volume: str | None = None
    name: str | None = None
    depends_on: tuple[str, ...] = ()
    always: bool = False
    max_attempts: int | None = None

    def attempt(self, number: int) -> Try:
        return self.tries[min(number, len(self.tries)) - 1]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong ``at`` seconds after the start.

    ``target`` chooses an agent, ``value`` is a duration or a choice; each kind reads them its
    own way (see ``faults.inject``).
    """

    at: float
    kind: str
    target: int = 0
    value: float = 0.0

    def __str__(self) -> str:
        return f"at {self.at:8.2f} {self.kind} target={self.target} value={self.value:.2f}"


@dataclass(frozen=True, slots=True)
class Machine:
    """What an agent has: thousandths of a cpu and of a MB, and disks.

    ``holds`` is what has been reserved and created on it before the run; one that replaces it has
    nothing of that. An ``old`` one is older than Mesos 1.5 and gives no feedback of operations.
    """

    cpus: int
    mem: int
    disks: Resources = field(default_factory=Resources)
    holds: Resources = field(default_factory=Resources)
    old: bool = False

    @property
    def resources(self) -> Resources:
        return resources(self.cpus, self.mem) + self.disks

    def __str__(self) -> str:
        more = "".join(f"; {what}" for what in (self.disks, self.holds) if what)
        old = ", old" if self.old else ""
        return f"cpus {self.cpus / 1000:g} mem {self.mem / 1000:g}{more}{old}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run needs but the random delays, which ``seed`` and ``delays`` decide.

    ``changes`` come before the tasks.
    """

    seed: int
    tasks: tuple[PlannedTask, ...]
    agents: tuple[Machine, ...]
    faults: tuple[Fault, ...]
    changes: tuple[Change, ...] = ()
    role: str = "*"
    volume_timeout: float = 300.0
    slowest_message: float = 0.5
    partition_aware: bool = True
    checkpoint: bool = True
    failover_timeout: float = 604800.0
    max_attempts: int = 1
    max_losses: int = 10
    max_failures: int | None = None
    keep_going: bool = True
    staging_timeout: float = 900.0
    unreachable_timeout: float = 900.0
    unplaceable_timeout: float = 300.0
    kill_after: float | None = None
    slow_engine: float = 0.0
    tells_silence: bool = False
    executor: str = "command"
    delays: int = 0

    def describe(self) -> str:
        lines = [f"seed {self.seed}"]
        lines += [
            f"  {name}={getattr(self, name)}"
            for name in (
                "partition_aware",
                "checkpoint",
                "failover_timeout",
                "max_attempts",
                "max_losses",
                "max_failures",
                "keep_going",
                "staging_timeout",
                "unreachable_timeout",
                "unplaceable_timeout",
                "kill_after",
                "volume_timeout",
                "executor",
            )
        ]
        lines += [f"  agent S{i}: {machine}" for i, machine in enumerate(self.agents)]
        for change in self.changes:
            where = "anywhere" if change.agents is None else f"on {sorted(change.agents)}"
            apart = ", apart" if change.apart else ""
            what = f"reserved {change.reserved}, volumes {change.volumes}"
            lines.append(f"  change {change.kind.value}: {what}, {where}{apart}")
        for task in self.tasks:
            tries = ", ".join(f"{t.seconds:.1f} s -> {t.exit_status}" for t in task.tries)
            pinned = "" if task.pinned is None else f", on {task.pinned} only"
            volume = "" if task.volume is None else f", with volume {task.volume}"
            size = f"cpus {task.cpus / 1000:g}"
            lines.append(
                f"  task {task.task_id}: {size} tries: {tries}{pinned}{volume}{_order(task)}"
            )
        lines += [f"  fault {fault}" for fault in self.faults]
        return "\n".join(lines)


def _order(task: PlannedTask) -> str:
    name = "" if task.name is None else f", named {task.name}"
    after = f", after {' '.join(task.depends_on)}" if task.depends_on else ""
    often = "" if task.max_attempts is None else f", {task.max_attempts} attempts"
    return name + after + often + (", always" if task.always else "")


# How often each kind is drawn.
KINDS: dict[str, int] = {
    "agent_away": 6,
    "agent_socket_breaks": 4,
    "agent_restart": 5,
    "agent_dies": 3,
    "agent_gone": 2,
    "agent_unregisters": 2,
    "agent_drains": 2,
    "agent_slow": 3,
    "agent_drops_launch": 3,
    "agent_never_gets_launch": 3,
    "agent_sends_update_twice": 2,
    "agent_kills_task": 1,
    "call_lost_before": 3,
    "call_lost_after": 4,
    "call_dropped": 4,
    "call_late": 3,
    "stream_breaks": 5,
    "stream_half_open": 2,
    "stream_stalls": 3,
    "master_fails": 6,
    "offers_rescinded": 3,
    "framework_removed": 1,
    "crash": 3,
    "crash_before_commit": 4,
    "crash_after_commit": 4,
    "crash_between_calls": 4,
    "engine_stalls": 3,
    "cancel": 2,
    "detach": 2,
    "abandon": 1,
}
# Of shared executors, where there are some.
POOL_KINDS = ("executor_dies", "executor_out_of_memory", "executor_cannot_start")
_BAG = tuple(kind for kind, weight in KINDS.items() for _ in range(weight))


def tasks_only(seed: int) -> Plan:
    """What this seed decides, but for changes."""
    rng = Random(seed)
    agents = tuple(
        Machine(rng.choice((1000, 2000, 4000)), rng.choice((512_000, 1024_000, 4096_000)))
        for _ in range(rng.randint(1, 4))
    )
    small = min(machine.cpus for machine in agents)
    retries = rng.random() < 0.5
    tasks = tuple(
        PlannedTask(
            task_id=f"t{number}",
            cpus=rng.choice((100, 500, 1000, small)),
            mem=rng.choice((32_000, 64_000, 256_000)),
            tries=_tries(rng, retries),
            pinned="S0" if rng.random() < 0.05 else None,
        )
        for number in range(rng.choice((1, 1, 2, 2, 3, 4, 5, 6, 8, 12)))
    )
    long_failover = rng.random() < 0.93
    return Plan(
        seed=seed,
        tasks=tasks,
        agents=agents,
        faults=_faults(rng, agents, tasks),
        slowest_message=rng.choice((0.05, 0.5, 3.0)),
        partition_aware=rng.random() < 0.75,
        checkpoint=rng.random() < 0.6,
        failover_timeout=604800.0 if long_failover else rng.choice((0.0, 5.0, 60.0)),
        max_attempts=rng.choice((1, 2, 3)) if retries else 1,
        max_losses=rng.choice((0, 1, 3, 10, 10, 10)),
        max_failures=rng.choice((None, None, None, None, 0, 1, 2)),
        staging_timeout=rng.choice((60.0, 300.0, 900.0)),
        unreachable_timeout=rng.choice((0.0, 60.0, 300.0, 900.0)),
        unplaceable_timeout=rng.choice((0.0, 60.0, 300.0, 300.0)),
        kill_after=rng.choice((None, None, None, 30.0, 120.0)),
        slow_engine=rng.choice((0.0, 0.0, 0.1, 1.0)),
        tells_silence=rng.random() < 0.5,
    )


def with_pools(plan: Plan) -> Plan:
    """Let the tasks of every other plan share executors, which have troubles of their own."""
    rng = Random(f"pools {plan.seed}")
    if rng.random() < 0.5:
        return plan
    disk = Resources([Resource(DISK, Scalar(1_000_000))])
    agents = tuple(replace(agent, disks=agent.disks + disk) for agent in plan.agents)
    last = max((fault.at for fault in plan.faults), default=20.0)
    faults = [
        Fault(rng.uniform(0.0, last), rng.choice(POOL_KINDS), rng.randrange(len(agents)))
        for _ in range(rng.choice((0, 0, 1, 2)))
    ]
    return replace(
        plan,
        agents=agents,
        faults=tuple(sorted((*plan.faults, *faults), key=lambda fault: fault.at)),
        executor="pool",
    )


def _tries(rng: Random, retries: bool) -> tuple[Try, ...]:
    seconds = rng.choice((0.1, 1.0, 10.0, 10.0, 60.0, 60.0, 400.0, 400.0))
    if rng.random() < 0.01:
        seconds = 4000.0
    number = rng.choice((1, 2, 3)) if retries else 1
    failing = 0.5 if retries else 0.15
    return tuple(
        Try(seconds * rng.uniform(0.5, 1.5), 1 if rng.random() < failing else 0)
        for _ in range(number)
    )


def _faults(
    rng: Random, agents: tuple[Machine, ...], tasks: tuple[PlannedTask, ...]
) -> tuple[Fault, ...]:
    count = rng.choice((0, 1, 2, 2, 3, 4, 5, 6, 8, 10, 14, 20))
    # Some faults come close together, where they meet; later than the run ends they are wasted.
    work = sum(task.cpus * planned.seconds for task in tasks for planned in task.tries)
    length = 3.0 + max(
        work / sum(machine.cpus for machine in agents),
        max(sum(planned.seconds for planned in task.tries) for task in tasks),
    )
    span = min(QUIET_AFTER, rng.choice((3.0, 0.5 * length, length, 2.0 * length)))
    faults = []
    for _ in range(count):
        kind = rng.choice(_BAG)
        value = rng.choice((0.1, 1.0, 5.0, 30.0, 80.0, 200.0, 700.0)) * rng.uniform(0.5, 1.5)
        faults.append(Fault(rng.uniform(0.0, span), kind, rng.randrange(len(agents)), value))
    return tuple(sorted(faults, key=lambda fault: fault.at))
