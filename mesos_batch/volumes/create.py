"""Plans of what is to be reserved and created."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mesos_batch.errors import RefusedError, UsageError
from mesos_batch.model import resource as r
from mesos_batch.model.change import Change, ChangeKind, volume_ids
from mesos_batch.model.cluster import volume_id
from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import DISK, Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.spec.names import id_fault
from mesos_batch.volumes.ledger import unclaimed
from mesos_batch.volumes.placing import agents_meant, spread
from mesos_batch.volumes.refuse import away, refuse_foreign

if TYPE_CHECKING:
    from mesos_batch.model.cluster import AgentState, ClusterView
    from mesos_batch.volumes.ledger import Ledger


class Disk(Enum):
    """The kinds of disk a volume can be on."""

    ROOT = "root"
    PATH = "path"
    MOUNT = "mount"


@dataclass(frozen=True, slots=True)
class CreateWish:
    """Volumes to create. ``size`` is MB; on a MOUNT disk the least, since it is taken whole.

    ``volume_id`` ``None`` makes ids like no other; with a ``count`` above 1 it gets a number
    appended. ``count`` ``None`` is one, or one on each agent with ``one_per_agent``. ``agents``
    are names as ``placing.agents_meant`` takes them.
    """

    role: str
    principal: str | None
    size: float
    count: int | None = None
    volume_id: str | None = None
    container_path: str = "volume"
    shared: bool = False
    disk: Disk = Disk.ROOT
    disk_root: str | None = None
    agents: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    one_per_agent: bool = False


def plan_create(
    wish: CreateWish, cluster: ClusterView, ledger: Ledger | None = None
) -> list[Change]:
    """A change for each volume.

    Raises:
        UsageError: there is no such agent, or a volume with that id exists.
        RefusedError: a volume with that id may be on an agent that is away.
        NoRoomError: no agent could ever hold one.
    """
    agents = agents_meant(cluster, wish.agents, wish.attributes)
    count = wish.count or (len(agents) if wish.one_per_agent else 1)
    ids = _ids(wish.volume_id, count)
    _refuse_known(ids, wish.role, cluster)
    if wish.volume_id is not None:
        _refuse_absent(ids, cluster, ledger)
    volumes = [Resources([_volume(wish, volume_id)]) for volume_id in ids]
    wishes = [(volume.map(Resource.without_volume), volume) for volume in volumes]
    return spread(wishes, agents, one_per_agent=wish.one_per_agent)


def plan_ensure(
    resources: Resources,
    cluster: ClusterView,
    ledger: Ledger,
    agents: Sequence[str] = (),
) -> tuple[list[Change], list[str]]:
    """What is missing of a set of reservations and volumes that belong on one agent.

    Volumes are known by their ids: those that exist are used as they are. Also gives what was
    found, a sentence each.

    Raises:
        UsageError: volumes of the set are on several agents, or of another size.
        RefusedError: a volume belongs to another principal, or its agent is away.
        NoRoomError: no agent could ever hold it.
    """
    volumes, reserved = split(resources)
    (role,) = {volume.reservation_role for volume in volumes}
    ids = volume_ids(volumes)
    found = [
        (agent, volume)
        for agent, volume in cluster.volumes()
        if volume.reservation_role == role and volume_id(volume) in ids
    ]
    if not found:
        _refuse_absent(ids, cluster, ledger)
        begun = _begun(ids, cluster, ledger)
        if begun is not None:
            return _missing_on(begun, reserved, volumes, [], ledger)
        meant = agents_meant(cluster, agents)
        return spread([(reserved, volumes)], meant, one_per_agent=False), []
    if len({agent.agent_id for agent, _ in found}) > 1:
        places = ", ".join(sorted(agent.place for agent, _ in found))
        raise UsageError(f"the volumes {', '.join(ids)} are on several agents: {places}")
    agent = found[0][0]
    for _, volume in found:
        wanted = next(it for it in volumes if volume_id(it) == volume_id(volume))
        _check_found(agent, volume, wanted)
    return _missing_on(agent, reserved, volumes, [volume for _, volume in found], ledger)


def plan_on_new_cluster(resources: Resources) -> list[Change]:
    """What makes a set of reservations and volumes on a cluster that has none."""
    volumes, reserved = split(resources)
    return [Change(ChangeKind.MAKE, reserved, volumes)]


def split(resources: Resources) -> tuple[Resources, Resources]:
    """The volumes of a set, and what has to be reserved for it, the disk under them included."""
    volumes = resources.persistent_volumes()
    plain = resources.map(Resource.without_volume)
    return volumes, plain.filter(lambda item: item.is_dynamically_reserved)


def _missing_on(
    agent: AgentState,
    reserved: Resources,
    volumes: Resources,
    found: Sequence[Resource],
    ledger: Ledger,
) -> tuple[list[Change], list[str]]:
    """The change that completes a set on the agent where some of it is."""
    there = {volume_id(volume) for volume in found}
    present = volumes.filter(lambda volume: volume_id(volume) in there)
    missing = volumes.filter(lambda volume: volume_id(volume) not in there)
    needed = reserved.without(present.map(Resource.without_volume))
    needed = needed.without(unclaimed(agent, ledger, volume_ids(volumes)).common(needed))
    notes = [f"volume {name} exists on agent {agent.place} and is used" for name in sorted(there)]
    if not there:
        notes = [f"agent {agent.place} has reservations of an earlier run for it: they are used"]
    if not needed and not missing:
        return [], notes
    change = Change(ChangeKind.MAKE, needed, missing, frozenset({agent.agent_id}))
    return [change], notes


def _refuse_absent(ids: Sequence[str], cluster: ClusterView, ledger: Ledger | None) -> None:
    """Refuse ids of volumes that are, or may be, on agents that are not there.

    Raises:
        RefusedError: one is; a second volume of its id would be another one, and empty.
    """
    for name in ids:
        for holding in ledger.naming(name) if ledger is not None else ():
            if cluster.agent(holding.agent_id) is None:
                raise RefusedError(away(f"volume {name}", holding, cluster))
    if cluster.recovering:
        hosts = ", ".join(sorted(set(cluster.recovering.values())))
        raise RefusedError(
            f"the new master still waits for agents ({hosts}), and one of them may have volume "
            f"{ids[0]}",
            "Try again when they are back.",
        )


def _begun(ids: Sequence[str], cluster: ClusterView, ledger: Ledger) -> AgentState | None:
    """The agent on which a run of ours has reserved for these volumes and created none."""
    for holding in ledger.holdings:
        agent = cluster.agent(holding.agent_id)
        if agent is not None and holding.left_over and set(ids) <= set(holding.planned):
            return agent
    return None


def _check_found(agent: AgentState, volume: Resource, wanted: Resource) -> None:
    name, place = volume_id(volume), agent.place
    refuse_foreign(volume, wanted.reservations[-1].principal, place)
    if not agent.active:
        raise RefusedError(f"volume {name} is on agent {place}, which is away")
    if volume.value != wanted.value and not volume.without_volume().is_indivisible:
        raise UsageError(
            f"volume {name} exists on agent {place} with {volume.value} MB, not {wanted.value}",
            "Give it the size it has, or another id.",
        )


def _ids(given: str | None, count: int) -> list[str]:
    if given is None:
        return [str(uuid.uuid4()) for _ in range(count)]
    ids = [given] if count == 1 else [f"{given}-{number}" for number in range(1, count + 1)]
    fault = id_fault(ids[-1])
    if fault is not None:
        raise UsageError(f"{ids[-1]} cannot be the id of a volume: {fault}")
    return ids


def _refuse_known(ids: Sequence[str], role: str, cluster: ClusterView) -> None:
    for agent, volume in cluster.volumes():
        if volume.reservation_role == role and volume_id(volume) in ids:
            raise UsageError(
                f"role {role} has a volume {volume_id(volume)} already, on agent {agent.place}",
                "Give another id; a task list can use the one that is there.",
            )


def _volume(wish: CreateWish, name: str) -> Resource:
    source = None
    if wish.disk is not Disk.ROOT:
        source = r.DiskSource(r.DiskSourceType[wish.disk.name], root=wish.disk_root)
    place = r.Volume(wish.container_path)
    return Resource(
        DISK,
        Scalar.of(wish.size),
        (r.Reservation(r.ReservationType.DYNAMIC, wish.role, wish.principal),),
        disk=r.Disk(name, wish.principal, place, source),
        shared=wish.shared,
    )
