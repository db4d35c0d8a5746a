"""Which waiting tasks go onto which offers.

Never head-of-line blocking: any waiting task that fits an offer may start, the earliest of the
task list first. A task that is passed over for longer than ``PATIENCE`` gets an agent drained
for it: later tasks that would take what it needs are kept off that agent until it fits, so
that a stream of small tasks cannot starve a large one.

While more waits than is offered, tasks are packed (the tightest agent first, which keeps room
for large ones); otherwise they are spread over the agents.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesos_batch.engine.fit import take
from mesos_batch.engine.waiting import Measure, measure
from mesos_batch.model.resources import Resources

if TYPE_CHECKING:
    from mesos_batch.engine.waiting import Shape, Waiting
    from mesos_batch.model.offer import Offer

PATIENCE = 10.0
# Other frameworks may hold the drained agent for days; then the small tasks get their turn.
LONGEST_DRAIN = 600.0


@dataclass(slots=True, eq=False)
class Bundle:
    """All offers of one agent in hand, taken as one: an ACCEPT may name them together.

    An agent that is ``resting`` takes only tasks that are pinned to it.
    """

    agent_id: str
    hostname: str
    offers: list[Offer]
    left: Resources
    resting: bool = False
    placed: list[tuple[int, Resources]] = field(default_factory=list)
    free: Measure = (0, 0)

    def __post_init__(self) -> None:
        self.free = measure(self.left)

    def add(self, offer: Offer) -> None:
        """Merge one more offer of the agent."""
        self.offers.append(offer)
        self.left = self.left + offer.resources
        self.free = measure(self.left)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the offers."""
        return tuple(offer.offer_id for offer in self.offers)

    def try_place(self, shape: Shape) -> Resources | None:
        """The pieces one task of this shape would take here, ``None`` when it does not fit."""
        if not shape.may_go_to(self.agent_id) or not _may_fit(shape, self):
            return None
        if self.resting and shape.agent_id is None:
            return None
        pieces = take(self.left, shape.wanted)
        if pieces is None or shape.executor is None:
            return pieces
        rest = _minus(self.left, pieces)
        # An executor is told literally, since it must equal one that runs already.
        return pieces if take(rest.unreserved(), shape.executor) is not None else None

    def place(self, position: int, shape: Shape, pieces: Resources) -> None:
        """Take the pieces for the task at this position."""
        self.left = _minus(self.left, pieces)
        if shape.executor is not None:
            executor = take(self.left.unreserved(), shape.executor)
            self.left = _minus(self.left, executor or Resources())
        self.free = measure(self.left)
        self.placed.append((position, pieces))


def bundle(offers: Iterable[Offer], is_resting: Callable[[str], bool]) -> list[Bundle]:
    """Merge the offers of each agent (and role: an ACCEPT may not mix roles)."""
    bundles: dict[tuple[str, str | None], Bundle] = {}
    for offer in offers:
        key = offer.agent_id, offer.role
        known = bundles.get(key)
        if known is None:
            resting = is_resting(offer.agent_id)
            bundles[key] = Bundle(
                offer.agent_id, offer.hostname, [offer], offer.resources, resting=resting
            )
        else:
            known.add(offer)
    return list(bundles.values())


def place(
    waiting: Waiting,
    bundles: Sequence[Bundle],
    seen_at_once: Mapping[str, Resources],
    now: float,
) -> None:
    """Move tasks from ``waiting`` onto ``bundles``.

    ``seen_at_once`` is the most we have had of each agent at one time, offered or in use by
    our tasks; it decides which agent can be drained for a starving task.
    """
    drained = _drained_agents(waiting, seen_at_once, now)
    packing = _demand_exceeds(waiting, bundles)
    queue = [(shape.first, index, shape) for index, shape in enumerate(waiting)]
    heapq.heapify(queue)
    unplaced: list[Shape] = []
    placed_after: int = -1
    while queue:
        _, index, shape = heapq.heappop(queue)
        position = _place_first(shape, bundles, drained, packing=packing)
        if position is None:
            unplaced.append(shape)
            continue
        placed_after = max(placed_after, waiting.pop(shape))
        shape.passed_over_since = None
        if len(shape):
            heapq.heappush(queue, (shape.first, index, shape))
    for shape in unplaced:
        if shape.first < placed_after and shape.passed_over_since is None:
            shape.passed_over_since = now


def _place_first(
    shape: Shape, bundles: Sequence[Bundle], drained: Mapping[str, Shape], *, packing: bool
) -> int | None:
    best: tuple[float, Bundle, Resources] | None = None
    for candidate in bundles:
        if drained.get(candidate.agent_id, shape) is not shape:
            continue
        pieces = candidate.try_place(shape)
        if pieces is None:
            continue
        room = _room(candidate.free)
        score = room if packing else -room
        if best is None or score < best[0]:
            best = score, candidate, pieces
    if best is None:
        return None
    _, chosen, pieces = best
    chosen.place(shape.first, shape, pieces)
    return shape.first


def _drained_agents(
    waiting: Waiting, seen_at_once: Mapping[str, Resources], now: float
) -> dict[str, Shape]:
    """One agent for each starving shape: the smallest that could hold it when empty."""
    drained: dict[str, Shape] = {}
    for shape in sorted(waiting, key=lambda shape: shape.first):
        since = shape.passed_over_since
        if since is None or now - since < PATIENCE:
            continue
        if now - since >= PATIENCE + LONGEST_DRAIN:
            shape.passed_over_since = None
            continue
        able = [
            (_room(measure(resources)), agent_id)
            for agent_id, resources in seen_at_once.items()
            if agent_id not in drained
            and shape.may_go_to(agent_id)
            and take(resources, shape.total) is not None
        ]
        if able:
            drained[min(able)[1]] = shape
    return drained


def _demand_exceeds(waiting: Waiting, bundles: Sequence[Bundle]) -> bool:
    """Whether more waits than is offered, of what could be placed at all."""
    able = [shape for shape in waiting if any(_may_fit(shape, bundle) for bundle in bundles)]
    return any(
        sum(shape.measure[index] * len(shape) for shape in able)
        > sum(bundle.free[index] for bundle in bundles)
        for index in (0, 1)
    )


def _may_fit(shape: Shape, bundle: Bundle) -> bool:
    """Two comparisons that spare the exact arithmetic in most cases."""
    return shape.measure[0] <= bundle.free[0] and shape.measure[1] <= bundle.free[1]


def _room(free: Measure) -> float:
    """One number for how much is left; a GB of memory weighs as much as a cpu."""
    return free[0] + free[1] / 1024


def _minus(left: Resources, pieces: Resources) -> Resources:
    return left.without(pieces.filter(lambda piece: not piece.shared))
