"""A subscription: one POST whose answer never ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import requests
import urllib3

from mesos_batch.protocol.connection import STREAM_ID, Answer, subscription_answer
from mesos_batch.protocol.recordio import Decoder, RecordIOError
from mesos_batch.transport.http import CONNECT_SECONDS, Login, new_session, reason

_CHUNK = 1 << 16


class StreamError(Exception):
    """The stream broke, fell silent, or is no stream; the text says which."""


class Stream:
    """Opens a subscription and reads its records; ``stop`` may come from any thread."""

    def __init__(self, url: str, login: Login | None, silence_seconds: float) -> None:
        self._url = url
        self._session = new_session(login, url)
        self._silence = silence_seconds
        self._response: requests.Response | None = None
        self._stopped = False

    @property
    def stream_id(self) -> str | None:
        """What every call of this subscription must carry."""
        return self._response.headers.get(STREAM_ID) if self._response is not None else None

    def open(self, body: bytes, content_type: str) -> Answer:
        """Send SUBSCRIBE and read the head of the answer.

        Raises:
            StreamError: nobody answers.
        """
        try:
            response = self._session.post(
                self._url,
                data=body,
                headers={"Content-Type": content_type, "Accept": content_type},
                stream=True,
                allow_redirects=False,
                timeout=(CONNECT_SECONDS, self._silence),
            )
        except requests.RequestException as error:
            raise StreamError(reason(error)) from None
        if response.status_code == 200:
            self._response = response
            return subscription_answer(self._url, 200, response.headers, "")
        try:
            text = response.text
        except requests.RequestException:
            text = ""
        response.close()
        return subscription_answer(self._url, response.status_code, response.headers, text)

    def records(self) -> Iterator[bytes]:
        """The records as they come; ends when the master ends the stream or ``stop`` is called.

        Raises:
            StreamError: the stream broke, was cut within a record, or was silent too long.
        """
        if self._response is None:
            return
        decoder = Decoder()
        raw: Any = self._response.raw
        while not self._stopped:
            try:
                data = raw.read1(_CHUNK)
                records = decoder.feed(data)
            except RecordIOError as error:
                raise StreamError(f"the stream is not RecordIO: {error}") from None
            except urllib3.exceptions.ReadTimeoutError:
                raise StreamError(f"no heartbeat for {self._silence:g} s") from None
            except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                if self._stopped:
                    return
                raise StreamError(reason(error)) from None
            yield from records
            if not data:
                break
        if decoder.pending_bytes and not self._stopped:
            raise StreamError("the stream was cut within a record")

    def stop(self) -> None:
        """End :meth:`records` at once; ``close`` would block until the next byte."""
        self._stopped = True
        if self._response is not None:
            with contextlib.suppress(Exception):
                self._response.raw.shutdown()

    def close(self) -> None:
        """Free the connection; only the reading thread may do that."""
        if self._response is not None:
            self._response.close()
        self._session.close()
