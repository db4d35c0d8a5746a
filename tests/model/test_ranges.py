"""Ranges behave as the set of integers they name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from resource_strategies import ranges, spans

from mesos_batch.model.ranges import Ranges, Span


def members(value: Ranges) -> set[int]:
    return {number for begin, end in value.spans for number in range(begin, end + 1)}


@given(st.lists(spans, max_size=6))
def test_spans_are_sorted_and_neither_overlap_nor_touch(pairs: list[Span]) -> None:
    value = Ranges.of(*pairs)
    assert members(value) == {n for begin, end in pairs for n in range(begin, end + 1)}
    for (_, end), (begin, _) in zip(value.spans, value.spans[1:], strict=False):
        assert begin > end + 1


@given(ranges, ranges)
def test_is_a_set_of_integers(a: Ranges, b: Ranges) -> None:
    assert members(a + b) == members(a) | members(b)
    assert members(a - b) == members(a) - members(b)
    assert a.contains(b) == (members(b) <= members(a))
    assert a.size == len(members(a))
    assert a.is_empty == (not members(a))
    assert (a == b) == (members(a) == members(b))


@given(ranges, ranges)
def test_differences_stay_coalesced(a: Ranges, b: Ranges) -> None:
    assert a - b == Ranges.of(*(a - b).spans)


@given(ranges, st.integers(0, 60))
def test_first_takes_the_smallest(a: Ranges, count: int) -> None:
    if count > a.size:
        with pytest.raises(ValueError, match="more wanted than there are"):
            a.first(count)
    else:
        assert members(a.first(count)) == set(sorted(members(a))[:count])


def test_a_range_cannot_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match=r"range \[5-4\] ends before it begins"):
        Ranges.of((5, 4))


def test_text() -> None:
    assert str(Ranges.of((5, 9), (1, 1), (2, 2))) == "[1-2, 5-9]"
    assert str(Ranges()) == "[]"
