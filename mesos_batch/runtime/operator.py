"""Looks at a cluster once, through the operator API of whichever master leads."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from mesos_batch.errors import ClusterError
from mesos_batch.model.cluster import ClusterView
from mesos_batch.protocol.codec import ContentType
from mesos_batch.protocol.connection import Answer, Verdict, base_url
from mesos_batch.protocol.operator import (
    OPERATOR_PATH,
    SLAVES_PATH,
    states_from_slaves,
    volume_users,
)
from mesos_batch.runtime.backoff import Backoff
from mesos_batch.runtime.leaders import NoLeaderError, find_leaders
from mesos_batch.runtime.subscriber import GIVE_UP_SECONDS, MAX_REDIRECTS, credentials_sentence
from mesos_batch.transport import operator

if TYPE_CHECKING:
    from mesos_batch.runtime.leaders import Masters
    from mesos_batch.transport.http import Login

T = TypeVar("T")
_DOCTOR = "'mesos-batch doctor' goes the same way, and says where it ends."

# Somebody sits before the screen, and asks again if he likes.
ASK_SECONDS = 3.0


def look(masters: Masters, login: Login | None) -> ClusterView:
    """The agents of a cluster with their reservations, volumes and who uses those.

    Raises:
        ClusterError: no master answers in time, or it does not tell us.
    """
    return _at_the_leader(masters, lambda master: _look(master, login), GIVE_UP_SECONDS)


def ask(
    masters: Masters,
    login: Login | None,
    name: str,
    read: Callable[[str, bytes], T],
    content_type: ContentType = ContentType.PROTOBUF,
) -> T:
    """Ask one of the questions that need nothing but a name, such as ``GET_STATE``.

    ``read`` takes the base URL of the master and its answer.

    Raises:
        ClusterError: no master answers in time, or it does not tell us.
    """

    def at(master: str) -> T:
        leader, body = _follow(
            master,
            OPERATOR_PATH,
            login,
            lambda url: operator.ask(url, name, login, content_type),
        )
        return _read(leader, lambda: read(leader, body))

    return _at_the_leader(masters, at, ASK_SECONDS)


def _at_the_leader(masters: Masters, work: Callable[[str], T], patience: float) -> T:
    """Do something at whichever master leads, given by its base URL, until it answers.

    For ``patience`` seconds it is asked again when none does.

    Raises:
        ClusterError: no master answers in time, or it does not tell us.
    """
    leaders = find_leaders(masters, lambda: None)
    backoff = Backoff()
    give_up_at = time.monotonic() + patience
    leaders.start()
    try:
        while True:
            try:
                return work(base_url(leaders.url(GIVE_UP_SECONDS)))
            except NoLeaderError as error:
                why, final = str(error), error.final
            except _NoAnswerError as error:
                why, final = str(error), False
            left = give_up_at - time.monotonic()
            if final or left <= 0:
                raise ClusterError(why, _DOCTOR)
            leaders.next()
            time.sleep(min(backoff.next(), left))
    finally:
        leaders.close()


class _NoAnswerError(Exception):
    """A master did not answer now, and may later."""


def _follow(
    master: str, path: str, login: Login | None, ask_at: Callable[[str], tuple[Answer, bytes]]
) -> tuple[str, bytes]:
    """Ask a master, and those it redirects to: the base URL of who answers, and the answer."""
    for _ in range(1 + MAX_REDIRECTS):
        answer, body = ask_at(master)
        if answer.verdict is Verdict.ACCEPTED:
            return master, body
        if answer.verdict is not Verdict.REDIRECT or answer.location is None:
            raise _failure(master, answer, login)
        master = answer.location.removesuffix(path)
    raise _NoAnswerError("the masters redirect to each other")


def _look(master: str, login: Login | None) -> ClusterView:
    master, slaves = _follow(
        master, SLAVES_PATH, login, lambda url: operator.get(url, SLAVES_PATH, login)
    )
    agents, recovering = _read(master, lambda: states_from_slaves(slaves))
    view = ClusterView(master, agents, recovering)
    if not any(agent.used.persistent_volumes() for agent in agents):
        return view
    bodies = []
    for name in ("GET_TASKS", "GET_FRAMEWORKS"):
        answer, body = operator.ask(master, name, login)
        if answer.verdict is not Verdict.ACCEPTED:
            raise _failure(master, answer, login)
        bodies.append(body)
    users = _read(master, lambda: volume_users(*bodies))
    return ClusterView(master, agents, recovering, users)


def _read(master: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except ValueError as error:
        raise ClusterError(f"what answers at {master} is no Mesos master: {error}") from None


def _failure(url: str, answer: Answer, login: Login | None) -> Exception:
    if answer.verdict is Verdict.NOT_AUTHENTICATED:
        return ClusterError(credentials_sentence(login, answer.text))
    if answer.verdict is Verdict.RETRY:
        return _NoAnswerError(f"no master answers at {url}: {answer.text}")
    return ClusterError(f"the master does not show its agents at {url}: {answer.text}")
