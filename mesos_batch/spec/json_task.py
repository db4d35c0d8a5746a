"""One task in JSON."""

from __future__ import annotations

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.spec.field_reader import FieldReader
from mesos_batch.spec.fields import TASK, TASK_GROUP, is_plain
from mesos_batch.spec.problems import Path


def read_task(item: object, path: Path, reader: FieldReader) -> pb.TaskInfo:
    """The task at ``path``; the reader collects what is wrong with it."""
    if isinstance(item, dict) and is_plain(item, TASK):
        try:
            return pb.TaskInfo(**item)
        except (ValueError, TypeError, OverflowError):
            pass  # a value out of range, such as half of a surrogate pair: told below
    return pb.TaskInfo(**reader.one(TASK_GROUP["tasks"], item, path))
