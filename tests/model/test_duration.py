"""Durations are read and written as Mesos reads and writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesos_batch.model.duration import format_duration, parse_duration

SECOND = 10**9


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10secs", 10),
        ("2mins", 120),
        ("1.5hrs", 5400),
        ("1days", 86400),
        ("2weeks", 1209600),
        (".5secs", 0.5),
        ("5.secs", 5),
        ("100ms", 0.1),
        ("3us", 3e-6),
        ("7ns", 7e-9),
        ("0secs", 0),
        ("0.4ns", 0),
    ],
)
def test_reads(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a duration"),
        ("-5secs", "is not a duration"),
        ("secs", "is not a duration"),
        ("5 secs", "unit ' secs'"),
        ("1.2.3secs", "is not a duration"),
        ("1e3secs", "is not a duration"),
        ("5", "has no unit; the units are ns, us, ms, secs, mins, hrs, days, weeks"),
        ("5sec", r"unit 'sec'.*did you mean 5secs\?"),
        ("5m", r"unit 'm'.*did you mean 5mins\?"),
        ("5Secs", "unit 'Secs'"),
        ("16000weeks", "longer than Mesos can count"),
        ("1secs\n", "unit"),
    ],
)
def test_refuses(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0ns"),
        (1e-9, "1ns"),
        (1.5e-6, "1500ns"),
        (0.0015, "1500us"),
        (0.1, "100ms"),
        (1.5, "1500ms"),
        (5, "5secs"),
        (60, "1mins"),
        (90, "90secs"),
        (5400, "90mins"),
        (864000, "10days"),
        (604800, "1weeks"),
        (0.0000015005, "1500ns"),
        (-90, "-90secs"),
        (61.5, "1.025mins"),
    ],
)
def test_writes_the_largest_unit_or_the_next_that_gives_a_whole_number(
    seconds: float, text: str
) -> None:
    assert format_duration(seconds) == text


@given(st.integers(0, 10**15))
def test_what_is_written_is_read_back(nanoseconds: int) -> None:
    seconds = nanoseconds / SECOND
    assert round(parse_duration(format_duration(seconds)) * SECOND) == pytest.approx(
        nanoseconds, abs=1, rel=1e-14
    )


@given(st.integers(1, 86_400))
def test_whole_seconds_of_a_day_survive(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds
