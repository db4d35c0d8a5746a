"""Task lists: recognised by content, checked as a whole, turned into tasks.

A task list is a ``TaskGroupInfo``: as JSON in the dialect of Mesos, as protobuf, or as protobuf
text format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.collector import collector_paused
from mesos_batch.model.task import TaskSpec
from mesos_batch.spec import encoding, json_list, protobuf_list
from mesos_batch.spec.check import TaskChecker
from mesos_batch.spec.positions import Lines
from mesos_batch.spec.problems import (
    InvalidTaskListError,
    Problem,
    Severity,
    sort_problems,
)
from mesos_batch.spec.reading import Reading
from mesos_batch.spec.roles import role_findings

# Neither JSON nor text has control characters, and a TaskInfo has some in its first tags.
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")
_LOOKED_AT = 1 << 16
_TASKS_TAG = b"\x0a"
# JSON begins with a bracket, perhaps after comments; text format with a name.
_JSON = re.compile(r"""(?:\s|//[^\n]*|\#[^\n]*|/\*.*?\*/)*[\[{"]""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TaskList:
    """A checked task list; ``name`` is how messages call it."""

    name: str
    tasks: tuple[TaskSpec, ...] = field(repr=False)
    warnings: tuple[Problem, ...] = ()


def load_task_list(data: bytes, name: str) -> TaskList:
    """Read a task list of any format and check it against everything known without a cluster.

    ``name`` is what problems call it. A list of no tasks is fine.

    Raises:
        InvalidTaskListError: there are errors; all of them are in ``problems``.
    """
    with collector_paused():
        reading = _read(data, name)
        checker = TaskChecker(reading.blocked)
        for index, task in enumerate(reading.tasks):
            checker.check(index, task)
        found = reading.place([*reading.findings, *checker.findings])
        problems = sort_problems([*reading.problems, *found])
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise InvalidTaskListError(name, problems)
    return TaskList(name, tuple(checker.specs), problems)


def check_for_role(
    task_list: TaskList, role: str, principal: str | None, data: bytes | None = None
) -> tuple[Problem, ...]:
    """What a framework of this role and principal could never be offered.

    Resources reserved to another role are errors; those reserved by another principal are
    warnings, as an operator may have reserved them. With ``data``, the bytes the list was loaded
    from, problems have positions.
    """
    findings = [
        finding.under("tasks", index)
        for index, spec in enumerate(task_list.tasks)
        for finding in role_findings(pb.TaskInfo.FromString(spec.payload), role, principal)
    ]
    if not findings:
        return ()
    reading = Reading(task_list.name) if data is None else _read(data, task_list.name)
    return sort_problems(reading.place(findings))


def _read(data: bytes, name: str) -> Reading:
    if not encoding.has_byte_order_mark(data) and _is_binary(data):
        return protobuf_list.read_binary(data, name)
    try:
        decoded = encoding.decode(data)
    except encoding.NotTextError as error:
        line, column = Lines(error.text).position(len(error.text))
        hint = "save the file as UTF-8"
        problem = Problem(Severity.ERROR, name, line, column, "", str(error), hint)
        return Reading(name, problems=[problem])
    text = decoded.text
    if not text.strip():
        hint = 'a list of no tasks is {"tasks": []}'
        problem = Problem(Severity.ERROR, name, 1, 1, "", "the task list is empty", hint)
        return Reading(name, problems=[problem])
    reader = json_list.read if _JSON.match(text) else protobuf_list.read_text
    reading = reader(text, name)
    if decoded.other is not None:
        message = f"the file is {decoded.other}, read as such"
        problem = Problem(
            Severity.WARNING, name, 1, 1, "", message, "Mesos itself reads UTF-8 only"
        )
        reading.problems.append(problem)
    return reading


def _is_binary(data: bytes) -> bool:
    """Whether the bytes are protobuf; its first tag looks like an empty first line of text."""
    head = data[:_LOOKED_AT]
    if _CONTROL.search(head) is None:
        return False
    if head.startswith(_TASKS_TAG):
        reading = protobuf_list.read_binary(data, "")
        if not reading.problems:
            return True
    return re.match(rb"""\s*[\[{]\s*(?:["'}\]{]|\w|//|/\*|\#)""", head) is None
