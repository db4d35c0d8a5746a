"""Lists that are read task by task: nothing may depend on where the text is cut into parts."""

from __future__ import annotations

import codecs
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from task_lists import group, problems_of, task

from mesos_batch.spec.load import load_task_list

PART = 1 << 18  # bytes
AFTER = [task(task_id={"value": f"ü{index}"}, name="größe € 𝄞") for index in range(2)]
# Whitespace and all characters of one task end up on either side of the border.
TAIL = json.dumps(AFTER, ensure_ascii=False, indent=1)[1:].encode()


def with_border_in_tail(offset: int) -> bytes:
    """A list whose first part ends so many bytes into what follows its first task."""
    begin = b'{"tasks": ['
    first = json.dumps(task(labels={"labels": [{"key": ""}]})).encode()
    filling = b"x" * (PART - len(first) - 1 - offset)
    return begin + first.replace(b'""', b'"' + filling + b'"') + b"," + TAIL + b"}"


@pytest.mark.parametrize("offset", range(0, len(TAIL), 5))
def test_a_task_may_be_cut_anywhere(offset: int) -> None:
    loaded = load_task_list(with_border_in_tail(offset), "list")

    assert [spec.task_id for spec in loaded.tasks] == ["t", "ü0", "ü1"]
    assert [spec.name for spec in loaded.tasks] == ["t", "größe € 𝄞", "größe € 𝄞"]


def test_one_task_may_be_longer_than_many_parts() -> None:
    long = task(labels={"labels": [{"key": "ß" * PART, "value": "a" * 3 * PART}]})

    loaded = load_task_list(group(long, *AFTER), "list")

    assert len(loaded.tasks) == 3


NOT_PLAIN = [
    b'{"tasks": [], "tasks": []}',
    b'{"tasks": [], "name": 1}',
    b'{"name": 1, "tasks": []}',
    b'{"tasks": {}}',
    b'{"tasks": [1, "a", [], true, null, {}]}',
    b'{"tasks": [{"name": "a"} {"name": "b"}]}',
    b'{"tasks": [{"name": "a"}; {"name": "b"}]}',
    b'{"tasks": [{"name": "a"}]',
    b'{"tasks": [{"name": "a"}]} x',
    b'{"tasks": [{"name": "a"},]}',
    b'{"tasks": [{"name": "a", "name": "b"}]}',
    b'{"tasks": [{"name": NaN}]}',
    b'{"tasks": [12',
    b'{"tasks": [',
    b'{"tasks": ' + b"[" * 100_000,
]


@pytest.mark.parametrize("data", NOT_PLAIN)
def test_what_is_not_plain_is_told_as_if_read_whole(data: bytes) -> None:
    # A list that begins with a byte order mark is always read whole.
    assert problems_of(data) == problems_of(codecs.BOM_UTF8 + data)
    assert problems_of(data)


@given(st.data(), st.sampled_from(',:[]{}" \n\t\\0-.aeß'), st.booleans())
def test_a_mistake_anywhere_is_told_as_if_read_whole(
    data: st.DataObject, character: str, replaces: bool
) -> None:
    values = [task(task_id={"value": f"t{index}"}, labels=None) for index in range(3)]
    text = json.dumps({"tasks": [*values, None]}, indent=data.draw(st.none() | st.just(1)))
    at = data.draw(st.integers(0, len(text) - 1))
    wrong = (text[:at] + character + text[at + replaces :]).encode()

    assert problems_of(wrong) == problems_of(codecs.BOM_UTF8 + wrong)


def test_bytes_that_are_no_text_are_told_as_if_read_whole() -> None:
    data = group(task(name="?"), task()).replace(b"?", b"\xff")

    (problem,) = problems_of(data)

    assert problem.message == "byte 0xff is not valid UTF-8"
    assert problem.column == data.index(b"\xff") + 1


def test_warnings_have_the_positions_they_have_in_the_text() -> None:
    odd = {"health_check": {"command": {"value": "x"}}, "max_completion_time": {"nanoseconds": 1.5}}
    data = group(*(task(task_id={"value": f"t{i}"}, **odd) for i in range(3)))

    warnings = load_task_list(data, "list").warnings

    assert len(warnings) == 6
    assert warnings == problems_of(codecs.BOM_UTF8 + data)
    assert warnings[0].column == data.index(b'{"command": {"value": "x"}}') + 1


def test_a_long_list_is_never_in_memory_whole() -> None:
    tasks = [task(task_id={"value": f"t{index}"}, name="€" * 30) for index in range(5_000)]
    data = json.dumps({"tasks": tasks}, ensure_ascii=False).encode()
    load_task_list(group(task()), "list")

    tracemalloc.start()
    try:
        loaded = load_task_list(data, "list")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert 0x80 <= data[len(b'{"tasks": [') + PART] < 0xC0, "a character is cut"
    # Its parsed form alone takes eight times as much as its text.
    assert len(loaded.tasks) == 5_000
    assert peak < 4 * len(data)
