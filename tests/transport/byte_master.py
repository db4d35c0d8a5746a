"""A master of bytes: each connection in its turn is served by a script."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

ACCEPTED = (
    b"HTTP/1.1 202 Accepted\r\nDate: Sat, 28 Nov 2026 15:00:00 GMT\r\nContent-Length: 0\r\n\r\n"
)


def later(seconds: int) -> bytes:
    """The same answer some seconds later, which shows in its date."""
    return ACCEPTED.replace(b"00:00", b"00:%02d" % seconds)


def answer(status: bytes, body: bytes, *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@dataclass(frozen=True)
class Request:
    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Connection:
    """What a script sees of it; ``requests`` are those it has read."""

    socket: socket.socket
    requests: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._file = self.socket.makefile("rb")

    def read(self) -> None:
        line, headers = self._file.readline().decode().strip(), {}
        while header := self._file.readline().strip().decode():
            name, _, value = header.partition(": ")
            headers[name.lower()] = value
        body = self._file.read(int(headers["content-length"]))
        self.requests.append(Request(line, headers, body))

    def write(self, *answers: bytes) -> None:
        self.socket.sendall(b"".join(answers))

    def linger(self) -> None:
        """Say no more, and leave it to the other side to close."""
        self._file.read()

    def close(self) -> None:
        self._file.close()
        self.socket.close()


Script = Callable[[Connection], None]


class ByteMaster:
    """Serves one connection after the other; a connection ends with its script."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        self.connections: list[Connection] = []
        self._scripts = scripts
        self._tls = tls
        self._ended = [threading.Event() for _ in scripts]
        self._listener = socket.create_server(("127.0.0.1", 0))
        for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            self._listener.setsockopt(socket.SOL_SOCKET, buffer, 4096)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def wait_for_end(self, number: int) -> None:
        """Wait until a connection has been closed."""
        assert self._ended[number].wait(10)

    def bodies(self) -> list[list[bytes]]:
        """What came on each connection."""
        self._thread.join(10)
        return [[request.body for request in it.requests] for it in self.connections]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        for script, ended in zip(self._scripts, self._ended, strict=True):
            accepted, _ = self._listener.accept()
            if self._tls is not None:
                try:
                    accepted = self._tls.wrap_socket(accepted, server_side=True)
                except ssl.SSLError:
                    return  # we are not trusted
            connection = Connection(accepted)
            self.connections.append(connection)
            script(connection)
            connection.close()
            ended.set()
