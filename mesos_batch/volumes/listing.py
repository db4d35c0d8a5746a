"""The volumes and reservations of a cluster, with who made them where the ledger knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesos_batch.model.cluster import volume_id
from mesos_batch.model.natural import natural
from mesos_batch.model.resource import Reservation, Resource
from mesos_batch.model.resources import Resources

if TYPE_CHECKING:
    from mesos_batch.model.cluster import AgentState, ClusterView, VolumeUser
    from mesos_batch.volumes.ledger import Ledger


@dataclass(frozen=True, slots=True)
class VolumeInfo:
    """A persistent volume. ``size`` is MB, ``run_id`` the run of ours that created it."""

    volume_id: str
    agent: AgentState
    resource: Resource
    in_use: bool
    users: tuple[VolumeUser, ...] = ()
    run_id: str | None = None

    @property
    def role(self) -> str:
        """The role it is reserved to."""
        return self.resource.reservation_role or "*"

    @property
    def principal(self) -> str | None:
        """Who created it."""
        return self.resource.disk.persistence_principal if self.resource.disk else None

    @property
    def size(self) -> float:
        """MB."""
        return Resources([self.resource]).amount(self.resource.name)

    @property
    def container_path(self) -> str:
        """Where it appears in a sandbox, unless a task says otherwise."""
        volume = self.resource.disk.volume if self.resource.disk is not None else None
        return volume.container_path if volume is not None else ""

    @property
    def disk(self) -> str:
        """What it is on: ``root``, or the type and root of a disk source."""
        source = self.resource.disk.source if self.resource.disk is not None else None
        return str(source) if source is not None else "root"


def list_volumes(cluster: ClusterView, ledger: Ledger, role: str | None = None) -> list[VolumeInfo]:
    """All persistent volumes, or those of one role, by agent and id."""
    found = []
    for agent, volume in cluster.volumes():
        if role not in (None, volume.reservation_role):
            continue
        holding = ledger.with_volume(agent.agent_id, volume)
        found.append(
            VolumeInfo(
                volume_id=volume_id(volume),
                agent=agent,
                resource=volume,
                in_use=is_in_use(agent, volume),
                users=tuple(cluster.users_of(agent.agent_id, volume)),
                run_id=holding.run_id if holding is not None else None,
            )
        )
    return sorted(found, key=lambda info: (*_place(info.agent), natural(info.volume_id)))


def _place(agent: AgentState) -> tuple[str, list[tuple[int, str]]]:
    return agent.hostname, natural(agent.agent_id)


def is_in_use(agent: AgentState, volume: Resource) -> bool:
    """Whether a task or an executor holds a volume, or a copy of a shared one."""
    return agent.used.contains(Resources([volume]))


@dataclass(frozen=True, slots=True)
class ReservationInfo:
    """What one agent has reserved in one way.

    ``resources`` are all of it, with the disk of volumes as plain disk, ``in_volumes`` the disk
    among them that volumes are on, ``used`` what tasks hold.
    """

    agent: AgentState
    reservation: Reservation
    resources: Resources
    in_volumes: Resources
    used: Resources
    run_ids: tuple[str, ...] = ()


def list_reservations(
    cluster: ClusterView, ledger: Ledger, role: str | None = None
) -> list[ReservationInfo]:
    """All reservations, or those of one role, by agent, role and principal."""
    found = []
    for agent in cluster.agents:
        kinds = dict.fromkeys(item.reservations for item in agent.total if item.reservations)
        for stack in kinds:
            if role not in (None, stack[-1].role):
                continue
            found.append(_reservation(agent, stack, ledger))
    return sorted(
        found,
        key=lambda info: (
            *_place(info.agent),
            info.reservation.role,
            info.reservation.principal or "",
        ),
    )


def _reservation(
    agent: AgentState, stack: tuple[Reservation, ...], ledger: Ledger
) -> ReservationInfo:
    def of_it(resources: Resources) -> Resources:
        return resources.filter(lambda item: item.reservations == stack)

    mine, volumes = of_it(agent.total), of_it(agent.total.persistent_volumes())
    runs = dict.fromkeys(
        holding.run_id
        for holding in ledger.on(agent.agent_id)
        if of_it(holding.reserved) or of_it(holding.volumes)
    )
    return ReservationInfo(
        agent=agent,
        reservation=stack[-1],
        resources=mine.map(Resource.without_volume),
        in_volumes=volumes.map(Resource.without_volume),
        used=of_it(agent.used).map(Resource.without_volume),
        run_ids=tuple(runs),
    )
