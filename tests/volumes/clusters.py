"""Clusters as values: agents with reservations and volumes on them, and tasks that use those."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mesos_batch.model.cluster import AgentState, ClusterView, VolumeUser
from mesos_batch.model.resource import (
    Disk,
    DiskSource,
    DiskSourceType,
    Reservation,
    ReservationType,
    Resource,
    Volume,
)
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.volumes import Ledger

MASTER = "leader:5050"
ROLE, OURS, THEIRS = "test", "alice", "bob"
S0, S1, S2 = "m-S0", "m-S1", "m-S2"
FREE = Resources.scalars(cpus=4, mem=4096, disk=10000)
NOTHING = Resources()
NO_LEDGER = Ledger()


def some(*resources: Resource) -> Resources:
    return Resources(resources)


def source(kind: str, root: str | None = None) -> DiskSource:
    return DiskSource(DiskSourceType[kind], root=root)


def free_disk(size: float, where: DiskSource) -> Resource:
    """Disk with a source that is reserved to nobody."""
    return Resource("disk", Scalar.of(size), disk=Disk(source=where))


def reserved(
    name: str, amount: float, *, role: str = ROLE, principal: str | None = OURS
) -> Resource:
    """A scalar that is dynamically reserved."""
    stack = (Reservation(ReservationType.DYNAMIC, role, principal),)
    return Resource(name, Scalar.of(amount), stack)


def disk(size: float, where: DiskSource | None = None, **more: Any) -> Resource:
    """Reserved disk that no volume is on."""
    plain = reserved("disk", size, **more)
    return plain if where is None else replace(plain, disk=Disk(source=where))


def volume(
    name: str,
    size: float = 100,
    *,
    where: DiskSource | None = None,
    shared: bool = False,
    path: str = "volume",
    principal: str | None = OURS,
    **more: Any,
) -> Resource:
    described = Disk(name, principal, Volume(path), where)
    plain = reserved("disk", size, principal=principal, **more)
    return replace(plain, disk=described, shared=shared)


def agent(
    agent_id: str = S0,
    *has: Resource,
    free: Resources = FREE,
    used: Resources = NOTHING,
    hostname: str | None = None,
    active: bool = True,
    **attributes: str,
) -> AgentState:
    """An agent that has something beside what is free."""
    return AgentState(
        agent_id=agent_id,
        hostname=hostname or f"host{agent_id[-1]}",
        active=active,
        total=free + Resources(has),
        used=used,
        offered=NOTHING,
        attributes=attributes,
    )


def cluster(
    *agents: AgentState, recovering: dict[str, str] | None = None, users: Any = ()
) -> ClusterView:
    return ClusterView(MASTER, agents, recovering or {}, tuple(users))


def user(name: str, task_id: str, agent_id: str = S0, framework: str = "tiles") -> VolumeUser:
    return VolumeUser(agent_id, ROLE, name, "framework-1", framework, task_id)
