"""Which waiting tasks go onto which offers.

The order is that of ``Shape.rank``: priority, then the longest, then the largest, then the task
list. Never head-of-line blocking: what does not fit now lets the next one try. A task that is
passed over for longer than ``PATIENCE`` gets an agent drained for it: later tasks that would take
what it needs are kept off that agent until it fits, so that a stream of small tasks cannot starve
a large one.

While more waits than is offered, tasks are packed (the tightest agent first, which keeps room
for large ones); otherwise they are spread over the agents. Long tasks are packed in their turn,
for they decide when the run ends; of those whose length hardly matters each agent gets the one
that makes most of what it has left, by the dot product of both.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from mesos_batch.engine.fit import take
from mesos_batch.engine.vector import ZERO, Vector, fits, how_often, plus, vector, weigh

if TYPE_CHECKING:
    from mesos_batch.engine.bundle import Bundle
    from mesos_batch.engine.spread import Spread
    from mesos_batch.engine.waiting import Shape, Waiting
    from mesos_batch.model.resources import Resources
    from mesos_batch.model.scheduling import Constraint

PATIENCE = 10.0
# Other frameworks may hold the drained agent for days; then the small tasks get their turn.
LONGEST_DRAIN = 600.0
# Draining costs: of many agents it is done to one in so many at a time.
DRAINED_SHARE = 10
# Shorter than this share of the work that is left, how long a task takes hardly matters.
SHORT = 0.4
# Choosing the best task for each agent is for lists of so many shapes, and among so many of them.
MOST_FILLED = 1000
WINDOW = 200
# How many measures that fit nowhere are remembered within a round.
MOST_HOPELESS = 15


def place(
    waiting: Waiting,
    bundles: Sequence[Bundle],
    *,
    drained: Mapping[str, Shape],
    by: Vector,
    capacity: Vector,
    now: float,
    spread: Spread,
    most: int | None = None,
) -> None:
    """Move tasks from ``waiting`` onto ``bundles``.

    ``drained`` agents are kept for their shape, ``by`` weighs resources, ``capacity`` is what all
    agents have, at most ``most`` tasks are placed, and ``spread`` knows where tasks with
    constraints may go.
    """
    shapes = waiting.ranked(by)
    lengths = [len(shape) for shape in shapes]
    rooms = Rooms(bundles, by, drained, spread)
    budget = len(waiting) if most is None else most
    if rooms.are_too_small_for(shapes):
        _pack(shapes, rooms, waiting, capacity, budget)
    else:
        # All can start, so the order is that in which they fit best.
        for shape in sorted(shapes, key=lambda shape: _rank_when_all_fit(shape, by)):
            budget -= rooms.spread(shape, waiting, min(budget, len(shape)))
    _note_who_was_passed_over(shapes, lengths, now)


def _pack(
    shapes: Sequence[Shape], rooms: Rooms, waiting: Waiting, capacity: Vector, budget: int
) -> None:
    """Place priority by priority: what is long in its turn, then what suits each agent best."""
    if budget <= 0:
        return
    horizon = time_left(shapes, capacity) if len(shapes) <= MOST_FILLED else 0.0
    for _, level in groupby(shapes, key=lambda shape: shape.scheduling.priority):
        short: list[Shape] = []
        for shape in level:
            if horizon and shape.is_free and _length(shape) < horizon * SHORT:
                short.append(shape)
            else:
                budget -= rooms.pack(shape, waiting, min(budget, len(shape)))
        if len(short) > 1:
            budget -= rooms.fill(short[:WINDOW], waiting, budget)
        for shape in short:
            budget -= rooms.pack(shape, waiting, min(budget, len(shape)))


def time_left(shapes: Sequence[Shape], capacity: Vector) -> float:
    """Seconds that all agents together need for what waits and is known to take how long."""
    work = [0.0] * len(capacity)
    for shape in shapes:
        runtime = shape.scheduling.expected_runtime
        if runtime is not None:
            for index, milli in enumerate(shape.measure):
                work[index] += milli * runtime * len(shape)
    return max((done / have for done, have in zip(work, capacity, strict=True) if have), default=0)


def _length(shape: Shape) -> float:
    runtime = shape.scheduling.expected_runtime
    return math.inf if runtime is None else runtime


def _note_who_was_passed_over(shapes: Sequence[Shape], lengths: Sequence[int], now: float) -> None:
    """Remember since when later tasks went first because nothing could hold a shape."""
    someone_later = False
    for shape, length in zip(reversed(shapes), reversed(lengths), strict=True):
        if len(shape) < length:
            someone_later = True
            shape.passed_over_since = None
        elif someone_later and shape.passed_over_since is None:
            shape.passed_over_since = now


def starving(waiting: Waiting, by: Vector, now: float) -> list[Shape]:
    """The shapes that later ones have overtaken for too long, but not for so long that it ends."""
    hungry: list[Shape] = []
    for shape in waiting.ranked(by):
        since = shape.passed_over_since
        if since is None or now - since < PATIENCE:
            continue
        if now - since >= PATIENCE + LONGEST_DRAIN:
            shape.passed_over_since = None
        else:
            hungry.append(shape)
    return hungry


def drain(
    hungry: Sequence[Shape],
    seen_at_once: Mapping[str, Resources],
    satisfies: Callable[[str, tuple[Constraint, ...]], bool],
    by: Vector,
) -> dict[str, Shape]:
    """One agent for each starving shape: the smallest that could hold it when empty.

    ``seen_at_once`` is the most we have had of each agent at one time, offered or in use by our
    tasks; ``satisfies`` says whether an agent is one that constraints name.
    """
    drained: dict[str, Shape] = {}
    most = max(1, len(seen_at_once) // DRAINED_SHARE)
    capacities = {agent_id: vector(resources) for agent_id, resources in seen_at_once.items()}
    for shape in hungry[: 2 * most]:
        able = [
            (weigh(capacity, by), agent_id)
            for agent_id, capacity in capacities.items()
            if agent_id not in drained
            and fits(shape.measure, capacity)
            and shape.may_go_to(agent_id)
            and satisfies(agent_id, shape.scheduling.constraints)
            and (shape.is_simple or take(seen_at_once[agent_id], shape.total) is not None)
        ]
        if able:
            drained[min(able)[1]] = shape
        if len(drained) >= most:
            break
    return drained


def _rank_when_all_fit(shape: Shape, by: Vector) -> tuple[int, bool, int]:
    return -shape.scheduling.priority, shape.agent_id is None, -weigh(shape.measure, by)


class Rooms:
    """The bundles, sorted by how much is left of each."""

    def __init__(
        self,
        bundles: Sequence[Bundle],
        by: Vector,
        drained: Mapping[str, Shape],
        spread: Spread,
    ) -> None:
        self._by = by
        self._drained = drained
        self._spread = spread
        # The number breaks ties, since bundles cannot be compared.
        self._sorted: list[tuple[int, int, Bundle]] = sorted(
            (weigh(bundle.free, by), number, bundle) for number, bundle in enumerate(bundles)
        )
        self._slack = max((bundle.slack for bundle in bundles), default=0)
        self._most = self._measure_most()
        self._has_shrunk = False
        # What fits nowhere; nor does anything larger, since rooms only shrink.
        self._hopeless: list[Vector] = []

    def are_too_small_for(self, shapes: Sequence[Shape]) -> bool:
        """Whether more waits than is free, of what could be placed at all."""
        most = self._most
        cpus = mem = 0
        for shape in shapes:
            if fits(shape.measure, most):
                count = len(shape)
                cpus += shape.measure[0] * count
                mem += shape.measure[1] * count
        total = ZERO
        for _, _, bundle in self._sorted:
            total = plus(total, bundle.free)
        return cpus > total[0] or mem > total[1]

    def pack(self, shape: Shape, waiting: Waiting, most: int) -> int:
        """Place up to ``most`` tasks of a shape, the fullest agent first; gives how many."""
        if self._is_hopeless(shape):
            return 0
        done = 0
        touched: list[tuple[int, int, Bundle]] = []
        least = weigh(shape.measure, self._by) - self._slack * self._by[0]
        cpus, mem = shape.measure[0] - self._slack, shape.measure[1]
        for index in range(bisect_left(self._sorted, (least, -1)), len(self._sorted)):
            entry = self._sorted[index]
            bundle = entry[2]
            free = bundle.free
            # Most are passed by: that is not worth a call.
            if cpus > free[0] or mem > free[1]:
                continue
            while bundle.fits(shape) and self._may_use(shape, bundle):
                count = self._put(shape, bundle, waiting, most - done)
                if not count:
                    break
                done += count
                if not touched or touched[-1] is not entry:
                    touched.append(entry)
                if done == most:
                    break
            if done == most:
                break
        self._sort_again(touched)
        if not done:
            self._give_up(shape)
        return done

    def fill(self, shapes: Sequence[Shape], waiting: Waiting, most: int) -> int:
        """Fill each agent, the fullest first, with what makes most of it; gives how many tasks.

        The shapes are free to go anywhere.
        """
        done = 0
        suits: dict[Vector, Shape | None] = {}
        touched: list[tuple[int, int, Bundle]] = []
        for entry in self._sorted:
            bundle = entry[2]
            if bundle.resting or bundle.agent_id in self._drained or not bundle.is_simple:
                continue
            while done < most:
                shape = self._suited(bundle.free, shapes, suits)
                if shape is None:
                    break
                # Half of what fits, for then something else may suit better.
                often = how_often(shape.measure, bundle.free) or 1
                at_once = min((often + 1) // 2, len(shape), most - done)
                done += bundle.place(shape, at_once, waiting.pop)
                if not touched or touched[-1] is not entry:
                    touched.append(entry)
        self._sort_again(touched)
        return done

    def _suited(
        self, free: Vector, shapes: Sequence[Shape], suits: dict[Vector, Shape | None]
    ) -> Shape | None:
        """The shape whose needs point where most is free; agents with as much get the same."""
        known = suits.get(free)
        if free in suits and (known is None or len(known)):
            return known
        cpus, mem = free[0] * self._by[0] * self._by[0], free[1] * self._by[1] * self._by[1]
        best, most = None, -1
        for shape in shapes:
            if len(shape) and fits(shape.measure, free):
                product = shape.measure[0] * cpus + shape.measure[1] * mem
                if product > most:
                    best, most = shape, product
        suits[free] = best
        return best

    def spread(self, shape: Shape, waiting: Waiting, most: int) -> int:
        """Place up to ``most`` tasks of a shape, each on the emptiest agent; gives how many."""
        if self._is_hopeless(shape):
            return 0
        done = 0
        while done < most:
            for entry in reversed(self._sorted):
                bundle = entry[2]
                usable = bundle.fits(shape) and self._may_use(shape, bundle)
                if usable and self._put(shape, bundle, waiting, 1):
                    break
            else:
                break
            done += 1
            self._sort_again([entry])
        if not done:
            self._give_up(shape)
        return done

    def _may_use(self, shape: Shape, bundle: Bundle) -> bool:
        if self._drained.get(bundle.agent_id, shape) is not shape or not bundle.admits(shape):
            return False
        return not shape.scheduling.constraints or self._spread.admits(shape, bundle)

    def _put(self, shape: Shape, bundle: Bundle, waiting: Waiting, most: int) -> int:
        """Place tasks of a shape; those with constraints are counted one by one."""
        if not shape.scheduling.constraints:
            return bundle.place(shape, most, waiting.pop)
        count = bundle.place(shape, 1, waiting.pop)
        if count:
            self._spread.placed(shape, bundle)
        return count

    def _sort_again(self, touched: list[tuple[int, int, Bundle]]) -> None:
        for entry in touched:
            del self._sorted[bisect_left(self._sorted, entry[:2])]
            insort(self._sorted, (weigh(entry[2].free, self._by), entry[1], entry[2]))
            self._has_shrunk = True

    def _is_hopeless(self, shape: Shape) -> bool:
        if not fits(shape.measure, self._most):
            return True
        return any(fits(measure, shape.measure) for measure in self._hopeless)

    def _give_up(self, shape: Shape) -> None:
        """Learn from a shape that fits nowhere."""
        if self._has_shrunk:
            self._most = self._measure_most()
            self._has_shrunk = False
        if shape.scheduling.constraints or self._drained:
            return
        if not any(bundle.fits(shape) for _, _, bundle in self._sorted):
            kept = [measure for measure in self._hopeless if not fits(shape.measure, measure)]
            self._hopeless = [*kept[-MOST_HOPELESS:], shape.measure]

    def _measure_most(self) -> Vector:
        free = [bundle.free for _, _, bundle in self._sorted]
        return (
            max((it[0] for it in free), default=0) + self._slack,
            max((it[1] for it in free), default=0),
            max((it[2] for it in free), default=0),
            max((it[3] for it in free), default=0),
        )
