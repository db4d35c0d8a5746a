"""Where masters meet in ZooKeeper: they register, the oldest leads, its registry is kept there.

Source: ``src/zookeeper/group.cpp``, ``src/master/contender/zookeeper.cpp``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.errors import ClusterError
from mesos_batch.local.server import LOG
from mesos_batch.protocol import zk
from mesos_batch.protocol.codec import CodecError, ContentType

if TYPE_CHECKING:
    from kazoo.client import KazooClient
    from kazoo.retry import KazooRetry

    from mesos_batch.local.options import ZooKeeperAddress

_NODE = "json.info_"
# Not a number behind the last underscore: detectors of masters pass it over.
_REGISTRY = "registry"
_LOG = LOG.getChild("zookeeper")
# More of kazoo's would have the password in it.
_LOG.setLevel(logging.WARNING)
# Some of kazoo's modules take no logger; the terminal is not theirs.
logging.getLogger("kazoo").addHandler(logging.NullHandler())


class MasterGroup:
    """One session with ZooKeeper; callbacks run on the event loop.

    ``leader`` hears who leads, ``None`` for nobody, at first and at each change. ``lost`` is
    called once, when the session has ended or nothing was heard for as long as it lasts: another
    master may lead since.
    """

    def __init__(
        self,
        address: ZooKeeperAddress,
        session_timeout: float,
        leader: Callable[[pb.MasterInfo | None], None],
        lost: Callable[[], None],
    ) -> None:
        self._address = address
        self._session_timeout = session_timeout
        self.registry = f"{address.path}/{_REGISTRY}"
        self._leader = leader
        self._lost: Callable[[], None] | None = lost
        self._loop = asyncio.get_running_loop()
        self._client: KazooClient = _client(address, session_timeout)
        self._patient = _patience(session_timeout)
        self._silence: asyncio.TimerHandle | None = None
        self._registry_version = -1
        self._registry: bytes | None = None
        self._writing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect and begin to tell who leads.

        Raises:
            ClusterError: ZooKeeper does not answer, or does not let us in.
        """
        from kazoo.exceptions import KazooException
        from kazoo.handlers.threading import KazooTimeoutError

        self._client.add_listener(self._state_changed)
        try:
            await asyncio.to_thread(self._client.start, self._session_timeout)
            await asyncio.to_thread(self._client.ensure_path, self._address.path)
            await asyncio.to_thread(
                self._client.ChildrenWatch, self._address.path, self._members_changed
            )
        except KazooTimeoutError:
            raise ClusterError(
                f"no ZooKeeper answers at {self._address.servers}",
                "Check the address and that it runs.",
            ) from None
        except KazooException as error:
            raise self._refused(error) from None

    async def join(self, info: pb.MasterInfo) -> None:
        """Register a master: it leads when all that came before it are gone.

        Raises:
            ClusterError: ZooKeeper does not let us write.
        """
        from kazoo.exceptions import KazooException

        try:
            await asyncio.to_thread(
                self._client.create,
                f"{self._address.path}/{_NODE}",
                ContentType.JSON.encode(info),
                ephemeral=True,
                sequence=True,
            )
        except KazooException as error:
            raise self._refused(error) from None

    async def read_registry(self) -> bytes | None:
        """What the last leader knew, ``None`` when there was none.

        Raises:
            ClusterError: ZooKeeper does not let us read it.
        """
        from kazoo.exceptions import KazooException

        try:
            await asyncio.to_thread(self._client.ensure_path, self.registry)
            data, stat = await asyncio.to_thread(self._client.get, self.registry)
        except KazooException as error:
            raise self._refused(error) from None
        self._registry_version = stat.version
        return data or None

    def write_registry(self, data: bytes) -> None:
        """Keep what the leader knows, soon; of several that wait only the last is written.

        A master that no longer leads cannot overwrite what its successor wrote.
        """
        self._registry = data
        if self._writing is None:
            self._writing = self._loop.create_task(self._write())

    async def stop(self) -> None:
        """End the session; a master registered by it is forgotten at once."""
        self._lost = None
        if self._silence is not None:
            self._silence.cancel()
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=self._session_timeout)
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        self._client.stop()
        self._client.close()

    async def _write(self) -> None:
        from kazoo.exceptions import KazooException

        try:
            while self._registry is not None:
                data, self._registry = self._registry, None
                stat = await asyncio.to_thread(
                    self._patient, self._client.set, self.registry, data, self._registry_version
                )
                self._registry_version = stat.version
        except KazooException as error:
            LOG.warning("The registry cannot be written: %s", self._refused(error))
            self._lose()
        finally:
            self._writing = None

    def _refused(self, error: Exception) -> ClusterError:
        return ClusterError(
            f"ZooKeeper at {self._address.servers} refuses {self._address.path}: "
            f"{type(error).__name__} {error}".rstrip(),
            "Check the path, and user and password.",
        )

    def _members_changed(self, names: list[str]) -> None:
        """In a thread of kazoo."""
        from kazoo.exceptions import KazooException, NoNodeError

        node = zk.leading_node(names)
        info: pb.MasterInfo | None = None
        if node is not None:
            try:
                data, _ = self._client.get(f"{self._address.path}/{node}")
                info = ContentType.JSON.decode(data, pb.MasterInfo)
            except NoNodeError:
                # It went away meanwhile: we are called again.
                return
            except (KazooException, CodecError) as error:
                LOG.warning("The leading master's node %s cannot be read: %s", node, error)
        self._loop.call_soon_threadsafe(self._leader_changed, info)

    def _leader_changed(self, info: pb.MasterInfo | None) -> None:
        if self._lost is not None:
            self._leader(info)

    def _state_changed(self, state: str) -> None:
        """In a thread of kazoo."""
        self._loop.call_soon_threadsafe(self._see, state)

    def _see(self, state: str) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
        if state == "LOST":
            self._lose()
        elif state == "SUSPENDED":
            self._silence = self._loop.call_later(self._session_timeout, self._lose)

    def _lose(self) -> None:
        lost, self._lost = self._lost, None
        if lost is not None:
            lost()


def _patience(seconds: float) -> KazooRetry:
    """Tries again while the session may still be alive."""
    from kazoo.retry import KazooRetry

    return KazooRetry(max_tries=-1, deadline=seconds)


def _client(address: ZooKeeperAddress, session_timeout: float) -> KazooClient:
    from kazoo.client import KazooClient
    from kazoo.security import CREATOR_ALL_ACL, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE

    login = address.login
    return KazooClient(
        hosts=address.servers,
        timeout=session_timeout,
        auth_data=[("digest", login)] if login is not None else None,
        default_acl=(
            [*READ_ACL_UNSAFE, *CREATOR_ALL_ACL] if login is not None else OPEN_ACL_UNSAFE
        ),
        logger=_LOG,
    )
