"""How long tasks take, as far as is known: from those that ended, and from those that still run.

Durations are counted in bins that grow by a twelfth each, of which the shortest and the longest
are kept: a hundred thousand of them cost no more than a hundred. What still runs counts for having
lasted this long: without it, the short tasks, which end first, would stand for all.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from random import Random

_GROWTH = math.log(13 / 12)
_SHORTEST = 0.001
# Tasks unlike all before them: half of one, among those at risk of outlasting the longest.
_UNSEEN = 0.5
# Beyond the longest that ended, durations thin out with this power.
_TAIL_POWER = 3.0


@dataclass(frozen=True, slots=True)
class Step:
    """How many ended after a time from ``shortest`` to ``longest``, how many lasted beyond it."""

    shortest: float
    longest: float
    ended: int
    beyond: float


class Durations:
    """The durations of tasks that ended; seconds, or any other unit."""

    def __init__(self) -> None:
        self._bins: Counter[int] = Counter()
        self._shortest: dict[int, float] = {}
        self._longest: dict[int, float] = {}
        self.count = 0

    def add(self, duration: float) -> None:
        """Count one that ended."""
        duration = max(duration, _SHORTEST)
        number = _bin(duration)
        self._bins[number] += 1
        self._shortest[number] = min(duration, self._shortest.get(number, duration))
        self._longest[number] = max(duration, self._longest.get(number, duration))
        self.count += 1

    def steps(self, ages: Iterable[float]) -> list[Step]:
        """Where some ended, from short to long; ``ages`` are of what still runs."""
        running = sorted(_bin(max(age, _SHORTEST)) for age in ages)
        steps, left = [], self.count
        for number in sorted(self._bins):
            left -= self._bins[number]
            still = len(running) - bisect_right(running, number)
            beyond = left + still + _UNSEEN
            shortest, longest = self._shortest[number], self._longest[number]
            steps.append(Step(shortest, longest, self._bins[number], beyond))
        return steps


def reached(steps: Iterable[Step], ages: Iterable[float]) -> float:
    """How long those have run, in the mean, that have outlasted all that ended; 0 without any."""
    longest = max(step.longest for step in steps)
    older = [age for age in ages if age > longest]
    return sum(older) / len(older) if older else 0.0


class Curve:
    """One distribution that may be the true one, drawn from all that agree with what was seen."""

    def __init__(self, steps: Iterable[Step], reached: float, random: Random) -> None:
        """Draw it; what outlasts all that ended takes ``reached`` at least."""
        self._steps = tuple(steps)
        self._shortest = [step.shortest for step in self._steps]
        self._share: list[float] = []
        surviving = 1.0
        for step in self._steps:
            surviving *= 1 - random.betavariate(step.ended, step.beyond)
            self._share.append(1 - surviving)
        self._top = self._steps[-1].longest
        self._known = self._share[-1]
        self._reached = max(reached, self._top)

    def at(self, share: float, age: float = 0.0) -> float:
        """The duration that this share of tasks stays under, of those that reach ``age``."""
        if age >= self._top:
            return age / math.pow(1 - share, 1 / _TAIL_POWER)
        if age > self._shortest[0]:
            before = self._share_under(age)
            share = before + share * (1 - before)
        if share > self._known:
            thinner = (1 - self._known) / (1 - share)
            return self._reached * math.pow(thinner, 1 / _TAIL_POWER)
        place = bisect_left(self._share, share)
        begin = self._share[place - 1] if place else 0.0
        part = (share - begin) / (self._share[place] - begin)
        step = self._steps[place]
        return max(age, step.shortest + part * (step.longest - step.shortest))

    def moments(self) -> tuple[float, float]:
        """Mean and variance."""
        shares = [self._share[0], *(after - before for before, after in pairwise(self._share))]
        middles = [(step.shortest + step.longest) / 2 for step in self._steps]
        # Mean and mean square of the tail.
        tail = 1 - self._known
        power = _TAIL_POWER
        mean = tail * self._reached * power / (power - 1)
        square = tail * self._reached**2 * power / (power - 2)
        for share, middle in zip(shares, middles, strict=True):
            mean += share * middle
            square += share * middle**2
        return mean, max(square - mean**2, 0.0)

    def _share_under(self, age: float) -> float:
        place = bisect_right(self._shortest, age) - 1
        step = self._steps[place]
        begin = self._share[place - 1] if place else 0.0
        width = step.longest - step.shortest
        part = min(1.0, (age - step.shortest) / width) if width else 1.0
        return begin + part * (self._share[place] - begin)


def _bin(duration: float) -> int:
    return math.floor(math.log(duration) / _GROWTH)
