"""The form of a task list: a ``TaskGroupInfo``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from google.protobuf.message import DecodeError

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.spec.field_reader import FieldReader
from mesos_batch.spec.fields import TASK, TASK_GROUP
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.form import WrongFormError, known_formats
from mesos_batch.spec.json_task import read_task
from mesos_batch.spec.problems import Path
from mesos_batch.spec.reading import Reading
from mesos_batch.spec.serialized_tasks import SerializedTasks

_WRAP = 'write {"tasks": [...]}'
_ONE_TASK = "this is one task, not a task list"


class TaskListForm:
    """A list of tasks."""

    title = "task list"
    empty = 'a list of no tasks is {"tasks": []}'

    def message(self) -> pb.TaskGroupInfo:
        """An empty list."""
        return pb.TaskGroupInfo()

    def tasks(self, message: Any) -> Sequence[pb.TaskInfo]:
        """The tasks of a list."""
        tasks: Sequence[pb.TaskInfo] = message.tasks
        return tasks

    def from_binary(self, data: bytes) -> Sequence[pb.TaskInfo]:
        """The tasks of a serialised list.

        Raises:
            WrongFormError: it is something else.
        """
        try:
            try:
                return SerializedTasks(data)
            except ValueError:
                # Fields that are not known are skipped; what is cut off is told.
                return pb.TaskGroupInfo.FromString(data).tasks
        except DecodeError:
            if _is_one_task(data):
                message, hint = (
                    "this is one TaskInfo, not a task list",
                    "wrap it in a TaskGroupInfo",
                )
                raise WrongFormError(message, hint) from None
            message = "this is not a TaskGroupInfo in protobuf"
            raise WrongFormError(message, known_formats(self)) from None

    def check_field(self, name: str) -> None:
        """Tell a field of a task from one nobody knows.

        Raises:
            WrongFormError: it is a field of a task.
        """
        if name in TASK:
            raise WrongFormError(_ONE_TASK, "write tasks { ... }")

    def in_doubt(self, cut: Path, value: object, /) -> Iterator[Path]:
        """The task that was cut; all of them when the text ended before they began."""
        if cut:
            yield cut[:2]
        if not isinstance(value, dict) or "tasks" not in value:
            yield ("tasks",)

    def from_json(self, value: object, reading: Reading) -> Sequence[pb.TaskInfo]:
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
                tasks.append(read_task(item, ("tasks", len(tasks)), reader))
        reading.findings += reading.blocked.take(reader.findings)
        return tasks


TASK_LIST = TaskListForm()


def _is_one_task(data: bytes) -> bool:
    try:
        task = pb.TaskInfo.FromString(data)
    except DecodeError:
        return False
    return bool(task.task_id.value)


def _no_object(value: object) -> Finding:
    if isinstance(value, list):
        return Finding((), "a task list is an object, not an array", _WRAP)
    return Finding((), "a task list is an object", _WRAP)


def _no_tasks(value: dict[str, Any]) -> list[Finding]:
    if "tasks" not in value and ("task_id" in value or "command" in value or "taskId" in value):
        return [Finding((), _ONE_TASK, 'write {"tasks": [{...}]}')]
    if "tasks" not in value and value:
        reader = FieldReader()
        reader.message(value, TASK_GROUP, ())
        return reader.findings
    return [Finding(("tasks",), "the field is missing", _WRAP)]
