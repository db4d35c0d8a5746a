"""The time to the end of a run, held against ends that are known: batches in virtual time."""

import heapq
from collections.abc import Callable
from random import Random
from statistics import median

import pytest

from mesos_batch.overview.durations import Durations
from mesos_batch.overview.estimate import ENOUGH, Estimate, Kind, Remaining, estimate

ALIKE = Kind(None)
BATCHES = 60
Span = tuple[float, float]

FAMILIES: dict[str, Callable[[Random], float]] = {
    "a little different": lambda random: 60 * random.lognormvariate(0, 0.5),
    "very different": lambda random: 60 * random.lognormvariate(0, 1.0),
    "exponential": lambda random: random.expovariate(1 / 30),
    "nearly constant": lambda random: 30 * random.uniform(0.97, 1.03),
    "uniform": lambda random: random.uniform(10, 100),
    "two kinds": lambda random: (
        random.uniform(8, 12) if random.random() < 0.8 else random.uniform(80, 120)
    ),
}


def played(durations: list[float], places: int) -> list[Span]:
    """When each task runs, the next always on the place that comes free first."""
    free = [0.0] * places
    spans = []
    for duration in durations:
        begin = heapq.heappop(free)
        spans.append((begin, begin + duration))
        heapq.heappush(free, begin + duration)
    return spans


def looked_at(spans: list[Span], at: float, places: int) -> Estimate | None:
    """The estimate for what is known at this time."""
    ended = Durations()
    running, waiting = [], 0
    for begin, end in spans:
        if end <= at:
            ended.add(end - begin)
        elif begin <= at:
            running.append((ALIKE, at - begin))
        else:
            waiting += 1
    return estimate({None: ended}, Remaining(running, {ALIKE: waiting} if waiting else {}, places))


def test_eight_of_ten_ends_lie_in_the_range_and_half_way_the_middle_is_close() -> None:
    inside: list[bool] = []
    errors: list[float] = []
    for seed in range(BATCHES):
        random = Random(seed)
        family = FAMILIES[random.choice(list(FAMILIES))]
        count, places = random.choice([40, 100, 300, 1000]), random.choice([4, 8, 16, 40, 100])
        spans = played([family(random) for _ in range(count)], places)
        end = max(span[1] for span in spans)
        for part in (0.25, 0.5, 0.75):
            found = looked_at(spans, end * part, places)
            if found is None:
                continue
            left = end * (1 - part)
            inside.append(found.low <= left <= found.high)
            if part == 0.5:
                errors.append(abs(found.likely - left) / left)

    assert len(inside) > BATCHES * 2
    assert 0.75 <= sum(inside) / len(inside) <= 0.9
    assert median(errors) <= 0.15


def durations(*seconds: float) -> Durations:
    known = Durations()
    for each in seconds:
        known.add(each)
    return known


def test_nothing_is_said_before_enough_have_ended() -> None:
    remaining = Remaining([(ALIKE, 1.0)], {ALIKE: 10}, 1)

    assert estimate({}, remaining) is None
    assert estimate({None: durations(*[10.0] * (ENOUGH - 1))}, remaining) is None
    assert estimate({None: durations(*[10.0] * ENOUGH)}, remaining) is not None


def test_when_nothing_is_left_there_is_nothing_to_say() -> None:
    assert estimate({None: durations(*[10.0] * 9)}, Remaining([], {}, 0)) is None


def test_what_tasks_are_expected_to_take_counts_and_not_how_many_they_are() -> None:
    known = {"expected": durations(*[1.0] * 20)}
    short = Remaining([], {Kind("expected", 10.0): 10}, 1)
    long = Remaining([], {Kind("expected", 1000.0): 1}, 1)
    ten, one = estimate(known, short), estimate(known, long)

    assert ten is not None
    assert one is not None
    assert ten.likely == pytest.approx(100.0, rel=0.2)
    assert one.likely == pytest.approx(1000.0, rel=0.2)


def test_a_task_that_outlasts_all_others_is_not_expected_to_end_at_once() -> None:
    found = estimate({None: durations(*[10.0] * 20)}, Remaining([(ALIKE, 600.0)], {}, 1))

    assert found is not None
    assert found.likely > 60.0
    assert found.high > 300.0


def test_what_still_runs_tells_that_the_short_ones_ended_first() -> None:
    known = {None: durations(*[10.0] * 20)}
    fresh = estimate(known, Remaining([(ALIKE, 1.0)] * 20, {ALIKE: 100}, 20))
    old = estimate(known, Remaining([(ALIKE, 100.0)] * 20, {ALIKE: 100}, 20))

    assert fresh is not None
    assert old is not None
    assert fresh.high < 100.0
    assert old.likely > 250.0, "every other task takes more than 100 s"


def test_what_is_large_and_long_takes_most_of_the_room() -> None:
    known = {"expected": durations(*[1.0] * 40)}
    waiting = {Kind("expected", 100.0, size=3.0): 10, Kind("expected", 10.0, size=1.0): 30}
    found = estimate(known, Remaining([], waiting, 6.0))

    assert found is not None
    # 10 x 100 s x 3 and 30 x 10 s x 1, in a room of 6.
    assert found.likely == pytest.approx(550.0, rel=0.2)


def test_the_last_of_a_thousand_ends_later_than_the_last_of_a_few() -> None:
    random = Random(3)
    known = {None: durations(*(random.expovariate(0.1) for _ in range(2000)))}
    few = estimate(known, Remaining([], {ALIKE: 60}, 60))
    many = estimate(known, Remaining([], {ALIKE: 1000}, 1000))
    running = estimate(known, Remaining([(ALIKE, 0.0)] * 1000, {}, 1000))

    assert few is not None
    assert many is not None
    assert running is not None
    # The mean of the longest of n is about the logarithm of n times the mean of all.
    assert few.likely == pytest.approx(10 * 4.7, rel=0.2)
    assert many.likely == pytest.approx(10 * 7.5, rel=0.2)
    assert running.likely == pytest.approx(many.likely, rel=0.2)


def test_large_tasks_take_the_room_of_several_small_ones() -> None:
    known = {None: durations(*[10.0] * 40)}
    small = estimate(known, Remaining([], {Kind(None, size=0.5): 80}, 4.0))
    large = estimate(known, Remaining([], {Kind(None, size=2.0): 80}, 4.0))

    assert small is not None
    assert large is not None
    assert small.likely == pytest.approx(100.0, rel=0.15)
    assert large.likely == pytest.approx(400.0, rel=0.15)


def test_what_is_too_many_to_be_played_one_by_one_comes_to_the_same() -> None:
    random = Random(7)
    known = {None: durations(*(random.uniform(20, 40) for _ in range(500)))}
    found = estimate(known, Remaining([], {ALIKE: 100_000}, 1000.0))

    assert found is not None
    # A hundred tasks of half a minute on each place, and the last to end of a thousand.
    assert found.likely == pytest.approx(3000.0 + 20.0, rel=0.03)
    assert found.low < found.likely < found.high < 3300.0
