"""One agent of the local cluster: it registers, runs executors and delivers their updates."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent import agent_api, sandbox, supervised
from mesos_batch.local.agent.agent_executors import AgentExecutors
from mesos_batch.local.agent.agent_operations import AgentOperations
from mesos_batch.local.agent.agent_resources import AgentResources, attributes
from mesos_batch.local.agent.agent_tasks import AgentTasks
from mesos_batch.local.agent.checkpoint import AgentCheckpoint
from mesos_batch.local.agent.command_executor import CommandExecutor
from mesos_batch.local.agent.container import LOOPBACK
from mesos_batch.local.agent.default_executor import DefaultExecutor
from mesos_batch.local.agent.docker_executor import DockerExecutor
from mesos_batch.local.agent.executor import NEVER_RAN, Executor
from mesos_batch.local.agent.files import Files
from mesos_batch.local.agent.guard import make_guard
from mesos_batch.local.agent.recovery import kill_leftovers, recover
from mesos_batch.local.agent.unlaunched import Unlaunched
from mesos_batch.local.links import MasterLink, Registration
from mesos_batch.local.options import Credential, LocalOptions
from mesos_batch.local.server import serve
from mesos_batch.protocol import values

if TYPE_CHECKING:
    from aiohttp import web

    from mesos_batch.local.agent.agent_executors import FrameworkRecord
    from mesos_batch.model.resources import Resources

log = logging.getLogger(__name__)
_TERMINATED = pb.TaskStatus.REASON_EXECUTOR_TERMINATED


class LocalAgent:
    """An agent with its executors, its files and its HTTP site on loopback."""

    def __init__(
        self, index: int, options: LocalOptions, work_dir: Path, *, recovers: bool = False
    ) -> None:
        """Make an agent.

        With ``recovers`` it goes on as the one that had ``work_dir`` before, tasks of frameworks
        with checkpoints included; it leaves the same to its successor.
        """
        self.index = index
        self.options = options
        self.containerizers = options.containerizers
        # Supervisors and the guard work elsewhere.
        self.work_dir = work_dir.absolute()
        self.resources = AgentResources(options, self.work_dir)
        self.attributes = list(attributes(options.attributes))
        self.files = Files()
        self.guard = make_guard(
            self.work_dir / sandbox.SANDBOXES, spares_checkpointed=recovers and supervised.AVAILABLE
        )
        self.started = time.time()
        self.port = 0
        self.names = sandbox.AgentNames("", "")
        self._master: MasterLink | None = None
        self._site: web.AppRunner | None = None
        self._awake = asyncio.Event()
        self._dead = False
        self._died = False
        self._checkpoint = AgentCheckpoint(self.work_dir) if recovers else None
        interval = options.update_retry_interval
        self._tasks = AgentTasks(interval, self._send_update)
        self._unlaunched = Unlaunched(self, self._tasks)
        self._operations = AgentOperations(
            self.resources, self._checkpoint, interval, self._send_operation, self._register
        )
        # A volume must be there before the task that uses it.
        self._executors = AgentExecutors(self.files, self._checkpoint, self._operations.settled)
        self.frameworks = self._executors.frameworks
        self._exited: list[tuple[str, str]] = []
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
        return self._executors.live()

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
            resources=values.resources_to(self.resources.configured),
            attributes=self.attributes,
        )
        if self.id:
            info.id.value = self.id
        return info

    async def start(self, master: MasterLink) -> None:
        """Serve the agent's endpoints and register.

        Raises:
            OSError: no port can be had, or the work directory cannot be used.
            UsageError: another process uses it, what the last one left cannot be read, or a disk
                cannot be made.
        """
        await asyncio.to_thread(self.work_dir.mkdir, parents=True, exist_ok=True)
        await asyncio.to_thread(self.resources.prepare)
        if self._checkpoint is not None:
            await asyncio.to_thread(self._checkpoint.open)
        self._awake.set()
        self._site, self.port = await serve(agent_api.application(self))
        self.names = sandbox.AgentNames("", f"{LOOPBACK}:{self.port}")
        if self._checkpoint is not None:
            await self._recover(self._checkpoint)
        self.detected(master)

    async def stop(self) -> None:
        """Kill every task, wait for the processes and close the site."""
        await self._end()
        if self._died:
            await asyncio.to_thread(kill_leftovers, self.work_dir / sandbox.SANDBOXES, set())

    async def die(self) -> None:
        """Be gone as after SIGKILL: nobody hears of it, and only what can be recovered goes on."""
        self._dead = self._died = True
        self._executors.leave()
        await self._end()

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
        if agent_id != self.id:
            self.names = sandbox.AgentNames(agent_id, self.names.endpoint)
            if self._checkpoint is not None:
                self._checkpoint.adopt(self._identity())
        for framework_id, executor_id in self._exited:
            master.executor_exited(agent_id, framework_id, executor_id, NEVER_RAN)
        self._exited.clear()
        self._tasks.flush()
        self._operations.flush()

    def run_task(
        self, framework: pb.FrameworkInfo, task: pb.TaskInfo, executor: pb.ExecutorInfo | None
    ) -> None:
        """Launch one task."""
        if self._deaf:
            return
        record = self._executors.framework(framework)
        if executor is not None:
            executor_id = executor.executor_id.value
            self._unlaunched.refuse_custom_executor(framework, task, executor_id)
            if self._master is not None:
                self._master.executor_exited(self.id, framework.id.value, executor_id, NEVER_RAN)
        elif task.task_id.value in record.executors:
            message = "Cannot reuse an already existing executor for a command task"
            self._unlaunched.drop(framework, task, pb.TaskStatus.REASON_TASK_INVALID, message)
        elif task.container.type == pb.ContainerInfo.DOCKER and task.HasField("container"):
            self._launch(DockerExecutor(self, framework, task))
        else:
            self._launch(CommandExecutor(self, framework, task))

    def run_task_group(
        self, framework: pb.FrameworkInfo, executor: pb.ExecutorInfo, tasks: list[pb.TaskInfo]
    ) -> None:
        """Launch a group of tasks on a default executor, new or already running."""
        if self._deaf:
            return
        record = self._executors.framework(framework)
        running = record.executors.get(executor.executor_id.value)
        if running is None:
            running = DefaultExecutor(self, framework, executor)
            running.expect(*tasks)
            self._launch(running)
            running.launch_group(tasks)
        elif isinstance(running, DefaultExecutor) and not running.stopping:
            running.expect(*tasks)
            self._tasks.expect(running)
            running.launch_group(tasks)
        else:
            for task in tasks:
                self._unlaunched.drop(framework, task, _TERMINATED, "Executor terminating")

    def kill_task(self, framework_id: str, task_id: str, kill_policy: pb.KillPolicy | None) -> None:
        """Kill one task."""
        if self._deaf:
            return
        record = self.frameworks.get(framework_id)
        if record is None or record.terminating:
            return
        known = self._tasks.find(framework_id, task_id)
        if known is None:
            self._unlaunched.drop_unknown(record.info, task_id, self.id)
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
        if not self._deaf and framework.id.value in self.frameworks:
            self._executors.update_framework(framework)
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

    def reconcile_operations(self, operation_uuids: list[bytes]) -> None:
        """Say of operations that never came here that they are lost."""
        if not self._deaf:
            self._operations.reconcile(self.id, operation_uuids)

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
        """Forget an executor; tell the master of one it knows."""
        record = self._executors.ended(executor)
        if not (executor.generated or record.terminating or self._deaf) and self._master:
            self._master.executor_exited(self.id, executor.framework_id, executor.id, status)

    @property
    def _deaf(self) -> bool:
        return self._dead or not self._awake.is_set()

    def _launch(self, executor: Executor) -> None:
        self._executors.note(executor)
        self._tasks.expect(executor)
        self._executors.run(executor)

    def _identity(self) -> pb.AgentInfo:
        """What makes this agent the one it is: with other resources it would be another."""
        info = self.info()
        info.ClearField("port")
        return info

    async def _recover(self, checkpoint: AgentCheckpoint) -> None:
        before = await asyncio.to_thread(checkpoint.agent)
        sandboxes = self.work_dir / sandbox.SANDBOXES
        if before is None:
            return
        self.names = sandbox.AgentNames(before.id.value, self.names.endpoint)
        if before != self._identity():
            log.warning("Agent %s had other resources or attributes: this is a new one", self.id)
            self.names = sandbox.AgentNames("", self.names.endpoint)
            checkpoint.leave()
            await asyncio.to_thread(kill_leftovers, sandboxes, set())
            return
        self.files.attach(sandboxes, str(sandboxes))
        left = await asyncio.to_thread(checkpoint.executors)
        for it in left:
            self._executors.framework(it.framework)
        recovered = await recover(left, self, self._tasks, sandboxes)
        for executor in recovered.executors:
            self._executors.run(executor)
        self._exited = recovered.exited
        self._operations.recover(await asyncio.to_thread(checkpoint.operations))

    def _register(self) -> None:
        if not self._deaf and self._master is not None:
            reports = self._tasks.reports(lambda framework_id: self.frameworks[framework_id].info)
            registration = Registration(
                self.info(), self._operations.total, reports, self._operations.known()
            )
            self._master.register_agent(registration, self)

    def _send_update(self, framework_id: str, status: pb.TaskStatus, latest_state: int) -> None:
        if not self._deaf and self._master is not None:
            self._master.status_update(self.id, framework_id, status, latest_state)

    def _send_operation(self, operation: pb.Operation) -> None:
        if not self._deaf and self._master is not None:
            self._master.operation_status(
                self.id,
                operation.framework_id.value,
                operation.latest_status,
                operation.uuid.value,
            )

    async def _end(self) -> None:
        if self._stopping is None:
            self._stopping = asyncio.get_running_loop().create_task(self._stop())
        await asyncio.shield(self._stopping)

    async def _stop(self) -> None:
        await self._executors.stop()
        await self._operations.settled()
        self._dead = True
        self._tasks.stop()
        self._operations.stop()
        self._awake.set()
        self._executors.close()
        await asyncio.to_thread(self.guard.close)
        if self._site is not None:
            await self._site.cleanup()
            self._site = None
        if self._checkpoint is not None:
            self._checkpoint.close()
