"""Scalars count in thousandths, rounded as C's llround rounds."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from resource_strategies import scalars

from mesos_batch.model.scalar import Scalar, format_milli, to_milli


def llround(number: float) -> int:
    """Round half away from zero, without floating point."""
    rounded = math.floor(abs(Fraction(number)) + Fraction(1, 2))
    return rounded if number >= 0 else -rounded


@given(st.floats(-1e12, 1e12))
def test_rounds_as_llround_of_a_thousand_times_the_double(value: float) -> None:
    assert to_milli(value) == llround(value * 1000)


@given(st.integers(-(10**9), 10**9), st.booleans())
def test_halves_go_away_from_zero(milli: int, up: bool) -> None:
    value = milli + (0.5 if up else -0.5)
    assert to_milli(value / 1000) == llround(value / 1000 * 1000)


@pytest.mark.parametrize(
    ("value", "milli"),
    [(0.0004, 0), (0.0005, 1), (-0.0005, -1), (0.1 + 0.2, 300), (1.0005, 1001), (2.5, 2500)],
)
def test_what_mesos_makes_of_a_double(value: float, milli: int) -> None:
    assert to_milli(value) == milli == llround(value * 1000)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_refuses_what_is_no_amount(value: float) -> None:
    with pytest.raises(ValueError, match="is not a finite amount"):
        to_milli(value)


@given(st.integers(-(10**12), 10**12))
def test_a_scalar_survives_the_wire(milli: int) -> None:
    assert Scalar.of(Scalar(milli).value) == Scalar(milli)


@given(st.integers(-(10**12), 10**12))
def test_its_text_is_the_shortest_exact_decimal(milli: int) -> None:
    text = format_milli(milli)
    assert Fraction(text) == Fraction(milli, 1000)
    assert "." not in text or text[-1] not in "0."


@given(scalars, scalars, scalars)
def test_algebra(a: Scalar, b: Scalar, c: Scalar) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert (a + b) - b == a
    assert (a + b).contains(b)
    assert a.contains(b) == (not (a - b).milli < 0)


@given(scalars)
def test_only_nothing_is_empty(a: Scalar) -> None:
    assert a.is_empty == (a.milli == 0)
    assert (a - Scalar(a.milli + 1)).is_empty
