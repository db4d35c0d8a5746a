"""The reading thread: keeps a subscription alive and hands its events on.

It asks the master that leads (``leaders.py`` knows which), follows redirects, comes back to where
it began when a leader they name is dead, and tries again with growing pauses. Before the first
subscription of a new framework it gives up after ``GIVE_UP_SECONDS``; after it, never.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from mesos_batch.engine import events as ev
from mesos_batch.protocol import calls
from mesos_batch.protocol.codec import CodecError, ContentType
from mesos_batch.protocol.connection import (
    Answer,
    Verdict,
    base_url,
    error_answer,
    longest_silence,
)
from mesos_batch.protocol.decode import SubscriptionAccepted, SubscriptionError, decode_event
from mesos_batch.runtime.backoff import Backoff
from mesos_batch.runtime.leaders import Masters, NoLeaderError, find_leaders
from mesos_batch.transport.calls import Calls
from mesos_batch.transport.http import AUTH_SCHEMES, CONNECT_SECONDS
from mesos_batch.transport.stream import Stream, StreamError

if TYPE_CHECKING:
    from mesos_batch.runtime.clock import Clock
    from mesos_batch.transport.http import Login

GIVE_UP_SECONDS = 10.0
MAX_REDIRECTS = 5
OVERTAKEN = "another master leads now"


@dataclass(frozen=True, slots=True)
class Target:
    """Where masters are found (``leaders.masters_at``), and as whom we subscribe."""

    masters: Masters
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
    """Runs in a thread of its own; ``post`` takes what it finds.

    ``framework_id`` is the id a run already has: its framework waits for us at the master, so
    that giving up is no choice.
    """

    def __init__(
        self,
        target: Target,
        post: Callable[[Message], None],
        clock: Clock,
        framework_id: str | None = None,
    ) -> None:
        self._target = target
        self._post = post
        self._clock = clock
        self._framework_id = framework_id
        self._give_up_at: float | None = None
        self._heard_at: float | None = None
        self._leaders = find_leaders(target.masters, self._leader_changed)
        self._backoff = Backoff()
        self._closing = threading.Event()
        self._wake = threading.Event()
        self._start_over = threading.Event()
        self._stream: Stream | None = None
        self._calls: Calls | None = None
        self._thread = threading.Thread(target=self._run, name="subscriber", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def reconnect(self, why: str, calls: Calls | None = None) -> None:
        """Drop the present subscription, which cannot be trusted any more, and get another.

        With the ``calls`` that failed given, nothing happens when theirs is replaced already.
        """
        stream = self._stream
        if stream is not None and (calls is None or calls is self._calls):
            stream.stop(why)

    def start_over(self) -> None:
        """After ``FrameworkRemoved``: subscribe as a new framework, which gets a new id."""
        self._start_over.set()

    def close(self, timeout: float = 2.0) -> None:
        """End the thread."""
        self._closing.set()
        self._wake.set()
        self._start_over.set()
        self._leaders.close()
        self.reconnect("the run has ended")
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _leader_changed(self) -> None:
        """Have the subscriber look, whatever it is waiting for; in the thread of ZooKeeper."""
        self._wake.set()
        stream = self._stream
        if stream is not None and self._leaders.overtaken(stream.url):
            stream.stop(OVERTAKEN)

    def _run(self) -> None:
        try:
            self._leaders.start()
            self._stay_subscribed()
        except Exception as error:  # noqa: BLE001 - told by the thread that is listened to
            self._post(error)
        finally:
            self._leaders.close()

    def _stay_subscribed(self) -> None:
        if self._framework_id is None:
            self._give_up_at = self._clock.now() + GIVE_UP_SECONDS
        while not self._closing.is_set():
            self._wake.clear()
            try:
                self._ask_leader()
            except _FatalError as error:
                self._post(ev.SubscriptionFailed(str(error)))
                return
            except _RemovedError as error:
                self._wait_to_start_over(str(error))
            except _TryError as error:
                if self._closing.is_set():
                    return
                if self._give_up_at is not None and self._clock.now() >= self._give_up_at:
                    self._post(ev.SubscriptionFailed(error.last_word))
                    return
                self._pause(str(error))
                self._leaders.next()

    def _ask_leader(self) -> NoReturn:
        """Subscribe and read until that ends, which it always does by an error."""
        try:
            url = self._leaders.url(self._patience(CONNECT_SECONDS))
            # This leader is no news any more; one that came meanwhile has overtaken it.
            self._wake.clear()
        except NoLeaderError as error:
            kind = _FatalError if error.final else _TryError
            raise kind(str(error)) from None
        for _ in range(1 + MAX_REDIRECTS):
            try:
                leader = self._subscribe(url)
            except StreamError as error:
                if error.final and self._give_up_at is not None:
                    raise _FatalError(f"{base_url(url)}: {error}") from None
                raise _TryError(str(error), url) from None
            if leader is None:
                raise _TryError("the master ended the subscription", url)
            url = leader
        raise _TryError("the masters redirect to each other", url)

    def _pause(self, why: str) -> None:
        pause = 0.0 if self._wake.is_set() else self._patience(self._backoff.next())
        self._post(ev.ConnectionLost(why, pause))
        if self._wake.wait(pause):
            # What was in vain with the former leader says nothing about the new one.
            self._backoff.reset()

    def _patience(self, seconds: float) -> float:
        """So many seconds, or what is left of them before giving up."""
        if self._give_up_at is None:
            return seconds
        return max(0.0, min(seconds, self._give_up_at - self._clock.now()))

    def _wait_to_start_over(self, why: str) -> None:
        self._start_over.clear()
        heard_at = self._heard_at
        silent_for = None if heard_at is None else self._clock.now() - heard_at
        self._post(ev.FrameworkRemoved(why, silent_for))
        if not self._closing.is_set():
            self._start_over.wait()
        self._framework_id = None

    def _subscribe(self, url: str) -> str | None:
        """Subscribe at ``url`` until the stream ends; give the leader's address on a redirect."""
        target = self._target
        self._calls = None
        stream = self._stream = Stream(url, target.login)
        call = calls.subscribe(target.framework, self._framework_id)
        try:
            # Who wanted to stop this stream a moment ago found none.
            if self._closing.is_set() or self._leaders.overtaken(url):
                raise StreamError(OVERTAKEN)
            answer = stream.open(target.content_type.encode(call), target.content_type.value)
            if answer.verdict is Verdict.REDIRECT:
                return answer.location
            if answer.verdict is not Verdict.ACCEPTED:
                raise self._refusal(answer)
            self._read(stream)
        finally:
            stream.close()
        if stream.stopped is not None:
            raise StreamError(stream.stopped)
        return None

    def _read(self, stream: Stream) -> None:
        began: float | None = None
        try:
            for record in stream.records():
                try:
                    decoded = decode_event(record, self._target.content_type)
                except CodecError as error:
                    raise StreamError(str(error)) from None
                if isinstance(decoded, SubscriptionError):
                    raise self._refusal(error_answer(decoded.message))
                self._heard_at = self._clock.now()
                if isinstance(decoded, SubscriptionAccepted):
                    began = self._clock.now()
                    self._accept(decoded, stream)
                elif decoded is not None:
                    self._post(decoded)
        finally:
            if began is not None:
                self._backoff.held_for(self._clock.now() - began)

    def _accept(self, accepted: SubscriptionAccepted, stream: Stream) -> None:
        stream.allow_silence(longest_silence(accepted.heartbeat_seconds))
        self._give_up_at = None
        self._framework_id = accepted.framework_id
        self._calls = Calls(self._target.login, stream.url, stream.stream_id)
        subscribed = ev.Subscribed(accepted.framework_id, accepted.master or stream.url)
        self._post(Connected(subscribed, self._calls, base_url(stream.url)))

    def _refusal(self, answer: Answer) -> Exception:
        if answer.verdict is Verdict.NOT_AUTHENTICATED:
            return _FatalError(credentials_sentence(self._target.login, answer.text))
        if answer.verdict is Verdict.TAKEN_OVER:
            return _FatalError(
                f"another process has subscribed as framework {self._framework_id} and goes on"
                f" with this run ({answer.text})"
            )
        # Without an id there is nothing to start over with.
        if answer.verdict is Verdict.REMOVED and self._framework_id is not None:
            return _RemovedError(answer.text)
        if answer.verdict is Verdict.RETRY:
            return StreamError(answer.text)
        return _FatalError(f"the master refuses the subscription: {answer.text}")


class _TryError(Exception):
    """One try came to nothing, another may not."""

    def __init__(self, why: str, url: str | None = None) -> None:
        super().__init__(why if url is None else f"{url}: {why}")
        self.last_word = why if url is None else f"no master answers at {url}: {why}"


class _RemovedError(Exception):
    """No further try with this framework id can succeed."""


class _FatalError(Exception):
    """No further try can succeed."""


def credentials_sentence(login: Login | None, said: str) -> str:
    """Say that a master does not let us in, and what to look at."""
    if login is None or login.is_anonymous:
        return (
            f"the master wants credentials ({said}): give --principal and --secret_file,"
            " MESOS_BATCH_SECRET or a keyring entry, or a token with --token_file"
        )
    if login.token is not None:
        return (
            f"the master does not accept the token ({said}): it may have expired; get a new one"
            f" (sent as '{AUTH_SCHEMES[login.auth_scheme]}...', see --auth_scheme)"
        )
    return (
        f"the master does not accept principal '{login.principal}' with the secret given"
        f" ({said}): check both"
    )
