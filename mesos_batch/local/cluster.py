"""A whole cluster in this process: masters and agents on one event loop in a daemon thread."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING

from mesos_batch.errors import ClusterError, UsageError
from mesos_batch.local.master.master import Master
from mesos_batch.local.master.master_site import make_app
from mesos_batch.local.master.registry import Registry
from mesos_batch.local.server import LOOPBACK, serve
from mesos_batch.local.service import NOT_STARTED, Service

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import web

    from mesos_batch.local.options import LocalOptions

# Beside the directories of the agents.
REGISTRY_FILE = "registry.json"


class LocalCluster(Service):
    """Start it, talk HTTP to ``master_address``, stop it.

    Agents of other processes may join. The methods below :meth:`master_address` break things, so
    that tests can see what happens then.
    """

    def __init__(self, options: LocalOptions | None = None) -> None:
        super().__init__(options)
        self._registry = Registry(self._keep)
        self._masters: list[_MasterSite] = []
        self._leader: _MasterSite | None = None
        self._ping_timers: dict[int, asyncio.TimerHandle] = {}

    @property
    def master_address(self) -> str:
        """``host:port`` of the leading master."""
        if self._leader is None:
            raise RuntimeError(NOT_STARTED)
        return self._leader.address

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

    async def _start(self) -> None:
        try:
            self._leader = await self._start_master(self._options.port)
        except OSError as error:
            raise self._port_taken(error) from None
        self._restore_registry()
        master = self._leader.master
        master.elect()
        self._make_agents()
        try:
            for agent in self.agents:
                await agent.start(master)
        except OSError as error:
            raise self._unusable(error) from None

    @property
    def _registry_file(self) -> Path:
        return self.work_dir / REGISTRY_FILE

    def _restore_registry(self) -> None:
        try:
            self._registry.restore(self._registry_file.read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise UsageError(
                f"the agents of the last time cannot be read from {self._registry_file}: {error}",
                "Remove the file to forget them, or use another work directory.",
            ) from None

    def _keep(self, document: bytes) -> None:
        unfinished = self._registry_file.with_suffix(".tmp")
        try:
            unfinished.write_bytes(document)
            unfinished.replace(self._registry_file)
        except OSError as error:
            self._fail(
                ClusterError(
                    f"the agents cannot be noted in {self._registry_file}: {error.strerror}"
                )
            )

    async def _start_master(self, port: int) -> _MasterSite:
        master = Master(self._options, self._registry)
        runner, port = await serve(make_app(master, self.login), port)
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
