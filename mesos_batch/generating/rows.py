"""Rows that tasks are made of: those of a text, and the names that every template has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mesos_batch.errors import TaskListError
from mesos_batch.jobs import text_rows
from mesos_batch.jobs.templates import RESERVED


@dataclass(frozen=True, slots=True)
class Row:
    """The names that templates may use, and where they come from: ``tiles.txt:3``."""

    names: Mapping[str, Any]
    where: str


def line_rows(lines: Iterable[str], source: str) -> Iterator[Row]:
    """A row for each line that is not blank: ``line``, and ``index`` from 0.

    Raises:
        TaskListError: it cannot be read, or is no text.
    """
    for index, row in _usable(text_rows.line_rows(lines, source)):
        yield Row({**row.names, "index": index}, row.where)


def csv_rows(lines: Iterable[str], source: str, delimiter: str = ",") -> Iterator[Row]:
    """A row for each one below the head: its columns by name, ``row`` with all of them, ``index``.

    ``lines`` keep their ends, as a quoted field may go over several.

    Raises:
        TaskListError: it is no CSV with a head, or a row is longer or shorter than that.
    """
    for index, row in _usable(text_rows.csv_rows(lines, source, delimiter, RESERVED)):
        yield Row({**row.names, "row": row.names, "index": index}, row.where)


def _usable(rows: Iterator[text_rows.Row]) -> Iterator[tuple[int, text_rows.Row]]:
    """The rows with their numbers; the first that cannot be used ends the list."""
    try:
        for index, row in enumerate(rows):
            if row.fault is not None:
                raise TaskListError(
                    f"{row.where}: {row.fault}",
                    "Put a cell with the delimiter in it in double quotes.",
                )
            yield index, row
    except text_rows.SourceError as error:
        raise TaskListError(str(error), sentence(error.hint)) from None


def sentence(hint: str | None) -> str | None:
    """A hint that stands on a line of its own."""
    if hint is None:
        return None
    return f"{hint[0].upper()}{hint[1:]}{'' if hint.endswith('?') else '.'}"
