"""Calls to the master: short requests on a connection of their own, in order."""

from __future__ import annotations

import requests

from mesos_batch.protocol.connection import STREAM_ID, Answer, Verdict, call_answer
from mesos_batch.transport.http import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    Login,
    new_session,
    reason,
    short_body,
)


class Calls:
    """Sends calls of one subscription."""

    def __init__(self, login: Login | None, url: str, stream_id: str | None) -> None:
        self._login = login
        self._session = new_session(login, url)
        self._url = url
        self._headers = {STREAM_ID: stream_id} if stream_id is not None else {}

    def send(self, body: bytes, content_type: str, timeout: float = ANSWER_SECONDS) -> Answer:
        """Send one call; never twice, since nobody knows what became of one that failed."""
        headers = {**self._headers, "Content-Type": content_type, "Accept": content_type}
        try:
            response = self._session.post(
                self._url,
                data=body,
                headers=headers,
                stream=True,
                allow_redirects=False,
                timeout=(min(CONNECT_SECONDS, timeout), timeout),
            )
        except requests.RequestException as error:
            return Answer(Verdict.SUBSCRIBE_AGAIN, reason(error))
        with response:
            return call_answer(response.status_code, short_body(response))

    def again(self) -> Calls:
        """Another connection for the same subscription, past one that is held up."""
        return Calls(self._login, self._url, self._headers.get(STREAM_ID))

    def close(self) -> None:
        """Free the connection."""
        self._session.close()
