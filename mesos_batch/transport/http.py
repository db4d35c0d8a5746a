"""One place for how we speak HTTP: sessions, credentials, time limits.

The subscription occupies its connection for ever, so calls have a session of their own.
Redirects are followed by hand: Mesos answers 307 to a POST, and credentials must go along.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from requests.utils import get_environ_proxies

from mesos_batch.transport.tls import SYSTEM_TRUST, Tls, context_of, is_no_tls, tls_fault

CONNECT_SECONDS = 5.0
# Mesos advises to give a connection up after five missed heartbeats of 15 s.
ANSWER_SECONDS = 75.0
LONGEST_BODY = 1 << 14
_TIMEOUTS = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)


# How a token stands in the header Authorization.
AUTH_SCHEMES = {"token": "token=", "bearer": "Bearer "}


@dataclass(frozen=True, slots=True)
class Login:
    """As whom we come, and whom we trust; neither secret nor token is ever printed.

    With a principal and a secret, or with a token, or as nobody in particular.
    ``auth_scheme`` is one of ``AUTH_SCHEMES``.
    """

    principal: str | None = None
    secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    auth_scheme: str = "token"
    tls: Tls = SYSTEM_TRUST

    @property
    def is_anonymous(self) -> bool:
        """Whether we show nothing of who we are."""
        return self.token is None and (self.principal is None or self.secret is None)


_NOBODY = Login()


class _TokenAuth(AuthBase):
    def __init__(self, value: str) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._value
        return request


def _auth_of(login: Login) -> AuthBase | None:
    if login.token is not None:
        return _TokenAuth(AUTH_SCHEMES[login.auth_scheme] + login.token)
    if login.principal is not None and login.secret is not None:
        return HTTPBasicAuth(login.principal.encode(), login.secret.encode())
    return None


def new_session(
    login: Login | None, url: str, connected: Callable[[socket.socket | None], None] | None = None
) -> requests.Session:
    """A session for one master or agent that follows no redirect of its own accord.

    Proxies of the environment are looked up once, not at every call, and a ``.netrc`` file never
    adds credentials. A proxy never sees what stays on this machine. ``connected`` is told of each
    socket that has been connected.

    Raises:
        UsageError: a file with certificates cannot be used.
    """
    login = login or _NOBODY
    session = _Session()
    is_https = urlsplit(url).scheme == "https"
    context = context_of(login.tls) if is_https else None
    session.mount("https://" if is_https else "http://", _Adapter(connected, context))
    session.trust_env = False
    if not _is_loopback(url):
        session.proxies.update(get_environ_proxies(url))
    session.auth = _auth_of(login)
    session.headers["User-Agent"] = "mesos-batch"
    return session


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests would read the whole body, and stumble over what is no address."""


class _Adapter(HTTPAdapter):
    """Makes connections that tell of their sockets, and trust whom ``context`` trusts."""

    def __init__(
        self,
        connected: Callable[[socket.socket | None], None] | None,
        context: ssl.SSLContext | None,
    ) -> None:
        self._connected = connected
        self._tls: dict[str, Any] = {} if context is None else {"ssl_context": context}
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Connections to the server itself."""
        super().init_poolmanager(*arguments, **{**options, **self._tls})

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Connections through a proxy."""
        return super().proxy_manager_for(proxy, **options, **self._tls)

    def cert_verify(self, *_: Any) -> None:
        """Nothing: requests would add the authorities it brings along to those we trust."""

    def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> Any:
        """A pool, whose kind of connection depends on the scheme and on the proxy, if any."""
        pool: Any = super().get_connection_with_tls_context(*arguments, **options)
        kind, connected = pool.ConnectionCls, self._connected
        if connected is not None and not hasattr(kind, "tells"):

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
    fault = final_fault(error)
    if fault is not None:
        return fault
    for inner in nest:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
    if any(isinstance(inner, _TIMEOUTS) for inner in nest):
        return "no answer in time"
    if any(isinstance(inner, urllib3.exceptions.ProtocolError) for inner in nest):
        return "the connection broke"
    return str(error) or type(error).__name__


def final_fault(error: BaseException) -> str | None:
    """Why no other try can succeed: TLS shows who the other side is, or it is not spoken there."""
    inner = (tls_fault(item) for item in _nest(error) if isinstance(item, ssl.SSLError))
    return next(filter(None, inner), None)


def may_speak_no_tls(error: BaseException) -> bool:
    """Whether the other side may be one that expects no TLS: some say so, some just hang up."""
    nest = list(_nest(error))
    if any(isinstance(inner, _TIMEOUTS) for inner in nest):
        return False
    faults = [inner for inner in nest if isinstance(inner, ssl.SSLError)]
    return all(tls_fault(inner) is None or is_no_tls(inner) for inner in faults)


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
