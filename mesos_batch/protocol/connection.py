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


def scheduler_url(address: str) -> str:
    """The scheduler endpoint of a master given as ``HOST:PORT`` or as a URL.

    Without a port it is 5050 for http, which is Mesos's own, and 443 for https.
    """
    url = address if "://" in address else f"http://{address}"
    parts = urlsplit(url)
    if parts.port is None:
        url = f"{url}:{443 if parts.scheme == 'https' else 5050}"
    return f"{url}{SCHEDULER_PATH}"


def base_url(scheduler_url: str) -> str:
    """The address of a master without the scheduler endpoint and the ``/master`` prefix."""
    return scheduler_url.removesuffix(SCHEDULER_PATH).removesuffix("/master")
