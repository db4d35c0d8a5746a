"""A subscriber whose messages a test reads one by one."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from runtime.scripted_master import ScriptedMaster, head

from mesos_batch.engine import events as ev
from mesos_batch.protocol.calls import Framework
from mesos_batch.protocol.codec import ContentType
from mesos_batch.runtime.clock import Clock
from mesos_batch.runtime.leaders import masters_at
from mesos_batch.runtime.subscriber import Connected, Message, Subscriber, Target
from mesos_batch.transport.http import Login

MessageT = TypeVar("MessageT")
FRAMEWORK = Framework(
    name="test",
    user="nobody",
    role="*",
    principal=None,
    failover_timeout=60,
    checkpoint=False,
    hostname="here",
    capabilities=(),
)


class ManualClock(Clock):
    """Goes only when a test moves it."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 1000.0

    def now(self) -> float:
        return self.time


class Followed:
    """What a subscriber posted, in order."""

    def __init__(self) -> None:
        self._messages: queue.Queue[Message] = queue.Queue()
        self.seen: list[Message] = []
        self.subscriber: Subscriber

    def post(self, message: Message) -> None:
        self._messages.put(message)

    def next(self, kind: type[MessageT]) -> MessageT:
        """The next message, which must be of this kind."""
        message = self._messages.get(timeout=60)
        self.seen.append(message)
        assert isinstance(message, kind), message
        return message

    def until(self, kind: type[MessageT]) -> MessageT:
        """The next message of this kind; what comes before it may only be of the connection."""
        while True:
            message = self.next(object)
            if isinstance(message, kind):
                return message
            assert isinstance(message, ev.ConnectionLost | Connected), message

    def nothing_more(self) -> bool:
        """Whether all was read; only of use when the subscriber is closed or has ended."""
        return self._messages.empty()


@contextmanager
def following(
    address: str,
    framework_id: str | None = None,
    login: Login | None = None,
    clock: Clock | None = None,
) -> Iterator[Followed]:
    """Subscribe at an address as ``--master`` takes it."""
    target = Target(masters_at(address), login, FRAMEWORK, ContentType.PROTOBUF)
    followed = Followed()
    subscriber = Subscriber(target, followed.post, clock or Clock(), framework_id)
    followed.subscriber = subscriber
    subscriber.start()
    try:
        yield followed
    finally:
        subscriber.close()
        for message in followed.seen:
            if isinstance(message, Connected):
                message.calls.close()


def stream(master: ScriptedMaster, *parts: bytes) -> Iterator[bytes]:
    """A stream that says this and is then silent."""
    yield head()
    yield from parts
    yield from master.hold()
