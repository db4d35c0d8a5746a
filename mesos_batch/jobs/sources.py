"""The rows that ``foreach`` names: from the job file itself, from files, or from standard input.

Rows are read when they are asked for, so a source may be larger than memory.
"""

from __future__ import annotations

import csv
import glob
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from mesos_batch.jobs.schema import STDIN, Source
from mesos_batch.jobs.written import written_float
from mesos_batch.spec.json_strict import strict


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a job file can read: files from ``directory`` on, and the lines of standard input.

    ``stdin`` is ``None`` when the job file itself came from there.
    """

    directory: Path
    stdin: Iterable[str] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What one row gives to templates; ``where`` is how messages call it.

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


def rows_of_list(items: Sequence[Any]) -> Iterator[Row]:
    """The rows that stand in the job file."""
    for number, item in enumerate(items):
        yield Row(_names(item), f"foreach[{number}]")


def rows_of(source: Source, inputs: Inputs) -> Iterator[Row]:
    """The rows of a source whose templates are rendered.

    Raises:
        SourceError: it cannot be read, at the first row or at a later one.
    """
    if source.csv is not None:
        return _csv_rows(source.csv, source.delimiter or ",", inputs)
    if source.json_lines is not None:
        return _json_rows(source.json_lines, inputs)
    if source.lines is not None:
        return _line_rows(source.lines, inputs)
    if source.glob is not None:
        return _files(source.glob, inputs)
    assert source.range is not None, "a source is one of these"
    numbers = range(source.range.first, source.range.last + 1, source.range.step)
    return (Row({"item": number}, f"item={number}") for number in numbers)


def _names(item: Any) -> Mapping[str, Any]:
    return item if isinstance(item, dict) else {"item": item}


def _csv_rows(file: str, delimiter: str, inputs: Inputs) -> Iterator[Row]:
    with _lines(file, inputs) as (lines, name):
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            header = [column.strip() for column in next(reader, [])]
            _check_header(header, name)
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
            raise SourceError(csv_fault(f"{name}:{reader.line_num}", error)) from None


def _cells(cells: Sequence[str]) -> str:
    return "1 cell" if len(cells) == 1 else f"{len(cells)} cells"


def csv_fault(where: str, error: csv.Error) -> str:
    """What is wrong with CSV, as a sentence for the user."""
    if "unexpected end of data" in str(error):
        return f"{where} ends in a cell whose double quote is never closed"
    return f"{where} is not CSV: {error}"


def _check_header(header: Sequence[str], name: str) -> None:
    if not header:
        raise SourceError(f"{name} is empty", "its first line names the columns")
    for column in header:
        if not column:
            raise SourceError(f"{name}:1 has a column without a name")
        if header.count(column) > 1:
            raise SourceError(f"{name}:1 has two columns named '{column}'")


def _json_rows(file: str, inputs: Inputs) -> Iterator[Row]:
    decoder = strict(parse_float=written_float)
    with _lines(file, inputs) as (lines, name):
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            where = f"{name}:{number}"
            try:
                yield Row(_names(decoder.decode(line.rstrip())), where)
            except json.JSONDecodeError as error:
                fault = f"the line is not JSON: {error.msg} at column {error.colno}"
                yield Row(where=where, fault=fault)
            except (ValueError, RecursionError) as error:
                yield Row(where=where, fault=f"the line is not JSON: {error}")


def _line_rows(file: str, inputs: Inputs) -> Iterator[Row]:
    with _lines(file, inputs) as (lines, name):
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield Row({"line": line.rstrip("\r\n")}, f"{name}:{number}")


def _files(pattern: str, inputs: Inputs) -> Iterator[Row]:
    # A pathlib pattern cannot be absolute.
    matches = glob.glob(pattern, root_dir=inputs.directory, recursive=True)  # noqa: PTH207
    for found in sorted(matches):
        path = PurePath(found)
        names = {"path": path.as_posix(), "name": path.name, "stem": path.stem}
        yield Row(names, found, None if _is_text(found) else "the name of the file is not UTF-8")


def _is_text(name: str) -> bool:
    """Whether a name of the file system is one; any bytes may be."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


@contextmanager
def _lines(file: str, inputs: Inputs) -> Iterator[tuple[Iterable[str], str]]:
    """The lines of a file or of standard input, and what messages call it."""
    if file in STDIN:
        if inputs.stdin is None:
            raise SourceError(
                "standard input is the job file itself", "give the job file as a file"
            )
        yield _decoded(inputs.stdin, "<stdin>"), "<stdin>"
        return
    if "\0" in file:
        raise SourceError("the name of the file has a zero byte in it")
    try:
        # The mark of byte order that Excel writes is no part of the first column.
        with (inputs.directory / file).open(encoding="utf-8-sig", newline="") as opened:
            yield _decoded(opened, file), file
    except OSError as error:
        hint = "a path counts from the directory of the job file"
        raise SourceError(f"'{file}' cannot be read: {error.strerror}", hint) from None


def _decoded(lines: Iterable[str], name: str) -> Iterator[str]:
    try:
        yield from lines
    except UnicodeDecodeError:
        raise SourceError(f"{name} is not UTF-8 text", "save it as UTF-8") from None
