"""The plan of a seed, for every third one with changes of reservations and volumes.

They are drawn from a stream of their own: the rest of a plan is what it is without them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from faults.dependency_plan import with_dependencies
from faults.plan import QUIET_AFTER, Fault, Machine, Plan, PlannedTask, tasks_only, with_pools
from faults.sim_operations import PRINCIPAL

from mesos_batch.model.change import Change, ChangeKind
from mesos_batch.model.resource import (
    Disk,
    DiskSource,
    DiskSourceType,
    Labels,
    Reservation,
    ReservationType,
    Resource,
    Volume,
)
from mesos_batch.model.resources import CPUS, DISK, MEM, Resources
from mesos_batch.model.scalar import Scalar

ROLE = "batch"
TOO_MUCH = 100_000
PATH = DiskSource(DiskSourceType.PATH, "/path")
# What goes wrong only where there are operations; and what is likeliest to meet them.
CHANGE_KINDS: dict[str, int] = {
    "agent_never_gets_operation": 8,
    "agent_slow": 4,
    "agent_restart": 4,
    "agent_away": 3,
    "agent_socket_breaks": 2,
    "master_fails": 4,
    "framework_removed": 2,
    "stream_breaks": 3,
    "offers_rescinded": 2,
    "call_lost_before": 3,
    "call_lost_after": 4,
    "call_dropped": 3,
    "call_late": 2,
    "crash_before_commit": 3,
    "crash_after_commit": 3,
    "crash_between_calls": 3,
    "agent_gone": 1,
    "agent_dies": 1,
    "cancel": 1,
}
_BAG = tuple(kind for kind, weight in CHANGE_KINDS.items() for _ in range(weight))
_OURS = Reservation(ReservationType.DYNAMIC, ROLE, PRINCIPAL)
_FOREIGN = (
    Reservation(ReservationType.DYNAMIC, "other", "them"),
    Reservation(ReservationType.DYNAMIC, ROLE, "them"),
    Reservation(ReservationType.DYNAMIC, ROLE, PRINCIPAL, (("of", "somebody"),)),
    Reservation(ReservationType.STATIC, ROLE),
    # Nothing tells this one from what the run reserves itself.
    _OURS,
)


def make_plan(seed: int) -> Plan:
    """What this seed decides."""
    plan = tasks_only(seed)
    rng = Random(f"changes of {seed}")
    plan = _with_changes(plan, rng) if rng.random() < 0.35 else with_pools(plan)
    return with_dependencies(plan)


def is_possible(plan: Plan) -> bool:
    """Whether all changes must be done where nothing goes wrong."""
    old = any(machine.old for machine in plan.agents)
    return not old and all(c.reserved.milli(CPUS) < TOO_MUCH for c in plan.changes)


def _with_changes(plan: Plan, rng: Random) -> Plan:
    old = rng.random() < 0.1
    machines = tuple(
        replace(
            machine,
            disks=_disks(rng),
            holds=_foreign(rng, number),
            old=old and rng.random() < 0.7,
        )
        for number, machine in enumerate(plan.agents)
    )
    changes: list[Change] = []
    for number in range(rng.choice((1, 1, 2, 2, 3, 4))):
        draw = rng.random()
        if draw < 0.05:
            changes.append(Change(ChangeKind.FORGET, Resources(), Resources(), frozenset({"S9"})))
        elif draw < 0.4:
            at = rng.randrange(len(machines))
            change, before = _undo(rng, number, at)
            held = replace(machines[at], holds=machines[at].holds + before)
            machines = (*machines[:at], held, *machines[at + 1 :])
            changes.append(change)
        else:
            changes.append(_make(rng, number, machines))
    if len(changes) <= len(machines) and all(c.kind is ChangeKind.MAKE for c in changes):
        changes = [replace(c, agents=None, apart=rng.random() < 0.6) for c in changes]
    if rng.random() < 0.03:
        changes.append(_too_large())
    changed = replace(
        plan,
        agents=machines,
        changes=tuple(changes),
        role=ROLE,
        tasks=tuple(_with_volume(rng, task, changes) for task in plan.tasks),
        volume_timeout=rng.choice((30.0, 120.0, 300.0, 300.0)),
    )
    return replace(changed, faults=_more_faults(rng, changed))


def _reserved(milli: int, name: str, by: Reservation, source: DiskSource | None = None) -> Resource:
    disk = None if source is None else Disk(source=source)
    return Resource(name, Scalar(milli), (by,), disk=disk)


def _volume(milli: int, name: str, by: Reservation, source: DiskSource | None = None) -> Resource:
    disk = Disk(name, by.principal or PRINCIPAL, Volume("data"), source)
    return Resource(DISK, Scalar(milli), (by,), disk=disk)


def _disks(rng: Random) -> Resources:
    """The root disk is large enough for all; a PATH disk too; two MOUNT disks."""
    disks = [Resource(DISK, Scalar(4_000_000))]
    if rng.random() < 0.5:
        disks.append(Resource(DISK, Scalar(4_000_000), disk=Disk(source=PATH)))
    for number in range(rng.choice((0, 0, 4, 5))):
        source = DiskSource(DiskSourceType.MOUNT, f"/mount{number}")
        size = 100_000 * (number + 2)
        disks.append(Resource(DISK, Scalar(size), disk=Disk(source=source)))
    return Resources(disks)


def _foreign(rng: Random, number: int) -> Resources:
    """What others have on an agent."""
    held: list[Resource] = []
    for by in _FOREIGN:
        if rng.random() < 0.4:
            held.append(_reserved(rng.choice((100, 300)), CPUS, by))
            held.append(_reserved(rng.choice((32_000, 64_000)), MEM, by))
            held.append(_reserved(rng.choice((50_000, 500_000)), DISK, by))
        if rng.random() < 0.3:
            held.append(_volume(70_000, f"theirs-{number}-{len(held)}", by))
    return Resources(held)


def _amounts(rng: Random, by: Reservation) -> Iterator[Resource]:
    if rng.random() < 0.7:
        yield _reserved(rng.choice((50, 100)), CPUS, by)
    if rng.random() < 0.5:
        yield _reserved(rng.choice((16_000, 32_000)), MEM, by)


def _by(rng: Random) -> Reservation:
    labels: Labels = (("run", "this"),) if rng.random() < 0.4 else ()
    return Reservation(ReservationType.DYNAMIC, ROLE, PRINCIPAL, labels)


def _make(rng: Random, number: int, machines: tuple[Machine, ...]) -> Change:
    """Amounts and up to two volumes; on a MOUNT disk by its type alone."""
    by = _by(rng)
    types = [
        {it.disk.source.type for it in machine.disks if it.disk and it.disk.source}
        for machine in machines
    ]
    everywhere = set.intersection(*types)
    reserved, volumes = [*_amounts(rng, by)], []
    for index in range(rng.choice((0, 1, 1, 1, 2)) if reserved else 1):
        source = None
        if everywhere and rng.random() < 0.5:
            source = DiskSource(rng.choice(sorted(everywhere, key=lambda kind: kind.value)))
        size = rng.choice((100_000, 150_000, 200_000))
        if index and source is not None and source.type is DiskSourceType.MOUNT:
            source = None
        volume = _volume(size, f"v{number}-{index}", by, source)
        volumes.append(volume)
        reserved.append(volume.without_volume())
    agents = None
    if rng.random() < 0.3:
        agents = frozenset(rng.sample([f"S{n}" for n in range(len(machines))], 1))
    return Change(ChangeKind.MAKE, Resources(reserved), Resources(volumes), agents)


def _too_large() -> Change:
    """What no agent has."""
    return Change(ChangeKind.MAKE, Resources([_reserved(TOO_MUCH, CPUS, _OURS)]), Resources())


def _undo(rng: Random, number: int, at: int) -> tuple[Change, Resources]:
    """What is to go from one agent, and what is there before: perhaps more of the same."""
    by = _by(rng)
    reserved, volumes = [*_amounts(rng, by)], []
    for index in range(rng.choice((0, 1, 2)) if reserved else 1):
        source = PATH if rng.random() < 0.2 else None
        volumes.append(_volume(80_000, f"u{number}-{index}", by, source))
    plain = [] if rng.random() < 0.1 else [volume.without_volume() for volume in volumes]
    change = Change(
        ChangeKind.UNDO, Resources(reserved + plain), Resources(volumes), frozenset({f"S{at}"})
    )
    more = [_reserved(100, CPUS, by)] if rng.random() < 0.4 else []
    return change, Resources(reserved + volumes + more)


def _with_volume(rng: Random, task: PlannedTask, changes: list[Change]) -> PlannedTask:
    made = [v for c in changes if c.kind is ChangeKind.MAKE for v in c.volume_ids]
    if not made or task.pinned is not None or rng.random() < 0.6:
        return task
    return replace(task, volume=rng.choice(made))


def _more_faults(rng: Random, plan: Plan) -> tuple[Fault, ...]:
    """Faults while the changes are made, which takes seconds where nothing goes wrong."""
    count = rng.choice((0, 1, 1, 2, 3, 5, 8))
    # Those of the tasks come when the tasks do.
    later = rng.choice((0.0, 3.0))
    faults = [replace(fault, at=min(fault.at + later, QUIET_AFTER)) for fault in plan.faults]
    if not count and rng.random() < 0.5:
        return ()
    span = rng.choice((2.0, 6.0, 20.0, 100.0))
    for _ in range(count):
        value = rng.choice((0.1, 1.0, 5.0, 30.0, 80.0, 200.0, 700.0)) * rng.uniform(0.5, 1.5)
        at = rng.uniform(0.0, span)
        faults.append(Fault(at, rng.choice(_BAG), rng.randrange(len(plan.agents)), value))
    return tuple(sorted(faults, key=lambda fault: fault.at))
