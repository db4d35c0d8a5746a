"""Task lists in protobuf, binary and text format."""

from __future__ import annotations

import difflib
import re

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.spec import text_positions
from mesos_batch.spec.fields import TASK
from mesos_batch.spec.positions import Lines
from mesos_batch.spec.problems import Problem, Severity
from mesos_batch.spec.reading import Reading

_NO_FIELD = re.compile(r'Message type "(?P<type>[\w.]+)" has no field named "(?P<name>\w+)"')
_FORMATS = "a task list is JSON, or a TaskGroupInfo in protobuf binary or text format"


def read_binary(data: bytes, source: str) -> Reading:
    """Read a serialised ``TaskGroupInfo``; binary has no lines, only fields."""
    reading = Reading(source)
    try:
        reading.tasks = pb.TaskGroupInfo.FromString(data).tasks
    except DecodeError:
        message, hint = "this is not a TaskGroupInfo in protobuf", _FORMATS
        if _is_one_task(data):
            message, hint = "this is one TaskInfo, not a task list", "wrap it in a TaskGroupInfo"
        reading.problems.append(Problem(Severity.ERROR, source, None, None, "", message, hint))
    return reading


def _is_one_task(data: bytes) -> bool:
    try:
        task = pb.TaskInfo.FromString(data)
    except DecodeError:
        return False
    return bool(task.task_id.value)


def read_text(text: str, source: str) -> Reading:
    """Read a ``TaskGroupInfo`` in text format; its parser stops at the first mistake."""
    reading = Reading(source)
    lines = Lines(text)
    group = pb.TaskGroupInfo()
    try:
        text_format.Parse(text, group)
    except text_format.ParseError as error:
        reading.problems.append(_problem(error, source))
        return reading
    reading.tasks = group.tasks
    reading.position = lines.position
    reading.locate = lambda paths: text_positions.locate(text, paths)
    return reading


def _problem(error: text_format.ParseError, source: str) -> Problem:
    line, column = error.GetLine(), error.GetColumn()
    message = str(error).removeprefix(f"{line}:{column} : ")
    hint: str | None = None
    unknown = _NO_FIELD.search(message)
    if unknown is not None:
        message, hint = _unknown_field(unknown["type"], unknown["name"])
    return Problem(Severity.ERROR, source, line, column, "", message, hint)


def _unknown_field(kind: str, name: str) -> tuple[str, str]:
    if kind == pb.TaskGroupInfo.DESCRIPTOR.full_name:
        if name in TASK:
            return "this is one task, not a task list", "write tasks { ... }"
        return "this is not a task list", _FORMATS
    descriptor = pb.DESCRIPTOR.pool.FindMessageTypeByName(kind)
    names = list(descriptor.fields_by_name)
    close = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean {close[0]}?" if close else f"allowed here: {', '.join(names)}"
    return f"unknown field {name}", hint
