"""A whole cluster in this process: masters and agents on one event loop in a daemon thread."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import secrets
import tempfile
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from mesos_batch.errors import UsageError
from mesos_batch.local.agent.agent import LocalAgent
from mesos_batch.local.master.master import Master
from mesos_batch.local.master.master_site import make_app
from mesos_batch.local.master.registry import Registry
from mesos_batch.local.options import Credential, LocalOptions
from mesos_batch.local.server import LOG, LOOPBACK, serve

if TYPE_CHECKING:
    from types import TracebackType

    from aiohttp import web

T = TypeVar("T")
PRINCIPAL = "local"
_SECRET_BYTES = 24
# Made only when there is something to tell.
LOG_FILE = "cluster.log"
_NOT_STARTED = "the cluster is not running"


class LocalCluster:
    """Start it, talk HTTP to ``master_address``, stop it. All methods may be called by any thread.

    The methods below :meth:`stop` break things, so that tests can see what happens then.
    """

    def __init__(self, options: LocalOptions | None = None) -> None:
        options = options or LocalOptions()
        self._credential = options.credential or Credential(
            PRINCIPAL, secrets.token_urlsafe(_SECRET_BYTES)
        )
        self._options = dataclasses.replace(options, credential=self._credential)
        self._thread: _LoopThread | None = None
        self._log: logging.Handler | None = None
        self._registry = Registry()
        self._masters: list[_MasterSite] = []
        self._leader: _MasterSite | None = None
        self._ping_timers: dict[int, asyncio.TimerHandle] = {}
        self.agents: list[LocalAgent] = []

    @property
    def master_address(self) -> str:
        """``host:port`` of the leading master."""
        if self._leader is None:
            raise RuntimeError(_NOT_STARTED)
        return self._leader.address

    @property
    def credential(self) -> Credential:
        """What clients need; a cluster that lets everybody in ignores it."""
        return self._credential

    @property
    def work_dir(self) -> Path:
        """Where agents keep sandboxes and volumes."""
        if self._options.work_dir is None:
            raise RuntimeError(_NOT_STARTED)
        return self._options.work_dir

    @property
    def agent_work_dirs(self) -> dict[str, str]:
        """The work directory of each agent, by agent id."""
        return {agent.id: str(agent.work_dir) for agent in self.agents}

    def start(self) -> Self:
        """Start the master and its agents; all of them answer when this returns.

        Raises:
            UsageError: the port is taken, or agents cannot write to the work directory.
        """
        if self._options.work_dir is None:
            made = Path(tempfile.mkdtemp(prefix="mesos-batch-local-"))
            self._options = dataclasses.replace(self._options, work_dir=made)
        self._thread = _LoopThread()
        self._log = logging.FileHandler(self.work_dir / LOG_FILE, encoding="utf-8", delay=True)
        LOG.addHandler(self._log)
        try:
            self._run(self._start())
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End all tasks, agents and masters; a second call does nothing."""
        if self._thread is not None:
            self._run(self._stop())
            self._thread.end()
            self._thread = None
        if self._log is not None:
            LOG.removeHandler(self._log)
            self._log.close()
            self._log = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def kill_agent(self, index: int) -> None:
        """Let an agent die as after SIGKILL: its socket breaks, its tasks end unheard."""
        self._run(self._kill_agent(index))

    def pause_agent(self, index: int) -> None:
        """Stop an agent as with SIGSTOP: its tasks go on, it answers no pings."""
        self._run(self._pause_agent(index))

    def resume_agent(self, index: int) -> None:
        """Let a paused agent go on; it registers again."""
        self._run(self._resume_agent(index))

    def start_standby(self) -> str:
        """Start another master, which sends its clients to the leader; gives its address."""
        return self._run(self._start_master(0)).address

    def kill_master(self) -> None:
        """Let the leading master die: connections break, standby masters still name it leader."""
        self._run(self._kill_master())

    def elect_standby(self, *, agents_return_after: float = 0) -> None:
        """Make the oldest standby master the leader; agents register after so many seconds."""
        self._run(self._elect_standby(agents_return_after))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._thread is None:
            work.close()
            raise RuntimeError(_NOT_STARTED)
        return asyncio.run_coroutine_threadsafe(work, self._thread.loop).result()

    async def _start(self) -> None:
        try:
            self._leader = await self._start_master(self._options.port)
        except OSError as error:
            raise UsageError(
                f"port {self._options.port} of {LOOPBACK} cannot be used: {error.strerror}",
                "choose another port, or 0 for any free one",
            ) from None
        master = self._leader.master
        master.elect()
        for index in range(self._options.agents):
            directory = self.work_dir / f"agent-{index}"
            self.agents.append(LocalAgent(index, self._options, directory))
        try:
            for agent in self.agents:
                await agent.start(master)
        except OSError as error:
            raise UsageError(
                f"agents cannot work in {self.work_dir}: {error.strerror}",
                "choose a directory you may write to",
            ) from None

    async def _start_master(self, port: int) -> _MasterSite:
        master = Master(self._options, self._registry)
        credential = self._credential if self._options.authenticate else None
        runner, port = await serve(make_app(master, credential), port)
        master.bind(port)
        master.leader = self._leader.master.info if self._leader is not None else None
        site = _MasterSite(master, runner, f"{LOOPBACK}:{port}")
        self._masters.append(site)
        return site

    async def _stop(self) -> None:
        for timer in self._ping_timers.values():
            timer.cancel()
        for site in self._masters:
            site.master.stop()
        await asyncio.gather(*(agent.stop() for agent in self.agents))
        for site in self._masters:
            await site.runner.cleanup()
        self._masters.clear()
        self._leader = None

    async def _kill_agent(self, index: int) -> None:
        agent = self.agents[index]
        await agent.die()
        if self._leader is not None:
            self._leader.master.agent_disconnected(agent.id)

    async def _pause_agent(self, index: int) -> None:
        agent = self.agents[index]
        agent.pause()
        seconds = self._options.agent_ping_timeout * self._options.max_agent_ping_timeouts
        self._ping_timers[index] = asyncio.get_running_loop().call_later(
            seconds, self._lose_pings, agent.id
        )

    def _lose_pings(self, agent_id: str) -> None:
        if self._leader is not None:
            self._leader.master.agent_unreachable(agent_id)

    async def _resume_agent(self, index: int) -> None:
        self._ping_timers.pop(index).cancel()
        self.agents[index].resume()

    async def _kill_master(self) -> None:
        site = self._leader
        if site is not None:
            site.master.stop()
            self._masters.remove(site)
            await site.runner.cleanup()

    async def _elect_standby(self, agents_return_after: float) -> None:
        self._leader = self._masters[0]
        master = self._leader.master
        master.elect()
        for site in self._masters[1:]:
            site.master.leader = master.info
        for agent in self.agents:
            asyncio.get_running_loop().call_later(agents_return_after, agent.detected, master)


@dataclasses.dataclass(frozen=True, slots=True)
class _MasterSite:
    master: Master
    runner: web.AppRunner
    address: str


def _log_mistake(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    LOG.error(context["message"], exc_info=context.get("exception"))


class _LoopThread:
    """An event loop that runs in a daemon thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(_log_mistake)
        self._thread = threading.Thread(
            target=self.loop.run_forever, name="local-cluster", daemon=True
        )
        self._thread.start()

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()
