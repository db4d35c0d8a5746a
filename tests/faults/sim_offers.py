"""The simulated allocator: who is offered what, and when.

Follows ``hierarchical.cpp`` for one framework: rounds every second, at once after a
subscription, a REVIVE or a new agent; a filter blocks what it contains; SUPPRESS blocks all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from mesos_batch.engine import events as ev
from mesos_batch.model.offer import Offer
from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import CPUS, MEM, Resources
from mesos_batch.model.scalar import Scalar

if TYPE_CHECKING:
    from faults.sim_master import Framework, KnownAgent, Master

ROUND = 1.0
LEAST_CPUS, LEAST_MEM = 10, 32_000


@lru_cache(maxsize=4096)
def resources(cpus: int, mem: int) -> Resources:
    """Thousandths as an offer or a task carries them."""
    amounts = ((CPUS, cpus), (MEM, mem))
    return Resources(Resource(name, Scalar(milli)) for name, milli in amounts)


def offered_to(role: str, free: Resources) -> Resources:
    """What a framework of this role may be offered: what is nobody's, and the role's own."""
    return free.filter(lambda resource: resource.reservation_role in (None, role))


@lru_cache(maxsize=4096)
def _allocated(resource: Resource, role: str) -> Resource:
    return resource.allocated_to(role)


def allocated(free: Resources, role: str) -> Resources:
    """As an offer carries it."""
    return free.map(lambda resource: _allocated(resource, role))


@dataclass(frozen=True, slots=True)
class Filter:
    """Refused: nothing contained in this until then."""

    agent_id: str
    resources: Resources
    until: float


@dataclass(frozen=True, slots=True)
class HeldOffer:
    """An offer that is out."""

    offer_id: str
    framework_id: str
    agent_id: str
    resources: Resources


@dataclass(slots=True)
class Wishes:
    """What one framework told the allocator."""

    suppressed: bool = False
    filters: list[Filter] = field(default_factory=list)


class Allocator:
    """Makes offers for the frameworks of one master."""

    def __init__(self, master: Master) -> None:
        self._master = master
        self._clock = master.world.clock
        self._count = 0
        self._next_round: float | None = None
        self.offers: dict[str, HeldOffer] = {}
        self.rescind_next = False
        self._known_free: dict[str, Resources] = {}

    def wake(self) -> None:
        """Something may be offered in the next round."""
        self._known_free.clear()
        at = math.floor(self._clock.now / ROUND) * ROUND + ROUND
        if self._next_round is None:
            self._next_round = at
            self._clock.at(at, self._round)

    def _round(self) -> None:
        self._next_round = None
        if self._master.world.master is self._master:
            self.allocate()

    def allocate(self, only: str | None = None) -> None:
        """Offer everything that is free to whom it may be offered."""
        for framework in self._master.frameworks.values():
            if framework.stream is None or framework.wishes.suppressed:
                continue
            made = []
            for agent in self._master.agents.values():
                active = agent.connected and agent.agent_id not in self._master.registry.draining
                if active and only in (None, agent.agent_id):
                    offer = self._offer(framework, agent)
                    if offer is not None:
                        made.append(offer)
            if made:
                framework.stream.send(ev.OffersArrived(tuple(made)))
                if self.rescind_next:
                    self.rescind_next = False
                    self._master.world.happened("offers_rescinded", made[0].agent_id)
                    self.withdraw(agent_id=made[0].agent_id)

    def _offer(self, framework: Framework, agent: KnownAgent) -> Offer | None:
        free = self._free(agent)
        if free.milli(CPUS) < LEAST_CPUS and free.milli(MEM) < LEAST_MEM:
            return None
        now = self._clock.now
        filters = framework.wishes.filters
        for refused in filters:
            if (
                refused.agent_id == agent.agent_id
                and refused.until > now
                and refused.resources.contains(free)
            ):
                self._clock.at(refused.until, self.wake)
                return None
        self._count += 1
        offer_id = f"{self._master.name}-O{self._count}"
        held = HeldOffer(offer_id, framework.framework_id, agent.agent_id, free)
        self.offers[offer_id] = held
        self._known_free[agent.agent_id] = Resources()
        role = self._master.world.plan.role
        return Offer(
            offer_id, agent.agent_id, agent.agent.hostname, allocated(free, role), role=role
        )

    def _free(self, agent: KnownAgent) -> Resources:
        known = self._known_free.get(agent.agent_id)
        if known is not None:
            return known
        free = agent.total
        for task in agent.tasks.values():
            if not task.latest.is_terminal:
                free = free.without(task.resources)
        for executor in agent.executors.values():
            free = free.without(executor.resources)
        for offer in self.offers.values():
            if offer.agent_id == agent.agent_id:
                free = free.without(offer.resources)
        free = self._known_free[agent.agent_id] = offered_to(self._master.world.plan.role, free)
        return free

    def refuse(
        self, framework: Framework, agent_id: str, resources: Resources, seconds: float
    ) -> None:
        """Install a filter; the resources are free again."""
        if seconds > 0 and resources:
            until = self._clock.now + max(ROUND, seconds)
            now, wishes = self._clock.now, framework.wishes
            wishes.filters = [known for known in wishes.filters if known.until > now]
            wishes.filters.append(Filter(agent_id, resources, until))
        self.wake()

    def suppress(self, framework: Framework) -> None:
        framework.wishes.suppressed = True

    def revive(self, framework: Framework) -> None:
        framework.wishes = Wishes()
        self.allocate()

    def withdraw(self, *, framework_id: str | None = None, agent_id: str | None = None) -> None:
        """Take offers back; a connected framework is told when it was an agent's doing."""
        for offer in list(self.offers.values()):
            if framework_id not in (None, offer.framework_id):
                continue
            if agent_id not in (None, offer.agent_id):
                continue
            del self.offers[offer.offer_id]
            framework = self._master.frameworks.get(offer.framework_id)
            if agent_id is not None and framework is not None and framework.stream is not None:
                framework.stream.send(ev.OfferRescinded(offer.offer_id))
        self.wake()
