"""An agent in another process: it comes over a socket, and is pinged to see whether it is there.

Source: ``src/master/master.cpp`` (``SlaveObserver``).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from mesos_batch.local import wire
from mesos_batch.local.server import LOG

if TYPE_CHECKING:
    from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
    from mesos_batch.local.links import MasterLink
    from mesos_batch.local.master.master import Master
    from mesos_batch.model.resources import Resources


class RemoteAgent:
    """The master's end of the socket to one agent (AgentLink)."""

    def __init__(self, master: Master, transport: asyncio.Transport) -> None:
        self.outbox = wire.Outbox(wire.TO_AGENT)
        self._master = master
        self._transport = transport
        self._agent_id = ""
        self._answered = True
        self._missed = 0
        self._timer: asyncio.TimerHandle | None = None

    def hear(self, name: str, arguments: list[Any]) -> None:
        """Take a message of the agent."""
        if name == "pong":
            self._answered = True
            self._missed = 0
        elif name == "register_agent":
            [registration] = arguments
            self._master.register_agent(registration, self)
        else:
            getattr(self._master, name)(*arguments)

    def gone(self) -> None:
        """Notice that the socket broke."""
        self._master.cancel(self._timer)
        if self._is_known:
            self._master.agent_disconnected(self._agent_id)

    @property
    def _is_known(self) -> bool:
        """Whether the master still talks to the agent by this socket."""
        agent = self._master.agents.get(self._agent_id)
        return agent is not None and agent.link is self

    def _ping(self) -> None:
        self._answered = False
        self.outbox.send("ping")
        self._timer = self._master.later(self._master.options.agent_ping_timeout, self._look)

    def _look(self) -> None:
        if not self._is_known:
            self._transport.close()
            return
        if not self._answered:
            self._missed += 1
        if self._missed < self._master.options.max_agent_ping_timeouts:
            self._ping()
            return
        self._master.agent_unreachable(self._agent_id)
        # A stopped agent still reads what is on its way, and then finds the socket closed.
        self._transport.close()

    # What a master may ask of an agent (AgentLink).

    def registered(self, agent_id: str, master: MasterLink) -> None:  # noqa: ARG002
        """Accept the agent under this id and begin to ping it."""
        self._agent_id = agent_id
        options = self._master.options
        silence = options.agent_ping_timeout * options.max_agent_ping_timeouts
        self.outbox.send("registered", agent_id, silence)
        self._master.cancel(self._timer)
        self._ping()

    def run_task(
        self, framework: pb.FrameworkInfo, task: pb.TaskInfo, executor: pb.ExecutorInfo | None
    ) -> None:
        """Launch one task."""
        self.outbox.send("run_task", framework, task, executor)

    def run_task_group(
        self, framework: pb.FrameworkInfo, executor: pb.ExecutorInfo, tasks: list[pb.TaskInfo]
    ) -> None:
        """Launch a group of tasks."""
        self.outbox.send("run_task_group", framework, executor, tasks)

    def kill_task(self, framework_id: str, task_id: str, kill_policy: pb.KillPolicy | None) -> None:
        """Kill one task."""
        self.outbox.send("kill_task", framework_id, task_id, kill_policy)

    def shutdown_executor(self, framework_id: str, executor_id: str) -> None:
        """End an executor and its tasks."""
        self.outbox.send("shutdown_executor", framework_id, executor_id)

    def shutdown_framework(self, framework_id: str) -> None:
        """End every executor of a framework."""
        self.outbox.send("shutdown_framework", framework_id)

    def update_framework(self, framework: pb.FrameworkInfo) -> None:
        """Learn the FrameworkInfo of a framework that came back."""
        self.outbox.send("update_framework", framework)

    def acknowledge(self, framework_id: str, task_id: str, uuid: bytes) -> None:
        """Forget an update."""
        self.outbox.send("acknowledge", framework_id, task_id, uuid)

    def apply_operation(
        self,
        framework_id: str,
        operation: pb.Offer.Operation,
        operation_uuid: bytes,
        total: Resources,
    ) -> None:
        """Apply an offer operation."""
        self.outbox.send("apply_operation", framework_id, operation, operation_uuid, total)

    def acknowledge_operation(self, status_uuid: bytes) -> None:
        """Forget an operation status."""
        self.outbox.send("acknowledge_operation", status_uuid)

    def reconcile_operations(self, operation_uuids: list[bytes]) -> None:
        """Tell which operations never came."""
        self.outbox.send("reconcile_operations", operation_uuids)

    def shutdown(self) -> None:
        """End the agent: it was marked gone."""
        self.outbox.send("shutdown")


async def listen(master: Master, request: web.Request) -> web.WebSocketResponse:
    """Serve the socket of one agent until it breaks."""
    socket = web.WebSocketResponse(max_msg_size=0)
    await socket.prepare(request)
    transport = request.transport
    if transport is None:
        return socket
    agent = RemoteAgent(master, transport)
    pump = asyncio.create_task(agent.outbox.pump(socket))
    try:
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                agent.hear(*wire.decode(wire.TO_MASTER, frame.data))
    except ValueError as error:
        LOG.warning("An agent is not understood: %s", error)
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)
        agent.gone()
    return socket
