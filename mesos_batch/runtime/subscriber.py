"""The reading thread: keeps a subscription alive and hands its events on.

It finds the leader by following redirects from the addresses given, comes back to them when a
leader they name is dead, and tries again with growing pauses. Before the first subscription it
gives up after ``GIVE_UP_SECONDS``; after it, never.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesos_batch.engine import events as ev
from mesos_batch.protocol import calls
from mesos_batch.protocol.codec import CodecError, ContentType
from mesos_batch.protocol.connection import Answer, Verdict, base_url
from mesos_batch.protocol.decode import SubscriptionAccepted, SubscriptionError, decode_event
from mesos_batch.runtime.backoff import Backoff
from mesos_batch.transport.calls import Calls
from mesos_batch.transport.http import ANSWER_SECONDS
from mesos_batch.transport.stream import Stream, StreamError

if TYPE_CHECKING:
    from mesos_batch.runtime.clock import Clock
    from mesos_batch.transport.http import Login

GIVE_UP_SECONDS = 10.0
MAX_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class Target:
    """Which masters to ask and as whom; ``masters`` are URLs of the scheduler endpoint."""

    masters: tuple[str, ...]
    login: Login | None
    framework: calls.Framework
    content_type: ContentType


@dataclass(frozen=True, slots=True)
class Connected:
    """A subscription was accepted; ``calls`` belong to it and to no other."""

    event: ev.Subscribed
    calls: Calls
    master: str


# An exception is a mistake of ours: the engine thread must not wait for ever.
Message = Connected | ev.Event | Exception


class Subscriber:
    """Runs in a thread of its own; ``post`` takes what it finds."""

    def __init__(self, target: Target, post: Callable[[Message], None], clock: Clock) -> None:
        self._target = target
        self._post = post
        self._clock = clock
        self._backoff = Backoff()
        self._closing = threading.Event()
        self._stream: Stream | None = None
        self._framework_id: str | None = None
        self._redirects = 0
        self._seed = 0
        self._why: str | None = None
        self._thread = threading.Thread(target=self._run, name="subscriber", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def reconnect(self, why: str) -> None:
        """Drop the present subscription, which cannot be trusted any more, and get another."""
        self._why = why
        stream = self._stream
        if stream is not None:
            stream.stop()

    def close(self, timeout: float = 2.0) -> None:
        """End the thread."""
        self._closing.set()
        self.reconnect("the run has ended")
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        try:
            self._stay_subscribed()
        except Exception as error:  # noqa: BLE001 - told by the thread that is listened to
            self._post(error)

    def _stay_subscribed(self) -> None:
        give_up_at = self._clock.now() + GIVE_UP_SECONDS
        url = self._target.masters[0]
        while not self._closing.is_set():
            try:
                next_url = self._subscribe(url)
                trouble = self._why or "the master ended the subscription"
            except StreamError as error:
                next_url, trouble = None, str(error)
            except _FatalError as error:
                self._post(ev.SubscriptionFailed(str(error)))
                return
            if next_url is not None:
                url = next_url
                continue
            if self._framework_id is None and self._clock.now() >= give_up_at:
                self._post(ev.SubscriptionFailed(f"no master answers at {url}: {trouble}"))
                return
            pause = self._backoff.next()
            if self._framework_id is None:
                pause = min(pause, give_up_at - self._clock.now())
            self._post(ev.ConnectionLost(f"{url}: {trouble}", pause))
            self._closing.wait(pause)
            self._redirects = 0
            self._seed = (self._seed + 1) % len(self._target.masters)
            url = self._target.masters[self._seed]

    def _subscribe(self, url: str) -> str | None:
        """Subscribe at ``url`` until the stream ends; give the leader's address on a redirect."""
        target = self._target
        self._why = None
        stream = self._stream = Stream(url, target.login, ANSWER_SECONDS)
        call = calls.subscribe(target.framework, self._framework_id)
        try:
            answer = stream.open(target.content_type.encode(call), target.content_type.value)
            if answer.verdict is Verdict.ACCEPTED:
                self._read(stream, url)
                return None
            return self._refused(answer)
        finally:
            stream.close()

    def _refused(self, answer: Answer) -> str | None:
        if answer.verdict is Verdict.REDIRECT:
            self._redirects += 1
            if self._redirects > MAX_REDIRECTS:
                raise StreamError("the masters redirect to each other")
            return answer.location
        if answer.verdict is Verdict.NOT_AUTHENTICATED:
            raise _FatalError(_credentials_sentence(self._target, answer.text))
        if answer.verdict is Verdict.REFUSED:
            raise _FatalError(f"the master refuses the subscription: {answer.text}")
        raise StreamError(answer.text)

    def _read(self, stream: Stream, url: str) -> None:
        for record in stream.records():
            try:
                decoded = decode_event(record, self._target.content_type)
            except CodecError as error:
                raise StreamError(str(error)) from None
            if isinstance(decoded, SubscriptionError):
                raise _FatalError(f"the master ended the framework: {decoded.message}")
            if isinstance(decoded, SubscriptionAccepted):
                self._backoff.reset()
                self._redirects = 0
                self._framework_id = decoded.framework_id
                self._post(
                    Connected(
                        ev.Subscribed(decoded.framework_id, decoded.master or url),
                        Calls(self._target.login, url, stream.stream_id),
                        base_url(url),
                    )
                )
            elif decoded is not None:
                self._post(decoded)


class _FatalError(Exception):
    """No further try can succeed."""


def _credentials_sentence(target: Target, said: str) -> str:
    if target.login is None:
        return (
            f"the master wants credentials ({said}): give --principal and --secret_file,"
            " MESOS_BATCH_SECRET or a keyring entry"
        )
    return (
        f"the master does not accept principal '{target.login.principal}' with the secret given"
        f" ({said}): check both"
    )
