"""What we know of the agents: who they are and how much each could ever offer us."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mesos_batch.engine.fit import take, usable
from mesos_batch.engine.nearest import Room, nearest_miss
from mesos_batch.engine.vector import ZERO, Vector, fits, minus, plus, vector
from mesos_batch.model import value as values
from mesos_batch.model.agent_name import agent_name
from mesos_batch.model.constraint_match import static_match
from mesos_batch.model.offer import Attribute, attribute_texts
from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import CPUS, MEM, Resources
from mesos_batch.model.saved import AgentEntry
from mesos_batch.model.scalar import Scalar
from mesos_batch.model.scheduling import Constraint
from mesos_batch.model.snapshot import AgentView

if TYPE_CHECKING:
    from mesos_batch.engine.events import AgentTotal
    from mesos_batch.engine.waiting import Shape
    from mesos_batch.model.offer import Offer

Constraints = tuple[Constraint, ...]


@dataclass(slots=True)
class _Agent:
    agent_id: str
    hostname: str
    url: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    left: Vector = ZERO
    told: tuple[Attribute, ...] = ()
    listed: Resources | None = None
    total: Resources | None = None
    seen: Resources = field(default_factory=Resources)
    in_use: dict[str, Resources] = field(default_factory=dict)
    used: Vector = ZERO
    most: Vector = ZERO
    _room: Vector = ZERO
    _room_of: Resources | None = None

    def see(self, free: Resources) -> bool:
        """Learn from what it offers beside what our tasks use; gives if it has more than known."""
        total = plus(vector(free), self.used)
        if self.listed is not None and fits(total, self.most):
            return False
        together = free.allocated_to(None)
        for resources in self.in_use.values():
            together = together + resources.allocated_to(None)
        most = _most(self.seen, together)
        if most == self.seen:
            return False
        self.seen, self.most = most, vector(most)
        return self.listed is None

    @property
    def room(self) -> Vector:
        """The capacity in numbers."""
        if self._room_of is not self.capacity:
            self._room_of = self.capacity
            self._room = vector(self._room_of)
        return self._room

    @property
    def capacity(self) -> Resources:
        """The master's word where we have it, else the most we have seen at once."""
        return self.listed if self.listed is not None else self.seen


class Agents:
    """The agents the run has heard of.

    ``complete`` is true once the master listed its agents: then what fits none of them fits
    nowhere, and not only nowhere yet. ``version`` grows when an answer of ``could_hold`` may
    have changed.
    """

    def __init__(self, role: str) -> None:
        self._role = role
        self._agents: dict[str, _Agent] = {}
        self.complete = False
        self.version = 0
        self._matches: dict[tuple[str, int], tuple[Constraints, bool]] = {}
        self._capacity = ZERO
        self._capacity_at = -1
        self._changed: set[str] = set()
        self._saved: dict[str, AgentEntry] = {}

    def __len__(self) -> int:
        return len(self._agents)

    def offered(self, offers: Iterable[Offer]) -> None:
        """Learn from offers: an agent has at least what it offers and what our tasks use."""
        free: dict[str, Resources] = {}
        for offer in offers:
            agent = self._agents.get(offer.agent_id)
            if agent is None:
                agent = self._agents[offer.agent_id] = _Agent(offer.agent_id, offer.hostname)
            agent.url = offer.agent_url
            if agent.told != offer.attributes:
                agent.told = offer.attributes
                agent.attributes = attribute_texts(offer.attributes)
                self._matches.clear()
            known = free.get(offer.agent_id)
            free[offer.agent_id] = offer.resources if known is None else known + offer.resources
        for agent_id, resources in free.items():
            self._agents[agent_id].left = vector(resources)
            if self._agents[agent_id].see(resources):
                self.version += 1
                self._changed.add(agent_id)

    def listed(self, totals: Iterable[AgentTotal], *, all_are_back: bool = True) -> None:
        """Take the master's list for the truth.

        Unless ``all_are_back``, agents known before may yet register with a new master.
        """
        known: set[str] = set()
        for total in totals:
            known.add(total.agent_id)
            agent = self._agents.get(total.agent_id)
            if agent is None:
                agent = _Agent(total.agent_id, total.hostname)
                self._agents[total.agent_id] = agent
            agent.total = total.total
            if agent.attributes != total.attributes:
                agent.attributes = total.attributes
                self._matches.clear()
            agent.listed = usable(total.total, self._role)
            self._changed.add(total.agent_id)
        if all_are_back:
            for agent_id in self._agents.keys() - known:
                self.forget(agent_id)
        self.complete = True
        self.version += 1

    def relist(self) -> None:
        """Reservations have changed: what was listed before says nothing any more."""
        for agent in self._agents.values():
            agent.listed = agent.total = None
            agent.seen, agent.most = Resources(), ZERO
        self.complete = False
        self.version += 1

    def total(self, agent_id: str) -> Resources | None:
        """All an agent has, whoever it is reserved to, as the master listed it last."""
        agent = self._agents.get(agent_id)
        return agent.total if agent is not None else None

    def known(self, agent_id: str, hostname: str) -> None:
        """Learn of an agent from the journal."""
        self._agents.setdefault(agent_id, _Agent(agent_id, hostname))

    def ids(self) -> frozenset[str]:
        """The ids of the agents."""
        return frozenset(self._agents)

    def forget(self, agent_id: str) -> None:
        """Drop an agent that failed; it comes back with its next offer."""
        self._agents.pop(agent_id, None)
        self._matches.clear()
        self.version += 1

    def use(self, agent_id: str, task_id: str, resources: Resources) -> None:
        """Count a task of ours onto its agent."""
        agent = self._agents.get(agent_id)
        if agent is not None:
            agent.in_use[task_id] = resources
            agent.left = minus(agent.left, vector(resources))
            agent.used = plus(agent.used, vector(resources))

    def release(self, agent_id: str | None, task_id: str) -> None:
        """Count a task of ours off its agent."""
        agent = self._agents.get(agent_id or "")
        if agent is not None and task_id in agent.in_use:
            amount = vector(agent.in_use.pop(task_id))
            agent.used = minus(agent.used, amount)
            agent.left = plus(agent.left, amount)

    def url(self, agent_id: str | None) -> str | None:
        """Where an agent's own HTTP API answers."""
        agent = self._agents.get(agent_id or "")
        return agent.url if agent is not None else None

    def marks(self, agent_id: str) -> tuple[str, Mapping[str, str]]:
        """Host name and attributes of an agent, by which constraints know it."""
        agent = self._agents.get(agent_id)
        return ("", {}) if agent is None else (agent.hostname, agent.attributes)

    def satisfies(self, agent_id: str, constraints: Constraints) -> bool:
        """Whether an agent is one that the constraints name, whatever runs there."""
        if not constraints:
            return True
        key = agent_id, id(constraints)
        known = self._matches.get(key)
        if known is None:
            # The constraints are kept because ids are those of living objects only.
            match = static_match(constraints, *self.marks(agent_id))
            known = self._matches[key] = constraints, match
        return known[1]

    @property
    def capacity(self) -> Vector:
        """What all of them have together."""
        if self._capacity_at != self.version:
            self._capacity_at = self.version
            self._capacity = ZERO
            for agent in self._agents.values():
                self._capacity = plus(self._capacity, agent.room)
        return self._capacity

    def seen_at_once(self) -> dict[str, Resources]:
        """The most we have had of each agent at one time, offered or in use by our tasks."""
        return {agent_id: agent.seen for agent_id, agent in self._agents.items()}

    def could_hold(self, shape: Shape) -> bool:
        """Whether any agent we know of could hold a task of this shape when it is empty."""
        return any(
            shape.agent_id in (None, agent.agent_id)
            and fits(shape.measure, agent.room)
            and self.satisfies(agent.agent_id, shape.scheduling.constraints)
            and (shape.is_simple or take(agent.capacity, shape.total) is not None)
            for agent in self._agents.values()
        )

    def explain(self, shape: Shape) -> str:
        """Say why no agent could hold a task of this shape: a sentence without a full stop."""
        agents = [a for a in self._agents.values() if shape.agent_id in (None, a.agent_id)]
        if shape.agent_id is not None and not agents:
            return f"agent {shape.agent_id}, which the task names, is not known to the master"
        if not agents:
            return "the master has no agent"
        constraints = shape.scheduling.constraints
        agents = [agent for agent in agents if self.satisfies(agent.agent_id, constraints)]
        if not agents:
            return "no agent satisfies " + " and ".join(map(str, constraints))
        lacking = [
            text for wish in shape.total if (text := _lack(wish, agents, self._role)) is not None
        ]
        if lacking:
            return "; ".join(lacking)
        wish = ", ".join(f"{resource.name} {resource.value}" for resource in shape.total)
        return f"no single agent has all of {wish} together"

    def why_not_now(self, shape: Shape) -> str | None:
        """Say what the best agent lacks for a task of this shape, as far as offers told."""
        constraints = shape.scheduling.constraints
        rooms = [
            Room(agent_name(agent.agent_id, agent.hostname), agent.left, agent.room)
            for agent in self._agents.values()
            if shape.agent_id in (None, agent.agent_id)
            and self.satisfies(agent.agent_id, constraints)
        ]
        return nearest_miss(shape.measure, rooms)

    def news(self) -> list[AgentEntry]:
        """The agents that were found to have another amount than was last told here."""
        found: list[AgentEntry] = []
        while self._changed:
            agent = self._agents.get(self._changed.pop())
            if agent is None:
                continue
            have = agent.capacity
            entry = AgentEntry(agent.agent_id, agent.hostname, have.amount(CPUS), have.amount(MEM))
            if self._saved.get(entry.agent_id) != entry:
                self._saved[entry.agent_id] = entry
                found.append(entry)
        return found

    def views(self) -> tuple[AgentView, ...]:
        """The agents for a display."""
        return tuple(
            AgentView(
                agent_id=agent.agent_id,
                hostname=agent.hostname,
                cpus=agent.capacity.amount(CPUS),
                mem=agent.capacity.amount(MEM),
                running=len(agent.in_use),
            )
            for agent in list(self._agents.values())
        )


def _lack(wish: Resource, agents: list[_Agent], role: str) -> str | None:
    """What no agent has enough of, or ``None`` when some agent has it."""
    if any(take(agent.capacity, Resources([wish])) is not None for agent in agents):
        return None
    what = f"{wish.name} {wish.value}"
    if wish.disk is not None and wish.disk.persistence_id is not None:
        return f"needs volume {wish.disk.persistence_id}, which no agent has"
    if wish.reservations:
        reservation = wish.reservations[-1]
        by = f" by principal {reservation.principal}" if reservation.principal else ""
        return f"needs {what} reserved for role {reservation.role}{by}, which no agent has"
    if not isinstance(wish.value, Scalar):
        return f"needs {what}, which no agent has"
    most = max(agents, key=lambda agent: agent.capacity.milli(wish.name))
    if most.capacity.milli(wish.name) == 0:
        return f"needs {what}, and no agent has {wish.name} for role {role}"
    amount = Scalar(most.capacity.milli(wish.name))
    name = agent_name(most.agent_id, most.hostname)
    return f"needs {what}, and the largest agent ({name}) has {amount}"


def _most(left: Resources, right: Resources) -> Resources:
    """The larger of two views of one agent, resource by resource."""
    merged = list(left)
    for resource in right:
        for index, known in enumerate(merged):
            if known.key != resource.key:
                continue
            if known.is_indivisible:
                if known.value == resource.value:
                    break
            else:
                shared = values.common(known.value, resource.value)
                more = values.minus(resource.value, shared)
                union = values.plus(known.value, more)
                merged[index] = replace(known, value=union)
                break
        else:
            merged.append(resource)
    return Resources(merged)
