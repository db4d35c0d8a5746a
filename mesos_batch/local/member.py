"""One process of a cluster of several: a master that may come to lead, agents that follow it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mesos_batch.local.contender import ContendingMaster, ZooKeeperLeader
from mesos_batch.local.leader_link import GivenMasters, Leader, LeaderLink
from mesos_batch.local.server import LOOPBACK
from mesos_batch.local.service import NOT_STARTED, Service

if TYPE_CHECKING:
    from mesos_batch.local.options import LocalOptions


class ClusterMember(Service):
    """A process that shares a cluster with others; ``options.zk`` or ``options.master`` is set."""

    def __init__(self, options: LocalOptions) -> None:
        super().__init__(options)
        self._master: ContendingMaster | None = None
        self._detector: ZooKeeperLeader | None = None
        self._links: list[LeaderLink] = []

    @property
    def master_address(self) -> str:
        """``host:port`` of the master of this process, or where its agents look for one."""
        elsewhere = self._options.master
        if elsewhere is not None:
            return ",".join(elsewhere) if isinstance(elsewhere, tuple) else str(elsewhere)
        if self._master is None:
            raise RuntimeError(NOT_STARTED)
        return f"{LOOPBACK}:{self._master.port}"

    async def _start(self) -> None:
        options = self._options
        if options.zk is not None:
            self._master = ContendingMaster(options, options.zk, self.login, self._fail)
            try:
                await self._master.start()
            except OSError as error:
                raise self._port_taken(error) from None
        self._make_agents()
        if not self.agents:
            return
        leader = await self._find_leader()
        try:
            for agent in self.agents:
                link = LeaderLink(agent, leader, self.login, self._fail)
                await agent.start(link)
                link.follow()
                self._links.append(link)
        except OSError as error:
            raise self._unusable(error) from None

    async def _find_leader(self) -> Leader:
        place = self._options.master or self._options.zk
        assert place is not None
        if isinstance(place, tuple):
            return GivenMasters(place)
        self._detector = ZooKeeperLeader(place, self._options.zk_session_timeout, self._fail)
        await self._detector.start()
        return self._detector

    async def _stop(self) -> None:
        await asyncio.gather(*(agent.stop() for agent in self.agents))
        await asyncio.gather(*(link.stop() for link in self._links))
        if self._detector is not None:
            await self._detector.stop()
        if self._master is not None:
            await self._master.stop()
