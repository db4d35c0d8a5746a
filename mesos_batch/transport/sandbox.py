"""Files of sandboxes over HTTP, from the agent they are on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode, urlsplit

import requests

from mesos_batch.errors import AgentAwayError, SandboxError, SandboxGoneError
from mesos_batch.protocol import files
from mesos_batch.transport.http import (
    CONNECT_SECONDS,
    Login,
    may_speak_no_tls,
    new_session,
    reason,
    short_body,
)

if TYPE_CHECKING:
    from mesos_batch.model.sandbox import SandboxFile

_ANSWER_SECONDS = 30.0
_CHUNK = 1 << 16
# Of 64 KiB of a file, each byte may be written as six.
_LONGEST_READ = 1 << 19
_LONGEST_LISTING = 1 << 26
_UNAUTHENTICATED, _FORBIDDEN, _MISSING = 401, 403, 404
_AWAY = range(500, 600)

T = TypeVar("T")


class AgentFiles:
    """The files of one agent, on one connection; for one thread at a time.

    Credentials are sent only once the agent has asked for them: many agents do not. ``patience``
    is how long it may take to connect and, again, to answer, in seconds.

    What a master calls the scheme of its agents is always http. Where the master itself is spoken
    to over TLS (``beside_tls``), https is tried first, and an agent that speaks http only is never
    told who we are: that is not for everybody on the way to read.
    """

    def __init__(
        self,
        address: str,
        login: Login | None,
        patience: tuple[float, float] = (CONNECT_SECONDS, _ANSWER_SECONDS),
        *,
        beside_tls: bool = False,
    ) -> None:
        # Where to go when TLS comes to nothing.
        self._plain: str | None = None
        if beside_tls:
            parts = urlsplit(address)
            address = parts._replace(scheme="https").geturl()
            self._plain = parts._replace(scheme="http").geturl()
        self._address = address
        self._login = login
        self._keeps_quiet = False
        self._patience = patience
        # Who the agent is we judge from the beginning, who we are it has to ask.
        self._session = new_session(None if login is None else Login(tls=login.tls), address)
        self._says_who = False

    def browse(self, path: str) -> tuple[SandboxFile, ...]:
        """What a directory holds.

        Raises:
            SandboxError: it cannot be read.
        """
        body = self._whole(files.BROWSE, {"path": path}, _LONGEST_LISTING)
        return self._understood(lambda: files.files_from(body))

    def size(self, path: str) -> int:
        """How many bytes a file has.

        Raises:
            SandboxError: it cannot be read.
        """
        return self._read(path, {"offset": "-1"})[0]

    def read(self, path: str, offset: int) -> bytes:
        """What follows in a file, at most 64 KiB; nothing at its end.

        Raises:
            SandboxError: it cannot be read.
        """
        return self._read(path, {"offset": str(offset), "length": str(files.MAX_READ)})[1]

    def download(self, path: str) -> Iterator[bytes]:
        """A whole file, piece by piece.

        Raises:
            SandboxError: it cannot be read, or not to its end.
        """
        with self._asked(files.DOWNLOAD, {"path": path}) as response:
            try:
                yield from response.iter_content(_CHUNK)
            except requests.RequestException as error:
                raise self._away(reason(error)) from None

    def state(self) -> bytes:
        """What the agent tells of itself.

        Raises:
            SandboxError: it cannot be read.
        """
        return self._whole(files.STATE, {}, _LONGEST_LISTING)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _read(self, path: str, where: dict[str, str]) -> tuple[int, bytes]:
        body = self._whole(files.READ, {"path": path, **where}, _LONGEST_READ)
        return self._understood(lambda: files.read_from(body))

    def _understood(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except ValueError as error:
            raise SandboxError(f"what answers at {self._address} is no Mesos agent: {error}") from (
                None
            )

    def _whole(self, endpoint: str, query: dict[str, str], longest: int) -> bytes:
        """The body of an answer; nobody can make us read for ever."""
        parts: list[bytes] = []
        left = longest
        with self._asked(endpoint, query) as response:
            try:
                for part in response.iter_content(_CHUNK):
                    parts.append(part)
                    left -= len(part)
                    if left < 0:
                        raise SandboxError(f"the agent at {self._address} answers without end")
            except requests.RequestException as error:
                raise self._away(reason(error)) from None
        return b"".join(parts)

    @contextmanager
    def _asked(self, endpoint: str, query: dict[str, str]) -> Iterator[requests.Response]:
        """A good answer, whose body is yet to be read."""
        response = self._get(endpoint, query)
        asked_who = response.status_code == _UNAUTHENTICATED and not self._says_who
        if asked_who and self._who and not self._keeps_quiet:
            response.close()
            self._says_who = True
            self._session.close()
            self._session = new_session(self._login, self._address)
            response = self._get(endpoint, query)
        with response:
            if response.status_code != requests.codes.ok:
                raise self._refusal(response, query.get("path", ""))
            yield response

    def _get(self, endpoint: str, query: dict[str, str]) -> requests.Response:
        try:
            response = self._session.get(
                f"{self._address}{endpoint}?{urlencode(query, errors='surrogateescape')}",
                # As bytes of a file are: nothing is to be unpacked on the way.
                headers={"Accept-Encoding": "identity"},
                stream=True,
                allow_redirects=False,
                timeout=self._patience,
            )
        except requests.RequestException as error:
            if self._plain is not None and may_speak_no_tls(error):
                self._go_on_in_plain_text(self._plain)
                return self._get(endpoint, query)
            raise self._away(reason(error)) from None
        self._plain = None
        return response

    def _go_on_in_plain_text(self, address: str) -> None:
        self._session.close()
        self._session = new_session(None, address)
        self._address = address
        self._keeps_quiet = True
        self._plain = None

    def _away(self, why: str) -> AgentAwayError:
        return AgentAwayError(f"the agent at {self._place} does not answer: {why}")

    @property
    def _place(self) -> str:
        return urlsplit(self._address).netloc

    def _refusal(self, response: requests.Response, path: str) -> SandboxError:
        status = response.status_code
        said = " ".join(short_body(response).split())[:200] or f"HTTP {status}"
        if status == _MISSING:
            return SandboxGoneError(
                f"the agent at {self._place} has no {path}",
                "Agents remove sandboxes after a time (--gc_delay), and when disk gets scarce.",
            )
        if status == _UNAUTHENTICATED:
            return SandboxError(self._who_are_you())
        if status == _FORBIDDEN:
            who = self._who or "everybody"
            return SandboxError(f"the agent at {self._place} does not show sandboxes to {who}")
        if status in _AWAY:
            return self._away(said)
        return SandboxError(f"the agent at {self._place} does not show {path}: {said}")

    @property
    def _who(self) -> str | None:
        """Who we say we are once we are asked; ``None`` when we have nothing to show."""
        if self._login is None or self._login.is_anonymous:
            return None
        has_token = self._login.token is not None
        return "the token given" if has_token else f"principal {self._login.principal}"

    @property
    def _what(self) -> str:
        has_token = self._login is not None and self._login.token is not None
        return "the token given" if has_token else f"the secret of {self._who}"

    def _who_are_you(self) -> str:
        if self._who is not None and self._keeps_quiet:
            return (
                f"the agent at {self._place} asks who we are over http, and {self._what} for a"
                " master over https is not sent in plain text"
            )
        if self._who is None:
            return (
                f"the agent at {self._place} asks for a principal and its secret"
                " (--principal, --secret_file)"
            )
        return (
            f"the agent at {self._place} does not accept {self._what};"
            " agents may have credentials of their own"
        )
