"""The leading master as agents of another process reach it: found, lost and found again.

Real agents do the same: a leader that moves, or sends no ping for too long, is looked for anew.
Source: ``src/slave/slave.cpp`` (``detected``, ``ping``, ``pingTimeout``).
"""

from __future__ import annotations

import asyncio
import base64
import itertools
from typing import TYPE_CHECKING, Any, Protocol

import aiohttp

from mesos_batch.errors import ClusterError
from mesos_batch.local import wire
from mesos_batch.local.server import LOG

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
    from mesos_batch.local.agent.agent import LocalAgent
    from mesos_batch.local.links import AgentLink, Registration
    from mesos_batch.local.options import Credential

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 1.0
# A master that is stopped takes connections but says nothing; a busy one registers late (seconds).
_CONNECT_TIMEOUT = 2.0
_REGISTER_TIMEOUT = 10.0
# A stopped master never answers that we leave.
_CLOSING = aiohttp.ClientWSTimeout(ws_close=0.1)


class Leader(Protocol):
    """Who leads."""

    async def find(self) -> str:
        """``HOST:PORT`` of the master to try; waits while none leads."""

    async def moved(self, address: str) -> None:
        """Wait until another one leads."""


class GivenMasters:
    """Masters whose addresses are known; those that do not lead send us to the leader."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = itertools.cycle(addresses)

    async def find(self) -> str:
        """Each master in turn."""
        return next(self._addresses)

    async def moved(self, address: str) -> None:  # noqa: ARG002
        """Never: nobody tells; the connection to the old leader breaks, or its pings end."""
        await asyncio.Event().wait()


class LeaderLink:
    """One agent's way to the leading master (MasterLink); while there is none, calls are lost."""

    def __init__(
        self,
        agent: LocalAgent,
        leader: Leader,
        credential: Credential | None,
        refused: Callable[[ClusterError], None],
    ) -> None:
        self._agent = agent
        self._leader = leader
        self._headers = _login(credential) if credential is not None else None
        self._refused = refused
        self._outbox: wire.Outbox | None = None
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def follow(self) -> None:
        """Begin to look for the leader."""
        self._task = asyncio.get_running_loop().create_task(self._follow())

    async def stop(self) -> None:
        """Leave the master."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    # What an agent may tell a master (MasterLink).

    def register_agent(self, registration: Registration, agent: AgentLink) -> None:  # noqa: ARG002
        """Come, or come back."""
        self._send("register_agent", registration)

    def status_update(
        self, agent_id: str, framework_id: str, status: pb.TaskStatus, latest_state: int
    ) -> None:
        """Forward an update."""
        self._send("status_update", agent_id, framework_id, status, latest_state)

    def executor_exited(
        self, agent_id: str, framework_id: str, executor_id: str, status: int
    ) -> None:
        """Tell that an executor ended."""
        self._send("executor_exited", agent_id, framework_id, executor_id, status)

    def operation_status(
        self, agent_id: str, framework_id: str, status: pb.OperationStatus, operation_uuid: bytes
    ) -> None:
        """Tell the state of an operation."""
        self._send("operation_status", agent_id, framework_id, status, operation_uuid)

    def _send(self, name: str, *arguments: object) -> None:
        if self._outbox is not None:
            self._outbox.send(name, *arguments)

    async def _follow(self) -> None:
        pause = _FIRST_PAUSE
        told = ""
        async with aiohttp.ClientSession(headers=self._headers) as session:
            while not self._ended.is_set():
                address = await self._leader.find()
                try:
                    if await self._serve_until_moved(session, address):
                        pause = _FIRST_PAUSE
                except (aiohttp.ClientError, OSError, ValueError) as error:
                    said = f"The master at {address}: {type(error).__name__} {error}"
                    if said != told:
                        LOG.warning("%s", said)
                    told = said
                except ClusterError as error:
                    self._refused(error)
                    return
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _serve_until_moved(self, session: aiohttp.ClientSession, address: str) -> bool:
        serving = asyncio.create_task(self._serve(session, address))
        moved = asyncio.create_task(self._leader.moved(address))
        try:
            await asyncio.wait([serving, moved], return_when=asyncio.FIRST_COMPLETED)
        finally:
            serving.cancel()
            moved.cancel()
            await asyncio.gather(serving, moved, return_exceptions=True)
        return not serving.cancelled() and serving.result()

    async def _serve(self, session: aiohttp.ClientSession, address: str) -> bool:
        """Serve one connection to its end; gives whether the master let the agent in."""
        async with asyncio.timeout(_CONNECT_TIMEOUT):
            socket = await _connect(session, address)
        self._outbox = wire.Outbox(wire.TO_MASTER)
        pump = asyncio.create_task(self._outbox.pump(socket))
        self._agent.detected(self)
        try:
            return await self._listen(socket)
        finally:
            self._outbox = None
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
            await socket.close()

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> bool:
        """Take messages until the socket breaks or the master is silent for too long."""
        now = asyncio.get_running_loop().time
        registered = False
        silence = _REGISTER_TIMEOUT
        try:
            async with asyncio.timeout(silence) as limit:
                async for frame in socket:
                    if frame.type is not aiohttp.WSMsgType.TEXT:
                        continue
                    name, arguments = wire.decode(wire.TO_AGENT, frame.data)
                    if name == "registered":
                        agent_id, silence = arguments
                        registered = True
                        self._agent.registered(agent_id, self)
                    else:
                        self._hear(name, arguments)
                    limit.reschedule(now() + silence)
        except TimeoutError:
            LOG.warning("Nothing was heard of the master for %g seconds", silence)
        return registered

    def _hear(self, name: str, arguments: list[Any]) -> None:
        if name == "ping":
            self._send("pong")
            return
        getattr(self._agent, name)(*arguments)
        if name == "shutdown":
            self._ended.set()


def _login(credential: Credential) -> dict[str, str]:
    pair = f"{credential.principal}:{credential.secret}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


async def _connect(session: aiohttp.ClientSession, address: str) -> aiohttp.ClientWebSocketResponse:
    """Connect to the leader, whom any master names.

    Raises:
        ClusterError: the leader does not let us in.
        aiohttp.ClientError: it cannot be reached, or nobody leads.
    """
    async with session.get(f"http://{address}/redirect", allow_redirects=False) as answer:
        if answer.status != 307:
            raise aiohttp.ClientError(await answer.text())
        leader = answer.headers["Location"].removeprefix("//")
    try:
        return await session.ws_connect(
            f"ws://{leader}/master{wire.PATH}", max_msg_size=0, timeout=_CLOSING
        )
    except aiohttp.WSServerHandshakeError as error:
        # One that stopped leading just now sent us on, and aiohttp forgot our credential then.
        if error.status != 401 or error.history:
            raise
        raise ClusterError(
            f"the master at {leader} does not let the agents in",
            "Give them the principal and the secret of the master: --principal and --secret_file.",
        ) from None
