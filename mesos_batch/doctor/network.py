"""Reaches for one server as a run would, step by step, so that the step that fails is known.

A call that says nothing is sent to the scheduler endpoint: a master looks at credentials
first, then whether it leads, and last at the call, which it refuses. Nothing comes of it.
"""

from __future__ import annotations

import math
import socket
import ssl
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
from requests.utils import select_proxy

from mesos_batch.protocol.connection import Verdict, subscription_answer
from mesos_batch.transport.http import (
    CONNECT_SECONDS,
    Login,
    new_session,
    reason,
    short_body,
)
from mesos_batch.transport.tls import SYSTEM_TRUST, context_of

_ANSWER_SECONDS = 10.0
_AGENT_SECONDS = 2.0
_AT_ONCE = 64
_NO_CALL = b""
_PROTOBUF = "application/x-protobuf"
# How a master that leads and let us in refuses what is no call.
_REFUSED_THE_CALL = 400
# So do masters answer: let in or not, another leads, no leader yet.
_OF_MASTERS = (_REFUSED_THE_CALL, 401, 403, 307, 308, 503)
_DAY = 86400.0
_NO_PROXY = "The environment says to use it (http_proxy, https_proxy); no_proxy lists exceptions."


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Where the way ended, and what helps."""

    url: str
    why: str
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Secured:
    """How TLS is spoken, and how long the certificate of the server is valid yet."""

    version: str
    days_left: float


@dataclass(frozen=True, slots=True)
class Reached:
    """What a master said.

    ``location`` is the scheduler endpoint of the master it says is the leader; ``ahead_seconds`` is
    how much later it is there than here; ``proxy`` is the one on the way, without its password.
    """

    url: str
    status: int
    said: str
    location: str | None = None
    not_let_in: bool = False
    ahead_seconds: float | None = None
    proxy: str | None = None
    tls: Secured | None = None

    @property
    def leads(self) -> bool:
        """Whether it looked at the call itself."""
        return self.status == _REFUSED_THE_CALL


def without_credentials(login: Login) -> Login:
    """The same trust, as nobody."""
    return Login(tls=login.tls)


def reach(url: str, login: Login | None) -> Reached | Unreachable:
    """Go to a scheduler endpoint and say nothing there.

    Raises:
        UsageError: a file with certificates cannot be used.
    """
    with new_session(login, url) as session:
        proxy = select_proxy(url, session.proxies)
        tls: Secured | None = None
        if proxy is None:
            direct = _connect(url, login)
            if isinstance(direct, Unreachable):
                return direct
            tls = direct
        headers = {"Content-Type": _PROTOBUF, "Accept": _PROTOBUF}
        began = time.time()
        try:
            response = session.post(
                url,
                data=_NO_CALL,
                headers=headers,
                stream=True,
                allow_redirects=False,
                timeout=(CONNECT_SECONDS, _ANSWER_SECONDS),
            )
        except requests.RequestException as error:
            way = "" if proxy is None else f"through the proxy {_place_of(proxy)}: "
            remedy = "Is it a Mesos master that listens there?" if proxy is None else _NO_PROXY
            return Unreachable(url, way + reason(error), remedy)
        middle = (began + time.time()) / 2
        with response:
            text = short_body(response)
    answer = subscription_answer(url, response.status_code, response.headers, text)
    if response.status_code not in _OF_MASTERS:
        return Unreachable(
            url,
            f"what answers is no Mesos master (HTTP {response.status_code})",
            "Look at the address: a master listens on port 5050 by default.",
        )
    return Reached(
        url,
        response.status_code,
        answer.text,
        answer.location,
        answer.verdict is Verdict.NOT_AUTHENTICATED,
        _ahead(response.headers.get("Date"), middle),
        None if proxy is None else _place_of(proxy),
        tls,
    )


def unreachable_of(agents: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """The agents whose ports nobody answers at, all asked at once."""

    def is_away(agent: tuple[str, int]) -> bool:
        try:
            socket.create_connection(agent, _AGENT_SECONDS).close()
        except OSError:
            return True
        return False

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = zip(agents, pool.map(is_away, agents), strict=True)
        return [agent for agent, away in answers if away]


def _place_of(proxy: str) -> str:
    """A proxy as it can be shown: without user and password."""
    return urlsplit(proxy).netloc.rpartition("@")[2] or "of the environment"


def _connect(url: str, login: Login | None) -> Secured | Unreachable | None:
    """Go as far as TLS; gives what is to be told of that, ``None`` without it."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 0
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        told = f"the name {host} cannot be resolved ({error.strerror})"
        return Unreachable(url, told, "Is it spelled right, and known to the DNS of this network?")
    try:
        connection = socket.create_connection((host, port), CONNECT_SECONDS)
    except OSError as error:
        told = f"cannot connect to port {port}: {reason(error)}"
        remedy = "Does a master run there, and does no firewall stand between?"
        return Unreachable(url, told, remedy)
    with connection:
        if parts.scheme != "https":
            return None
        return _tls(url, host, connection, login)


def _tls(
    url: str, host: str, connection: socket.socket, login: Login | None
) -> Secured | Unreachable:
    context = context_of(login.tls if login is not None else SYSTEM_TRUST)
    try:
        with context.wrap_socket(connection, server_hostname=host) as secured:
            ends = (secured.getpeercert() or {}).get("notAfter")
            version = secured.version() or "TLS"
    except (ssl.SSLError, OSError) as error:
        return Unreachable(url, reason(error))
    seconds = ssl.cert_time_to_seconds(ends) - time.time() if isinstance(ends, str) else math.inf
    return Secured(version, seconds / _DAY)


def _ahead(date: str | None, now: float) -> float | None:
    """How far a clock is ahead of ours; the header has whole seconds, rounded down."""
    if date is None:
        return None
    try:
        return parsedate_to_datetime(date).timestamp() + 0.5 - now
    except ValueError:
        return None
