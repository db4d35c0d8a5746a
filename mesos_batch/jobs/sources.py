"""The rows that ``foreach`` names: from the job file itself, from files, or from standard input.

Rows are read when they are asked for, so a source may be larger than memory.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from mesos_batch.jobs.schema import STDIN, Source
from mesos_batch.jobs.text_rows import Row, SourceError, csv_rows, decoded, line_rows
from mesos_batch.jobs.written import written_float
from mesos_batch.spec.json_strict import strict


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a job file can read: files from ``directory`` on, and the lines of standard input.

    ``stdin`` is ``None`` when the job file itself came from there.
    """

    directory: Path
    stdin: Iterable[str] | None = None


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
        return _of_text(source.csv, inputs, partial(csv_rows, delimiter=source.delimiter or ","))
    if source.json_lines is not None:
        return _json_rows(source.json_lines, inputs)
    if source.lines is not None:
        return _of_text(source.lines, inputs, line_rows)
    if source.glob is not None:
        return _files(source.glob, inputs)
    assert source.range is not None, "a source is one of these"
    numbers = range(source.range.first, source.range.last + 1, source.range.step)
    return (Row({"item": number}, f"item={number}") for number in numbers)


def _names(item: Any) -> Mapping[str, Any]:
    return item if isinstance(item, dict) else {"item": item}


def _of_text(
    file: str, inputs: Inputs, rows: Callable[[Iterable[str], str], Iterator[Row]]
) -> Iterator[Row]:
    with _lines(file, inputs) as (lines, name):
        yield from rows(lines, name)


def _json_rows(file: str, inputs: Inputs) -> Iterator[Row]:
    decoder = strict(parse_float=written_float)
    with _lines(file, inputs) as (lines, name):
        for number, line in enumerate(decoded(lines, name), start=1):
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
        yield inputs.stdin, "<stdin>"
        return
    if "\0" in file:
        raise SourceError("the name of the file has a zero byte in it")
    try:
        # The mark of byte order that Excel writes is no part of the first column.
        with (inputs.directory / file).open(encoding="utf-8-sig", newline="") as opened:
            yield opened, file
    except OSError as error:
        hint = "a path counts from the directory of the job file"
        raise SourceError(f"'{file}' cannot be read: {error.strerror}", hint) from None
