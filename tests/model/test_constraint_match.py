"""Where constraints let a task go, by what an agent has and by what runs there."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesos_batch.model.constraint_match import has_room, static_match
from mesos_batch.model.constraint_text import parse_constraint
from mesos_batch.model.offer import Attribute, attribute_texts
from mesos_batch.model.ranges import Ranges

HOST = "node-7"
ATTRIBUTES = attribute_texts(
    (
        Attribute("rack", "r1"),
        Attribute("rack", "r9"),
        Attribute("index", 2.0),
        Attribute("load", 0.1234),
        Attribute("serial", 1234567.0),
        Attribute("span", Ranges.of((7, 9), (1, 3))),
        Attribute("tags", frozenset({"b", "a"})),
    )
)


def test_attributes_of_every_type_have_a_text() -> None:
    assert ATTRIBUTES == {
        "rack": "r1",
        "index": "2",
        "load": "0.1234",
        "serial": "1234567",
        "span": "[1-3, 7-9]",
        "tags": "{a, b}",
    }


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("rack:equals:r1", True),
        ("rack:equals:r2", False),
        ("rack:equals:R1", False),
        ("rack:not:r1", False),
        ("rack:not:r2", True),
        ("rack:in:r2,r1", True),
        ("rack:in:r2,r3", False),
        ("rack:like:r[0-9]", True),
        ("rack:like:r", False),
        ("rack:like:1", False),
        ("rack:unlike:r[0-9]", False),
        ("rack:unlike:r", True),
        ("index:equals:2", True),
        ("index:equals:2.0", False),
        ("serial:in:1234567", True),
        ("span:equals:[1-3, 7-9]", True),
        ("hostname:equals:node-7", True),
        ("hostname:like:node-[0-9]+", True),
        (r"hostname:like:node-\d", True),
        ("hostname:unlike:.*7", False),
        # An agent without the attribute.
        ("gpu:equals:k80", False),
        ("gpu:like:.*", False),
        ("gpu:in:k80", False),
        ("gpu:not:k80", True),
        ("gpu:unlike:.*", True),
        # Counted ones are for another function.
        ("gpu:unique", True),
        ("gpu:group_by", True),
        ("gpu:max_per:1", True),
    ],
)
def test_static_constraints(text: str, holds: bool) -> None:
    assert static_match([parse_constraint(text)], HOST, ATTRIBUTES) is holds


def test_all_constraints_must_hold() -> None:
    both = [parse_constraint("rack:equals:r1"), parse_constraint("hostname:not:node-8")]
    assert static_match(both, HOST, ATTRIBUTES)
    assert not static_match(both, "node-8", ATTRIBUTES)
    assert static_match([], HOST, {})


def test_an_attribute_called_hostname_is_not_the_host_name() -> None:
    assert not static_match([parse_constraint("hostname:equals:a")], HOST, {"hostname": "a"})


def test_digits_and_letters_of_patterns_are_those_of_mesos() -> None:
    assert not static_match([parse_constraint(r"rack:like:\d")], HOST, {"rack": "\u0663"})
    assert not static_match([parse_constraint(r"rack:like:\w")], HOST, {"rack": "é"})


@pytest.mark.parametrize(
    ("text", "counts", "known", "value", "room"),
    [
        ("rack:unique", {}, ["r1"], "r1", True),
        ("rack:unique", {"r2": 1}, ["r1", "r2"], "r1", True),
        ("rack:unique", {"r1": 1}, ["r1"], "r1", False),
        ("rack:max_per:2", {"r1": 1}, ["r1"], "r1", True),
        ("rack:max_per:2", {"r1": 2}, ["r1"], "r1", False),
        ("rack:group_by", {}, ["r1", "r2"], "r1", True),
        ("rack:group_by", {"r1": 1}, ["r1", "r2"], "r1", False),
        ("rack:group_by", {"r1": 1}, ["r1", "r2"], "r2", True),
        ("rack:group_by", {"r1": 1, "r2": 1}, ["r1", "r2"], "r1", True),
        ("rack:group_by", {"r1": 5}, ["r1"], "r1", True),
        # An agent that is offered before it is known otherwise.
        ("rack:group_by", {"r1": 1}, ["r1"], "r2", True),
        # Fewer values than there are at least: those to come have no task yet.
        ("rack:group_by:3", {}, ["r1", "r2"], "r1", True),
        ("rack:group_by:3", {"r1": 1, "r2": 1}, ["r1", "r2"], "r1", False),
        ("rack:group_by:3", {"r1": 1, "r2": 1, "r3": 1}, ["r1", "r2", "r3"], "r1", True),
        ("rack:group_by:3", {"r1": 1, "r2": 1}, ["r1", "r2"], "r3", True),
        # What runs on values that are gone holds nobody up.
        ("rack:group_by", {"gone": 1, "r1": 2}, ["r1"], "r1", True),
        *((text, {}, ["r1"], None, False) for text in ("rack:unique", "rack:group_by",
                                                       "rack:max_per:9")),
    ],
)  # fmt: skip
def test_counted_constraints(
    text: str, counts: dict[str, int], known: list[str], value: str | None, room: bool
) -> None:
    assert has_room(parse_constraint(text), counts, known, value) is room


def test_static_ones_count_nothing() -> None:
    with pytest.raises(ValueError, match="rack:equals:r1 counts nothing"):
        has_room(parse_constraint("rack:equals:r1"), {}, [], "r1")


@given(
    st.sampled_from(["unique", "group_by", "group_by:3", "max_per:1", "max_per:3"]),
    st.lists(st.sampled_from("abcd"), max_size=40),
)
def test_tasks_that_go_where_there_is_room_keep_the_constraint(
    text: str, candidates: list[str]
) -> None:
    constraint = parse_constraint(f"rack:{text}")
    counts: Counter[str] = Counter()
    for value in candidates:
        if has_room(constraint, counts, "abcd", value):
            counts[value] += 1
    most = {"unique": 1, "max_per:1": 1, "max_per:3": 3}.get(text)
    if most is not None:
        assert all(counts[value] == min(most, candidates.count(value)) for value in set(candidates))
    else:
        assert max(counts[value] for value in "abcd") - min(counts[value] for value in "abcd") <= 1
