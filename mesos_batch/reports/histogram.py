"""How long attempts took: counts in classes of round lengths."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

_MOST_CLASSES = 24
# Where the longest is more than so many times the median, equal classes show nothing.
_WIDE = 12.0
_SHORTEST = 0.1


@dataclass(frozen=True, slots=True)
class Histogram:
    """``counts[i]`` lengths from ``edges[i]`` up to ``edges[i + 1]`` seconds."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    median: float
    longest: float


def histogram_of(seconds: Sequence[float]) -> Histogram | None:
    """Equal classes, or growing ones where lengths are far apart; ``None`` without any."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    median, longest = ordered[len(ordered) // 2], ordered[-1]
    wide = longest > _WIDE * max(median, _SHORTEST)
    edges = _growing(ordered[0], longest) if wide else _equal(longest)
    counts = [0] * (len(edges) - 1)
    for length in ordered:
        counts[min(bisect_right(edges, length), len(counts)) - 1] += 1
    return Histogram(edges, tuple(counts), median, longest)


def round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, ... times a power of ten that is at least this."""
    power = 10.0 ** math.floor(math.log10(least))
    for factor in (1, 2, 5):
        if factor * power >= least * (1 - 1e-9):
            return factor * power
    return 10 * power


def _equal(longest: float) -> tuple[float, ...]:
    step = round_step(max(longest, _SHORTEST) / _MOST_CLASSES)
    return tuple(step * number for number in range(int(longest / step) + 2))


def _growing(shortest: float, longest: float) -> tuple[float, ...]:
    edges = [0.0]
    edge = round_step(max(shortest, _SHORTEST / 10))
    while edges[-1] <= longest:
        edges.append(edge)
        edge = round_step(edge * 1.5)
    return tuple(edges)
