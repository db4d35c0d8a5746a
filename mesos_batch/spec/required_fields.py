"""The fields a message must have on the wire."""

from __future__ import annotations

import re
from typing import Any, cast

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.problems import Path

_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)')


def missing_fields(task: pb.TaskInfo) -> list[Finding]:
    """The required fields that a task or a message in it does not have."""
    if task.IsInitialized():
        return []
    # The stubs do not know this method of every message.
    paths: list[str] = cast("Any", task).FindInitializationErrors()
    return [Finding(_parse_path(path), "the field is missing") for path in paths]


def _parse_path(text: str) -> Path:
    """Read a path as protobuf prints it: ``limits["cpus"].value``."""
    steps: list[str | int] = []
    for key, index, name in _STEP.findall(text):
        steps.append(int(index) if index else name or re.sub(r"\\(.)", r"\1", key))
    return tuple(steps)
