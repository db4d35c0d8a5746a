"""Questions to the operator API of a master."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import requests

from mesos_batch.protocol.codec import ContentType
from mesos_batch.protocol.connection import Answer, Verdict, subscription_answer
from mesos_batch.protocol.operator import OPERATOR_PATH, SLAVES_PATH, agents_from_slaves, question
from mesos_batch.transport.http import CONNECT_SECONDS, Login, final_fault, new_session, reason

if TYPE_CHECKING:
    from mesos_batch.engine.events import AgentTotal

_ANSWER_SECONDS = 30.0
_LONGEST_WORD = 1 << 16


def list_agents(master: str, login: Login | None) -> tuple[AgentTotal, ...] | None:
    """Ask for the agents; ``None`` when the master does not tell us, which is its right.

    ``master`` is the base URL of the leader.
    """
    answer, body = get(master, SLAVES_PATH, login)
    if answer.verdict is not Verdict.ACCEPTED:
        return None
    try:
        return agents_from_slaves(body)
    except ValueError:
        return None


def get(master: str, path: str, login: Login | None) -> tuple[Answer, bytes]:
    """Read one page of a master: what its answer means, and the body of a good one."""
    return _ask("GET", master, path, login)


def ask(
    master: str,
    name: str,
    login: Login | None,
    content_type: ContentType = ContentType.PROTOBUF,
) -> tuple[Answer, bytes]:
    """Ask the leader one of the questions that need nothing but a name, such as GET_TASKS."""
    body = question(name, content_type)
    headers = {"Accept": content_type.value, "Content-Type": content_type.value}
    return _ask("POST", master, OPERATOR_PATH, login, body, headers)


def _ask(
    method: str,
    master: str,
    path: str,
    login: Login | None,
    body: bytes | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Answer, bytes]:
    url = master + path
    try:
        with new_session(login, url) as session:
            response = session.request(
                method,
                url,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=(CONNECT_SECONDS, _ANSWER_SECONDS),
            )
    except requests.RequestException as error:
        fault = final_fault(error)
        if fault is not None:
            return Answer(Verdict.REFUSED, fault), b""
        return Answer(Verdict.RETRY, reason(error)), b""
    if response.status_code == 200:
        return Answer(Verdict.ACCEPTED), response.content
    text = response.text if len(response.content) < _LONGEST_WORD else ""
    answer = subscription_answer(url, response.status_code, response.headers, text, path)
    return answer, b""
