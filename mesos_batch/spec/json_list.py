"""Task lists in JSON: ``TaskGroupInfo`` in the dialect of Mesos."""

from __future__ import annotations

import json
from typing import Any

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.spec import json_positions, json_syntax
from mesos_batch.spec.field_reader import FieldReader
from mesos_batch.spec.fields import TASK, TASK_GROUP, is_plain
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.json_repair import Fault, Scan
from mesos_batch.spec.json_strict import STRICT
from mesos_batch.spec.positions import Lines
from mesos_batch.spec.problems import Path, Problem, Severity, format_path
from mesos_batch.spec.reading import Reading

_WRAP = 'write {"tasks": [...]}'


def read(text: str, source: str) -> Reading:
    """Read a task list; ``source`` is its name in problems."""
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
        _block(reading, scan, value)
    else:
        reading.position = lines.position
        reading.locate = lambda paths: json_positions.locate(text, paths)
    reading.tasks = _tasks(value, reading)
    return reading


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


def _block(reading: Reading, scan: Scan, value: object) -> None:
    """Say nothing of what is only missing because of a mistake in the syntax."""
    for fault in scan.faults:
        if fault.value_lost:
            reading.blocked.add(fault.path)
    cut = scan.cut_at
    if cut is None:
        return
    if cut:
        reading.blocked.add(cut[:2])
    if not isinstance(value, dict) or "tasks" not in value:
        reading.blocked.add(("tasks",))


def _tasks(value: object, reading: Reading) -> list[pb.TaskInfo]:
    """The tasks of a parsed list; what is wrong with its fields goes to the reading."""
    if not isinstance(value, dict):
        reading.findings += reading.blocked.take([_no_object(value)])
        return []
    reader = FieldReader()
    items = value.get("tasks")
    if items is None:
        reading.findings += reading.blocked.take(_no_tasks(value))
        return []
    rest = {name: item for name, item in value.items() if name != "tasks"}
    reader.message(rest, TASK_GROUP, ())
    elements = items if isinstance(items, list) else [items]
    tasks: list[pb.TaskInfo] = []
    for item in elements:
        if item is not None:
            tasks.append(_task(item, ("tasks", len(tasks)), reader))
    reading.findings += reading.blocked.take(reader.findings)
    return tasks


def _task(item: object, path: Path, reader: FieldReader) -> pb.TaskInfo:
    if isinstance(item, dict) and is_plain(item, TASK):
        try:
            return pb.TaskInfo(**item)
        except (ValueError, TypeError, OverflowError):
            pass  # a value out of range, such as half of a surrogate pair: told below
    return pb.TaskInfo(**reader.one(TASK_GROUP["tasks"], item, path))


def _no_object(value: object) -> Finding:
    if isinstance(value, list):
        return Finding((), "a task list is an object, not an array", _WRAP)
    return Finding((), "a task list is an object", _WRAP)


def _no_tasks(value: dict[str, Any]) -> list[Finding]:
    if "tasks" not in value and ("task_id" in value or "command" in value or "taskId" in value):
        return [Finding((), "this is one task, not a task list", 'write {"tasks": [{...}]}')]
    if "tasks" not in value and value:
        reader = FieldReader()
        reader.message(value, TASK_GROUP, ())
        return reader.findings
    return [Finding(("tasks",), "the field is missing", _WRAP)]
