"""Plans of what is to be reserved, or unreserved, without volumes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mesos_batch.errors import RefusedError
from mesos_batch.model.change import Change, ChangeKind
from mesos_batch.model.resource import Reservation, ReservationType
from mesos_batch.model.resource_text import in_few_words
from mesos_batch.model.resources import Resources
from mesos_batch.model.selecting import names_of
from mesos_batch.volumes.placing import agents_meant, spread

if TYPE_CHECKING:
    from mesos_batch.model.cluster import AgentState, ClusterView


@dataclass(frozen=True, slots=True)
class ReserveWish:
    """Resources to reserve for a role; ``resources`` are plain, ``agents`` names of agents."""

    role: str
    principal: str | None
    resources: Resources
    count: int | None = None
    agents: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    one_per_agent: bool = False


def plan_reserve(wish: ReserveWish, cluster: ClusterView) -> list[Change]:
    """A change for each agent on which the resources are reserved, or each time.

    Raises:
        UsageError: there is no such agent.
        NoRoomError: no agent could ever hold them.
    """
    agents = agents_meant(cluster, wish.agents, wish.attributes)
    count = wish.count or (len(agents) if wish.one_per_agent else 1)
    reserved = _reserved(wish.resources, wish.role, wish.principal)
    wishes = [(reserved, Resources())] * count
    return spread(wishes, agents, one_per_agent=wish.one_per_agent)


def plan_unreserve(wish: ReserveWish, cluster: ClusterView) -> list[Change]:
    """A change that gives these resources of one agent back to everybody.

    Raises:
        RefusedError: they are not reserved there like that, a volume is on them, or the agent is
            away.
    """
    reserved = _reserved(wish.resources, wish.role, wish.principal)
    named = [a for a in cluster.agents if not wish.agents or names_of(a) & set(wish.agents)]
    able = [agent for agent in named if agent.total.beside_volumes().contains(reserved)]
    if not able:
        raise RefusedError(_why_not(reserved, named, wish))
    if len(able) > 1:
        places = ", ".join(agent.place for agent in able)
        raise RefusedError(f"several agents have that reserved: {places}", "Name one by --agent.")
    agent = able[0]
    if not agent.active:
        raise RefusedError(f"agent {agent.place} is away")
    unused = agent.total.beside_volumes().without(agent.used.beside_volumes())
    if not unused.contains(reserved):
        raise RefusedError(f"tasks on agent {agent.place} use some of {in_few_words(reserved)}")
    return [Change(ChangeKind.UNDO, reserved, Resources(), frozenset({agent.agent_id}))]


def _why_not(reserved: Resources, agents: Sequence[AgentState], wish: ReserveWish) -> str:
    if not agents:
        return f"no agent {', '.join(wish.agents)} is registered with the master"
    whose = f"for role {wish.role} by principal {wish.principal}"
    plain = in_few_words(reserved)
    if any(agent.total.persistent_volumes() for agent in agents):
        return f"no such agent has {plain} reserved {whose} that no volume is on"
    return f"no such agent has {plain} reserved {whose}"


def _reserved(resources: Resources, role: str, principal: str | None) -> Resources:
    stack = (Reservation(ReservationType.DYNAMIC, role, principal),)
    return resources.map(lambda item: replace(item, reservations=stack))
