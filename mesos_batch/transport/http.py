"""One place for how we speak HTTP: sessions, credentials, time limits.

The subscription occupies its connection for ever, so calls have a session of their own.
Redirects are followed by hand: Mesos answers 307 to a POST, and credentials must go along.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from requests.utils import get_environ_proxies

CONNECT_SECONDS = 5.0
# Mesos advises to give a connection up after five missed heartbeats of 15 s.
ANSWER_SECONDS = 75.0
LONGEST_BODY = 1 << 14
_TIMEOUTS = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Login:
    """Credentials of a principal; the secret is never printed."""

    principal: str
    secret: str = field(repr=False)


def new_session(
    login: Login | None, url: str, connected: Callable[[socket.socket | None], None] | None = None
) -> requests.Session:
    """A session for one master or agent that follows no redirect of its own accord.

    Proxies and certificate bundles of the environment are looked up once, not at every call,
    and a ``.netrc`` file never adds credentials. A proxy never sees what stays on this machine.
    ``connected`` is told of each socket that has been connected.
    """
    session = _Session()
    if connected is not None:
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter(connected))
    session.trust_env = False
    if not _is_loopback(url):
        session.proxies.update(get_environ_proxies(url))
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE", True)
    if login is not None:
        session.auth = HTTPBasicAuth(login.principal.encode(), login.secret.encode())
    session.headers["User-Agent"] = "mesos-batch"
    return session


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests would read the whole body, and stumble over what is no address."""


class _Adapter(HTTPAdapter):
    """Makes connections that tell of their sockets."""

    def __init__(self, connected: Callable[[socket.socket | None], None]) -> None:
        super().__init__()
        self._connected = connected

    def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> Any:
        """A pool, whose kind of connection depends on the scheme and on the proxy, if any."""
        pool: Any = super().get_connection_with_tls_context(*arguments, **options)
        kind, connected = pool.ConnectionCls, self._connected
        if not hasattr(kind, "tells"):

            def connect(connection: Any) -> None:
                kind.connect(connection)
                connected(connection.sock)

            members = {"connect": connect, "tells": True}
            pool.ConnectionCls = type("Connection", (kind,), members)
        return pool


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def short_body(response: requests.Response) -> str:
    """The body of a streamed answer, or its beginning: nobody can make us read for ever."""
    data = b""
    try:
        for part in response.iter_content(LONGEST_BODY):
            data += part
            if len(data) >= LONGEST_BODY:
                break
    except requests.RequestException:
        pass
    return data.decode(errors="replace")


def reason(error: BaseException) -> str:
    """The shortest true sentence in a nest of library errors."""
    nest = list(_nest(error))
    for inner in nest:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
    if any(isinstance(inner, _TIMEOUTS) for inner in nest):
        return "no answer in time"
    if any(isinstance(inner, urllib3.exceptions.ProtocolError) for inner in nest):
        return "the connection broke"
    return str(error) or type(error).__name__


def _nest(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was made of: libraries wrap by argument, reason and cause."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        item = waiting.pop(0)
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting += [*item.args, getattr(item, "reason", None), item.__cause__]
