"""The arithmetic behind charts."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports.recorded import START, attempt

from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import Resources
from mesos_batch.model.snapshot import TaskView
from mesos_batch.model.task import TaskSpec
from mesos_batch.reports.causes import causes_of_tasks
from mesos_batch.reports.gantt import gantt_of, lanes_of
from mesos_batch.reports.histogram import histogram_of, round_step
from mesos_batch.reports.html.charts import time_ticks
from mesos_batch.reports.spans import Span
from mesos_batch.reports.usage import usage_of

TASK = TaskView(TaskSpec("t", "t", Resources.scalars(cpus=2, mem=32), b""), Phase.FINISHED)


def span(begin: float, length: float, position: int = 0, phase: Phase = Phase.FINISHED) -> Span:
    made = attempt(position, 1, phase, begin, begin + length)
    assert made.ended_at is not None
    return Span(TASK, made, made.ended_at)


def goes_on(drawn: Span, moment: float) -> bool:
    """Whether an attempt goes on then, or has just begun: one may take no time at all."""
    return drawn.begin <= moment < drawn.end or drawn.begin == moment


# Quarters of a second are exact however far from the epoch.
quarters = st.integers(0, 400).map(lambda number: number / 4)
spans = st.lists(
    st.builds(
        span,
        quarters,
        quarters,
        st.integers(0, 3),
        st.sampled_from((Phase.FINISHED, Phase.FAILED, Phase.LOST)),
    ),
    min_size=1,
    max_size=40,
)


@given(spans)
def test_attempts_of_a_lane_never_overlap_and_no_lane_is_in_vain(drawn: list[Span]) -> None:
    placed = lanes_of(drawn)

    lanes: dict[int, list[Span]] = {}
    for each, lane in placed:
        lanes.setdefault(lane, []).append(each)
    for own in lanes.values():
        assert all(before.end <= after.begin for before, after in itertools.pairwise(own))
    at_once = (sum(goes_on(other, each.begin) for other in drawn) for each in drawn)
    assert len(lanes) <= max(at_once)
    assert len(placed) == len(drawn)


def test_a_lane_is_free_again_at_the_moment_an_attempt_ends() -> None:
    drawn = [span(0, 1), span(1, 1), span(1.5, 1), span(2, 1)]

    assert [lane for _, lane in lanes_of(drawn)] == [0, 0, 1, 0]


@given(spans, st.integers(1, 20))
def test_merged_bars_stand_for_every_attempt_and_stay_few(drawn: list[Span], most: int) -> None:
    chart = gantt_of(drawn, most_bars=most, most_lanes=1000)

    bars = [bar for agent in chart.agents for bar in agent.bars]
    assert sum(bar.count for bar in bars) == len(drawn)
    assert chart.left_out == 0
    lanes = sum(agent.lanes for agent in chart.agents)
    moments = {(each.begin + each.end) / 2 for each in drawn}
    # No fewer than one for each lane, phase and the very end, which is a cell of its own.
    assert len(bars) <= max(most, 2 * 3 * lanes) or len(moments) == 1
    phases = {each.attempt.phase for each in drawn}
    assert {bar.span.attempt.phase for bar in bars} == phases


def test_more_lanes_than_bars_are_merged_too() -> None:
    drawn = [span(0, 1), *(span(number / 4, 100) for number in range(40))]
    drawn += [span(200 + number, 0.5) for number in range(40)]

    chart = gantt_of(drawn, most_bars=1, most_lanes=1000)

    assert sum(len(agent.bars) for agent in chart.agents) < len(drawn)


def test_agents_that_ran_least_find_no_room() -> None:
    drawn = [span(number, 1, position=0) for number in range(5)] + [span(0, 1, position=1)]

    chart = gantt_of(drawn, most_bars=100, most_lanes=1)

    assert [agent.name for agent in chart.agents] == ["node-0"]
    assert chart.left_out == 1


@given(spans, st.integers(1, 50))
def test_use_adds_up_to_what_was_held(drawn: list[Span], cells: int) -> None:
    usage = usage_of(drawn, cells)

    held = sum(each.held for each in drawn)
    if usage is None:
        assert held == 0
        return
    assert sum(usage.tasks) * usage.cell == pytest.approx(held, abs=1e-3)
    assert sum(usage.cpus) * usage.cell == pytest.approx(2 * held, abs=1e-3)
    assert max(usage.tasks) <= usage.most_tasks + 1e-3
    assert usage.begin >= START


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
def test_every_length_is_in_a_class(seconds: list[float]) -> None:
    histogram = histogram_of(seconds)

    assert histogram is not None
    assert sum(histogram.counts) == len(seconds)
    assert len(histogram.counts) <= 40
    for low, high, count in zip(
        histogram.edges, histogram.edges[1:], histogram.counts, strict=False
    ):
        assert count == sum(low <= length < high for length in seconds)


@pytest.mark.parametrize(
    ("least", "step"), [(0.03, 0.05), (1, 1), (1.1, 2), (2, 2), (3, 5), (6, 10), (70, 100)]
)
def test_steps_are_round(least: float, step: float) -> None:
    assert round_step(least) == pytest.approx(step)


@given(st.floats(1e-3, 1e7))
def test_an_axis_has_few_marks_within_its_length(length: float) -> None:
    ticks = time_ticks(length)

    assert ticks[0] == 0
    assert ticks[-1] <= length * (1 + 1e-9)
    assert 1 <= len(ticks) <= 12


def test_causes_that_differ_in_an_id_only_are_one() -> None:
    failed = replace(TASK, phase=Phase.FAILED)
    causes = causes_of_tasks(
        [
            replace(failed, message="Command exited with status 3", exit_status=3),
            replace(failed, message="container 1f2e3d4c5b6a7980 is gone"),
            replace(failed, message="container 00aa11bb22cc33dd is gone"),
        ]
    )

    assert [(cause.sentence, len(cause.befell)) for cause in causes] == [
        ("container 1f2e3d4c5b6a7980 is gone", 2),
        ("Command exited with status 3", 1),
    ]
