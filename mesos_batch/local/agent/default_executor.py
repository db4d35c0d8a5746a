"""The default executor: groups of tasks, each task in a container inside the executor's.

It lives as long as it has tasks; a task of a group that fails or is killed takes the rest of its
group along. Source: ``src/launcher/default_executor.cpp``.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent import sandbox
from mesos_batch.local.agent.command_executor import check_container
from mesos_batch.local.agent.container import LOOPBACK, ProcessContainer, command_of
from mesos_batch.local.agent.executor import (
    ENDED,
    NEVER_RAN,
    Executor,
    Host,
    local_network,
)
from mesos_batch.local.agent.fetcher import fetch
from mesos_batch.local.agent.preparation import KilledEarlyError, Preparation
from mesos_batch.local.agent.sandbox import LaunchError, NoContainerizerError
from mesos_batch.local.agent.task_run import TaskRun

if TYPE_CHECKING:
    from mesos_batch.local.agent.process import Account, Command

MAX_COMPLETED_TASKS = 200


@dataclass(slots=True)
class _Group:
    members: list[_Nested] = field(default_factory=list)
    being_killed: bool = False


class _Nested:
    """A task in its container."""

    def __init__(self, executor: DefaultExecutor, task: pb.TaskInfo, group: _Group) -> None:
        self.task = task
        self.task_id = task.task_id.value
        self.group = group
        self.id = pb.ContainerID(
            value=str(uuid.uuid4()), parent=pb.ContainerID(value=executor.container_id)
        )
        self.directory = executor.directory / "containers" / self.id.value
        self.kill_sent = False
        self.preparation = Preparation()
        self.run = TaskRun(
            task,
            executor.framework,
            executor.id,
            self._report,
            interrupt=self.preparation.interrupt,
        )
        self._executor = executor

    @property
    def pid(self) -> int | None:
        """Its process, while there is one."""
        return None if self.run.container is None else self.run.container.pid

    def kill(self, policy: pb.KillPolicy | None = None) -> None:
        """Kill the task; only the first time counts."""
        if not self.kill_sent:
            self.kill_sent = True
            self.run.kill(policy)

    def _report(self, status: pb.TaskStatus) -> None:
        # The agent adds what it knows of the container, which is most while it runs.
        status.container_status.Clear()
        status.container_status.container_id.CopyFrom(self.id)
        if status.state == pb.TASK_RUNNING:
            status.container_status.network_infos.append(local_network())
            if self.pid is not None:
                status.container_status.executor_pid = self.pid
        self._executor.host.update(self._executor.framework_id, status)


class DefaultExecutor(Executor):
    """An executor for task groups; further groups may join while it runs."""

    def __init__(self, host: Host, framework: pb.FrameworkInfo, info: pb.ExecutorInfo) -> None:
        super().__init__(host, framework, info)
        self._active: dict[str, _Nested] = {}
        self._waiting: list[list[pb.TaskInfo]] = []
        self._works: set[asyncio.Task[None]] = set()
        self._account: Account | None = None
        self._ready = False
        self.stopping = False

    @property
    def generated(self) -> bool:
        """The framework named it, and hears of its end."""
        return False

    @property
    def pids(self) -> list[int]:
        """The processes of its tasks."""
        return [nested.pid for nested in self._active.values() if nested.pid is not None]

    def nested(self) -> list[pb.ContainerID]:
        """The containers of its tasks."""
        return [nested.id for nested in self._active.values()]

    def launch_group(self, tasks: list[pb.TaskInfo]) -> None:
        """Launch a group of expected tasks, as soon as the executor is ready."""
        self._waiting.append(tasks)
        if self._ready:
            self._launch_waiting()

    async def run(self) -> None:
        """Make the sandbox, launch the groups, end when no task is left."""
        try:
            self._account = self.make_sandbox()
            self.require_containerizer("mesos")
            check_container(self.info.container)
            await self.link_volumes(self.info.resources, self._account, self.directory)
            await fetch(self.info.command.uris, self.directory, self.container_id, self._account)
        except NoContainerizerError as error:
            await self.no_containerizer(error)
        except LaunchError as error:
            for task_id, task in self.tasks.items():
                task.queued = False
                self.launch_failed(task_id, error)
        else:
            self._ready = True
            self._launch_waiting()
            while self._works:
                await asyncio.wait(self._works, return_when=asyncio.FIRST_COMPLETED)
        self.host.executor_ended(self, ENDED if self._ready else NEVER_RAN)

    def kill_task(self, task_id: str, policy: pb.KillPolicy | None) -> None:
        """Kill a task; before its delivery the whole group is killed."""
        for group in self._waiting:
            if any(task.task_id.value == task_id for task in group):
                self._waiting.remove(group)
                for task in group:
                    self.tasks[task.task_id.value].queued = False
                    self.killed_during_launch(task.task_id.value)
                return
        if task_id in self._active:
            self._active[task_id].kill(policy)

    def stop(self, grace: float) -> None:
        """Kill all tasks within ``grace`` seconds."""
        self.stopping = True
        for group in self._waiting:
            for task in group:
                self.killed_during_launch(task.task_id.value)
        self._waiting.clear()
        for nested in self._active.values():
            nested.kill_sent = True
            nested.run.stop(grace)

    def _launch_waiting(self) -> None:
        for tasks in self._waiting:
            group = _Group()
            for task in tasks:
                nested = _Nested(self, task, group)
                group.members.append(nested)
                self._active[nested.task_id] = nested
                self.tasks[nested.task_id].queued = False
                nested.run.starting()
            for nested in group.members:
                work = asyncio.get_running_loop().create_task(self._live(nested))
                self._works.add(work)
                work.add_done_callback(self._works.discard)
        self._waiting.clear()

    async def _live(self, nested: _Nested) -> None:
        state = await self._run_nested(nested)
        del self._active[nested.task_id]
        self._forget_oldest()
        if state != pb.TASK_FINISHED and not self.stopping and not nested.group.being_killed:
            nested.group.being_killed = True
            for other in nested.group.members:
                if other.task_id in self._active:
                    other.kill()

    async def _run_nested(self, nested: _Nested) -> pb.TaskState:
        try:
            command = await nested.preparation.run(partial(self._prepare, nested))
            container = await ProcessContainer.launch(command, nested.directory, self.host.guard)
        except KilledEarlyError:
            return nested.run.never_ran()
        except (LaunchError, OSError) as error:
            return nested.run.failed(str(error))
        nested.run.running(container)
        return nested.run.exited(await container.exited)

    async def _prepare(self, nested: _Nested) -> Command:
        task = nested.task
        check_container(task.container)
        account, user = self.account_for(task.command)
        await asyncio.to_thread(self._make_nested_sandbox, nested, account, user)
        volumes = await self.link_volumes(task.resources, account, nested.directory)
        for volume in volumes:
            # A link leads out of the sandbox; the files API needs to be told.
            virtual = f"{self.directory}/tasks/{nested.task_id}/{volume.name}"
            self.host.attach(volume.directory, virtual)
        container_id = f"{self.container_id}.{nested.id.value}"
        await fetch(task.command.uris, nested.directory, container_id, account)
        environment = {
            **sandbox.inherited_environment(),
            "MESOS_SANDBOX": str(nested.directory),
            "MESOS_CONTAINER_IP": LOOPBACK,
            "MESOS_ALLOCATION_ROLE": sandbox.allocation_role(task.resources),
        }
        return command_of(task.command, environment, nested.directory, account)

    def _make_nested_sandbox(self, nested: _Nested, account: Account | None, user: str) -> None:
        sandbox.create(nested.directory, account, user)
        links = self.directory / "tasks"
        links.mkdir(exist_ok=True)
        sandbox.link_directory(nested.directory, links / nested.task_id)

    def _forget_oldest(self) -> None:
        completed = [task_id for task_id, task in self.tasks.items() if task.terminal]
        for task_id in completed[:-MAX_COMPLETED_TASKS]:
            del self.tasks[task_id]
