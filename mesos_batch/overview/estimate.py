"""When a run will be over, as a range.

What is left is played through many times: each time with durations drawn from those that ended and
those that still run (:mod:`mesos_batch.overview.durations`), on as many places as tasks run at one
time now, the next task always on the place that comes free first. The range that is told leaves
out the earliest and the latest of these ends. The seed is fixed, so it moves only when something
happens.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import quantiles
from typing import TYPE_CHECKING

from mesos_batch.overview.durations import Curve, reached

if TYPE_CHECKING:
    from mesos_batch.overview.durations import Durations

# Fewer that ended say too little of the others.
ENOUGH = 5
_PLAYS = 80
# A larger run is played in a smaller one, in which a task stands for several.
_MOST_PLACES = 64
_PLAYED_PER_PLACE = 3
_SEED = 20261128
# The range leaves out a twentieth on either side. Draws know nothing but what was seen: of the
# true ends about eight of ten lie in it (tests/overview/test_estimate.py).
_CUTS = 20


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds until the end; in about eight of ten cases it comes between ``low`` and ``high``."""

    low: float
    likely: float
    high: float


@dataclass(frozen=True, slots=True)
class Kind:
    """Tasks that are taken to be alike.

    Their durations are multiples of ``unit`` seconds (what they are expected to take, else 1),
    spread as those that ended of the same ``likes`` were. ``size`` is how much of the cluster one
    takes, in any unit.
    """

    likes: object
    unit: float = 1.0
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left: running tasks with their ages in seconds, waiting ones counted, in order.

    ``room`` is how much runs at one time, in the unit of sizes.
    """

    running: Sequence[tuple[Kind, float]]
    waiting: Mapping[Kind, int]
    room: float


def estimate(ended: Mapping[object, Durations], remaining: Remaining) -> Estimate | None:
    """The time to the end, ``None`` while too few have ended to tell.

    ``ended`` are the durations of what ended, in units of its kind, by what is alike; under
    ``None`` are those of all that were expected to take nothing in particular.
    """
    kinds = [kind for kind, _ in remaining.running] + list(remaining.waiting)
    alike = {kind.likes: _known(ended, kind.likes) for kind in kinds}
    if not kinds or remaining.room <= 0 or None in alike.values():
        return None
    play = _Play(remaining)
    random = Random(_SEED)  # noqa: S311 - the same play each time
    ages: dict[object, list[float]] = {}
    for kind, age in remaining.running:
        ages.setdefault(kind.likes, []).append(age / kind.unit)
    steps = {likes: known.steps(ages.get(likes, ())) for likes, known in alike.items() if known}
    beyond = {likes: reached(of_kind, ages.get(likes, ())) for likes, of_kind in steps.items()}
    ends = []
    for _ in range(_PLAYS):
        curves = {likes: Curve(steps[likes], beyond[likes], random) for likes in steps}
        ends.append(play.end(curves, random))
    cuts = quantiles(ends, n=_CUTS, method="inclusive")
    return Estimate(cuts[0], cuts[_CUTS // 2 - 1], cuts[-1])


def _known(ended: Mapping[object, Durations], likes: object) -> Durations | None:
    """The durations of what is alike or, where too few of these ended, of all."""
    for which in (likes, None):
        known = ended.get(which)
        if known is not None and known.count >= ENOUGH:
            return known
    return None


class _Play:
    """What is left, in a size that can be played through.

    A place holds a waiting task of middling size. A larger run is played on fewer places: there a
    place, and a task that is on it, stands for ``each``.
    """

    def __init__(self, remaining: Remaining) -> None:
        count = sum(remaining.waiting.values())
        sizes = sum(kind.size * number for kind, number in remaining.waiting.items())
        self._middling = sizes / count if count else 1.0
        places = max(remaining.room / self._middling, 1.0)
        self._places = min(round(places), _MOST_PLACES)
        self._each = places / self._places
        running = sorted(remaining.running, key=lambda task: task[1])
        self._running = _evenly(running, _MOST_PLACES)
        self._running_each = len(running) / max(len(self._running), 1)
        last = round(self._places * self._each * _PLAYED_PER_PLACE)
        self._bulk, self._waiting = _split(remaining.waiting, count - last, self._each)

    def end(self, curves: Mapping[object, Curve], random: Random) -> float:
        """When all is over, in seconds."""
        free, end = self._end_running(curves, random)
        work, variance = 0.0, 0.0
        for kind, count in self._bulk:
            mean, spread = curves[kind.likes].moments()
            weight = kind.unit * kind.size / self._middling
            work += mean * weight * count / self._each
            variance += spread * weight**2 * count / self._each
        if work:
            _fill(free, max(0.0, random.gauss(work, variance**0.5)))
        heapq.heapify(free)
        alone = 1 / max(self._each, 1.0)
        for kind in self._waiting:
            curve, drawn, begin = curves[kind.likes], random.random(), free[0]
            # A larger task takes as much more of the cluster as if it were longer.
            weight = kind.unit * kind.size / self._middling
            heapq.heapreplace(free, begin + curve.at(drawn) * weight)
            end = max(end, begin + curve.at(drawn**alone) * kind.unit)
        return end

    def _end_running(
        self, curves: Mapping[object, Curve], random: Random
    ) -> tuple[list[float], float]:
        """When each place comes free of what runs now, and when all of that has ended."""
        free: list[float] = []
        end, owed = 0.0, 0.0
        for kind, age in self._running:
            curve, drawn, begun = curves[kind.likes], random.random(), age / kind.unit
            # The last to end of those this one stands for.
            last = curve.at(drawn ** (1 / self._running_each), begun)
            end = max(end, last * kind.unit - age)
            owed += kind.size * self._running_each / self._middling / self._each
            until = curve.at(drawn, begun) * kind.unit - age
            free += [until] * round(owed)
            owed -= round(owed)
        free += [0.0] * (self._places - len(free))
        return free, end


def _split(
    waiting: Mapping[Kind, int], first: int, each: float
) -> tuple[list[tuple[Kind, int]], list[Kind]]:
    """How many of each kind are among the first so many, and those after them one for ``each``.

    Only of the last ones does it matter on which place they are.
    """
    bulk: list[tuple[Kind, int]] = []
    single: list[Kind] = []
    left, owed = max(first, 0), 0.0
    for kind, count in waiting.items():
        before = min(count, left)
        left -= before
        if before:
            bulk.append((kind, before))
        owed += (count - before) / max(each, 1.0)
        single += [kind] * round(owed)
        owed -= round(owed)
    return bulk, single


def _evenly(running: Sequence[tuple[Kind, float]], most: int) -> list[tuple[Kind, float]]:
    """At most so many of them, the oldest among these."""
    if len(running) <= most:
        return list(running)
    step = len(running) / most
    return [running[round((number + 1) * step) - 1] for number in range(most)]


def _fill(free: list[float], work: float) -> None:
    """Give work to places, always to the one that comes free first."""
    free.sort()
    for index, begin in enumerate(free):
        following = free[index + 1] if index + 1 < len(free) else None
        if following is None or (index + 1) * (following - begin) >= work:
            level = begin + work / (index + 1)
            free[: index + 1] = [level] * (index + 1)
            return
        work -= (index + 1) * (following - begin)
