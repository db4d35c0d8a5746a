"""Who is offered what: the hierarchical allocator, without quota and weights.

Coarse grained as in Mesos: the framework whose turn it is gets everything on an agent that it
may have. Pure: resources and the time come in, allocations go out.
"""

from __future__ import annotations

import functools
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesos_batch.local.master.filters import RefusedOffer, RefusedOffers, refusal
from mesos_batch.local.master.sharing import Quantities, Shares, quantities
from mesos_batch.local.rules import is_subrole
from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import CPUS, GPUS, MEM, Resources
from mesos_batch.model.scalar import Scalar

if TYPE_CHECKING:
    from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb

# ``--min_allocatable_resources=cpus:0.01|mem:32``, in thousandths.
MIN_ALLOCATABLE: tuple[Mapping[str, int], ...] = ({CPUS: 10}, {MEM: 32_000})
AgentExcluded = Callable[[str, "pb.AgentInfo"], bool]


@dataclass(frozen=True, slots=True)
class Allocation:
    """Resources of an agent, allocated to a role, given to a framework."""

    framework_id: str
    role: str
    agent_id: str
    resources: Resources


@dataclass(frozen=True, slots=True)
class FrameworkOptions:
    """What the allocator wants to know of a framework.

    ``min_allocatable`` overrides the smallest offer of a role: any one of the alternatives must
    be reached, none at all means any offer. ``excluded`` tells whether the framework's offer
    constraints exclude an agent for a role.
    """

    roles: tuple[str, ...]
    suppressed: frozenset[str] = frozenset()
    gpus: bool = False
    revocable: bool = False
    shared: bool = False
    refined: bool = False
    min_allocatable: Mapping[str, tuple[Mapping[str, int], ...]] = field(default_factory=dict)
    excluded: AgentExcluded | None = None

    def can_take(self, resource: Resource) -> bool:
        """Whether the framework's capabilities let it see the resource."""
        return (
            (self.shared or not resource.shared)
            and (self.revocable or not resource.revocable)
            and (self.refined or len(resource.reservations) <= 1)
        )


@dataclass(slots=True)
class _Framework:
    options: FrameworkOptions
    suppressed: set[str]
    active: bool = True
    filters: RefusedOffers = field(default_factory=RefusedOffers)


@dataclass(slots=True)
class _Agent:
    info: pb.AgentInfo
    total: Resources
    active: bool = True
    allocated: dict[str, Resources] = field(default_factory=dict)

    def available(self) -> Resources:
        """What is free; shared volumes always are."""
        left = _split(self.total, shared=False)
        for resources in self.allocated.values():
            left = left.without(_split(resources, shared=False).allocated_to(None))
        return left + _split(self.total, shared=True)


class Allocator:
    """The books: totals, allocations, filters and suppressed roles."""

    def __init__(self, allocation_interval: float, order: random.Random | None = None) -> None:
        self._interval = allocation_interval
        self._order = order or random.Random()  # noqa: S311 - the order of agents is no secret
        self._frameworks: dict[str, _Framework] = {}
        self._agents: dict[str, _Agent] = {}
        self._shares = Shares()

    def add_framework(
        self, framework_id: str, options: FrameworkOptions, *, active: bool = True
    ) -> None:
        """Take part from the next allocation on."""
        self._frameworks[framework_id] = _Framework(options, set(options.suppressed), active)

    def update_framework(self, framework_id: str, options: FrameworkOptions) -> None:
        """Replace options and suppressed roles; a role that is wanted again loses its filters."""
        framework = self._frameworks[framework_id]
        for role in framework.suppressed - options.suppressed:
            framework.filters.clear_role(role)
        framework.options = options
        framework.suppressed = set(options.suppressed)

    def remove_framework(self, framework_id: str) -> None:
        """Forget a framework and free what it holds."""
        del self._frameworks[framework_id]
        self._shares.forget(framework_id)
        for agent in self._agents.values():
            agent.allocated.pop(framework_id, None)

    def activate_framework(self, framework_id: str) -> None:
        """Offer to the framework again."""
        self._frameworks[framework_id].active = True

    def deactivate_framework(self, framework_id: str) -> None:
        """Offer nothing to the framework and drop its filters."""
        framework = self._frameworks[framework_id]
        framework.active = False
        framework.filters.clear()

    def suppress(self, framework_id: str, roles: Collection[str]) -> None:
        """Offer nothing for these roles, or for all when there are none."""
        framework = self._frameworks[framework_id]
        framework.suppressed.update(roles or framework.options.roles)

    def revive(self, framework_id: str, roles: Collection[str]) -> None:
        """Undo suppression and filters of these roles, or of all when there are none."""
        framework = self._frameworks[framework_id]
        for role in roles or framework.options.roles:
            framework.suppressed.discard(role)
            framework.filters.clear_role(role)

    def add_agent(
        self, agent_id: str, info: pb.AgentInfo, total: Resources, used: Mapping[str, Resources]
    ) -> None:
        """Take in an agent; ``used`` is what frameworks already hold there, allocated."""
        self._agents[agent_id] = _Agent(info, total)
        self._shares.add_total(quantities(total))
        for framework_id, resources in used.items():
            self._hold(framework_id, agent_id, resources)

    def update_agent(self, agent_id: str, total: Resources) -> None:
        """An agent turned out to have something else than was thought."""
        agent = self._agents[agent_id]
        self._shares.remove_total(quantities(agent.total))
        self._shares.add_total(quantities(total))
        agent.total = total

    def remove_agent(self, agent_id: str) -> None:
        """Forget an agent and everything allocated there."""
        agent = self._agents.pop(agent_id)
        self._shares.remove_total(quantities(agent.total))
        for framework_id, resources in agent.allocated.items():
            self._release_shares(framework_id, resources)
        for framework in self._frameworks.values():
            framework.filters.clear_agent(agent_id)

    def set_agent_active(self, agent_id: str, *, active: bool) -> None:
        """Offer an agent, or stop offering it."""
        self._agents[agent_id].active = active

    def convert(
        self, framework_id: str, agent_id: str, consumed: Resources, converted: Resources
    ) -> None:
        """An operation turned allocated resources into others, such as reserved ones."""
        agent = self._agents[agent_id]
        agent.total = agent.total.without(consumed.allocated_to(None)) + converted.allocated_to(
            None
        )
        held = agent.allocated.get(framework_id, Resources())
        agent.allocated[framework_id] = held.without(consumed) + converted

    def allocate_copies(self, framework_id: str, agent_id: str, copies: Resources) -> None:
        """A framework uses more copies of shared volumes than it was offered."""
        agent = self._agents[agent_id]
        held = agent.allocated.get(framework_id, Resources())
        self._set_held(framework_id, agent, held + copies)

    def recover(
        self,
        framework_id: str,
        agent_id: str,
        resources: Resources,
        now: float,
        refuse_seconds: float | None = None,
    ) -> None:
        """Take resources back; a framework that refused them is not asked again for a while.

        ``refuse_seconds`` ``None`` installs no filter.
        """
        if not resources:
            return
        agent = self._agents.get(agent_id)
        framework = self._frameworks.get(framework_id)
        if agent is not None and framework_id in agent.allocated:
            self._set_held(framework_id, agent, agent.allocated[framework_id].without(resources))
        if agent is None or framework is None or refuse_seconds is None:
            return
        held_for = refusal(refuse_seconds, self._interval)
        role = next(iter(resources)).allocation_role
        if held_for and role is not None:
            refused = RefusedOffer(resources.allocated_to(None), now + held_for)
            framework.filters.add(role, agent_id, refused)

    def allocate(self, now: float, agent_ids: Iterable[str] | None = None) -> list[Allocation]:
        """Give away what is free on the given agents, or on all."""
        candidates = [
            agent_id
            for agent_id in (self._agents if agent_ids is None else agent_ids)
            if agent_id in self._agents and self._agents[agent_id].active
        ]
        self._order.shuffle(candidates)
        return [
            allocation
            for agent_id in candidates
            for allocation in self._allocate_agent(agent_id, now)
        ]

    def _allocate_agent(self, agent_id: str, now: float) -> list[Allocation]:
        agent = self._agents[agent_id]
        available = agent.available()
        made: list[Allocation] = []
        for role in self._shares.sorted_roles(self._wanted_roles()):
            for framework_id in self._shares.sorted_frameworks(role, self._wanting(role)):
                free = available.filter(functools.partial(_is_allocatable_to, role))
                if not free:
                    break
                framework = self._frameworks[framework_id]
                offered = self._offerable(framework, role, agent, free)
                if offered is None or framework.filters.blocks(role, agent_id, offered, now):
                    continue
                allocation = Allocation(framework_id, role, agent_id, offered.allocated_to(role))
                made.append(allocation)
                available = available.without(offered)
                self._hold(framework_id, agent_id, allocation.resources)
        return made

    def _offerable(
        self, framework: _Framework, role: str, agent: _Agent, free: Resources
    ) -> Resources | None:
        options = framework.options
        if options.excluded is not None and options.excluded(role, agent.info):
            return None
        if not options.gpus and agent.total.milli(GPUS) > 0:
            return None
        free = free.filter(options.can_take)
        alternatives = options.min_allocatable.get(role, MIN_ALLOCATABLE)
        if not free or not _reaches(quantities(free), alternatives):
            return None
        # Mesos puts what quota cannot limit first; the order is visible in offers.
        return free.filter(_is_beyond_quota) + free.filter(lambda item: not _is_beyond_quota(item))

    def _wanted_roles(self) -> set[str]:
        return {
            role
            for framework in self._frameworks.values()
            if framework.active
            for role in framework.options.roles
            if role not in framework.suppressed
        }

    def _wanting(self, role: str) -> list[str]:
        return [
            framework_id
            for framework_id, framework in self._frameworks.items()
            if framework.active
            and role in framework.options.roles
            and role not in framework.suppressed
        ]

    def _hold(self, framework_id: str, agent_id: str, resources: Resources) -> None:
        agent = self._agents[agent_id]
        held = agent.allocated.get(framework_id, Resources())
        self._set_held(framework_id, agent, held + resources)
        for role in _by_role(resources):
            self._shares.take_turn(framework_id, role)

    def _set_held(self, framework_id: str, agent: _Agent, held: Resources) -> None:
        """Change the books; of the copies of a shared volume only one counts."""
        before = agent.allocated.pop(framework_id, Resources())
        if held:
            agent.allocated[framework_id] = held
        self._release_shares(framework_id, before)
        for role, amounts in _by_role(held).items():
            self._shares.hold(framework_id, role, amounts)

    def _release_shares(self, framework_id: str, resources: Resources) -> None:
        for role, amounts in _by_role(resources).items():
            self._shares.release(framework_id, role, amounts)


def _split(resources: Resources, *, shared: bool) -> Resources:
    return resources.filter(lambda resource: resource.shared is shared)


def _by_role(resources: Resources) -> dict[str, Quantities]:
    amounts: dict[str, Quantities] = {}
    for resource in resources:
        if resource.allocation_role is not None and isinstance(resource.value, Scalar):
            of_role = amounts.setdefault(resource.allocation_role, Counter())
            of_role[resource.name] += resource.value.milli
    return amounts


def _is_allocatable_to(role: str, resource: Resource) -> bool:
    reserved_to = resource.reservation_role
    return reserved_to is None or reserved_to == role or is_subrole(role, reserved_to)


def _is_beyond_quota(resource: Resource) -> bool:
    return (
        bool(resource.reservations) or resource.revocable or not isinstance(resource.value, Scalar)
    )


def _reaches(amounts: Quantities, alternatives: tuple[Mapping[str, int], ...]) -> bool:
    return not alternatives or any(
        all(amounts[name] >= least for name, least in wanted.items()) for wanted in alternatives
    )
