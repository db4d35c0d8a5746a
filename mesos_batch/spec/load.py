"""Task lists: recognised by content, checked as a whole, turned into tasks.

A task list is a ``TaskGroupInfo``: as JSON in the dialect of Mesos, as protobuf, or as protobuf
text format.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.collector import collector_paused
from mesos_batch.model.task import TaskSpec
from mesos_batch.spec import formats, json_format, json_stream
from mesos_batch.spec.check import TaskChecker
from mesos_batch.spec.field_reader import FieldReader
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.json_task import read_task
from mesos_batch.spec.problems import (
    InvalidTaskListError,
    Problem,
    Severity,
    sort_problems,
)
from mesos_batch.spec.reading import Reading
from mesos_batch.spec.roles import role_findings
from mesos_batch.spec.task_list_form import TASK_LIST


@dataclass(frozen=True, slots=True)
class TaskList:
    """A checked task list; ``name`` is how messages call it.

    ``samples`` are positions: the resources of any task, and of its executor, are written just as
    those of one of these. ``None`` when nobody has compared them.
    """

    name: str
    tasks: tuple[TaskSpec, ...] = field(repr=False)
    warnings: tuple[Problem, ...] = ()
    samples: tuple[int, ...] | None = field(default=None, repr=False)


def load_task_list(data: bytes, name: str) -> TaskList:
    """Read a task list of any format and check it against everything known without a cluster.

    ``name`` is what problems call it. A list of no tasks is fine.

    Raises:
        InvalidTaskListError: there are errors; all of them are in ``problems``.
    """
    with collector_paused():
        try:
            reading, checker = _read_one_by_one(data, name)
        except json_stream.NotPlainError:
            reading, checker = _read_whole(data, name)
        found = reading.place([*reading.findings, *checker.findings])
        problems = sort_problems([*reading.problems, *found])
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise InvalidTaskListError(name, problems)
    return TaskList(name, tuple(checker.specs), problems, checker.samples)


def _read_one_by_one(data: bytes, name: str) -> tuple[Reading, TaskChecker]:
    """Check each task as soon as it is read, and keep no more than what it comes to.

    Raises:
        NotPlainError: this is not how the list is written.
    """
    reading, reader = Reading(name), FieldReader()
    checker = TaskChecker(reading.blocked)
    for index, item in enumerate(json_stream.elements(data)):
        task = read_task(item, ("tasks", index), reader)
        if reader.findings:
            reading.findings += reading.blocked.take(reader.findings)
            reader.findings.clear()
        checker.check(index, task)
    checker.finish()
    if reading.findings or checker.findings:
        json_format.find_in(reading, data.decode())
    return reading, checker


def _read_whole(data: bytes, name: str) -> tuple[Reading, TaskChecker]:
    """Check the tasks when all are read, whatever format they are in."""
    reading = formats.read(data, name, TASK_LIST)
    checker = TaskChecker(reading.blocked)
    for index, task in enumerate(reading.tasks):
        checker.check(index, task)
    checker.finish()
    return reading, checker


def check_for_role(
    task_list: TaskList, role: str, principal: str | None, data: bytes | None = None
) -> tuple[Problem, ...]:
    """What a framework of this role and principal could never be offered.

    Resources reserved to another role are errors; those reserved by another principal are
    warnings, as an operator may have reserved them. With ``data``, the bytes the list was loaded
    from, problems have positions.
    """
    tasks, samples = task_list.tasks, task_list.samples
    if samples is not None and not any(
        True for index in samples for _ in _role_findings(tasks[index], role, principal)
    ):
        return ()
    findings = [
        finding.under("tasks", index)
        for index, spec in enumerate(tasks)
        for finding in _role_findings(spec, role, principal)
    ]
    if not findings:
        return ()
    reading = (
        Reading(task_list.name) if data is None else formats.read(data, task_list.name, TASK_LIST)
    )
    return sort_problems(reading.place(findings))


def _role_findings(spec: TaskSpec, role: str, principal: str | None) -> Iterator[Finding]:
    return role_findings(pb.TaskInfo.FromString(spec.payload), role, principal)
