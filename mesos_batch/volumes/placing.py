"""Which agents may hold what is to be reserved or created, told before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mesos_batch.engine.change_fit import after_make, fit_make
from mesos_batch.errors import NoRoomError, UsageError
from mesos_batch.model.change import Change, ChangeKind
from mesos_batch.model.resource import Resource
from mesos_batch.model.resource_text import in_few_words
from mesos_batch.model.resources import DISK, Resources
from mesos_batch.model.scalar import format_milli
from mesos_batch.model.selecting import has_attribute, names_of

if TYPE_CHECKING:
    from mesos_batch.model.cluster import AgentState, ClusterView


def agents_meant(
    cluster: ClusterView, names: Sequence[str] = (), attributes: Sequence[str] = ()
) -> list[AgentState]:
    """The agents that make offers, have one of these names and all of these attributes.

    A name is an agent id, the end of one after its last dash, or a host name; an attribute is
    ``name:value``.

    Raises:
        UsageError: a name or an attribute is that of no agent, or of agents that are away.
    """
    for name in names:
        named = [agent for agent in cluster.agents if name in names_of(agent)]
        if not named:
            away = " yet: the new master waits for it" if name in cluster.recovering else ""
            raise UsageError(f"no agent '{name}' is registered with the master{away}")
        if not any(agent.active for agent in named):
            raise UsageError(f"agent '{name}' is away or deactivated: it makes no offers")
    meant = [
        agent
        for agent in cluster.agents
        if agent.active
        and (not names or names_of(agent) & set(names))
        and all(has_attribute(agent, text) for text in attributes)
    ]
    if not meant:
        which = f" with {' and '.join(attributes)}" if attributes else ""
        raise UsageError(f"the cluster has no agent{which} that makes offers")
    return meant


def spread(
    wishes: Sequence[tuple[Resources, Resources]],
    agents: Sequence[AgentState],
    *,
    one_per_agent: bool,
) -> list[Change]:
    """Changes that make each ``(reserved, volumes)`` on some agent.

    Raises:
        NoRoomError: the agents could not hold all of it even if nothing of them were in use.
    """
    if one_per_agent and len(wishes) > len(agents):
        count = "1 agent" if len(agents) == 1 else f"{len(agents)} agents"
        raise NoRoomError(f"{len(wishes)} are wanted, one per agent, and there are only {count}")
    ids = frozenset(agent.agent_id for agent in agents)
    room = {agent.agent_id: agent.total for agent in agents}
    changes: list[Change] = []
    for reserved, volumes in wishes:
        able = [
            agent_id
            for agent_id, total in room.items()
            if fit_make(total, reserved, volumes) is not None
        ]
        if not able:
            raise NoRoomError(why_no_room(reserved, volumes, agents, len(changes), len(wishes)))
        chosen = max(able, key=lambda agent_id: room[agent_id].unreserved().milli(DISK))
        fitted = fit_make(room[chosen], reserved, volumes)
        assert fitted is not None, "it is able"
        room[chosen] = after_make(room[chosen], *fitted)
        if one_per_agent:
            del room[chosen]
        changes.append(Change(ChangeKind.MAKE, reserved, volumes, ids, apart=one_per_agent))
    return changes


def why_no_room(
    reserved: Resources,
    volumes: Resources,
    agents: Iterable[AgentState],
    placed: int = 0,
    wanted: int = 1,
) -> str:
    """The nearest miss, as a sentence without a full stop."""
    agents = list(agents)
    lacking = []
    for wish in reserved.map(Resource.pop_reservation):
        most = max(agents, key=lambda agent: _unreserved(agent, wish).milli(wish.name))
        have = _unreserved(most, wish).milli(wish.name)
        if have < Resources([wish]).milli(wish.name):
            what = f"{wish.name}{_on(wish)} {wish.value}"
            lacking.append(
                f"needs {what}, and the agent with most of it unreserved ({most.hostname}) has "
                f"{format_milli(have)}"
            )
    text = "; ".join(lacking) or f"no agent has {in_few_words(reserved or volumes)} together"
    if wanted > 1:
        text += f" (room for {placed} of {wanted})"
    return text


def _unreserved(agent: AgentState, wish: Resource) -> Resources:
    """What an agent has of the wished kind for everybody: on the same kind of disk."""
    return agent.total.filter(
        lambda item: (
            item.name == wish.name
            and item.reservations == wish.reservations
            and _kind(item) == _kind(wish)
        )
    )


def _kind(resource: Resource) -> object:
    source = resource.disk.source if resource.disk is not None else None
    return source.type if source is not None else None


def _on(wish: Resource) -> str:
    source = wish.disk.source if wish.disk is not None else None
    return f" on a {source.type.name} disk" if source is not None else ""
