"""Which tasks may share an executor with others, and lose nothing by it."""

from __future__ import annotations

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb

SHARED = frozenset({"cpus", "mem", "disk", "ports"})


def is_poolable(task: pb.TaskInfo) -> bool:
    """Whether a task is a plain command that runs in a pool as it does by itself.

    What a shared executor cannot give each of its tasks keeps it out: a container or a user of its
    own, limits, gpus, volumes, checks.
    """
    if not task.HasField("command") or task.command.HasField("user"):
        return False
    if task.HasField("container") or task.HasField("executor") or task.limits:
        return False
    if task.HasField("check") or task.HasField("health_check"):
        return False
    return all(
        resource.name in SHARED
        and not resource.HasField("disk")
        and not resource.HasField("revocable")
        and not resource.HasField("shared")
        for resource in task.resources
    )
