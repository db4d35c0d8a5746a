"""What the master's answers mean, as tables, and where a redirect leads.

Source: facts of ``src/master/http.cpp`` and ``src/master/master.cpp``; recordings ``bad_calls``,
``authentication``, ``leader_failover`` and ``scheduler_failover``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urljoin, urlsplit

SCHEDULER_PATH = "/api/v1/scheduler"
STREAM_ID = "Mesos-Stream-Id"
MISSED_HEARTBEATS = 5
_LONGEST_HEARTBEAT = 3600.0
_DEFAULT_HEARTBEAT = 15.0
_LONGEST_TEXT = 200


class Verdict(Enum):
    """What to do after an answer."""

    ACCEPTED = "go on"
    REDIRECT = "ask the leader"
    RETRY = "try again later"
    SUBSCRIBE_AGAIN = "the subscription is lost"
    NOT_AUTHENTICATED = "stop: wrong or missing credentials"
    REFUSED = "stop: the master will not have it"
    REMOVED = "the framework id is used up"
    TAKEN_OVER = "stop: another process subscribed with our framework id"


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict, what the master said, and the address to ask instead."""

    verdict: Verdict
    text: str = ""
    location: str | None = None


_SUBSCRIBE: dict[int, Verdict] = {
    200: Verdict.ACCEPTED,
    307: Verdict.REDIRECT,
    # What a proxy says instead of 307 where it moved for good.
    308: Verdict.REDIRECT,
    401: Verdict.NOT_AUTHENTICATED,
    403: Verdict.NOT_AUTHENTICATED,
    # Right after its start a master has no routes yet.
    404: Verdict.RETRY,
    400: Verdict.REFUSED,
    405: Verdict.REFUSED,
    406: Verdict.REFUSED,
    415: Verdict.REFUSED,
}
_CALL: dict[int, Verdict] = {
    200: Verdict.ACCEPTED,
    202: Verdict.ACCEPTED,
    307: Verdict.SUBSCRIBE_AGAIN,
    400: Verdict.SUBSCRIBE_AGAIN,
    401: Verdict.NOT_AUTHENTICATED,
    403: Verdict.SUBSCRIBE_AGAIN,
    404: Verdict.SUBSCRIBE_AGAIN,
    # A proxy's limit: the same call would fail again on every subscription.
    413: Verdict.REFUSED,
    415: Verdict.REFUSED,
    503: Verdict.SUBSCRIBE_AGAIN,
}
# The texts of ERROR that tell more than that the master will not have it.
_ERROR: dict[str, Verdict] = {
    "Framework has been removed": Verdict.REMOVED,
    "Framework failed over": Verdict.TAKEN_OVER,
}
_BAD_CALL = "Failed to"


def subscription_answer(
    url: str,
    status: int,
    headers: Mapping[str, str],
    body: str,
    path: str = SCHEDULER_PATH,
) -> Answer:
    """Read the answer to SUBSCRIBE, or to a question to an operator, sent to ``url``.

    ``path`` is how the URL ends whichever master is asked.
    """
    verdict = _SUBSCRIBE.get(status, Verdict.RETRY)
    text = _one_line(body) or f"HTTP {status}"
    if verdict is Verdict.REDIRECT:
        return _redirect(url, headers.get("Location"), text, path)
    return Answer(verdict, text)


def call_answer(status: int, body: str) -> Answer:
    """Read the answer to any other call; 400 is a lost subscription unless the call is wrong."""
    text = _one_line(body) or f"HTTP {status}"
    if status == 400 and text.startswith(_BAD_CALL):
        return Answer(Verdict.REFUSED, text)
    return Answer(_CALL.get(status, Verdict.SUBSCRIBE_AGAIN), text)


def error_answer(message: str) -> Answer:
    """Read ERROR, the event after which a stream ends."""
    verdict = _ERROR.get(message, Verdict.REFUSED)
    return Answer(verdict, _one_line(message) or "an ERROR without a message")


def longest_silence(heartbeat_seconds: float) -> float:
    """For how many seconds a stream may be silent before it counts as dead.

    Source: ``Event.Heartbeat`` of scheduler.proto advises five intervals.
    """
    if not 0 < heartbeat_seconds <= _LONGEST_HEARTBEAT:
        heartbeat_seconds = _DEFAULT_HEARTBEAT
    return MISSED_HEARTBEATS * heartbeat_seconds


def scheduler_url(address: str) -> str:
    """The scheduler endpoint of a master given as ``HOST:PORT`` or as a URL.

    Without a port it is 5050 for http, which is Mesos's own, and 443 for https. A URL with a path
    is one of a proxy, whose http port is 80.
    """
    url = address if "://" in address else f"http://{address}"
    parts = urlsplit(url)
    if parts.port is None:
        port = 443 if parts.scheme == "https" else 80 if parts.path else 5050
        parts = parts._replace(netloc=f"{parts.netloc}:{port}")
    return f"{parts.geturl()}{SCHEDULER_PATH}"


def base_url(scheduler_url: str) -> str:
    """The address of a master without the scheduler endpoint."""
    return scheduler_url.removesuffix(SCHEDULER_PATH)


def origin(url: str) -> str:
    """``HOST:PORT`` of a URL, by which two paths to one master are known as such."""
    return urlsplit(url).netloc


def _redirect(url: str, location: str | None, text: str, path: str) -> Answer:
    """Where a redirect leads: masters give ``//HOST:PORT/master/api/v1/scheduler``.

    A proxy that serves a master below a prefix passes the master's path on without it.
    """
    if not location:
        return Answer(Verdict.RETRY, "a redirect without a Location")
    try:
        asked, target = urlsplit(url), urlsplit(urljoin(url, location))
        _ = target.port
    except ValueError:
        return Answer(Verdict.RETRY, "a redirect to what is no address")
    if target.scheme not in ("http", "https") or not target.hostname or "@" in target.netloc:
        return Answer(Verdict.RETRY, "a redirect to what is no address")
    # Our credentials go along, so a page to log in at, say, is none of our business.
    if not target.path.endswith(path):
        return Answer(Verdict.RETRY, f"a redirect to {target.netloc}, which is no master")
    if asked.scheme == "https" and target.scheme == "http":
        return Answer(Verdict.RETRY, f"a redirect to {target.netloc} without https is not followed")
    prefix = asked.path.removesuffix(path)
    if target.netloc == asked.netloc and not target.path.startswith(f"{prefix}/"):
        target = target._replace(path=prefix + target.path)
    return Answer(Verdict.REDIRECT, text, target.geturl())


def _one_line(text: str) -> str:
    """A text short enough for a sentence: a proxy may answer with a whole page."""
    text = " ".join(text.split())
    if not text.isprintable():
        return ""
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}..."
