"""What all executors of an agent have in common, and what they need of the agent."""

from __future__ import annotations

import asyncio
import logging
import sys
import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent import sandbox
from mesos_batch.local.agent.container import LOOPBACK
from mesos_batch.local.agent.sandbox import LaunchError, NoContainerizerError
from mesos_batch.local.agent.task_run import NANOSECONDS, new_status
from mesos_batch.model.state import TaskState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mesos_batch.local.agent.checkpoint import ExecutorRecord, TaskRecord
    from mesos_batch.local.agent.guard import Guard
    from mesos_batch.local.agent.process import Account

log = logging.getLogger(__name__)
# Of its shutdown grace period an executor keeps a second to reap and one to report.
SHUTDOWN_MARGIN = 2.0
# The exit status of an executor that ended by itself, and of one that never ran.
ENDED, NEVER_RAN = 0, -1
_SHOWN_COMMAND = 15


class Host(Protocol):
    """What an executor needs of its agent."""

    names: sandbox.AgentNames
    work_dir: Path
    containerizers: tuple[str, ...]
    guard: Guard

    def update(self, framework_id: str, status: pb.TaskStatus) -> None:
        """Queue a status update."""

    def volume_directory(self, resource: pb.Resource) -> Path:
        """Where a persistent volume of this agent is kept."""

    def attach(self, directory: Path, virtual: str) -> None:
        """Serve a directory by the files API."""

    def executor_ended(self, executor: Executor, status: int) -> None:
        """Forget an executor; frameworks hear of one they named, with its wait status."""


def local_network() -> pb.NetworkInfo:
    """The network of a container that shares the one of this machine."""
    address = pb.NetworkInfo.IPAddress(protocol=pb.NetworkInfo.IPv4, ip_address=LOOPBACK)
    return pb.NetworkInfo(ip_addresses=[address])


@dataclass(slots=True)
class ExecutorTask:
    """A task an executor has or had; ``queued`` until the executor got it.

    It has a ``record`` when another process of the agent shall know it.
    """

    info: pb.TaskInfo
    queued: bool = True
    statuses: list[pb.TaskStatus] = field(default_factory=list)
    record: TaskRecord | None = None

    @property
    def state(self) -> pb.TaskState:
        """The newest state."""
        return self.statuses[-1].state if self.statuses else pb.TASK_STAGING

    @property
    def terminal(self) -> bool:
        """Whether nothing follows."""
        return TaskState(self.state).is_terminal

    def note(self, status: pb.TaskStatus) -> None:
        """Remember a status that will be sent; of those with one state the last counts."""
        if self.record is not None:
            self.record.update(status)
        self.keep(status)

    def keep(self, status: pb.TaskStatus) -> None:
        """Remember a status that is on disk, if it should be."""
        if self.statuses and self.statuses[-1].state == status.state:
            self.statuses.pop()
        self.statuses.append(status)


class Executor(ABC):
    """An executor in its container: it has a sandbox and runs tasks until none is left."""

    def __init__(
        self,
        host: Host,
        framework: pb.FrameworkInfo,
        info: pb.ExecutorInfo,
        container_id: str | None = None,
    ) -> None:
        """Make an executor, or follow the one that runs in a container already."""
        self.host = host
        self.framework = framework
        self.info = info
        self.id = info.executor_id.value
        self.framework_id = framework.id.value
        self.container_id = container_id or str(uuid.uuid4())
        self.directory = sandbox.run_directory(
            host.work_dir, host.names.agent_id, self.framework_id, self.id, self.container_id
        )
        self.tasks: dict[str, ExecutorTask] = {}
        self.record: ExecutorRecord | None = None
        self.ended = asyncio.Event()

    def expect(self, *tasks: pb.TaskInfo) -> None:
        """Note tasks that will be launched."""
        for task in tasks:
            self.tasks[task.task_id.value] = ExecutorTask(task)

    @property
    def generated(self) -> bool:
        """Whether the agent made it for one task; frameworks are not told about its end."""
        return True

    @property
    @abstractmethod
    def pids(self) -> list[int]:
        """The processes at the roots of its containers."""

    def leave(self) -> bool:
        """Say nothing more if its tasks go on when the agent dies; gives whether they do."""
        return False

    def nested(self) -> list[pb.ContainerID]:
        """The containers inside its own."""
        return []

    @abstractmethod
    async def run(self) -> None:
        """Launch, follow the tasks, end."""

    @abstractmethod
    def kill_task(self, task_id: str, policy: pb.KillPolicy | None) -> None:
        """Kill one of its tasks."""

    @abstractmethod
    def stop(self, grace: float) -> None:
        """Kill all of its tasks within ``grace`` seconds; then it ends."""

    def shutdown(self) -> None:
        """Kill all of its tasks within its shutdown grace period; then it ends."""
        self.stop(max(0.0, self.shutdown_grace_period - SHUTDOWN_MARGIN))

    @property
    def shutdown_grace_period(self) -> float:
        """How long it has to end its tasks, in seconds."""
        if self.info.HasField("shutdown_grace_period"):
            return self.info.shutdown_grace_period.nanoseconds / NANOSECONDS
        return sandbox.SHUTDOWN_GRACE_PERIOD

    def environment(self) -> dict[str, str]:
        """What its agent tells it by variables."""
        return sandbox.executor_environment(
            self.host.names, self.framework, self.id, self.directory, self.shutdown_grace_period
        )

    def account_for(self, command: pb.CommandInfo) -> tuple[Account | None, str]:
        """The account a command runs as, and the user's name.

        Raises:
            LaunchError: it cannot be had.
        """
        named = command.user or self.info.command.user
        user = named or self.framework.user
        return sandbox.account_of(user, required=bool(named)), user

    def make_sandbox(self) -> Account | None:
        """Make the sandbox with its ``latest`` link. Blocks for a moment.

        Raises:
            LaunchError: it cannot be made.
        """
        account, user = self.account_for(self.info.command)
        sandbox.create(self.directory, account, user)
        sandbox.link_latest(self.directory)
        return account

    async def link_volumes(
        self, resources: Iterable[pb.Resource], account: Account | None, directory: Path
    ) -> list[sandbox.VolumeMount]:
        """Link persistent volumes into a sandbox.

        Raises:
            LaunchError: something else is in the way, such as another volume of the same name.
        """
        volumes = self.volumes(resources)
        for volume in volumes:
            link = directory / volume.name
            await asyncio.to_thread(_link_volume, volume.directory, link, account)
        return volumes

    def volumes(self, resources: Iterable[pb.Resource]) -> list[sandbox.VolumeMount]:
        """The persistent volumes among resources.

        Container paths with a slash are left out, as an agent of Mesos does it
        (``src/slave/containerizer/mesos/isolators/filesystem/posix.cpp``).
        """
        return [
            sandbox.VolumeMount(
                resource.disk.volume.container_path,
                self.host.volume_directory(resource),
                resource.disk.volume.mode == pb.Volume.RO,
            )
            for resource in resources
            if resource.disk.HasField("persistence")
            and "/" not in resource.disk.volume.container_path
        ]

    def require_containerizer(self, name: str) -> None:
        """See that the agent runs with a containerizer.

        Raises:
            NoContainerizerError: it does not.
        """
        if name not in self.host.containerizers:
            raise NoContainerizerError(f"the agent runs without the {name} containerizer")

    async def no_containerizer(self, error: NoContainerizerError) -> None:
        """Report tasks nobody can contain; why is said in the sandbox and the agent's log."""
        text = f"Executor '{self.id}' cannot be contained: {error}"
        log.warning("%s", text)
        await asyncio.to_thread(sandbox.append_line, self.directory / "stderr", text)
        for task_id in self.tasks:
            self.abnormal_termination(task_id, "unknown container")

    def refuse(
        self,
        task_id: str,
        state: pb.TaskState,
        reason: pb.TaskStatus.Reason,
        message: str,
    ) -> None:
        """Report that the agent, not the executor, gave a task its state."""
        status = new_status(
            task_id, self.id, state, pb.TaskStatus.SOURCE_AGENT, reason=reason, message=message
        )
        self.host.update(self.framework_id, status)

    def launch_failed(self, task_id: str, error: LaunchError) -> None:
        """Report that the container of a task could not be launched."""
        self.refuse(
            task_id,
            pb.TASK_FAILED,
            pb.TaskStatus.REASON_CONTAINER_LAUNCH_FAILED,
            f"Failed to launch container: {error}",
        )

    def abnormal_termination(self, task_id: str, why: str) -> None:
        """Report that the executor of a task is not there any more, or never was."""
        self.refuse(
            task_id,
            pb.TASK_FAILED,
            pb.TaskStatus.REASON_EXECUTOR_TERMINATED,
            f"Abnormal executor termination: {why}",
        )

    def killed_during_launch(self, task_id: str) -> None:
        """Report that a task was killed before its executor got it."""
        self.refuse(
            task_id,
            pb.TASK_KILLED,
            pb.TaskStatus.REASON_TASK_KILLED_DURING_LAUNCH,
            "Killed before delivery to the executor",
        )


def _link_volume(volume: Path, link: Path, account: Account | None) -> None:
    volume.mkdir(parents=True, exist_ok=True)
    if account is not None:
        sandbox.give_to(volume, account)
    sandbox.link_directory(volume, link)


def command_executor_info(framework: pb.FrameworkInfo, task: pb.TaskInfo) -> pb.ExecutorInfo:
    """The executor an agent makes for a task with a command.

    Source: ``getExecutorInfo`` in ``src/slave/slave.cpp``; its cpus and mem are on top of the
    task's and charged to nobody.
    """
    command = task.command
    if not command.HasField("value"):
        shown = "NO COMMAND" if command.shell else "NO EXECUTABLE"
    elif command.shell:
        shell = "cmd /c" if sys.platform == "win32" else "sh -c"
        shown = f"{shell} '{_abbreviated(command.value)}'"
    else:
        shown = f"[{_abbreviated(f'{command.value}, ' + ', '.join(command.arguments))}]"
    info = pb.ExecutorInfo(
        executor_id=pb.ExecutorID(value=task.task_id.value),
        framework_id=framework.id,
        name=f"Command Executor (Task: {task.task_id.value}) (Command: {shown})",
        source=task.task_id.value,
    )
    if command.HasField("user"):
        info.command.user = command.user
    if task.kill_policy.HasField("grace_period"):
        info.shutdown_grace_period.nanoseconds = task.kill_policy.grace_period.nanoseconds + int(
            SHUTDOWN_MARGIN * NANOSECONDS
        )
    if task.HasField("labels"):
        info.labels.CopyFrom(task.labels)
    if task.HasField("discovery"):
        info.discovery.CopyFrom(task.discovery)
    if task.HasField("container"):
        info.container.CopyFrom(task.container)
    role = sandbox.allocation_role(task.resources)
    for resource, amount in (("cpus", 0.1), ("mem", 32.0)):
        overhead = info.resources.add(name=resource, type=pb.Value.SCALAR)
        overhead.scalar.value = amount
        if role:
            overhead.allocation_info.role = role
    return info


def _abbreviated(text: str) -> str:
    return text if len(text) <= _SHOWN_COMMAND else text[: _SHOWN_COMMAND - 3] + "..."
