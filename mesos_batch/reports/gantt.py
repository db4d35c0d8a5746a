"""The attempts of each agent in lanes, no two of a lane at one time; few enough to be drawn."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesos_batch.model.facts import Phase
from mesos_batch.model.natural import natural

if TYPE_CHECKING:
    from mesos_batch.reports.spans import Span

# What nobody looks for; it is drawn first, so that the rest is seen where both share a pixel.
_ORDINARY = (Phase.FINISHED, Phase.LAUNCHED, Phase.RUNNING)
# How much finer than what can be drawn the search for the finest cells begins.
_BEGIN_FINER = 16


@dataclass(frozen=True, slots=True)
class Bar:
    """One attempt, or ``count`` of one phase near each other, of which ``span`` is one."""

    lane: int
    begin: float
    end: float
    span: Span
    count: int = 1


@dataclass(frozen=True, slots=True)
class AgentLanes:
    """An agent, how many of its attempts ran at one time at most, and their bars."""

    agent_id: str
    name: str
    lanes: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Gantt:
    """``left_out`` agents, those that ran least, found no room."""

    agents: tuple[AgentLanes, ...]
    left_out: int


def lanes_of(spans: Sequence[Span]) -> list[tuple[Span, int]]:
    """Each attempt with the lowest lane that is free when it is launched, by time of launch."""
    busy: list[tuple[float, int]] = []
    free: list[int] = []
    lanes = 0
    placed = []
    for span in sorted(spans, key=lambda span: (span.begin, span.end)):
        while busy and busy[0][0] <= span.begin:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            lane = heapq.heappop(free)
        else:
            lane, lanes = lanes, lanes + 1
        heapq.heappush(busy, (span.end, lane))
        placed.append((span, lane))
    return placed


def by_agent(spans: Sequence[Span]) -> dict[str, list[Span]]:
    """The attempts of each agent, the agents by name with numbers in their order."""
    found: dict[str, list[Span]] = {}
    for span in spans:
        found.setdefault(span.attempt.agent_id, []).append(span)
    return dict(sorted(found.items(), key=lambda item: natural(item[1][0].agent)))


def gantt_of(spans: Sequence[Span], *, most_bars: int, most_lanes: int) -> Gantt:
    """The chart of a run with bounds on what is drawn."""
    placed = {agent_id: lanes_of(own) for agent_id, own in by_agent(spans).items()}
    kept = _busiest(placed, most_lanes)
    begin = min((span.begin for span in spans), default=0.0)
    length = max((span.end for span in spans), default=0.0) - begin
    lanes = {agent_id: 1 + max(lane for _, lane in placed[agent_id]) for agent_id in kept}
    bars = {agent_id: _single(placed[agent_id]) for agent_id in kept}
    cells = max(1, _BEGIN_FINER * most_bars // max(1, sum(lanes.values())))
    while length > 0 and cells and sum(map(len, bars.values())) > most_bars:
        cell = length / cells
        bars = {agent_id: _merged(placed[agent_id], begin, cell) for agent_id in kept}
        cells //= 2
    agents = (
        AgentLanes(
            agent_id,
            placed[agent_id][0][0].agent,
            lanes[agent_id],
            tuple(sorted(bars[agent_id], key=_is_looked_for)),
        )
        for agent_id in kept
    )
    return Gantt(tuple(agents), len(placed) - len(kept))


def _single(placed: Sequence[tuple[Span, int]]) -> list[Bar]:
    return [Bar(lane, span.begin, span.end, span) for span, lane in placed]


def _merged(placed: Sequence[tuple[Span, int]], begin: float, cell: float) -> list[Bar]:
    """One bar for attempts of a phase whose middles are in the same cell of time of a lane."""
    bars: dict[tuple[int, int, Phase], Bar] = {}
    for span, lane in placed:
        key = lane, int(((span.begin + span.end) / 2 - begin) / cell), span.attempt.phase
        bar = bars.get(key)
        if bar is None:
            bars[key] = Bar(lane, span.begin, span.end, span)
        else:
            bars[key] = Bar(lane, bar.begin, max(bar.end, span.end), bar.span, bar.count + 1)
    return list(bars.values())


def _is_looked_for(bar: Bar) -> bool:
    return bar.span.attempt.phase not in _ORDINARY


def _busiest(placed: dict[str, list[tuple[Span, int]]], most_lanes: int) -> list[str]:
    """The agents with most attempts, as many as have room, in the order they came."""
    room, kept = most_lanes, set[str]()
    for agent_id, own in sorted(placed.items(), key=lambda item: -len(item[1])):
        room -= 1 + max(lane for _, lane in own)
        if room < 0 and kept:
            break
        kept.add(agent_id)
    return [agent_id for agent_id in placed if agent_id in kept]
