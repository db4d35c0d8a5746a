"""Files in protobuf, binary and text format."""

from __future__ import annotations

import re

from google.protobuf import text_format

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.did_you_mean import meant_by
from mesos_batch.spec import text_positions
from mesos_batch.spec.form import Form, WrongFormError, known_formats
from mesos_batch.spec.positions import Lines
from mesos_batch.spec.problems import Problem, Severity
from mesos_batch.spec.reading import Reading

_NO_FIELD = re.compile(r'Message type "(?P<type>[\w.]+)" has no field named "(?P<name>\w+)"')


def read_binary(data: bytes, source: str, form: Form) -> Reading:
    """Read a serialised message; binary has no lines, only fields."""
    reading = Reading(source)
    try:
        reading.tasks = form.from_binary(data)
    except WrongFormError as error:
        problem = Problem(Severity.ERROR, source, None, None, "", str(error), error.hint)
        reading.problems.append(problem)
    return reading


def read_text(text: str, source: str, form: Form) -> Reading:
    """Read a message in text format; its parser stops at the first mistake."""
    reading = Reading(source)
    lines = Lines(text)
    message = form.message()
    try:
        text_format.Parse(text, message)
    except text_format.ParseError as error:
        reading.problems.append(_problem(error, source, form))
        return reading
    reading.tasks = form.tasks(message)
    reading.position = lines.position
    reading.locate = lambda paths: text_positions.locate(text, paths, message.DESCRIPTOR)
    return reading


def _problem(error: text_format.ParseError, source: str, form: Form) -> Problem:
    line, column = error.GetLine(), error.GetColumn()
    message = str(error).removeprefix(f"{line}:{column} : ")
    hint: str | None = None
    unknown = _NO_FIELD.search(message)
    if unknown is not None:
        message, hint = _unknown_field(unknown["type"], unknown["name"], form)
    return Problem(Severity.ERROR, source, line, column, "", message, hint)


def _unknown_field(kind: str, name: str, form: Form) -> tuple[str, str]:
    descriptor = pb.DESCRIPTOR.pool.FindMessageTypeByName(kind)
    names = list(descriptor.fields_by_name)
    meant = meant_by(name, names)
    if kind == form.message().DESCRIPTOR.full_name:
        try:
            form.check_field(name)
        except WrongFormError as error:
            return str(error), error.hint
        if meant is None:
            return f"this is not a {form.title}", known_formats(form)
    hint = f"did you mean {meant}?" if meant else f"allowed here: {', '.join(names)}"
    return f"unknown field {name}", hint
