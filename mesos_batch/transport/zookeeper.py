"""Watching ZooKeeper for the leading master.

``kazoo`` takes 50 ms to import, so only who looks into ZooKeeper imports this module.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable

from kazoo.client import KazooClient
from kazoo.exceptions import AuthFailedError, KazooException, NoAuthError, NoNodeError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.protocol.states import KeeperState

from mesos_batch.protocol.codec import CodecError
from mesos_batch.protocol.zk import Leader, NoLeader, leader_from, leading_node

# We own nothing in ZooKeeper, so a session that ends early costs nothing; it is also how long
# one server may keep us waiting before the next is tried.
_SESSION_SECONDS = 5.0
_RECONNECT = {"max_tries": -1, "delay": 0.1, "max_delay": 2.0}
_LOOK_AGAIN_SECONDS = 1.0

# An exception is a mistake of ours.
News = Leader | NoLeader | Exception


class LeaderWatch:
    """Tells who leads, now and after every change, in a thread of its own.

    There is no news while ZooKeeper does not answer. ``servers`` is ``HOST:PORT,...``; ``login``
    is ``USER:PASSWORD`` for ZooKeeper's scheme ``digest``.
    """

    def __init__(
        self, servers: str, path: str, login: str | None, tell: Callable[[News], None]
    ) -> None:
        self._path = path
        self._place = f"zk://{servers}{path}"
        self._tell = tell
        self._told: News | None = None
        self._closing = threading.Event()
        self._look_again = threading.Event()
        self._client = KazooClient(
            servers,
            timeout=_SESSION_SECONDS,
            connection_retry=_RECONNECT,
            auth_data=[("digest", login)] if login is not None else None,
            logger=_silent_logger(),
        )
        self._client.add_listener(self._changed)
        self._thread = threading.Thread(target=self._run, name="zookeeper", daemon=True)

    def start(self) -> None:
        """Begin; news come later."""
        self._thread.start()

    def close(self, timeout: float = 2.0) -> None:
        """End the session and all its threads; no news after that."""
        self._closing.set()
        self._look_again.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        try:
            self._client.start_async()
            while not self._closing.is_set():
                news = self._look()
                self._tell_new(news)
                # A watch or a new connection ends the wait; a question that failed leaves none.
                failed = news is None and self._client.connected
                self._look_again.wait(_LOOK_AGAIN_SECONDS if failed else None)
                self._look_again.clear()
        except Exception as error:  # noqa: BLE001 - told by the thread that is listened to
            self._tell_new(error)
        finally:
            with contextlib.suppress(KazooException):
                self._client.stop()
                self._client.close()

    def _tell_new(self, news: News | None) -> None:
        if news is not None and news != self._told and not self._closing.is_set():
            self._told = news
            self._tell(news)

    def _changed(self, _: object) -> None:
        self._look_again.set()

    def _look(self) -> News | None:
        """Who leads; ``None`` when ZooKeeper cannot say. Every change has us look again."""
        if self._client.client_state == KeeperState.AUTH_FAILED:
            return self._not_let_in()
        if not self._client.connected:
            return None
        try:
            return self._leader()
        except (NoAuthError, AuthFailedError):
            return self._not_let_in()
        except (KazooException, KazooTimeoutError):
            return None

    def _leader(self) -> News:
        node = leading_node(self._children())
        if node is None:
            return NoLeader(f"no master is registered at {self._place}")
        try:
            data, _ = self._client.get_async(f"{self._path}/{node}").get(timeout=_SESSION_SECONDS)
            return leader_from(data)
        except CodecError as error:
            return NoLeader(f"{self._place}/{node} cannot be read: {error}")

    def _children(self) -> list[str]:
        children = self._client.get_children_async(self._path, watch=self._changed)
        try:
            names: list[str] = children.get(timeout=_SESSION_SECONDS)
        except NoNodeError:
            exists = self._client.exists_async(self._path, watch=self._changed)
            if exists.get(timeout=_SESSION_SECONDS) is not None:
                self._look_again.set()
            return []
        return names

    def _not_let_in(self) -> NoLeader:
        return NoLeader(
            f"ZooKeeper does not let us read {self._place}: check the user and the password"
            " (zk://USER:PASSWORD@HOST:PORT/PATH)",
            final=True,
        )


def _silent_logger() -> logging.Logger:
    """For what kazoo has to say: nobody asked for it, and it may hold the password."""
    logger = logging.getLogger("mesos_batch.zookeeper")
    logger.disabled = True
    return logger
