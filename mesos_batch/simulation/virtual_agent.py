"""What one simulated agent has free, counted in thousandths where that is enough.

Plain scalars are a vector of integers. Ranges, sets, volumes and whole disks, of which there are
few, are kept as they are.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesos_batch.model.resources import CPUS, MEM, Resources
from mesos_batch.model.scalar import Scalar

if TYPE_CHECKING:
    from mesos_batch.model.offer import Attribute
    from mesos_batch.model.resource import Resource, ResourceKey

# ``--min_allocatable_resources=cpus:0.01|mem:32``, in thousandths.
_LEAST_CPUS, _LEAST_MEM = 10, 32_000
_NOTHING = Resources()
# What an agent has left repeats itself where tasks are alike; where they are not, it never does.
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class VirtualAgent:
    """An agent as a simulation is given it.

    ``free`` is what can be offered to the role of the framework, ``total`` all the agent has as
    the master lists it; ``None`` means that it is the same.
    """

    agent_id: str
    hostname: str
    free: Resources
    total: Resources | None = None
    attributes: tuple[Attribute, ...] = ()

    @property
    def listed(self) -> Resources:
        """What the master's list says of it."""
        return self.free if self.total is None else self.total


@dataclass(frozen=True, slots=True)
class Amount:
    """Resources of one agent: thousandths in the order of its layout, and what is not counted."""

    counted: tuple[int, ...]
    others: Resources = _NOTHING

    def contains(self, other: Amount) -> bool:
        """Whether all of ``other`` is here."""
        enough = all(map(operator.ge, self.counted, other.counted))
        return enough and self.others.contains(other.others)

    def __add__(self, other: Amount) -> Amount:
        counted = tuple(map(operator.add, self.counted, other.counted))
        return Amount(counted, self.others + other.others if other.others else self.others)

    def __sub__(self, other: Amount) -> Amount:
        """Take ``other`` away.

        Raises:
            ValueError: it is not here.
        """
        counted = tuple(map(operator.sub, self.counted, other.counted))
        if counted and min(counted) < 0:
            raise ValueError("more was taken than there is")
        return Amount(counted, self.others - other.others if other.others else self.others)

    def __bool__(self) -> bool:
        return any(self.counted) or bool(self.others)


class Layout:
    """Which resource stands where in the vector of an agent; like agents share one."""

    def __init__(self, resources: Resources, role: str) -> None:
        self._role = role
        self._templates = [item for item in resources.allocated_to(role) if _is_counted(item)]
        self._places = {item.key: place for place, item in enumerate(self._templates)}
        self._cpus = [place for place, item in enumerate(self._templates) if item.name == CPUS]
        self._mem = [place for place, item in enumerate(self._templates) if item.name == MEM]
        self._made: dict[tuple[int, ...], Resources] = {}

    @staticmethod
    def key(resources: Resources) -> tuple[ResourceKey, ...]:
        """What agents with one layout have in common."""
        return tuple(item.key for item in resources if _is_counted(item))

    def amount(self, resources: Iterable[Resource]) -> Amount:
        """Resources as an amount of this layout.

        Raises:
            ValueError: a scalar among them is none the agent has.
        """
        counted = [0] * len(self._templates)
        others: list[Resource] = []
        for item in resources:
            if not _is_counted(item):
                if not item.shared:
                    others.append(item.allocated_to(self._role))
                continue
            place = self._places.get(item.allocated_to(self._role).key)
            if place is None:
                raise ValueError(f"the agent has no {item}")
            assert isinstance(item.value, Scalar)
            counted[place] += item.value.milli
        return Amount(tuple(counted), Resources(others) if others else _NOTHING)

    def resources(self, amount: Amount) -> Resources:
        """An amount as resources that are allocated to the role."""
        made = self._made.get(amount.counted)
        if made is None:
            pairs = zip(self._templates, amount.counted, strict=True)
            made = Resources(item.with_value(Scalar(milli)) for item, milli in pairs if milli)
            if len(self._made) >= _REMEMBERED:
                self._made.clear()
            self._made[amount.counted] = made
        return made + amount.others if amount.others else made

    def is_allocatable(self, amount: Amount) -> bool:
        """Whether a master would offer so little."""
        counted = amount.counted
        return (
            sum([counted[place] for place in self._cpus]) >= _LEAST_CPUS
            or sum([counted[place] for place in self._mem]) >= _LEAST_MEM
        )


class AgentBooks:
    """The free resources of an agent and the filters on it."""

    __slots__ = ("agent", "filters", "free", "layout", "shared")

    def __init__(self, agent: VirtualAgent, layout: Layout, role: str) -> None:
        self.agent = agent
        self.layout = layout
        self.free = layout.amount(agent.free)
        # A shared volume is offered whoever uses it.
        self.shared = agent.free.filter(lambda item: item.shared).allocated_to(role)
        self.filters: list[tuple[Amount, float]] = []

    def blocked_until(self, now: float) -> float | None:
        """Until when a filter keeps what is free from being offered; ``None`` when none does.

        A filter holds while it refused as much or more. Source: ``RefusedOfferFilter`` in
        Mesos' hierarchical allocator.
        """
        if not self.filters:
            return None
        self.filters = [held for held in self.filters if now < held[1]]
        holding = [until for refused, until in self.filters if refused.contains(self.free)]
        return max(holding, default=None)

    def take_all(self) -> tuple[Amount, Resources]:
        """Everything free, for an offer, and the same as resources."""
        taken = self.free
        self.free = Amount((0,) * len(taken.counted))
        resources = self.layout.resources(taken)
        return taken, resources + self.shared if self.shared else resources


def _is_counted(item: Resource) -> bool:
    return isinstance(item.value, Scalar) and not item.shared and not item.is_indivisible
