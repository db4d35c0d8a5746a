"""Charts as the numbers an SVG is drawn from; they need no script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mesos_batch.model.duration import elapsed
from mesos_batch.reports.histogram import Histogram, round_step

WIDTH = 1100
LEFT, RIGHT = 60, 8
_TOP, _BOTTOM = 12, 24
# Steps of clocks, in seconds, where those of ten would read badly.
_CLOCK_STEPS = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_TICKS = 8


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class AreaChart:
    """Amounts over time: ``line`` and ``area`` are SVG paths, ``limit`` the height of a line."""

    height: int
    baseline: float
    line: str
    area: str
    times: tuple[Tick, ...]
    amounts: tuple[Tick, ...]
    limit: float | None


@dataclass(frozen=True, slots=True)
class Column:
    """One class of a histogram; ``told`` is what it says when it is pointed at."""

    x: float
    y: float
    width: float
    height: float
    label: str | None
    told: str
    count: str | None


@dataclass(frozen=True, slots=True)
class ColumnChart:
    """A histogram."""

    height: int
    baseline: float
    columns: tuple[Column, ...]


def time_ticks(length: float) -> list[float]:
    """Round times from 0 to ``length`` seconds, few enough to be read."""
    if length <= 0:
        return [0.0]
    least = length / _TICKS
    clock = next((step for step in _CLOCK_STEPS if step >= least), None)
    step = round_step(least) if least < _CLOCK_STEPS[0] / 2 or clock is None else float(clock)
    return [step * number for number in range(int(length / step) + 1)]


def area_chart(
    amounts: Sequence[float], seconds: float, *, limit: float | None, height: int
) -> AreaChart:
    """Means over equal cells of ``seconds`` in all, as steps."""
    inner, baseline = height - _TOP - _BOTTOM, float(height - _BOTTOM)
    top = max([*amounts, limit or 0.0, 1e-9])
    step = round_step(top / 4)
    top = step * math.ceil(top / step - 1e-9)

    def y(amount: float) -> float:
        return round(baseline - inner * amount / top, 1)

    width = (WIDTH - LEFT - RIGHT) / len(amounts)
    pieces = []
    for number, amount in enumerate(amounts):
        begin, end = LEFT + number * width, LEFT + (number + 1) * width
        pieces.append(f"{begin:.1f},{y(amount)} {end:.1f},{y(amount)}")
    line = "M" + " L".join(pieces)
    return AreaChart(
        height=height,
        baseline=baseline,
        line=line,
        area=f"{line} L{WIDTH - RIGHT},{baseline} L{LEFT},{baseline}Z",
        times=tuple(
            Tick(round(LEFT + (WIDTH - LEFT - RIGHT) * at / seconds, 1), short_time(at))
            for at in time_ticks(seconds)
        ),
        amounts=tuple(
            Tick(y(step * number), f"{step * number:,.10g}")
            for number in range(round(top / step) + 1)
        ),
        limit=None if limit is None else y(limit),
    )


def column_chart(histogram: Histogram, *, height: int) -> ColumnChart:
    """A column for each class."""
    inner, baseline = height - _TOP - 8 - _BOTTOM, float(height - _BOTTOM)
    most = max(histogram.counts)
    width = (WIDTH - LEFT - RIGHT) / len(histogram.counts)
    every = max(1, math.ceil(len(histogram.counts) / 12))
    columns = []
    for number, count in enumerate(histogram.counts):
        tall = inner * count / most
        begin, end = histogram.edges[number], histogram.edges[number + 1]
        columns.append(
            Column(
                x=round(LEFT + number * width + 1.5, 1),
                y=round(baseline - tall, 1),
                width=round(width - 3, 1),
                height=round(tall, 1),
                label=short_time(begin) if number % every == 0 else None,
                told=f"{short_time(begin)} to {short_time(end)}: {count:,}",
                count=f"{count:,}" if count else None,
            )
        )
    return ColumnChart(height, baseline, tuple(columns))


def short_time(seconds: float) -> str:
    """A time on an axis: ``0.5s``, ``20s``, ``5m``, ``2h``."""
    if seconds < 60:
        return f"{seconds:.3g}s"
    text = elapsed(seconds)
    return text.removesuffix("00s").removesuffix("00m") or text
