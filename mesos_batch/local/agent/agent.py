"""One agent of the local cluster: it registers, runs executors and delivers their updates."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent import agent_api, sandbox
from mesos_batch.local.agent.agent_operations import AgentOperations, AppliedOperation
from mesos_batch.local.agent.agent_resources import AgentResources, attributes
from mesos_batch.local.agent.agent_tasks import AgentTasks
from mesos_batch.local.agent.command_executor import CommandExecutor
from mesos_batch.local.agent.container import LOOPBACK
from mesos_batch.local.agent.default_executor import DefaultExecutor
from mesos_batch.local.agent.docker_executor import DockerExecutor
from mesos_batch.local.agent.executor import NEVER_RAN, Executor
from mesos_batch.local.agent.files import Files
from mesos_batch.local.agent.task_run import has_capability, new_status
from mesos_batch.local.links import MasterLink, Registration
from mesos_batch.local.options import Credential, LocalOptions
from mesos_batch.local.server import serve
from mesos_batch.protocol import values

if TYPE_CHECKING:
    from aiohttp import web

    from mesos_batch.model.resources import Resources

log = logging.getLogger(__name__)
MAX_COMPLETED_EXECUTORS = 150
_STOP_TIMEOUT = 10.0
_TERMINATED = pb.TaskStatus.REASON_EXECUTOR_TERMINATED


@dataclass(slots=True)
class FrameworkRecord:
    """A framework this agent has run something for."""

    info: pb.FrameworkInfo
    executors: dict[str, Executor] = field(default_factory=dict)
    completed: deque[Executor] = field(
        default_factory=lambda: deque(maxlen=MAX_COMPLETED_EXECUTORS)
    )
    terminating: bool = False


class LocalAgent:
    """An agent with its executors, its files and its HTTP site on loopback."""

    def __init__(self, index: int, options: LocalOptions, work_dir: Path) -> None:
        self.index = index
        self.options = options
        self.containerizers = options.containerizers
        self.work_dir = work_dir
        self.resources = AgentResources(options, work_dir)
        self.attributes = list(attributes(options.attributes))
        self.files = Files()
        self.frameworks: dict[str, FrameworkRecord] = {}
        self.started = time.time()
        self.port = 0
        self.names = sandbox.AgentNames("", "")
        self._master: MasterLink | None = None
        self._site: web.AppRunner | None = None
        self._awake = asyncio.Event()
        self._dead = False
        interval = options.update_retry_interval
        self._tasks = AgentTasks(interval, self._send_update)
        self._operations = AgentOperations(self.resources, interval, self._send_operation)
        self._background: set[asyncio.Task[None]] = set()
        self._stopping: asyncio.Task[None] | None = None

    @property
    def id(self) -> str:
        """The id the master gave; empty before that."""
        return self.names.agent_id

    @property
    def credential(self) -> Credential | None:
        """What the endpoints ask for; ``None`` lets everybody in."""
        return self.options.credential if self.options.authenticate else None

    def executors(self) -> list[Executor]:
        """The live executors."""
        return [it for record in self.frameworks.values() for it in record.executors.values()]

    def is_active(self, record: FrameworkRecord) -> bool:
        """Whether a framework has executors here, or updates nobody acknowledged."""
        return bool(record.executors) or self._tasks.concerns(record.info.id.value)

    def is_unacknowledged(self, framework_id: str, task_id: str) -> bool:
        """Whether an update of a task waits for its acknowledgement."""
        return self._tasks.is_unacknowledged(framework_id, task_id)

    def info(self) -> pb.AgentInfo:
        """What we register with."""
        info = pb.AgentInfo(
            hostname=LOOPBACK,
            port=self.port,
            resources=values.resources_to(self.resources.total),
            attributes=self.attributes,
        )
        if self.id:
            info.id.value = self.id
        return info

    async def start(self, master: MasterLink) -> None:
        """Serve the agent's endpoints and register.

        Raises:
            OSError: no port can be had.
        """
        await asyncio.to_thread(self.work_dir.mkdir, parents=True, exist_ok=True)
        self._awake.set()
        self._site, self.port = await serve(agent_api.application(self))
        self.names = sandbox.AgentNames("", f"{LOOPBACK}:{self.port}")
        self.detected(master)

    async def stop(self) -> None:
        """Kill every task, wait for the processes and close the site."""
        if self._stopping is None:
            self._stopping = asyncio.get_running_loop().create_task(self._stop())
        await asyncio.shield(self._stopping)

    async def die(self) -> None:
        """Be gone as after SIGKILL: processes end, nobody hears of it."""
        self._dead = True
        await self.stop()

    def pause(self) -> None:
        """Answer nothing and say nothing, like a stopped process; tasks go on."""
        self._awake.clear()

    def resume(self) -> None:
        """Come back and register again."""
        self._awake.set()
        self._register()

    async def awake(self) -> None:
        """Wait until the agent is not paused."""
        await self._awake.wait()

    # What the master asks of us (AgentLink).

    def detected(self, master: MasterLink) -> None:
        """Register with this master."""
        self._master = master
        self._register()

    def registered(self, agent_id: str, master: MasterLink) -> None:
        """Accept our id and send what is pending again."""
        self._master = master
        self.names = sandbox.AgentNames(agent_id, self.names.endpoint)
        self._tasks.flush()
        self._operations.flush()

    def run_task(
        self, framework: pb.FrameworkInfo, task: pb.TaskInfo, executor: pb.ExecutorInfo | None
    ) -> None:
        """Launch one task."""
        if self._deaf:
            return
        record = self._framework(framework)
        if executor is not None:
            self._refuse_custom_executor(record, executor, task)
        elif task.task_id.value in record.executors:
            message = "Cannot reuse an already existing executor for a command task"
            self._drop(record, task, pb.TaskStatus.REASON_TASK_INVALID, message)
        elif task.container.type == pb.ContainerInfo.DOCKER and task.HasField("container"):
            self._launch(record, DockerExecutor(self, framework, task))
        else:
            self._launch(record, CommandExecutor(self, framework, task))

    def run_task_group(
        self, framework: pb.FrameworkInfo, executor: pb.ExecutorInfo, tasks: list[pb.TaskInfo]
    ) -> None:
        """Launch a group of tasks on a default executor, new or already running."""
        if self._deaf:
            return
        record = self._framework(framework)
        running = record.executors.get(executor.executor_id.value)
        if running is None:
            running = DefaultExecutor(self, framework, executor)
            running.expect(*tasks)
            self._launch(record, running)
            running.launch_group(tasks)
        elif isinstance(running, DefaultExecutor) and not running.stopping:
            running.expect(*tasks)
            self._tasks.expect(running)
            running.launch_group(tasks)
        else:
            for task in tasks:
                self._drop(record, task, _TERMINATED, "Executor terminating")

    def kill_task(self, framework_id: str, task_id: str, kill_policy: pb.KillPolicy | None) -> None:
        """Kill one task."""
        if self._deaf:
            return
        record = self.frameworks.get(framework_id)
        if record is None or record.terminating:
            return
        known = self._tasks.find(framework_id, task_id)
        if known is None:
            unknown = pb.TaskInfo(
                name="", task_id=pb.TaskID(value=task_id), agent_id=pb.AgentID(value=self.id)
            )
            self._drop(record, unknown, _TERMINATED, "Cannot find executor")
            return
        executor, task = known
        if executor is not None and not task.terminal:
            executor.kill_task(task_id, kill_policy)

    def shutdown_executor(self, framework_id: str, executor_id: str) -> None:
        """End an executor and its tasks."""
        record = self.frameworks.get(framework_id)
        if not self._deaf and record is not None and executor_id in record.executors:
            record.executors[executor_id].shutdown()

    def shutdown_framework(self, framework_id: str) -> None:
        """End every executor of a framework and forget its updates."""
        record = self.frameworks.get(framework_id)
        if self._deaf or record is None:
            return
        record.terminating = True
        self._tasks.forget_framework(framework_id)
        for executor in list(record.executors.values()):
            executor.shutdown()

    def update_framework(self, framework: pb.FrameworkInfo) -> None:
        """Learn the new FrameworkInfo and send what is pending again: there is a new listener."""
        record = self.frameworks.get(framework.id.value)
        if not self._deaf and record is not None:
            record.info = framework
            for executor in record.executors.values():
                executor.framework = framework
            self._tasks.flush()

    def acknowledge(self, framework_id: str, task_id: str, uuid: bytes) -> None:
        """Forget an update; a task whose terminal one is acknowledged is forgotten too."""
        if not self._deaf:
            self._tasks.acknowledge(framework_id, task_id, uuid)

    def apply_operation(
        self,
        framework_id: str,
        operation: pb.Offer.Operation,
        operation_uuid: bytes,
        total: Resources,
    ) -> None:
        """Apply an operation after those that came before it."""
        if not self._deaf:
            self._operations.apply(self.id, framework_id, operation, operation_uuid, total)

    def acknowledge_operation(self, status_uuid: bytes) -> None:
        """Forget an operation status."""
        if not self._deaf:
            self._operations.acknowledge(status_uuid)

    def shutdown(self) -> None:
        """End: we were marked gone."""
        if not self._deaf and self._stopping is None:
            self._stopping = asyncio.get_running_loop().create_task(self._stop())

    # What executors ask of us (Host).

    def update(self, framework_id: str, status: pb.TaskStatus) -> None:
        """Queue a status update, unless nobody is left who wants to know."""
        if not self._dead:
            status.agent_id.value = self.id
            self._tasks.update(framework_id, status)

    def attach(self, directory: Path, virtual: str) -> None:
        """Serve a directory by the files API."""
        self.files.attach(directory, virtual)

    def volume_directory(self, resource: pb.Resource) -> Path:
        """Where a persistent volume is kept."""
        return self.resources.volume_directory(resource)

    def executor_ended(self, executor: Executor, status: int) -> None:
        """Move an executor to the completed ones; tell the master of one it knows."""
        record = self.frameworks[executor.framework_id]
        record.executors.pop(executor.id, None)
        record.completed.append(executor)
        executor.ended.set()
        if not (executor.generated or record.terminating or self._deaf) and self._master:
            self._master.executor_exited(self.id, executor.framework_id, executor.id, status)

    @property
    def _deaf(self) -> bool:
        return self._dead or not self._awake.is_set()

    def _framework(self, framework: pb.FrameworkInfo) -> FrameworkRecord:
        record = self.frameworks.setdefault(framework.id.value, FrameworkRecord(framework))
        record.info = framework
        return record

    def _launch(self, record: FrameworkRecord, executor: Executor) -> None:
        record.executors[executor.id] = executor
        self._tasks.expect(executor)
        short = sandbox.virtual_directory(executor.framework_id, executor.id)
        self.files.attach_sandbox(executor.directory, short)
        task = asyncio.get_running_loop().create_task(self._follow(executor))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _follow(self, executor: Executor) -> None:
        try:
            # A volume must be there before the task that uses it.
            await self._operations.settled()
            await executor.run()
        except Exception as error:
            log.exception("Executor %s of framework %s", executor.id, executor.framework_id)
            for task_id, task in executor.tasks.items():
                if not task.terminal:
                    executor.abnormal_termination(task_id, f"{type(error).__name__}: {error}")
            self.executor_ended(executor, NEVER_RAN)

    def _refuse_custom_executor(
        self, record: FrameworkRecord, executor: pb.ExecutorInfo, task: pb.TaskInfo
    ) -> None:
        message = (
            "Failed to launch container: the local cluster runs tasks with a command and task "
            f"groups on the DEFAULT executor; '{executor.executor_id.value}' is a custom executor"
        )
        reason = pb.TaskStatus.REASON_CONTAINER_LAUNCH_FAILED
        self._end_unlaunched(
            record, task, pb.TASK_FAILED, reason, message, executor.executor_id.value
        )
        if self._master is not None:
            self._master.executor_exited(
                self.id, record.info.id.value, executor.executor_id.value, NEVER_RAN
            )

    def _drop(
        self,
        record: FrameworkRecord,
        task: pb.TaskInfo,
        reason: pb.TaskStatus.Reason,
        message: str,
    ) -> None:
        aware = has_capability(record.info, pb.FrameworkInfo.Capability.PARTITION_AWARE)
        state = pb.TASK_DROPPED if aware else pb.TASK_LOST
        self._end_unlaunched(record, task, state, reason, message)

    def _end_unlaunched(
        self,
        record: FrameworkRecord,
        task: pb.TaskInfo,
        state: pb.TaskState,
        reason: pb.TaskStatus.Reason,
        message: str,
        executor_id: str | None = None,
    ) -> None:
        status = new_status(
            task.task_id.value,
            executor_id,
            state,
            pb.TaskStatus.SOURCE_AGENT,
            reason=reason,
            message=message,
        )
        self._tasks.expect_unlaunched(record.info.id.value, task)
        self.update(record.info.id.value, status)

    def _register(self) -> None:
        if not self._deaf and self._master is not None:
            reports = self._tasks.reports(lambda framework_id: self.frameworks[framework_id].info)
            registration = Registration(self.info(), self.resources.total, reports)
            self._master.register_agent(registration, self)

    def _send_update(self, framework_id: str, status: pb.TaskStatus, latest_state: int) -> None:
        if not self._deaf and self._master is not None:
            self._master.status_update(self.id, framework_id, status, latest_state)

    def _send_operation(self, applied: AppliedOperation) -> None:
        if not self._deaf and self._master is not None:
            self._master.operation_status(
                self.id, applied.framework_id, applied.status, applied.uuid
            )

    async def _stop(self) -> None:
        for executor in self.executors():
            executor.stop(0)
        if self._background:
            await asyncio.wait(self._background, timeout=_STOP_TIMEOUT)
        self._dead = True
        self._tasks.stop()
        self._operations.stop()
        self._awake.set()
        for task in list(self._background):
            task.cancel()
        if self._site is not None:
            await self._site.cleanup()
            self._site = None
