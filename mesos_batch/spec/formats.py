"""Bytes in any format, recognised by content."""

from __future__ import annotations

import re

from mesos_batch.spec import encoding, json_format, protobuf_format
from mesos_batch.spec.form import Form
from mesos_batch.spec.positions import Lines
from mesos_batch.spec.problems import Problem, Severity
from mesos_batch.spec.reading import Reading

# Neither JSON nor text has control characters, and a TaskInfo has some in its first tags.
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")
_LOOKED_AT = 1 << 16
_FIRST_TAG = b"\x0a"  # of the tasks of a list, and of the name of a task
# JSON begins with a bracket, perhaps after comments; text format with a name.
_JSON = re.compile(r"""(?:\s|//[^\n]*|\#[^\n]*|/\*.*?\*/)*[\[{"]""", re.DOTALL)


def read(data: bytes, name: str, form: Form) -> Reading:
    """Read JSON in the dialect of Mesos, protobuf, or protobuf text format."""
    if not encoding.has_byte_order_mark(data) and _is_binary(data, form):
        return protobuf_format.read_binary(data, name, form)
    try:
        decoded = encoding.decode(data)
    except encoding.NotTextError as error:
        line, column = Lines(error.text).position(len(error.text))
        hint = "save the file as UTF-8"
        problem = Problem(Severity.ERROR, name, line, column, "", str(error), hint)
        return Reading(name, problems=[problem])
    text = decoded.text
    if not text.strip():
        message = f"the {form.title} is empty"
        problem = Problem(Severity.ERROR, name, 1, 1, "", message, form.empty)
        return Reading(name, problems=[problem])
    reader = json_format.read if _JSON.match(text) else protobuf_format.read_text
    reading = reader(text, name, form)
    if decoded.other is not None:
        message = f"the file is {decoded.other}, read as such"
        problem = Problem(
            Severity.WARNING, name, 1, 1, "", message, "Mesos itself reads UTF-8 only"
        )
        reading.problems.append(problem)
    return reading


def _is_binary(data: bytes, form: Form) -> bool:
    """Whether the bytes are protobuf; its first tag looks like an empty first line of text."""
    head = data[:_LOOKED_AT]
    if _CONTROL.search(head) is None:
        return False
    if head.startswith(_FIRST_TAG):
        reading = protobuf_format.read_binary(data, "", form)
        if not reading.problems:
            return True
    return re.match(rb"""\s*[\[{]\s*(?:["'}\]{]|\w|//|/\*|\#)""", head) is None
