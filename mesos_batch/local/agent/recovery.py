"""What an agent's new process makes of what the last one has left (``checkpoint.py``).

A command with a supervisor is followed again, or its end is told. What the process ran itself
has died with it, and is told as an agent of Mesos would:

    it left                                  it becomes
    a task that has ended                    the same, its updates are sent again
    a task without an update                 DROPPED, REASON_AGENT_RESTARTED
    a command that has its supervisor        what it is
    a command whose supervisor was killed    FAILED, REASON_EXECUTOR_TERMINATED
    a task of a default executor, of Docker  GONE, REASON_EXECUTOR_REREGISTRATION_TIMEOUT

Source: ``Slave::recover``, ``Slave::reregisterExecutorTimeout`` in ``src/slave/slave.cpp``.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent import supervised
from mesos_batch.local.agent.command_executor import RecoveredExecutor
from mesos_batch.local.agent.docker_executor import remove_container
from mesos_batch.local.agent.executor import ExecutorTask
from mesos_batch.local.agent.task_run import new_status
from mesos_batch.local.agent.unlaunched import or_lost

if TYPE_CHECKING:
    from mesos_batch.local.agent.agent_tasks import AgentTasks
    from mesos_batch.local.agent.checkpoint import RecordedExecutor
    from mesos_batch.local.agent.executor import Host


@dataclass(slots=True)
class Recovered:
    """What is to be followed, and which executors the master has to hear have ended."""

    executors: list[RecoveredExecutor] = field(default_factory=list)
    exited: list[tuple[str, str]] = field(default_factory=list)


async def recover(
    left: list[RecordedExecutor], host: Host, tasks: AgentTasks, sandboxes: Path
) -> Recovered:
    """Take over what goes on, and say of the rest what has become of it."""
    recovered = Recovered()
    for executor in left:
        followed = await _take_over(executor, host, tasks)
        if followed is not None:
            recovered.executors.append(followed)
            continue
        if executor.info.container.type == pb.ContainerInfo.DOCKER:
            await remove_container(executor.record.container_id)
        if executor.info.type == pb.ExecutorInfo.DEFAULT:
            recovered.exited.append((executor.framework.id.value, executor.info.executor_id.value))
        executor.record.ended()
    spared = {str(executor.directory) for executor in recovered.executors}
    await asyncio.to_thread(kill_leftovers, sandboxes, spared)
    return recovered


async def _take_over(
    left: RecordedExecutor, host: Host, tasks: AgentTasks
) -> RecoveredExecutor | None:
    followed = None
    record = left.record.directory
    # A supervisor that is not there yet must not come later.
    started = not await asyncio.to_thread(supervised.never_starts, record)
    for it in left.tasks:
        task = ExecutorTask(it.info, queued=False, record=it.record)
        for status in it.statuses:
            task.keep(status)
        end = None
        if not it.statuses:
            end = _dropped(left, it.info)
        elif not task.terminal:
            loop = asyncio.get_running_loop()
            process = await asyncio.to_thread(supervised.take_over, record, loop)
            if process is not None:
                followed = RecoveredExecutor(host, left.framework, task, left.record, process)
            else:
                end = _terminated(left, it.info) if started else _gone(left, it.info)
        tasks.recover(left.framework.id.value, followed, task, it.unacknowledged)
        if end is not None:
            host.update(left.framework.id.value, end)
    return followed


def _dropped(left: RecordedExecutor, task: pb.TaskInfo) -> pb.TaskStatus:
    state = or_lost(pb.TASK_DROPPED, left.framework)
    reason = pb.TaskStatus.REASON_AGENT_RESTARTED
    return _status(left, task, state, reason, "Task launched during agent restart")


def _terminated(left: RecordedExecutor, task: pb.TaskInfo) -> pb.TaskStatus:
    reason = pb.TaskStatus.REASON_EXECUTOR_TERMINATED
    message = "Abnormal executor termination: unknown container"
    return _status(left, task, pb.TASK_FAILED, reason, message)


def _gone(left: RecordedExecutor, task: pb.TaskInfo) -> pb.TaskStatus:
    state = or_lost(pb.TASK_GONE, left.framework)
    reason = pb.TaskStatus.REASON_EXECUTOR_REREGISTRATION_TIMEOUT
    return _status(left, task, state, reason, "Executor did not reregister within 2secs")


def _status(
    left: RecordedExecutor,
    task: pb.TaskInfo,
    state: pb.TaskState,
    reason: pb.TaskStatus.Reason,
    message: str,
) -> pb.TaskStatus:
    return new_status(
        task.task_id.value,
        left.info.executor_id.value,
        state,
        pb.TaskStatus.SOURCE_AGENT,
        reason=reason,
        message=message,
    )


def kill_leftovers(sandboxes: Path, spared: set[str]) -> None:
    """End everything that runs below ``sandboxes``, but for the sandboxes spared. Blocks."""
    # The guard has done it already, unless somebody killed it or a supervisor.
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            directory = process.environ().get("MESOS_SANDBOX", "")
            if directory not in spared and Path(directory).is_relative_to(sandboxes):
                process.kill()
