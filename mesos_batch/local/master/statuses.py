"""Task statuses the master makes itself; they carry no uuid and are never acknowledged."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb

if TYPE_CHECKING:
    from mesos_batch.local.records import Task

NANOSECONDS = 1_000_000_000
Reason = pb.TaskStatus.Reason


def now_nanoseconds() -> int:
    """The time as Mesos' TimeInfo counts it."""
    return time.time_ns()


def master_status(
    task_id: str,
    state: int,
    message: str,
    reason: int,
    *,
    agent_id: str | None = None,
    executor_id: str | None = None,
    unreachable_time: int | None = None,
) -> pb.TaskStatus:
    """A status from the master; ``unreachable_time`` is in nanoseconds since the epoch."""
    status = pb.TaskStatus(
        state=state,  # type: ignore[arg-type]
        message=message,
        source=pb.TaskStatus.SOURCE_MASTER,
        reason=reason,  # type: ignore[arg-type]
        timestamp=time.time(),
    )
    status.task_id.value = task_id
    if agent_id is not None:
        status.agent_id.value = agent_id
    if executor_id is not None:
        status.executor_id.value = executor_id
    if unreachable_time is not None:
        status.unreachable_time.nanoseconds = unreachable_time
    return status


def task_status(
    task: Task, state: int, message: str, reason: int, *, unreachable_time: int | None = None
) -> pb.TaskStatus:
    """A status from the master about a task it knows."""
    return master_status(
        task.task_id,
        state,
        message,
        reason,
        agent_id=task.agent_id,
        executor_id=task.executor_id,
        unreachable_time=unreachable_time,
    )


def latest_status(task: Task, state: int, message: str, reason: int) -> pb.TaskStatus:
    """The same, with what the newest status said of health and container."""
    status = task_status(task, state, message, reason)
    if task.message.statuses:
        newest = task.message.statuses[-1]
        if newest.HasField("healthy"):
            status.healthy = newest.healthy
        if newest.HasField("check_status"):
            status.check_status.CopyFrom(newest.check_status)
        if newest.HasField("container_status"):
            status.container_status.CopyFrom(newest.container_status)
    return status
