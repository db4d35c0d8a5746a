"""A subscription: one POST whose answer never ends."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import requests
import urllib3

from mesos_batch.protocol.connection import STREAM_ID, Answer, subscription_answer
from mesos_batch.protocol.recordio import Decoder, RecordIOError
from mesos_batch.transport.http import (
    CONNECT_SECONDS,
    Login,
    final_fault,
    new_session,
    reason,
    short_body,
)

# A master that has just been elected has its hands full; one that is dead must not hold us long.
HEAD_SECONDS = 30.0
_CHUNK = 1 << 16


class StreamError(Exception):
    """The stream broke, fell silent, or is no stream; the text says which.

    ``final`` says that trying again is no use: the server is not the one we trust.
    """

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class Stream:
    """Opens a subscription and reads its records; ``stop`` may come from any thread."""

    def __init__(self, url: str, login: Login | None) -> None:
        self.url = url
        self._session = new_session(login, url, self.connected)
        self._silence = HEAD_SECONDS
        self._socket: socket.socket | None = None
        self._response: requests.Response | None = None
        self._stopped: str | None = None

    @property
    def stream_id(self) -> str | None:
        """What every call of this subscription must carry."""
        return self._response.headers.get(STREAM_ID) if self._response is not None else None

    @property
    def stopped(self) -> str | None:
        """Why the stream was stopped, ``None`` when it was not."""
        return self._stopped

    def open(self, body: bytes, content_type: str) -> Answer:
        """Send SUBSCRIBE and read the head of the answer.

        Raises:
            StreamError: nobody answers in time, or ``stop`` was called.
        """
        try:
            response = self._session.post(
                self.url,
                data=body,
                headers={"Content-Type": content_type, "Accept": content_type},
                stream=True,
                allow_redirects=False,
                timeout=(CONNECT_SECONDS, HEAD_SECONDS),
            )
        except requests.RequestException as error:
            final = self._stopped is None and final_fault(error) is not None
            raise StreamError(self._stopped or reason(error), final=final) from None
        if response.status_code == 200:
            self._response = response
            return subscription_answer(self.url, 200, response.headers, "")
        text = short_body(response)
        response.close()
        return subscription_answer(self.url, response.status_code, response.headers, text)

    def allow_silence(self, seconds: float) -> None:
        """From now on the stream is dead when nothing comes for so long."""
        self._silence = seconds
        if self._socket is not None:
            self._socket.settimeout(seconds)

    def records(self) -> Iterator[bytes]:
        """The records as they come; ends when the master ends the stream or ``stop`` is called.

        Raises:
            StreamError: the stream broke, was cut within a record, or was silent too long.
        """
        if self._response is None:
            return
        decoder = Decoder()
        raw: Any = self._response.raw
        while self._stopped is None:
            try:
                data = raw.read1(_CHUNK)
                records = decoder.feed(data)
            except RecordIOError as error:
                raise StreamError(f"the stream is not RecordIO: {error}") from None
            except urllib3.exceptions.ReadTimeoutError:
                raise StreamError(f"no heartbeat for {self._silence:g} s") from None
            except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                if self._stopped is not None:
                    return
                raise StreamError(reason(error)) from None
            yield from records
            if not data:
                break
        if decoder.pending_bytes and self._stopped is None:
            raise StreamError("the stream was cut within a record")

    def stop(self, why: str) -> None:
        """End :meth:`open` and :meth:`records` at once; closing would block until the next byte."""
        self._stopped = why
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Free the connection; only the reading thread may do that."""
        if self._response is not None:
            self._response.close()
        self._session.close()

    def connected(self, connection: socket.socket | None) -> None:
        """Take note of the socket, without which no other thread could end a wait on it."""
        self._socket = connection
        if self._stopped is not None:
            raise OSError(self._stopped)
