"""Files in JSON, in the dialect of Mesos."""

from __future__ import annotations

import json

from mesos_batch.spec import json_positions, json_syntax
from mesos_batch.spec.form import Form
from mesos_batch.spec.json_repair import Fault, Scan
from mesos_batch.spec.json_strict import STRICT
from mesos_batch.spec.positions import Lines
from mesos_batch.spec.problems import Problem, Severity, format_path
from mesos_batch.spec.reading import Reading


def read(text: str, source: str, form: Form) -> Reading:
    """Read a file; ``source`` is its name in problems."""
    reading = Reading(source)
    lines = Lines(text)
    try:
        value = STRICT.decode(text)
    except (ValueError, RecursionError) as error:
        scan = json_syntax.scan(text)
        reading.position = lambda offset: lines.position(scan.original(offset))
        reading.locate = lambda paths: json_positions.locate(scan.text, paths)
        reading.problems += [_problem(fault, source, lines) for fault in scan.faults]
        if not scan.faults:
            reading.problems.append(_unexplained(error, source, lines))
        try:
            value = json.loads(scan.text)
        except (ValueError, RecursionError):
            return reading
        _block(reading, scan, form, value)
    else:
        find_in(reading, text)
    reading.tasks = form.from_json(value, reading)
    return reading


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
