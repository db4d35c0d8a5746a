"""Lines and CSV to rows: what is in them, where they come from, and what is no row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesos_batch.errors import TaskListError
from mesos_batch.generating import csv_rows, line_rows


def text(content: str) -> io.StringIO:
    return io.StringIO(content, newline="")


def test_lines_that_are_blank_make_no_row_and_count_as_lines() -> None:
    rows = list(line_rows(text("a b\r\n\n   \n  c\nd"), "words.txt"))
    assert [row.names for row in rows] == [
        {"line": "a b", "index": 0},
        {"line": "  c", "index": 1},
        {"line": "d", "index": 2},
    ]
    assert [row.where for row in rows] == [f"words.txt:{n}" for n in (1, 4, 5)]


def test_a_row_is_there_before_the_next_line_is_read() -> None:
    read: list[int] = []

    def lines() -> Iterator[str]:
        for number in range(3):
            read.append(number)
            yield f"{number}\n"

    for make in (lambda: line_rows(lines(), "x"), lambda: csv_rows(lines(), "x")):
        read.clear()
        next(make())
        assert len(read) <= 2


def test_rows_of_csv_know_their_columns() -> None:
    rows = list(csv_rows(text('tile, odd name\r\n33,"a\nb"\r\n\r\n34,"c,d"\r\n'), "t.csv"))
    assert rows[0].names["tile"] == "33"
    assert rows[0].names["row"] == {"tile": "33", "odd name": "a\nb"}
    assert (rows[1].names["odd name"], rows[1].names["index"]) == ("c,d", 1)
    assert rows[1].where == "t.csv:5"


def test_another_delimiter() -> None:
    (row,) = csv_rows(text("a\tb\n1,2\t3\n"), "t", "\t")
    assert row.names["row"] == {"a": "1,2", "b": "3"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "t is empty"),
        ("a,,b\n", "t:1 has a column without a name"),
        ("a,b,a\n", "t:1 has two columns named 'a'"),
        ("a,index\n", "t:1 has a column 'index', which every template has already"),
        ("a,b\n1,2\n3\n", "t:3: the row has 1 cell and the first line 2"),
        ("a,b\n1,2,3\n", "t:2: the row has 3 cells and the first line 2"),
        ('a,b\n1,"2\n', "t:2 ends in a cell whose double quote is never closed"),
    ],
)
def test_what_is_no_csv_is_told(content: str, said: str) -> None:
    with pytest.raises(TaskListError) as told:
        list(csv_rows(text(content), "t"))
    assert told.value.message == said


@given(st.lists(st.tuples(st.text("ab\"',;\n é", min_size=1), st.text('x"\r\n,')), min_size=1))
def test_what_a_program_writes_as_csv_is_read(pairs: list[tuple[str, str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("first", "second"), *pairs])
    rows = csv_rows(text(out.getvalue()), "t")
    assert [(row.names["first"], row.names["second"]) for row in rows] == pairs


@pytest.mark.parametrize("make", [line_rows, csv_rows])
def test_what_is_no_text_is_told(make: object) -> None:
    def lines() -> Iterable[str]:
        yield from io.TextIOWrapper(io.BytesIO(b"a\n\xff\n"), encoding="utf-8")

    assert callable(make)
    with pytest.raises(TaskListError, match="t is not UTF-8 text"):
        list(make(lines(), "t"))
