"""Requests and answers as bytes, on a connection that requests has made."""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import urllib3
from urllib3.util import wait_for_read

from mesos_batch.protocol.connection import Answer, Verdict, call_answer
from mesos_batch.transport.http import LONGEST_BODY, reason

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from requests import PreparedRequest

_CHUNK = 1 << 16
_NO_CONTENT = 202
# Every call has its own, or none.
_OF_ONE_CALL = ("content-length", "content-type", "accept", "accept-encoding")


class Exchange:
    """Sends calls one after the other, without waiting for an answer before the next.

    A master answers almost all calls with the same bytes, so an answer is read once, and the next
    is only compared.
    """

    def __init__(self, connection: socket.socket, example: PreparedRequest) -> None:
        """Go on as ``example`` was sent on this connection."""
        self._socket = connection
        self._head = _head_of(example)
        self._rest = b""
        self._usual: bytes | None = None
        self._is_usable = True

    @property
    def is_usable(self) -> bool:
        """Whether the master keeps the connection open and has said nothing unasked."""
        return self._is_usable and not self._rest and not wait_for_read(self._socket, 0)

    def send(self, bodies: Sequence[bytes], content_type: str, timeout: float) -> list[Answer]:
        """Send calls and give the answers, up to the first that is not accepted.

        There are fewer when the master has announced the end of the connection: what follows the
        last answer it has not looked at (RFC 9112, 9.6).
        """
        answers: list[Answer] = []
        head = self._head % (content_type.encode(), content_type.encode())
        try:
            self._socket.settimeout(timeout)
            # Who refuses a call may not have read it, and yet has answered.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._socket.sendall(
                    b"".join([b"%b%d\r\n\r\n%b" % (head, len(body), body) for body in bodies])
                )
            while self._is_usable and len(answers) < len(bodies):
                answers.append(self._answer())
        except (OSError, http.client.HTTPException) as error:
            self._is_usable = False
            broken = urllib3.exceptions.ProtocolError("no answer", error)
            answers.append(Answer(Verdict.SUBSCRIBE_AGAIN, reason(broken)))
        return answers

    def end(self) -> None:
        """Let nobody use the connection again, though the master may not have closed it yet."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _answer(self) -> Answer:
        if not self._rest:
            self._rest = self._socket.recv(_CHUNK)
        if self._usual is None or not self._rest.startswith(self._usual):
            return self._read_answer()
        self._rest = self._rest[len(self._usual) :]
        return _ACCEPTED

    def _read_answer(self) -> Answer:
        source = _Source(self._socket, self._rest)
        # It wants nothing of a socket but this.
        response = http.client.HTTPResponse(cast("socket.socket", source), method="POST")
        response.begin()
        try:
            text = response.read(LONGEST_BODY)
        except (OSError, http.client.HTTPException):
            text = b""
            self._is_usable = False
        if response.will_close or not response.isclosed():
            self._is_usable = False
        self._rest = source.rest
        answer = call_answer(response.status, text.decode(errors="replace"))
        if answer == _ACCEPTED:
            self._usual = bytes(source.taken)
        elif answer.verdict is not Verdict.ACCEPTED:
            self._is_usable = False
        return answer


_ACCEPTED = call_answer(_NO_CONTENT, "")


def _head_of(example: PreparedRequest) -> bytes:
    """The head of a call up to its length, with two places for the content type."""
    lines = [f"POST {example.path_url} HTTP/1.1"]
    lines.append(f"Host: {urlsplit(example.url or '').netloc.rpartition('@')[2]}")
    lines += [
        f"{name}: {value}"
        for name, value in example.headers.items()
        if name.lower() not in _OF_ONE_CALL
    ]
    head = "\r\n".join(lines).replace("%", "%%")
    return f"{head}\r\nContent-Type: %b\r\nAccept: %b\r\nContent-Length: ".encode("latin-1")


class _Source(io.RawIOBase):
    """What :mod:`http.client` takes for a socket; it keeps what follows the answer."""

    def __init__(self, connection: socket.socket, rest: bytes) -> None:
        self.rest = rest
        self.taken = bytearray()
        self._socket = connection

    def makefile(self, _mode: str) -> io.BufferedReader:
        """A file that is not read ahead."""
        return io.BufferedReader(self, 1)

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read what is there already, or wait for more."""
        view = memoryview(buffer)
        data = self.rest or self._socket.recv(_CHUNK)
        size = min(len(view), len(data))
        view[:size] = data[:size]
        self.taken += data[:size]
        self.rest = data[size:]
        return size
