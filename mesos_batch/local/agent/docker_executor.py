"""The docker executor: one task in a container of the machine's engine.

Source: ``src/docker/executor.cpp``, ``src/slave/containerizer/docker.cpp``.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent.container import LOOPBACK
from mesos_batch.local.agent.docker import Engine, environment_arguments
from mesos_batch.local.agent.docker_options import RunOptions, RunOptionsError, run_options
from mesos_batch.local.agent.executor import Host, local_network
from mesos_batch.local.agent.fetcher import fetch
from mesos_batch.local.agent.process import Command, Exit, FailedProcess, TaskProcess, spawn
from mesos_batch.local.agent.sandbox import LaunchError, NoContainerizerError, VolumeMount
from mesos_batch.local.agent.single_task import SingleTaskExecutor
from mesos_batch.local.agent.task_run import TaskRun

if TYPE_CHECKING:
    pass

log = logging.getLogger(__name__)
_FIRST_INSPECTION, _LAST_INSPECTION = 0.05, 0.5
_NOT_STARTED = "0001-01-01T00:00:00Z"


def container_name(container_id: str) -> str:
    """What the engine calls the container of an executor."""
    return f"mesos-{container_id}"


async def remove_container(container_id: str) -> None:
    """End the container of an executor that is gone."""
    try:
        engine = await Engine.find()
    except NoContainerizerError as error:
        log.warning("Container '%s' may still run: %s", container_name(container_id), error)
    else:
        await engine.call("rm", "-f", "-v", container_name(container_id))


class DockerContainer:
    """A container that ``docker run`` waits for."""

    pid: int | None = None

    def __init__(self, engine: Engine, name: str, process: TaskProcess | FailedProcess) -> None:
        self.exited: asyncio.Future[Exit | None] = process.exited
        self.address = LOOPBACK
        self._engine = engine
        self._name = name
        self._grace: float | None = None
        self._stopping: asyncio.Task[None] | None = None

    async def inspect(self) -> bytes | None:
        """What the engine says of the container once it has started, ``None`` if it never did."""
        pause = _FIRST_INSPECTION
        while True:
            ended = self.exited.done()
            reply = await self._engine.call("inspect", self._name)
            if reply.ended.ok and self._started(reply.stdout):
                return reply.stdout.encode()
            if ended:
                return None
            await asyncio.wait([self.exited], timeout=pause)
            pause = min(2 * pause, _LAST_INSPECTION)

    def stop(self, grace: float) -> None:
        """``docker stop``; a second call may only shorten the grace period."""
        if self._grace is not None and grace >= self._grace:
            return
        self._grace = grace
        if self._stopping is not None:
            self._stopping.cancel()
        self._stopping = asyncio.get_running_loop().create_task(self._stop(int(grace)))

    async def run_check(self, command: pb.CommandInfo) -> int:
        """Run a check command in the container."""
        words = ["sh", "-c", command.value] if command.shell else [command.value]
        if not command.shell:
            words += command.arguments
        return (await self._engine.call("exec", self._name, *words)).ended.code

    async def remove(self) -> None:
        """Take the stopped container away."""
        await self._engine.call("rm", "-f", "-v", self._name)

    async def _stop(self, seconds: int) -> None:
        reply = await self._engine.call("stop", "-t", str(seconds), self._name)
        if not reply.ended.ok and not self.exited.done():
            log.warning("Failed to stop container '%s': %s", self._name, reply.stderr.strip())

    def _started(self, output: str) -> bool:
        try:
            [details] = json.loads(output)
            started = details["State"]["StartedAt"] != _NOT_STARTED
            settings = details.get("NetworkSettings") or {}
        except (ValueError, KeyError, TypeError):
            return False
        address = settings.get("IPAddress")
        for network in (settings.get("Networks") or {}).values():
            address = address or network.get("IPAddress")
        self.address = address or LOOPBACK
        return bool(started)


class DockerExecutor(SingleTaskExecutor[Engine]):
    """Runs one task whose container is of type DOCKER."""

    def __init__(self, host: Host, framework: pb.FrameworkInfo, task: pb.TaskInfo) -> None:
        super().__init__(host, framework, task)
        self._volumes: list[VolumeMount] = []
        self._run = TaskRun(
            task,
            framework,
            self.id,
            self._report,
            noun="Container",
            default_grace=self.shutdown_grace_period,
        )

    @property
    def name(self) -> str:
        """The name of the container."""
        return container_name(self.container_id)

    @property
    def pids(self) -> list[int]:
        """None: they are the engine's."""
        return []

    async def _prepare(self) -> Engine:
        account = self.make_sandbox()
        self.require_containerizer("docker")
        engine = await Engine.find()
        self._volumes = self.volumes(self.task.resources)
        for volume in self._volumes:
            await asyncio.to_thread(volume.directory.mkdir, parents=True, exist_ok=True)
        await fetch(self.task.command.uris, self.directory, self.container_id, account)
        docker = self.task.container.docker
        await engine.pull(docker.image, force=docker.force_pull_image)
        return engine

    async def _execute(self, engine: Engine) -> None:
        try:
            options = run_options(self.task, self.name, self.directory, self._volumes)
        except (RunOptionsError, LaunchError) as error:
            self._run.failed(f"Failed to create docker run options: {error}")
            return
        with ExitStack() as stack:
            container = await self._launch(engine, options, stack)
            data = await container.inspect()
        if data is not None:
            self._run.running(container, data)
        self._run.exited(await container.exited)
        await container.remove()
        self.host.guard.ended(self.name)

    async def _launch(
        self, engine: Engine, options: RunOptions, stack: ExitStack
    ) -> DockerContainer:
        # The program has read the file with the variables when the container has started.
        variables = environment_arguments(options.environment)
        arguments, environment = await asyncio.to_thread(stack.enter_context, variables)
        command = Command(
            engine.program[0],
            [*engine.program, "run", *arguments, *options.arguments],
            environment,
            self.directory,
        )
        loop = asyncio.get_running_loop()
        stdout, stderr = self.directory / "stdout", self.directory / "stderr"
        guard = self.host.guard
        await asyncio.to_thread(guard.contains, self.name, engine.program)
        process = await asyncio.to_thread(spawn, command, stdout, stderr, guard, loop)
        return DockerContainer(engine, self.name, process)

    def _report(self, status: pb.TaskStatus) -> None:
        status.container_status.container_id.value = self.container_id
        if not status.container_status.network_infos:
            status.container_status.network_infos.append(self._network(status))
        self.host.update(self.framework_id, status)

    def _network(self, status: pb.TaskStatus) -> pb.NetworkInfo:
        """The container's own address while it runs, else the agent's."""
        container = self._run.container
        network = local_network()
        if isinstance(container, DockerContainer) and status.state == pb.TASK_RUNNING:
            network.ip_addresses[0].ip_address = container.address
        return network
