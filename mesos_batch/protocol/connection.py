"""What the master's HTTP answers mean, as a table, and where a redirect leads.

Source: facts of ``src/master/http.cpp``; recordings ``bad_calls``, ``authentication`` and
``leader_failover``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urljoin, urlsplit

SCHEDULER_PATH = "/api/v1/scheduler"
STREAM_ID = "Mesos-Stream-Id"


class Verdict(Enum):
    """What to do after an answer."""

    ACCEPTED = "go on"
    REDIRECT = "ask the leader"
    RETRY = "try again later"
    SUBSCRIBE_AGAIN = "the subscription is lost"
    NOT_AUTHENTICATED = "stop: wrong or missing credentials"
    REFUSED = "stop: the master will not have it"


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict, what the master said, and the address to ask instead."""

    verdict: Verdict
    text: str = ""
    location: str | None = None


_SUBSCRIBE: dict[int, Verdict] = {
    200: Verdict.ACCEPTED,
    307: Verdict.REDIRECT,
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
    503: Verdict.SUBSCRIBE_AGAIN,
}
_BAD_CALL = "Failed to"


def subscription_answer(url: str, status: int, headers: Mapping[str, str], body: str) -> Answer:
    """Read the answer to SUBSCRIBE sent to ``url``."""
    verdict = _SUBSCRIBE.get(status, Verdict.RETRY)
    text = body.strip() or f"HTTP {status}"
    if verdict is Verdict.REDIRECT:
        location = headers.get("Location")
        if location is None:
            return Answer(Verdict.RETRY, "a redirect without a Location")
        return Answer(verdict, text, urljoin(url, location))
    return Answer(verdict, text)


def call_answer(status: int, body: str) -> Answer:
    """Read the answer to any other call; 400 is a lost subscription unless the call is wrong."""
    text = body.strip() or f"HTTP {status}"
    if status == 400 and text.startswith(_BAD_CALL):
        return Answer(Verdict.REFUSED, text)
    return Answer(_CALL.get(status, Verdict.SUBSCRIBE_AGAIN), text)


def master_url(address: str) -> str:
    """The scheduler endpoint of a master given as ``HOST:PORT`` or ``http(s)://...``.

    A path prefix is kept. ``master@HOST:PORT``, as Mesos prints it, is taken as well.

    Raises:
        ValueError: the address is none of these; the message names what is wrong.
    """
    text = address.strip().removeprefix("master@")
    parts = urlsplit(text if "://" in text else f"http://{text}")
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"'{address}' begins with {parts.scheme}://; use HOST:PORT or http(s)://")
    try:
        port = parts.port
    except ValueError:
        raise ValueError(f"'{address}' has a port that is no number from 1 to 65535") from None
    if not parts.hostname:
        raise ValueError(f"'{address}' names no host; write HOST:PORT")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError(f"'{address}' has more than a host, a port and a path")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = parts.path.rstrip("/").removesuffix(SCHEDULER_PATH)
    default = 443 if parts.scheme == "https" else 5050
    return f"{parts.scheme}://{host}:{port or default}{path}{SCHEDULER_PATH}"


def base_url(scheduler_url: str) -> str:
    """The address of a master without the scheduler endpoint and the ``/master`` prefix."""
    return scheduler_url.removesuffix(SCHEDULER_PATH).removesuffix("/master")
