"""Names that end in numbers, in the order people expect."""

from __future__ import annotations

from mesos_batch.model.natural import natural


def test_numbers_count_as_numbers_wherever_they_stand() -> None:
    names = ["tile-10", "tile-9", "tile", "10", "9", "node-2-b", "node-2-a", "node-10-a"]

    assert sorted(names, key=natural) == [
        *("9", "10"),
        *("node-2-a", "node-2-b", "node-10-a"),
        *("tile", "tile-9", "tile-10"),
    ]


def test_a_sign_that_is_a_digit_but_no_number_is_text() -> None:
    assert sorted(["²", "٣", "2"], key=natural) == ["2", "٣", "²"]
