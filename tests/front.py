"""A front of a master, as DC/OS and others put one before it: speaks TLS and looks at tokens.

Of each connection it looks at the first request; from there on bytes are passed on as they come.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from typing import Self

_CHUNK = 1 << 16
_REFUSED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 13\r\n\r\nToken expired"


class Front:
    """Serves on loopback; ``authorization`` is the header it wants, ``None`` for any."""

    def __init__(
        self, master: str, tls: ssl.SSLContext | None = None, authorization: str | None = None
    ) -> None:
        host, _, port = master.rpartition(":")
        self._master = host, int(port)
        self._tls = tls
        self.authorization = authorization
        self.seen: list[str | None] = []
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # What waits in accept is not woken by close alone.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Break every connection there is."""
        while self._open:
            with contextlib.suppress(OSError):
                self._open.pop().shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(connection)
            if self._tls is not None:
                connection = stack.enter_context(_secured(self._tls, connection))
            head = b""
            while b"\r\n\r\n" not in head:
                if not (data := connection.recv(_CHUNK)):
                    return
                head += data
            given = _header(head, b"authorization")
            self.seen.append(given)
            if self.authorization is not None and given != self.authorization:
                connection.sendall(_REFUSED)
                return
            backend = stack.enter_context(socket.create_connection(self._master))
            self._open += [connection, backend]
            backend.sendall(head)
            back = threading.Thread(target=_pass_on, args=(backend, connection), daemon=True)
            back.start()
            _pass_on(connection, backend)
            back.join()


def _secured(tls: ssl.SSLContext, connection: socket.socket) -> ssl.SSLSocket:
    secured = tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
    try:
        secured.do_handshake()
    except OSError:
        with secured, contextlib.suppress(OSError):
            # Who closes at once may take back the alert that says why.
            socket.socket.shutdown(secured, socket.SHUT_WR)
            while socket.socket.recv(secured, _CHUNK):
                pass
        raise
    return secured


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _header(head: bytes, name: bytes) -> str | None:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b": ")
        if key.lower() == name:
            return value.decode()
    return None
