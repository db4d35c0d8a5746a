"""Rows that a text has: its lines, or those of a CSV table. For job files and generators."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """What one row gives to templates; ``where`` is how messages call it: ``tiles.csv:3``.

    A row with a ``fault`` cannot be used.
    """

    names: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""
    fault: str | None = None


class SourceError(ValueError):
    """A source cannot be read; ``hint`` is what to do about it."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def line_rows(lines: Iterable[str], name: str) -> Iterator[Row]:
    """A row for each line that is not blank, with its ``line``.

    Raises:
        SourceError: it cannot be read, or is no text.
    """
    for number, line in enumerate(decoded(lines, name), start=1):
        if line.strip():
            yield Row({"line": line.rstrip("\r\n")}, f"{name}:{number}")


def csv_rows(
    lines: Iterable[str], name: str, delimiter: str = ",", taken: Collection[str] = ()
) -> Iterator[Row]:
    """A row for each one below the first, which names the columns; none may be a ``taken`` name.

    ``lines`` keep their ends, as a cell in quotes may go over several.

    Raises:
        SourceError: it cannot be read, is no text, or is no CSV with a line of names.
    """
    reader = csv.reader(decoded(lines, name), delimiter=delimiter, strict=True)
    try:
        header = [column.strip() for column in next(reader, [])]
        _check_header(header, name, taken)
        for cells in reader:
            where = f"{name}:{reader.line_num}"
            if not cells:
                continue
            if len(cells) != len(header):
                message = f"the row has {_cells(cells)} and the first line {len(header)}"
                yield Row(where=where, fault=message)
                continue
            yield Row(dict(zip(header, cells, strict=True)), where)
    except csv.Error as error:
        raise SourceError(_csv_fault(f"{name}:{reader.line_num}", error)) from None


def decoded(lines: Iterable[str], name: str) -> Iterator[str]:
    """The lines, with what goes wrong while they are read as a sentence.

    Raises:
        SourceError: they cannot be read, or are no text.
    """
    try:
        yield from lines
    except UnicodeDecodeError:
        raise SourceError(f"{name} is not UTF-8 text", "save it as UTF-8") from None
    except OSError as error:
        raise SourceError(f"{name} cannot be read: {error.strerror}") from None


def _check_header(header: Sequence[str], name: str, taken: Collection[str]) -> None:
    if not header:
        raise SourceError(f"{name} is empty", "its first line names the columns")
    for column in header:
        if not column:
            raise SourceError(f"{name}:1 has a column without a name")
        if header.count(column) > 1:
            raise SourceError(f"{name}:1 has two columns named '{column}'")
        if column in taken:
            raise SourceError(f"{name}:1 has a column '{column}', which every template has already")


def _cells(cells: Sequence[str]) -> str:
    return "1 cell" if len(cells) == 1 else f"{len(cells)} cells"


def _csv_fault(where: str, error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return f"{where} ends in a cell whose double quote is never closed"
    return f"{where} is not CSV: {error}"
