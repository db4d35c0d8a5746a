"""How much of the cluster a run held, over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesos_batch.reports.spans import Span


@dataclass(frozen=True, slots=True)
class Usage:
    """Means over equal cells of time from ``begin`` (epoch seconds), ``cell`` seconds each.

    ``most_tasks`` is how many there were at one time at most.
    """

    begin: float
    cell: float
    most_tasks: int
    cpus: tuple[float, ...]
    tasks: tuple[float, ...]


def usage_of(spans: Sequence[Span], cells: int) -> Usage | None:
    """What attempts held from launch to end; ``None`` when that is no time at all."""
    begin = min((span.begin for span in spans), default=0.0)
    cell = (max((span.end for span in spans), default=0.0) - begin) / cells
    if cell <= 0:
        return None
    cpus, tasks = _Cells(cells), _Cells(cells)
    for span in spans:
        at, until = (span.begin - begin) / cell, (span.end - begin) / cell
        cpus.add(at, until, span.cpus)
        tasks.add(at, until, 1.0)
    return Usage(begin, cell, _most_at_once(spans), cpus.means(), tasks.means())


def _most_at_once(spans: Sequence[Span]) -> int:
    # At one moment, ends come before begins.
    steps = sorted([(span.begin, 1) for span in spans] + [(span.end, -1) for span in spans])
    return max(accumulate((step for _, step in steps), initial=0))


class _Cells:
    """Adds amounts that are held for a time, in steps that do not grow with that time."""

    def __init__(self, count: int) -> None:
        self._partly = [0.0] * count
        self._steps = [0.0] * (count + 1)

    def add(self, begin: float, end: float, amount: float) -> None:
        """Hold an amount; times are counted in cells."""
        last = len(self._partly) - 1
        first_cell, last_cell = min(int(begin), last), min(int(end), last)
        if first_cell == last_cell:
            self._partly[first_cell] += amount * (end - begin)
            return
        self._partly[first_cell] += amount * (first_cell + 1 - begin)
        self._partly[last_cell] += amount * (end - last_cell)
        self._steps[first_cell + 1] += amount
        self._steps[last_cell] -= amount

    def means(self) -> tuple[float, ...]:
        """The mean of each cell."""
        held, found = 0.0, []
        for part, step in zip(self._partly, self._steps, strict=False):
            held += step
            found.append(max(0.0, held + part))
        return tuple(found)
