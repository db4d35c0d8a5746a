"""The command executor: one task with a command, a real process tree in a sandbox."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent import sandbox, supervised
from mesos_batch.local.agent.container import ProcessContainer, command_of
from mesos_batch.local.agent.executor import ENDED, ExecutorTask, Host, local_network
from mesos_batch.local.agent.fetcher import fetch
from mesos_batch.local.agent.process import Command
from mesos_batch.local.agent.sandbox import LaunchError
from mesos_batch.local.agent.single_task import SingleTaskExecutor
from mesos_batch.local.agent.task_run import TaskRun

if TYPE_CHECKING:
    from mesos_batch.local.agent.checkpoint import ExecutorRecord
    from mesos_batch.local.agent.process import Account, Process


def check_container(container: pb.ContainerInfo) -> None:
    """Refuse what needs isolators that plain processes do not have.

    Raises:
        LaunchError: the container wants an image or volumes.
    """
    if container.type == pb.ContainerInfo.MESOS and container.mesos.HasField("image"):
        raise LaunchError("Container root filesystems not supported")
    if container.volumes:
        raise LaunchError("Volumes in ContainerInfo is not supported")


class CommandExecutor(SingleTaskExecutor[Command]):
    """Runs one task; the agent makes it for every task that has a command."""

    def __init__(
        self,
        host: Host,
        framework: pb.FrameworkInfo,
        task: pb.TaskInfo,
        container_id: str | None = None,
    ) -> None:
        super().__init__(host, framework, task, container_id)
        self._run = TaskRun(task, framework, self.id, self._report)

    @property
    def pids(self) -> list[int]:
        """The process of the command."""
        container = self._run.container
        return [] if container is None or container.pid is None else [container.pid]

    def leave(self) -> bool:
        """Leave the command to its supervisor, if it has one by now."""
        if not self._supervised or self._run.container is None:
            return False
        self._run.close()
        return True

    @property
    def _supervised(self) -> bool:
        return self.record is not None and supervised.AVAILABLE

    async def _prepare(self) -> Command:
        account = self.make_sandbox()
        self.require_containerizer("mesos")
        check_container(self.task.container)
        await self.link_volumes(self.task.resources, account, self.directory)
        await fetch(self.task.command.uris, self.directory, self.container_id, account)
        return self._command(account)

    def _command(self, account: Account | None) -> Command:
        environment = {
            **sandbox.inherited_environment(),
            **self.environment(),
            "MESOS_ALLOCATION_ROLE": sandbox.allocation_role(self.task.resources),
        }
        return command_of(self.task.command, environment, self.directory, account)

    async def _execute(self, command: Command) -> None:
        try:
            container = await self._launch(command)
        except OSError as error:
            self._run.failed(f"Failed to launch container: {error}")
        else:
            self._run.running(container)
            self._run.exited(await container.exited)

    async def _launch(self, command: Command) -> ProcessContainer:
        guard = self.host.guard
        if self.record is not None and self._supervised:
            return await ProcessContainer.launch_supervised(
                command, self.directory, guard, self.record
            )
        return await ProcessContainer.launch(command, self.directory, guard)

    def _report(self, status: pb.TaskStatus) -> None:
        status.container_status.container_id.value = self.container_id
        del status.container_status.network_infos[:]
        status.container_status.network_infos.append(local_network())
        # The executor itself lives in this process.
        status.container_status.executor_pid = os.getpid()
        self.host.update(self.framework_id, status)


class RecoveredExecutor(CommandExecutor):
    """Goes on with a task the agent's last process has started."""

    def __init__(
        self,
        host: Host,
        framework: pb.FrameworkInfo,
        task: ExecutorTask,
        record: ExecutorRecord,
        process: Process,
    ) -> None:
        super().__init__(host, framework, task.info, record.container_id)
        self.record = record
        self.tasks[self.id] = task
        self._process = process

    async def run(self) -> None:
        """Follow the task to its end."""
        account, _ = self.account_for(self.info.command)
        container = ProcessContainer(self._process, self._command(account), self.host.guard)
        self._run.resume(container, self.tasks[self.id].statuses)
        self._run.exited(await container.exited)
        self.host.executor_ended(self, ENDED)
