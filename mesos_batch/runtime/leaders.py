"""Where the leading master is: at one of the addresses given, or where ZooKeeper says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mesos_batch.config.masters import ZOOKEEPER, parse_master
from mesos_batch.protocol.connection import origin, scheduler_url
from mesos_batch.protocol.zk import Leader, NoLeader

if TYPE_CHECKING:
    from mesos_batch.config.secret import Secret
    from mesos_batch.transport.zookeeper import LeaderWatch, News


@dataclass(frozen=True, slots=True)
class ZooKeeper:
    """Where masters register: ``servers`` as ``HOST:PORT,...``, the path, ``USER:PASSWORD``."""

    servers: str
    path: str
    login: Secret | None = None


# URLs of scheduler endpoints, or where to look them up.
Masters = tuple[str, ...] | ZooKeeper


def masters_at(address: str) -> Masters:
    """Where to look for the leader, from an address as ``--master`` takes it.

    Raises:
        ValueError: it is no such address; the message is a sentence for the user.
    """
    master = parse_master(address)
    if master.startswith(ZOOKEEPER):
        servers, slash, path = master.removeprefix(ZOOKEEPER).partition("/")
        return ZooKeeper(servers, slash + path, master.zk_login)
    return tuple(scheduler_url(part) for part in master.split(","))


class NoLeaderError(Exception):
    """No master is known that could be asked; ``final`` when that will not change."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class Leaders(Protocol):
    """Knows which master to ask."""

    def start(self) -> None:
        """Begin to look."""

    def url(self, patience: float, /) -> str:
        """The scheduler endpoint to ask now, found within ``patience`` seconds.

        Raises:
            NoLeaderError: there is none.
        """

    def next(self) -> None:
        """The one given last did not serve: go on to another address, if there is another."""

    def overtaken(self, url: str, /) -> bool:
        """Whether another master leads by now than the one subscribed to at ``url``."""

    def close(self) -> None:
        """Look no more."""


def find_leaders(masters: Masters, changed: Callable[[], None]) -> Leaders:
    """How to find the leader; ``changed`` is called, in any thread, when there is a new one."""
    return Elected(masters, changed) if isinstance(masters, ZooKeeper) else Seeds(masters)


class Seeds:
    """Addresses of masters, one tried after the other; those that do not lead redirect."""

    def __init__(self, urls: tuple[str, ...]) -> None:
        self._urls = urls
        self._at = 0

    def start(self) -> None:
        """Nothing to do: the addresses are all there is."""

    def url(self, _patience: float, /) -> str:
        """The present address."""
        return self._urls[self._at]

    def next(self) -> None:
        """Go on to the next address, from the last one to the first."""
        self._at = (self._at + 1) % len(self._urls)

    def overtaken(self, _url: str, /) -> bool:
        """Never: only the master itself tells, by a redirect."""
        return False

    def close(self) -> None:
        """Nothing to do."""


class Elected:
    """The master ZooKeeper names; without ZooKeeper the one it named last."""

    def __init__(self, zookeeper: ZooKeeper, changed: Callable[[], None]) -> None:
        self._zookeeper = zookeeper
        self._changed = changed
        self._watch: LeaderWatch | None = None
        self._news: News | None = None
        self._heard = threading.Event()
        self._given: Leader | None = None
        self._at = 0

    def start(self) -> None:
        """Begin to watch."""
        from mesos_batch.transport.zookeeper import LeaderWatch

        where = self._zookeeper
        login = where.login.reveal() if where.login is not None else None
        self._watch = LeaderWatch(where.servers, where.path, login, self._hear)
        self._watch.start()

    def url(self, patience: float, /) -> str:
        """The present address of the leader; waits for the first word of ZooKeeper.

        Raises:
            NoLeaderError: ZooKeeper does not answer, or knows of no leader.
        """
        self._heard.wait(patience)
        news = self._news
        if news is None:
            raise NoLeaderError(f"ZooKeeper does not answer at {self._zookeeper.servers}")
        if isinstance(news, Exception):
            raise news
        if isinstance(news, NoLeader):
            raise NoLeaderError(news.why, final=news.final)
        if news != self._given:
            self._given, self._at = news, 0
        return scheduler_url(news.addresses[self._at])

    def next(self) -> None:
        """A host may be known by name and by number; one of them may lead nowhere."""
        if self._given is not None:
            self._at = (self._at + 1) % len(self._given.addresses)

    def overtaken(self, url: str, /) -> bool:
        """Whether ZooKeeper names another master, be it a new one at the same address."""
        news, given, here = self._news, self._given, origin(url)
        if not isinstance(news, Leader) or news == given:
            return False
        return here not in news.addresses or (given is not None and here in given.addresses)

    def close(self) -> None:
        """End the session with ZooKeeper."""
        if self._watch is not None:
            self._watch.close()
        self._heard.set()

    def _hear(self, news: News) -> None:
        self._news = news
        self._heard.set()
        if isinstance(news, Leader):
            self._changed()
