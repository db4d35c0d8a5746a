"""The command executor: one task with a command, a real process tree in a sandbox."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent import sandbox
from mesos_batch.local.agent.container import ProcessContainer, command_of
from mesos_batch.local.agent.executor import (
    ENDED,
    Executor,
    Host,
    command_executor_info,
    local_network,
)
from mesos_batch.local.agent.fetcher import fetch
from mesos_batch.local.agent.preparation import KilledEarlyError, Preparation
from mesos_batch.local.agent.sandbox import LaunchError, NoContainerizerError
from mesos_batch.local.agent.task_run import TaskRun

if TYPE_CHECKING:
    from mesos_batch.local.agent.process import Command


def check_container(container: pb.ContainerInfo) -> None:
    """Refuse what needs isolators that plain processes do not have.

    Raises:
        LaunchError: the container wants an image or volumes.
    """
    if container.type == pb.ContainerInfo.MESOS and container.mesos.HasField("image"):
        raise LaunchError("Container root filesystems not supported")
    if container.volumes:
        raise LaunchError("Volumes in ContainerInfo is not supported")


class CommandExecutor(Executor):
    """Runs one task; the agent makes it for every task that has a command."""

    def __init__(self, host: Host, framework: pb.FrameworkInfo, task: pb.TaskInfo) -> None:
        super().__init__(host, framework, command_executor_info(framework, task))
        self.task = task
        self.expect(task)
        self._preparation = Preparation()
        self._run = TaskRun(task, framework, self.id, self._report)

    @property
    def pids(self) -> list[int]:
        """The process of the command."""
        container = self._run.container
        return [] if container is None or container.pid is None else [container.pid]

    async def run(self) -> None:
        """Prepare the sandbox, run the command, report how it ended."""
        try:
            command = await self._preparation.run(self._prepare)
        except NoContainerizerError as error:
            await self.no_containerizer(error)
        except LaunchError as error:
            self.launch_failed(self.id, error)
        except KilledEarlyError:
            self.killed_during_launch(self.id)
        else:
            await self._execute(command)
        self.host.executor_ended(self, ENDED)

    def kill_task(self, task_id: str, policy: pb.KillPolicy | None) -> None:
        """Kill the task."""
        if self.tasks[self.id].queued:
            self._preparation.interrupt()
        elif task_id == self.id:
            self._run.kill(policy)

    def stop(self, grace: float) -> None:
        """Kill the task within ``grace`` seconds."""
        self._preparation.interrupt()
        self._run.stop(grace)

    async def _prepare(self) -> Command:
        account = await asyncio.to_thread(self.make_sandbox)
        self.require_containerizer("mesos")
        check_container(self.task.container)
        await self.link_volumes(self.task.resources, account, self.directory)
        await fetch(self.task.command.uris, self.directory, self.container_id, account)
        environment = {
            **sandbox.inherited_environment(),
            **self.environment(),
            "MESOS_ALLOCATION_ROLE": sandbox.allocation_role(self.task.resources),
        }
        return command_of(self.task.command, environment, self.directory, account)

    async def _execute(self, command: Command) -> None:
        self.tasks[self.id].queued = False
        self._run.starting()
        try:
            container = await ProcessContainer.launch(command, self.directory)
        except OSError as error:
            self._run.failed(f"Failed to launch container: {error}")
        else:
            self._run.running(container)
            self._run.exited(await container.exited)

    def _report(self, status: pb.TaskStatus) -> None:
        status.container_status.container_id.value = self.container_id
        del status.container_status.network_infos[:]
        status.container_status.network_infos.append(local_network())
        # The executor itself lives in this process.
        status.container_status.executor_pid = os.getpid()
        self.host.update(self.framework_id, status)
