"""Calls to the master: short requests on a connection of their own, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import requests
from requests.utils import select_proxy

from mesos_batch.protocol.connection import STREAM_ID, Answer, Verdict, call_answer
from mesos_batch.transport.exchange import Exchange
from mesos_batch.transport.http import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    Login,
    new_session,
    reason,
    short_body,
)

if TYPE_CHECKING:
    import socket

# Their answers must find room while nobody reads them.
_AT_ONCE = 100


class Calls:
    """Sends calls of one subscription.

    The first goes through requests, which knows all ways to connect; those that follow go
    straight to the socket it has connected, at a tenth of the cost. A proxy that is asked for
    each URL gets every call by requests.
    """

    def __init__(self, login: Login | None, url: str, stream_id: str | None) -> None:
        self._login = login
        self._session = new_session(login, url, self._connected)
        self._url = url
        self._headers = {STREAM_ID: stream_id} if stream_id is not None else {}
        self._is_direct = select_proxy(url, self._session.proxies) is None
        self._socket: socket.socket | None = None
        self._exchange: Exchange | None = None

    def send(self, body: bytes, content_type: str, timeout: float = ANSWER_SECONDS) -> Answer:
        """Send one call; never twice, since nobody knows what became of one that failed."""
        return self.send_all([body], content_type, timeout)[0]

    def send_all(
        self, bodies: Sequence[bytes], content_type: str, timeout: float = ANSWER_SECONDS
    ) -> list[Answer]:
        """Send calls that do not depend on each other, in this order, none of them twice.

        They are sent without waiting for the answers in between. Gives the answers, as many as
        there are calls but for those after one that was not accepted.
        """
        answers: list[Answer] = []
        while len(answers) < len(bodies):
            rest = bodies[len(answers) :]
            exchange = self._exchange
            if exchange is not None and exchange.is_usable:
                answers += exchange.send(rest[:_AT_ONCE], content_type, timeout)
            else:
                if exchange is not None:
                    exchange.end()
                answers.append(self._send_by_requests(rest[0], content_type, timeout))
            if answers[-1].verdict is not Verdict.ACCEPTED:
                break
        return answers

    def again(self) -> Calls:
        """Another connection for the same subscription, past one that is held up."""
        return Calls(self._login, self._url, self._headers.get(STREAM_ID))

    def close(self) -> None:
        """Free the connection."""
        self._exchange = None
        self._session.close()

    def _send_by_requests(self, body: bytes, content_type: str, timeout: float) -> Answer:
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
            answer = call_answer(response.status_code, short_body(response))
        self._exchange = self._go_on(response.request)
        return answer

    def _go_on(self, request: requests.PreparedRequest) -> Exchange | None:
        """Use the connection on which this request was answered, if it is still there."""
        connection = self._socket
        if connection is None or connection.fileno() < 0:
            return None
        # A balancer's cookie may change with every answer.
        return None if self._session.cookies else Exchange(connection, request)

    def _connected(self, connection: socket.socket | None) -> None:
        self._socket = connection if self._is_direct else None
