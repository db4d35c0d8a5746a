"""Taking part in the election of the leading master: as a master, or as one who follows it.

A real master that loses its session with ZooKeeper while it leads ends, and whoever watches over
it starts it again. Ours starts afresh by itself: the same port, a new id, nothing remembered.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from mesos_batch.errors import ClusterError
from mesos_batch.local.master.master import Master
from mesos_batch.local.master.master_site import make_app
from mesos_batch.local.master.registry import Registry
from mesos_batch.local.server import LOG, serve
from mesos_batch.local.zookeeper import MasterGroup

if TYPE_CHECKING:
    from aiohttp import web

    from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
    from mesos_batch.local.options import Credential, LocalOptions, ZooKeeperAddress

_PAUSE = 1.0


class Participant(ABC):
    """A session with ZooKeeper that is begun anew whenever it is lost.

    ``failed`` is told what no new session would mend.
    """

    def __init__(
        self, address: ZooKeeperAddress, timeout: float, failed: Callable[[ClusterError], None]
    ) -> None:
        self._address = address
        self._timeout = timeout
        self._failed = failed
        self._group: MasterGroup | None = None
        self._work: set[asyncio.Task[None]] = set()
        self._is_lost = False
        self._is_beginning = False

    async def start(self) -> None:
        """Begin.

        Raises:
            ClusterError: ZooKeeper does not answer, or refuses us.
            OSError: the port of the master is taken.
        """
        await self._prepare()
        await self._join()

    async def stop(self) -> None:
        """End."""
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await self._leave()

    @abstractmethod
    def _changed(self, info: pb.MasterInfo | None) -> None:
        """Another one leads, or nobody."""

    @abstractmethod
    async def _prepare(self) -> None:
        """Do what comes before each session."""

    async def _join(self) -> None:
        self._group = MasterGroup(self._address, self._timeout, self._changed, self._lost)
        await self._group.start()

    async def _leave(self) -> None:
        """Undo what was done for the session, then end it."""
        await self._end_session()

    async def _end_session(self) -> None:
        if self._group is not None:
            group, self._group = self._group, None
            await group.stop()

    def _lost(self) -> None:
        self._is_lost = True
        if not self._is_beginning:
            self._do(self._begin_anew())

    async def _begin_anew(self) -> None:
        self._is_beginning = True
        while self._is_lost:
            self._is_lost = False
            await self._leave()
            try:
                await self._prepare()
            except OSError as error:
                self._failed(ClusterError(f"the master cannot start again: {error.strerror}"))
                return
            await self._join_patiently()
        self._is_beginning = False

    async def _join_patiently(self) -> None:
        while True:
            try:
                await self._join()
            except ClusterError as error:
                LOG.warning("Not with the other masters: %s", error)
                await self._end_session()
                await asyncio.sleep(_PAUSE)
            else:
                return

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)


class ZooKeeperLeader(Participant):
    """Who leads according to ZooKeeper (Leader)."""

    def __init__(
        self, address: ZooKeeperAddress, timeout: float, failed: Callable[[ClusterError], None]
    ) -> None:
        super().__init__(address, timeout, failed)
        self._address_now: str | None = None
        self._news = asyncio.Event()

    async def find(self) -> str:
        """The leader's address; waits while nobody leads."""
        while self._address_now is None:
            await self._news.wait()
        return self._address_now

    async def moved(self, address: str) -> None:
        """Wait until another one leads, or nobody."""
        while self._address_now == address:
            await self._news.wait()

    def _changed(self, info: pb.MasterInfo | None) -> None:
        self._address_now = None if info is None else f"{info.address.ip}:{info.address.port}"
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _lost(self) -> None:
        self._changed(None)
        super()._lost()

    async def _prepare(self) -> None:
        """Nothing: who only looks has no state to begin afresh."""


class ContendingMaster(Participant):
    """A master that leads while it is the oldest one in ZooKeeper."""

    def __init__(
        self,
        options: LocalOptions,
        address: ZooKeeperAddress,
        credential: Credential | None,
        failed: Callable[[ClusterError], None],
    ) -> None:
        super().__init__(address, options.zk_session_timeout, failed)
        self._options = options
        self._credential = credential
        self._master: Master | None = None
        self._leads = False
        self._knows_leader = asyncio.Event()
        self._site: web.AppRunner | None = None
        self.port = options.port

    async def start(self) -> None:
        """Serve, register, and wait until it is known who leads."""
        await super().start()
        await self._knows_leader.wait()

    async def _prepare(self) -> None:
        registry = Registry(self._keep)
        master = Master(self._options, registry)
        self._site, self.port = await serve(make_app(master, self._credential), self.port)
        master.bind(self.port)
        self._master = master
        self._leads = False

    async def _join(self) -> None:
        await super()._join()
        assert self._group is not None
        assert self._master is not None
        await self._group.join(self._master.info)

    async def _leave(self) -> None:
        if self._master is not None:
            self._master.stop()
            self._master = None
        if self._site is not None:
            await self._site.cleanup()
            self._site = None
        await super()._leave()

    def _keep(self, document: bytes) -> None:
        if self._group is not None:
            self._group.write_registry(document)

    def _changed(self, info: pb.MasterInfo | None) -> None:
        master = self._master
        if master is None:
            return
        leads = info is not None and info.id == master.master_id
        if leads and not self._leads:
            self._leads = True
            self._do(self._take_over(master))
        elif self._leads and not leads:
            self._lost()
        elif not leads:
            master.leader = info
            if info is not None:
                self._knows_leader.set()

    async def _take_over(self, master: Master) -> None:
        """Learn what the last leader knew, then lead."""
        group = self._group
        if group is None:
            return
        try:
            document = await group.read_registry()
            if document is not None:
                master.registry.restore(document)
        except ClusterError as error:
            LOG.warning("The registry cannot be read: %s", error)
            self._lost()
            return
        except ValueError as error:
            self._failed(
                ClusterError(
                    f"the agents of the last leader cannot be read from {group.registry}: {error}",
                    "Remove that node to forget them.",
                )
            )
            return
        if self._master is master:
            LOG.info("Elected as the leading master")
            master.elect()
            self._knows_leader.set()
