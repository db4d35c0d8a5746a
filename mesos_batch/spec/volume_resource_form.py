"""The form of a volume resource: one ``TaskInfo``, of which the resources count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from google.protobuf.message import DecodeError

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.spec.field_reader import FieldReader
from mesos_batch.spec.fields import TASK_GROUP
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.form import WrongFormError, known_formats
from mesos_batch.spec.json_task import read_task
from mesos_batch.spec.problems import Path
from mesos_batch.spec.reading import Reading

_WRITE = 'write {"resources": [...]}'
_LIST = "this is a task list, not a volume resource"
_GIVE_ONE = "a volume resource is one TaskInfo"


class VolumeResourceForm:
    """What is to be reserved and created, as the resources of one task."""

    title = "volume resource"
    empty = _WRITE

    def message(self) -> pb.TaskInfo:
        """An empty task."""
        return pb.TaskInfo()

    def tasks(self, message: Any) -> Sequence[pb.TaskInfo]:
        """The one task."""
        return [message]

    def from_binary(self, data: bytes) -> Sequence[pb.TaskInfo]:
        """The one task.

        Raises:
            WrongFormError: it is something else.
        """
        try:
            task = pb.TaskInfo.FromString(data)
        except DecodeError:
            task = None
        if task is not None and task.resources:
            return [task]
        # The first task of a list looks like the name of a task.
        if _is_task_list(data):
            raise WrongFormError(_LIST, _GIVE_ONE)
        if task is None:
            raise WrongFormError("this is not a TaskInfo in protobuf", known_formats(self))
        return [task]

    def check_field(self, name: str) -> None:
        """Tell a field of a task list from one nobody knows.

        Raises:
            WrongFormError: it is a field of a task list.
        """
        if name in TASK_GROUP:
            raise WrongFormError(_LIST, _GIVE_ONE)

    def in_doubt(self, _cut: Path, _value: object, /) -> Iterator[Path]:
        """All of it, as it is one task."""
        yield ()

    def from_json(self, value: object, reading: Reading) -> Sequence[pb.TaskInfo]:
        """The one task; what is wrong with its fields goes to the reading."""
        reader = FieldReader()
        task: list[pb.TaskInfo] = []
        if not isinstance(value, dict):
            reader.findings.append(Finding((), "a volume resource is an object", _WRITE))
        elif "tasks" in value:
            reader.findings.append(Finding((), _LIST, _GIVE_ONE))
        else:
            task.append(read_task(value, (), reader))
        reading.findings += reading.blocked.take(reader.findings)
        return task


VOLUME_RESOURCE = VolumeResourceForm()


def _is_task_list(data: bytes) -> bool:
    try:
        tasks = pb.TaskGroupInfo.FromString(data).tasks
    except DecodeError:
        return False
    return any(task.task_id.value for task in tasks)
