"""All offers of one agent in hand, and what tasks take of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mesos_batch.engine.fit import take
from mesos_batch.engine.vector import NAMES, Vector, fits, how_often, minus, vector
from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import CPUS, Resources
from mesos_batch.model.scalar import Scalar

if TYPE_CHECKING:
    from mesos_batch.engine.pools import Pool
    from mesos_batch.engine.waiting import Marks, Shape
    from mesos_batch.model.offer import Offer


@dataclass(frozen=True, slots=True)
class Placed:
    """A task and the pieces of the offers it takes; ``shaved`` when its cpus fall short a little.

    It shares the executor of the agent's pool if ``pooled``.
    """

    position: int
    pieces: Resources
    shape: Shape
    pooled: bool = False
    shaved: bool = False


@dataclass(slots=True, eq=False)
class Bundle:
    """The offers of one agent for one role, taken as one: an ACCEPT may name them together.

    An agent that is ``resting`` takes only tasks that are pinned to it. ``pool`` is its shared
    executor, and ``slack`` how many thousandths of a cpu a task that joins it may fall short.
    """

    agent_id: str
    hostname: str
    offers: list[Offer]
    resting: bool = False
    pool: Pool | None = None
    slack: int = 0
    placed: list[Placed] = field(default_factory=list)
    free: Vector = (0, 0, 0, 0)
    _left: Resources = field(default_factory=Resources)
    _unsettled: list[Resources] = field(default_factory=list)
    # The one piece of each name that a plain wish can only come from; none when there are more.
    _sources: dict[str, Resource] | None = None
    _marks: Marks = ()

    def __post_init__(self) -> None:
        self._begin(self.offers[0].resources)

    def _begin(self, resources: Resources) -> None:
        self._left = resources
        self.free = vector(resources)
        plain = [item for item in resources if item.name in NAMES and not item.is_special]
        sources = {item.name: item for item in plain}
        self._sources = sources if len(sources) == len(plain) else None
        self._marks = tuple(
            (item.name, item.allocation_role, item.reservations, item.provider_id) for item in plain
        )

    def add(self, offer: Offer) -> None:
        """Merge one more offer of the agent."""
        self.offers.append(offer)
        self._begin(self.left + offer.resources)

    @property
    def left(self) -> Resources:
        """What no task has taken yet."""
        for pieces in self._unsettled:
            self._left = self._left.without(pieces)
        self._unsettled.clear()
        return self._left

    @property
    def is_simple(self) -> bool:
        """Whether amounts alone decide what fits."""
        return self._sources is not None

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the offers."""
        return tuple(offer.offer_id for offer in self.offers)

    def admits(self, shape: Shape) -> bool:
        """Whether tasks of this shape may go to this agent at all."""
        if self.resting and shape.agent_id is None:
            return False
        return shape.may_go_to(self.agent_id)

    def fits(self, shape: Shape) -> bool:
        """Whether the amounts suffice for one task; what is taken by name may still be missing."""
        if fits(shape.measure, self.free):
            return True
        if not (self.slack and shape.poolable):
            return False
        cpus, mem, disk, gpus = self.free
        return fits(shape.measure, (cpus + self.slack, mem, disk, gpus))

    def place(self, shape: Shape, most: int, pop: Callable[[Shape], int]) -> int:
        """Place up to ``most`` tasks of a shape that is admitted and fits; gives how many.

        ``pop`` takes the earliest waiting task of the shape.
        """
        pooled = self.pool is not None and shape.poolable
        if shape.is_simple and self._sources is not None:
            often = how_often(shape.measure, self.free)
            count = most if often is None else min(often, most)
            if count:
                self._place_alike(shape, [pop(shape) for _ in range(count)], pooled=pooled)
                return count
        count = 0
        while count < most and self._place_one(shape, pooled=pooled):
            pop(shape)
            count += 1
        return count

    def _place_alike(self, shape: Shape, positions: list[int], *, pooled: bool) -> None:
        assert self._sources is not None
        pieces = shape.pieces(self._sources, self._marks)
        count = len(positions)
        self.placed += [Placed(position, pieces, shape, pooled) for position in positions]
        self.free = minus(self.free, shape.measure, count)
        self._unsettled.append(pieces if count == 1 else times(pieces, count))

    def _place_one(self, shape: Shape, *, pooled: bool) -> bool:
        wanted, shaved = shape.wanted, False
        if pooled and self.slack and shape.measure[0] > self.free[0]:
            wanted, shaved = shave(wanted, shape.measure[0] - self.free[0]), True
        pieces = take(self.left, wanted)
        if pieces is None:
            return False
        rest = self.left.without(pieces.filter(lambda piece: not piece.shared))
        if shape.executor is not None:
            # An executor is told literally, since it must equal one that runs already.
            executor = take(rest.unreserved(), shape.executor)
            if executor is None:
                return False
            rest = rest.without(executor)
        self._left = rest
        self.free = vector(rest)
        if shaved:
            self.slack = 0
        self.placed.append(Placed(shape.first, pieces, shape, pooled, shaved))
        return True

    def share_executor(self, executor: Resources, slack: int, least: int) -> bool:
        """Let the placed tasks that may share the executor do so, if there is room for it.

        Where cpus are short by no more than ``slack`` thousandths, they come off one of the tasks,
        which wants at least ``least``.
        """
        able = [index for index, placed in enumerate(self.placed) if placed.shape.poolable]
        if not able:
            return False
        missing = vector(executor)[0] - self.free[0]
        if take(self.left, executor) is None:
            index = next((i for i in able if self._can_be_shaved(self.placed[i], least)), None)
            if not 0 < missing <= slack or index is None:
                return False
            placed = self.placed[index]
            pieces = shave(placed.pieces, missing)
            back = placed.pieces.without(pieces)
            if take(self.left + back, executor) is None:
                return False
            self._left = self.left + back
            self.placed[index] = replace(placed, pieces=pieces, shaved=True)
        for index in able:
            self.placed[index] = replace(self.placed[index], pooled=True)
        return True

    @staticmethod
    def _can_be_shaved(placed: Placed, least: int) -> bool:
        whole = sum(piece.name == CPUS for piece in placed.pieces) == 1
        return whole and placed.shape.is_simple and placed.shape.measure[0] >= least

    def take(self, wanted: Resources) -> Resources | None:
        """Take something that is no task of the list."""
        pieces = take(self.left, wanted)
        if pieces is not None:
            self._left = self._left.without(pieces)
            self.free = vector(self._left)
        return pieces


def bundle(offers: Iterable[Offer], is_resting: Callable[[str], bool]) -> list[Bundle]:
    """Merge the offers of each agent (and role: an ACCEPT may not mix roles)."""
    bundles: dict[tuple[str, str | None], Bundle] = {}
    for offer in offers:
        key = offer.agent_id, offer.role
        known = bundles.get(key)
        if known is None:
            resting = is_resting(offer.agent_id)
            bundles[key] = Bundle(offer.agent_id, offer.hostname, [offer], resting=resting)
        else:
            known.add(offer)
    return list(bundles.values())


def times(resources: Resources, count: int) -> Resources:
    """So many times these scalars."""
    return resources.map(
        lambda item: (
            item.with_value(Scalar(item.value.milli * count))
            if isinstance(item.value, Scalar)
            else item
        )
    )


def shave(resources: Resources, milli: int) -> Resources:
    """The same with so many thousandths of a cpu less."""

    def less(item: Resource) -> Resource:
        if item.name != CPUS or not isinstance(item.value, Scalar) or item.is_special:
            return item
        return item.with_value(Scalar(item.value.milli - milli))

    return resources.map(less)
