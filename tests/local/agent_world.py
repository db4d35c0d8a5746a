"""An agent with a master that only writes down what it hears."""

from __future__ import annotations

import asyncio
import functools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from aiohttp import web

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent.agent import LocalAgent
from mesos_batch.local.links import AgentLink, Registration
from mesos_batch.local.options import LocalOptions
from mesos_batch.local.server import serve
from mesos_batch.protocol import json_dialect

RECORDINGS = Path(__file__).parent.parent / "recordings" / "json"
AGENT_ID = "master-S0"
FRAMEWORK_ID = "master-0000"
TERMINAL = {
    "TASK_FINISHED",
    "TASK_FAILED",
    "TASK_KILLED",
    "TASK_ERROR",
    "TASK_LOST",
    "TASK_DROPPED",
    "TASK_GONE",
}
CAPABILITIES = ("TASK_KILLING_STATE", "PARTITION_AWARE", "RESERVATION_REFINEMENT", "MULTI_ROLE")


class RecordingMaster:
    """Notes everything an agent says; acknowledges updates unless told not to."""

    def __init__(self) -> None:
        self.registrations: list[Registration] = []
        self.updates: list[tuple[str, pb.TaskStatus, int]] = []
        self.exits: list[tuple[str, str, int]] = []
        self.operations: list[tuple[str, pb.OperationStatus, bytes]] = []
        self.acknowledges = True
        self._agent: AgentLink | None = None
        self._news = asyncio.Event()

    def register_agent(self, registration: Registration, agent: AgentLink) -> None:
        self.registrations.append(registration)
        self._agent = agent
        agent.registered(registration.agent.id.value or AGENT_ID, self)

    def status_update(
        self, agent_id: str, framework_id: str, status: pb.TaskStatus, latest_state: int
    ) -> None:
        assert status.agent_id.value == agent_id
        self.updates.append((framework_id, status, latest_state))
        self._news.set()
        if self.acknowledges:
            asyncio.get_running_loop().call_soon(self.acknowledge, framework_id, status)

    def acknowledge(self, framework_id: str, status: pb.TaskStatus) -> None:
        assert self._agent is not None
        self._agent.acknowledge(framework_id, status.task_id.value, status.uuid)

    def executor_exited(
        self, agent_id: str, framework_id: str, executor_id: str, status: int
    ) -> None:
        self.exits.append((framework_id, executor_id, status))
        self._news.set()

    def operation_status(
        self, agent_id: str, framework_id: str, status: pb.OperationStatus, operation_uuid: bytes
    ) -> None:
        self.operations.append((framework_id, status, operation_uuid))
        self._news.set()

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until something the agent said makes the condition true."""
        async with asyncio.timeout(60):
            while not true():
                self._news.clear()
                await self._news.wait()

    def statuses(self, task_id: str) -> list[pb.TaskStatus]:
        """The statuses of a task, those sent again once."""
        seen = {s.uuid: s for _, s, _ in self.updates if s.task_id.value == task_id}
        return list(seen.values())

    def states(self, task_id: str) -> list[str]:
        return [pb.TaskState.Name(status.state) for status in self.statuses(task_id)]

    async def finished(self, *task_ids: str) -> list[pb.TaskStatus]:
        """Wait for terminal states and give the last status of each task."""
        await self.until(lambda: all(TERMINAL & set(self.states(name)) for name in task_ids))
        return [self.statuses(name)[-1] for name in task_ids]

    async def reached(self, task_id: str, state: str) -> pb.TaskStatus:
        await self.until(lambda: state in self.states(task_id))
        return self.statuses(task_id)[self.states(task_id).index(state)]


def framework(
    framework_id: str = FRAMEWORK_ID, *, user: str = "", checkpoint: bool = False
) -> pb.FrameworkInfo:
    info = pb.FrameworkInfo(user=user, name="test", id=pb.FrameworkID(value=framework_id))
    if checkpoint:
        info.checkpoint = True
    for name in CAPABILITIES:
        info.capabilities.add(type=pb.FrameworkInfo.Capability.Type.Value(name))
    return info


def task(task_id: str, script: str | None = None, **fields: object) -> pb.TaskInfo:
    info = pb.TaskInfo(
        name=task_id,
        task_id=pb.TaskID(value=task_id),
        agent_id=pb.AgentID(value=AGENT_ID),
        **fields,  # type: ignore[arg-type]
    )
    for name, amount in (("cpus", 0.1), ("mem", 32.0)):
        resource = info.resources.add(name=name, type=pb.Value.SCALAR)
        resource.scalar.value = amount
        resource.allocation_info.role = "*"
    if script is not None:
        info.command.value = script
    return info


class World:
    """An agent that has registered with a recording master."""

    def __init__(self, options: LocalOptions, work_dir: Path, *, checkpoint: bool = False) -> None:
        self.master = RecordingMaster()
        self.agent = LocalAgent(0, options, work_dir, recovers=checkpoint)
        self._checkpoint = checkpoint
        self.died = False

    async def die(self) -> None:
        """Let the agent die; another one may follow in its work directory."""
        self.died = True
        await self.agent.die()

    def run(self, info: pb.TaskInfo, user: str = "") -> None:
        self.agent.run_task(framework(user=user, checkpoint=self._checkpoint), info, None)

    def run_group(self, executor_id: str, *tasks: pb.TaskInfo) -> None:
        executor = pb.ExecutorInfo(
            type=pb.ExecutorInfo.DEFAULT,
            executor_id=pb.ExecutorID(value=executor_id),
            framework_id=pb.FrameworkID(value=FRAMEWORK_ID),
        )
        known = framework(checkpoint=self._checkpoint)
        self.agent.run_task_group(known, executor, list(tasks))

    def sandbox(self, executor_id: str) -> Path:
        runs = (
            self.agent.work_dir
            / f"slaves/{AGENT_ID}/frameworks/{FRAMEWORK_ID}/executors/{executor_id}/runs"
        )
        return (runs / "latest").resolve()


@asynccontextmanager
async def an_agent(
    work_dir: Path, *, checkpoint: bool = False, **options: object
) -> AsyncIterator[World]:
    """An agent; with ``checkpoint`` it and its framework are those that were there before."""
    settings = replace(LocalOptions(authenticate=False), **options)  # type: ignore[arg-type]
    world = World(settings, work_dir, checkpoint=checkpoint)
    try:
        await world.agent.start(world.master)
        yield world
    finally:
        if not world.died:
            await world.agent.stop()


def is_gone(pid: int) -> bool:
    """Whether a process has ended; who reaps orphans may take their time."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def eventually(true: Callable[[], object]) -> None:
    """Wait for something only other processes know; ends when the scene's time is over."""

    def wait() -> None:
        while not true() and not given_up:
            time.sleep(0.01)

    given_up: list[bool] = []
    try:
        await asyncio.to_thread(wait)
    finally:
        given_up.append(True)


def scene(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an asynchronous test in an event loop of its own."""

    @functools.wraps(test)
    def run(*args: object, **kwargs: object) -> None:
        async def timed() -> None:
            async with asyncio.timeout(60):
                await test(*args, **kwargs)

        asyncio.run(timed())

    return run


@asynccontextmanager
async def web_site(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncIterator[int]:
    """Answer every GET on loopback; gives the port."""
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner, port = await serve(app)
    try:
        yield port
    finally:
        await runner.cleanup()


def recorded_statuses(recording: str, task_id: str) -> list[dict[str, Any]]:
    """What a real agent said about a task, ids and times left out."""
    found: dict[str, dict[str, Any]] = {}
    for line in (RECORDINGS / f"{recording}.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["kind"] != "record":
            continue
        event = json.loads(entry["body"]["text"])
        if event["type"] != "UPDATE":
            continue
        status = event["update"]["status"]
        if status["task_id"]["value"] == task_id and "uuid" in status:
            found.setdefault(status["uuid"], anonymous(status))
    return list(found.values())


def said_statuses(world: World, task_id: str) -> list[dict[str, Any]]:
    """What our agent said about a task, ids and times left out."""
    return [anonymous(json_dialect.to_value(it)) for it in world.master.statuses(task_id)]


def anonymous(status: dict[str, Any]) -> dict[str, Any]:
    """A status without what differs from run to run."""
    shown = {name: item for name, item in status.items() if name not in ("uuid", "timestamp")}
    shown["agent_id"] = "..."
    if "data" in shown:
        shown["data"] = "..."
    container = dict(shown.get("container_status", {}))
    if container:
        container["container_id"] = sorted(container["container_id"])
        if "executor_pid" in container:
            container["executor_pid"] = "..."
        shown["container_status"] = container
    return shown
