"""One place for how we speak HTTP: sessions, credentials, time limits.

The subscription occupies its connection for ever, so calls have a session of their own.
Redirects are followed by hand: Mesos answers 307 to a POST, and credentials must go along.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import requests
from requests.auth import HTTPBasicAuth
from requests.utils import get_environ_proxies

CONNECT_SECONDS = 5.0
# Mesos advises to give a connection up after five missed heartbeats of 15 s.
ANSWER_SECONDS = 75.0


@dataclass(frozen=True, slots=True)
class Login:
    """Credentials of a principal; the secret is never printed."""

    principal: str
    secret: str = field(repr=False)


def new_session(login: Login | None, url: str) -> requests.Session:
    """A session for one master or agent that follows no redirect of its own accord.

    Proxies and certificate bundles of the environment are looked up once, not at every call,
    and a ``.netrc`` file never adds credentials.
    """
    session = requests.Session()
    session.trust_env = False
    session.proxies.update(get_environ_proxies(url))
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE", True)
    if login is not None:
        session.auth = HTTPBasicAuth(login.principal.encode(), login.secret.encode())
    session.headers["User-Agent"] = "mesos-batch"
    return session


def reason(error: BaseException) -> str:
    """The shortest true sentence in a nest of library errors."""
    inner: BaseException = error
    seen: set[int] = set()
    while id(inner) not in seen:
        seen.add(id(inner))
        nested = [item for item in inner.args if isinstance(item, BaseException)]
        deeper = getattr(inner, "reason", None)
        if isinstance(deeper, BaseException):
            inner = deeper
        elif nested:
            inner = nested[-1]
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror
    text = str(inner)
    return text.rsplit(": ", 1)[-1] if text.startswith("<") or "Connection" in text else text
