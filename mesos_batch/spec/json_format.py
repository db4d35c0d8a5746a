"""Files in JSON, in the dialect of Mesos."""

from __future__ import annotations

import json
from dataclasses import dataclass

from mesos_batch.spec import json_positions, json_syntax
from mesos_batch.spec.form import Form
from mesos_batch.spec.json_repair import Fault, Scan
from mesos_batch.spec.json_strict import STRICT
from mesos_batch.spec.positions import Lines
from mesos_batch.spec.problems import Problem, Severity, format_path
from mesos_batch.spec.reading import Reading


@dataclass(frozen=True, slots=True)
class Parsed:
    """JSON of any form, with the mistakes in its syntax.

    ``value`` is what was meant, unless ``is_lost``. ``scan`` is there when there were mistakes.
    """

    reading: Reading
    value: object = None
    scan: Scan | None = None
    is_lost: bool = False


def read(text: str, source: str, form: Form) -> Reading:
    """Read a file; ``source`` is its name in problems."""
    parsed = parse(text, source)
    reading = parsed.reading
    if parsed.is_lost:
        return reading
    if parsed.scan is not None:
        _block(reading, parsed.scan, form, parsed.value)
    reading.tasks = form.from_json(parsed.value, reading)
    return reading


def parse(text: str, source: str, decoder: json.JSONDecoder = STRICT) -> Parsed:
    """Read JSON whatever it is about; ``source`` is its name in problems."""
    reading = Reading(source)
    lines = Lines(text)
    try:
        value = decoder.decode(text)
    except (ValueError, RecursionError) as error:
        scan = json_syntax.scan(text)
        reading.position = lambda offset: lines.position(scan.original(offset))
        reading.locate = lambda paths: json_positions.locate(scan.text, paths)
        reading.problems += [_problem(fault, source, lines) for fault in scan.faults]
        if not scan.faults:
            reading.problems.append(_unexplained(error, source, lines))
        try:
            return Parsed(reading, json.loads(scan.text), scan)
        except (ValueError, RecursionError):
            return Parsed(reading, scan=scan, is_lost=True)
    find_in(reading, text)
    return Parsed(reading, value)


def find_in(reading: Reading, text: str) -> None:
    """Let a reading find its fields in a text that is valid JSON."""
    reading.position = Lines(text).position
    reading.locate = lambda paths: json_positions.locate(text, paths)


def _problem(fault: Fault, source: str, lines: Lines) -> Problem:
    line, column = lines.position(fault.offset)
    hint = fault.hint
    if fault.other is not None:
        hint = f"{hint} in line {lines.position(fault.other)[0]}"
    field = format_path(fault.path)
    return Problem(Severity.ERROR, source, line, column, field, fault.message, hint)


def _unexplained(error: Exception, source: str, lines: Lines) -> Problem:
    """What ``json`` itself says, should the scanner have found nothing to complain about."""
    offset = error.pos if isinstance(error, json.JSONDecodeError) else 0
    line, column = lines.position(offset)
    return Problem(Severity.ERROR, source, line, column, "", f"this is not JSON: {error}")


def _block(reading: Reading, scan: Scan, form: Form, value: object) -> None:
    """Say nothing of what is only missing because of a mistake in the syntax."""
    for fault in scan.faults:
        if fault.value_lost:
            reading.blocked.add(fault.path)
    if scan.cut_at is not None:
        for path in form.in_doubt(scan.cut_at, value):
            reading.blocked.add(path)
