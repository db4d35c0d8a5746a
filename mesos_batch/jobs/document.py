"""The text of a job file as plain values, with the place of each in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from mesos_batch.jobs.syntax_error import DEEPEST, TOO_DEEP, JobSyntaxError
from mesos_batch.jobs.written import written_float
from mesos_batch.spec import encoding, json_format
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.json_strict import strict
from mesos_batch.spec.positions import Lines, Places
from mesos_batch.spec.problems import Path, Problem, Severity, format_path
from mesos_batch.spec.reading import Reading

_HALF = re.compile("[\ud800-\udfff]")


class Syntax(Enum):
    """What a job file is written in."""

    YAML = "YAML"
    TOML = "TOML"
    JSON = "JSON"


@dataclass(slots=True)
class Document:
    """A job file; ``value`` is ``None`` when its syntax is wrong, which ``reading`` then tells."""

    value: object
    reading: Reading


def read_document(data: bytes, name: str, syntax: Syntax) -> Document:
    """Read a job file; ``name`` is what problems call it."""
    try:
        text = encoding.decode(data).text
    except encoding.NotTextError as error:
        line, column = Lines(error.text).position(len(error.text))
        problem = Problem(
            Severity.ERROR, name, line, column, "", str(error), "save the file as UTF-8"
        )
        return Document(None, Reading(name, problems=[problem]))
    if not text.strip():
        return _empty(name)
    if syntax is Syntax.JSON:
        parsed = json_format.parse(text, name, strict(parse_float=written_float))
        document = Document(None if parsed.reading.problems else parsed.value, parsed.reading)
    else:
        document = _with_all_places(text, name, syntax)
    _refuse_depth(document)
    _refuse_halves(document)
    return document


def _empty(name: str) -> Document:
    hint = "a job file begins with 'tasks:'"
    problem = Problem(Severity.ERROR, name, 1, 1, "", "the job file is empty", hint)
    return Document(None, Reading(name, problems=[problem]))


def _refuse_depth(document: Document) -> None:
    """Refuse what nests deeper than anything Mesos knows: who walks it would not come back."""
    inside: list[tuple[Path, object]] = [((), document.value)]
    while inside:
        path, value = inside.pop()
        if len(path) > DEEPEST:
            document.reading.problems += _too_deep(path, document.reading)
            document.value = None
            return
        if isinstance(value, list):
            inside += [((*path, at), item) for at, item in enumerate(value)]
        elif isinstance(value, dict):
            inside += [((*path, name), item) for name, item in value.items()]


def _too_deep(path: Path, reading: Reading) -> list[Problem]:
    try:
        return reading.place([Finding(path, TOO_DEEP)])
    except RecursionError:
        # Whoever looks for the place has to walk there too.
        return [Problem(Severity.ERROR, reading.source, None, None, format_path(path), TOO_DEEP)]


def _refuse_halves(document: Document) -> None:
    """Refuse text that no encoding has: an escape can give half of a surrogate pair."""
    findings = [
        Finding(path, "half of a surrogate pair is no character")
        for path in _halves(document.value)
    ]
    if findings:
        document.reading.problems += document.reading.place(findings)
        document.value = None


def _halves(value: object, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, str) and _HALF.search(value):
        yield path
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _halves(item, (*path, at))
    elif isinstance(value, dict):
        for name, item in value.items():
            if _HALF.search(name):
                yield path
            yield from _halves(item, (*path, name))


def _with_all_places(text: str, name: str, syntax: Syntax) -> Document:
    lines = Lines(text)
    try:
        value, places = _parse(text, syntax)
    except JobSyntaxError as fault:
        line, column = lines.position(min(fault.offset, len(text)))
        problem = Problem(Severity.ERROR, name, line, column, "", str(fault), fault.hint)
        return Document(None, Reading(name, problems=[problem]))
    if value is None:
        return _empty(name)  # nothing but comments
    reading = Reading(name, locate=lambda _: places, position=lines.position)
    return Document(value, reading)


def _parse(text: str, syntax: Syntax) -> tuple[object, Places]:
    if syntax is Syntax.TOML:
        from mesos_batch.jobs.toml_text import parse_toml

        return parse_toml(text)
    from mesos_batch.jobs.yaml_text import parse_yaml

    return parse_yaml(text)
