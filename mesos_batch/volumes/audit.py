"""The ledger against the cluster: what lives, what is left over, what is not ours, what is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mesos_batch.journal import RunState
from mesos_batch.model.cluster import volume_id
from mesos_batch.model.operation import OperationType
from mesos_batch.model.resource import Reservation, Resource
from mesos_batch.model.resources import Resources

if TYPE_CHECKING:
    from mesos_batch.model.cluster import AgentState, ClusterView
    from mesos_batch.volumes.ledger import Holding, Ledger


class Standing(Enum):
    """How a volume or a reservation stands between ledger and cluster.

    ORPHAN: a run of ours stopped halfway and left it. FOREIGN: no run of ours made it. GONE: one
    did, and it is not there: its agent is away, or somebody else removed it.
    """

    LIVE = "live"
    ORPHAN = "orphan"
    FOREIGN = "foreign"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Finding:
    """One volume (``volume_id``), or resources reserved without one.

    ``away`` says that the agent is not registered, and not one a new master waits for,
    ``resumable`` that the run can go on with it.
    """

    standing: Standing
    agent_id: str
    hostname: str
    resources: Resources
    volume_id: str | None = None
    run_id: str | None = None
    note: str | None = None
    away: bool = False
    resumable: bool = False

    @property
    def role(self) -> str:
        """The role it is reserved to."""
        return next((item.reservation_role or "*" for item in self.resources), "*")


def audit(cluster: ClusterView, ledger: Ledger, role: str | None = None) -> list[Finding]:
    """Everything the ledger or the cluster knows of, or what is of one role."""
    found = [*_of_agents(cluster, ledger), *_of_absent(cluster, ledger)]
    return [finding for finding in found if role in (None, finding.role)]


def _of_agents(cluster: ClusterView, ledger: Ledger) -> Iterator[Finding]:
    for agent in cluster.agents:
        volumes = agent.total.persistent_volumes()
        plain = agent.total.beside_volumes().filter(lambda item: item.is_dynamically_reserved)
        for holding in ledger.on(agent.agent_id):
            mine = holding.volumes + holding.perhaps(OperationType.CREATE)
            yield from _volumes(agent, holding, volumes, mine)
            created = mine.found_in(volumes)
            certain, possible = _beside(holding, created)
            volumes = volumes.without(mine)
            part = plain.common(certain + possible)
            plain = plain.without(part)
            note = None
            if holding.left_over and holding.planned and not created:
                note = f"reserved for volume {', '.join(holding.planned)}, which was not created"
            yield from _reserved(agent, holding, part, certain.without(part), note)
        for volume in volumes:
            yield _finding(Standing.FOREIGN, agent, Resources([volume]), volume_id(volume))
        by_stack: dict[tuple[Reservation, ...], list[Resource]] = {}
        for item in plain:
            by_stack.setdefault(item.reservations, []).append(item)
        for items in by_stack.values():
            yield _finding(Standing.FOREIGN, agent, Resources(items))


def _volumes(
    agent: AgentState, holding: Holding, there: Resources, mine: Resources
) -> Iterator[Finding]:
    for volume in mine:
        one = Resources([volume])
        name = volume_id(volume)
        certain = holding.volumes.contains(one)
        if there.contains(one):
            yield _finding(_standing(holding), agent, one, name, holding)
        elif certain:
            note = "its agent does not have it any more"
            yield _finding(Standing.GONE, agent, one, name, holding, note)


def _reserved(
    agent: AgentState, holding: Holding, there: Resources, missing: Resources, note: str | None
) -> Iterator[Finding]:
    if there:
        yield _finding(_standing(holding), agent, there, None, holding, note)
    if missing:
        note = "its agent does not have it reserved any more"
        yield _finding(Standing.GONE, agent, missing, None, holding, note)


def _of_absent(cluster: ClusterView, ledger: Ledger) -> Iterator[Finding]:
    """What is on agents the master does not have."""
    for holding in ledger.holdings:
        if cluster.agent(holding.agent_id) is not None:
            continue
        waits = holding.agent_id in cluster.recovering
        note = (
            "the new master still waits for its agent"
            if waits
            else "its agent is not registered with the master"
        )
        volumes = holding.volumes + holding.perhaps(OperationType.CREATE)
        for volume in volumes:
            one = Resources([volume])
            yield _absent(holding, one, volume_id(volume), note, away=not waits)
        certain, possible = _beside(holding, volumes)
        if certain or possible:
            yield _absent(holding, certain + possible, None, note, away=not waits)


def _absent(
    holding: Holding, resources: Resources, name: str | None, note: str, *, away: bool
) -> Finding:
    place = holding.agent_id, holding.hostname
    return Finding(Standing.GONE, *place, resources, name, holding.run_id, note, away=away)


def _standing(holding: Holding) -> Standing:
    return Standing.ORPHAN if holding.left_over else Standing.LIVE


def _finding(
    standing: Standing,
    agent: AgentState,
    resources: Resources,
    name: str | None = None,
    holding: Holding | None = None,
    note: str | None = None,
) -> Finding:
    place = agent.agent_id, agent.hostname
    if holding is None:
        return Finding(standing, *place, resources, name, None, note)
    goes_on = standing is Standing.ORPHAN and holding.run_state is RunState.STOPPED
    return Finding(standing, *place, resources, name, holding.run_id, note, resumable=goes_on)


def _beside(holding: Holding, volumes: Resources) -> tuple[Resources, Resources]:
    """What a holding has reserved beside these volumes of it, and what it may have besides."""
    created = volumes.without(holding.volumes).map(Resource.without_volume)
    reserved = holding.perhaps(OperationType.RESERVE)
    return holding.reserved.without(created), reserved.without(created)
