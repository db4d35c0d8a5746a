"""Rows that tasks are made of: lines of text, and rows of CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mesos_batch.errors import TaskListError
from mesos_batch.jobs.sources import csv_fault


@dataclass(frozen=True, slots=True)
class Row:
    """The names that templates may use, and where they come from: ``line 3 of tiles.txt``."""

    names: Mapping[str, Any]
    where: str


def line_rows(lines: Iterable[str], source: str) -> Iterator[Row]:
    """A row for each line that is not blank: ``line``, and ``index`` from 0.

    Raises:
        TaskListError: it is not text.
    """
    index = 0
    for number, text in enumerate(_read(lines, source), 1):
        line = text.rstrip("\r\n")
        if line.strip():
            yield Row({"line": line, "index": index}, f"line {number} of {source}")
            index += 1


def csv_rows(lines: Iterable[str], source: str, delimiter: str = ",") -> Iterator[Row]:
    """A row for each one below the head: its columns by name, ``row`` with all of them, ``index``.

    ``lines`` keep their ends, as a quoted field may go over several.

    Raises:
        TaskListError: it is no CSV with a head, or a row is longer or shorter than that.
    """
    reader = csv.reader(_read(lines, source), delimiter=delimiter, strict=True)
    try:
        head = next(reader, None)
        if head is None:
            raise TaskListError(f"{source} is empty", "Its first line names the columns.")
        columns = [name.strip() for name in head]
        _check_columns(columns, source)
        index = 0
        for cells in reader:
            if not cells:
                continue
            where = f"line {reader.line_num} of {source}"
            if len(cells) != len(columns):
                raise TaskListError(
                    f"{where} has {_fields(len(cells))}, and the first line names {len(columns)}",
                    "Put a field with the delimiter in it in double quotes.",
                )
            row = dict(zip(columns, cells, strict=True))
            yield Row({**row, "row": row, "index": index}, where)
            index += 1
    except csv.Error as error:
        raise TaskListError(csv_fault(f"line {reader.line_num} of {source}", error)) from None


def _check_columns(columns: list[str], source: str) -> None:
    for name in columns:
        if not name:
            raise TaskListError(f"a column of {source} has no name", "The first line names them.")
        if columns.count(name) > 1:
            raise TaskListError(f"two columns of {source} are called '{name}'")
        if name in ("row", "index"):
            raise TaskListError(
                f"a column of {source} is called '{name}', a name every template has already"
            )


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"


def _read(lines: Iterable[str], source: str) -> Iterator[str]:
    try:
        yield from lines
    except UnicodeDecodeError:
        raise TaskListError(f"{source} is not UTF-8 text", "Save it as UTF-8.") from None
    except OSError as error:
        raise TaskListError(f"{source} cannot be read: {error.strerror}") from None
