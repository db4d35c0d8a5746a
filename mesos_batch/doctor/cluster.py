"""Checks of the way to a cluster: network, TLS, which master leads, credentials, clock, agents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from mesos_batch.asking import login_of
from mesos_batch.doctor import network
from mesos_batch.doctor.check import Check, doubtful, failed, good
from mesos_batch.doctor.network import Reached, Unreachable
from mesos_batch.errors import ExitCode
from mesos_batch.protocol.connection import base_url, origin
from mesos_batch.protocol.operator import agent_ports
from mesos_batch.runtime.leaders import NoLeaderError, ZooKeeper, find_leaders, masters_at
from mesos_batch.runtime.subscriber import MAX_REDIRECTS, credentials_sentence

if TYPE_CHECKING:
    from mesos_batch.options import RunOptions
    from mesos_batch.transport.http import Login

_ZOOKEEPER_SECONDS = 10.0
# More than a token or a certificate forgives is not seldom a wrong clock.
_CLOCK_SECONDS = 5.0
_NAMED_AGENTS = 3
_SOON_DAYS = 14


def cluster_checks(options: RunOptions) -> Iterator[Check]:
    """All of them, in the order in which a run would meet them.

    Raises:
        UsageError: a file with certificates cannot be used.
    """
    masters, login = masters_at(options.master), login_of(options)
    urls: tuple[str, ...] = ()
    if isinstance(masters, ZooKeeper):
        check, leader = _zookeeper(masters)
        yield check
        urls = () if leader is None else (leader,)
    else:
        urls = masters
    reached: list[Reached] = []
    trouble: list[Unreachable] = []
    for url in urls:
        answer = network.reach(url, login)
        if isinstance(answer, Unreachable):
            trouble.append(answer)
        else:
            reached.append(answer)
    for answer in trouble:
        yield _away(answer, others=bool(reached))
    for answer in reached:
        yield good("network", f"{base_url(answer.url)} answers{_by(answer)}")
        if answer.tls is not None and answer.tls.days_left < _SOON_DAYS:
            told = f"that of {origin(answer.url)} ends in {answer.tls.days_left:.0f} days"
            yield doubtful("certificate", told, "Ask who runs the cluster to renew it.")
    if reached:
        yield from _leading(reached, login)


def _zookeeper(where: ZooKeeper) -> tuple[Check, str | None]:
    with closing(find_leaders(where, lambda: None)) as leaders:
        leaders.start()
        try:
            url = leaders.url(_ZOOKEEPER_SECONDS)
        except NoLeaderError as error:
            remedy = "Is the address right, and can it be reached from here?"
            return failed("zookeeper", str(error), remedy, ExitCode.CLUSTER), None
    return good("zookeeper", f"{where.servers} says that {origin(url)} leads"), url


def _away(answer: Unreachable, *, others: bool) -> Check:
    told = f"{base_url(answer.url)}: {answer.why}"
    if others:
        return doubtful("network", told, "A run goes to the masters that answer.")
    return failed("network", told, answer.remedy, ExitCode.CLUSTER)


def _by(answer: Reached) -> str:
    notes = [] if answer.proxy is None else [f"through {answer.proxy}"]
    notes += [] if answer.tls is None else [answer.tls.version]
    return f" ({', '.join(notes)})" if notes else ""


def _leading(reached: list[Reached], login: Login | None) -> Iterator[Check]:
    """What the leader says, found by the redirects of the others."""
    answer = next((it for it in reached if it.leads), reached[0])
    for _ in range(MAX_REDIRECTS):
        if answer.location is None:
            break
        following = network.reach(answer.location, login)
        if isinstance(following, Unreachable):
            yield failed(
                "leader",
                f"{origin(answer.url)} says that {origin(answer.location)} leads, but there:"
                f" {following.why}",
                "Can the names the masters give each other be reached from here?",
                ExitCode.CLUSTER,
            )
            return
        answer = following
    if answer.not_let_in:
        said = credentials_sentence(login, answer.said)
        yield failed("credentials", said, None, ExitCode.CLUSTER)
        return
    if not answer.leads:
        told = f"{origin(answer.url)} says: {answer.said}"
        remedy = "Masters elect a leader within seconds; else see their logs."
        yield failed("leader", told, remedy, ExitCode.CLUSTER)
        return
    yield good("leader", f"{origin(answer.url)} leads")
    yield _credentials(answer, login)
    yield _clock(answer)
    yield from _agents(answer, login)


def _credentials(answer: Reached, login: Login | None) -> Check:
    if login is None or login.is_anonymous:
        return good("credentials", "none, and the master wants none")
    who = "the token" if login.token is not None else f"principal {login.principal}"
    anonymous = network.reach(answer.url, network.without_credentials(login))
    if isinstance(anonymous, Reached) and anonymous.leads:
        return good("credentials", f"the master lets anybody in, so {who} was not looked at")
    return good("credentials", f"{who} is let in")


def _clock(answer: Reached) -> Check:
    if answer.ahead_seconds is None:
        return doubtful("clock", "the master does not tell the time")
    off = answer.ahead_seconds
    if abs(off) <= _CLOCK_SECONDS:
        return good("clock", "that of the master and ours agree")
    direction = "behind" if off > 0 else "ahead of"
    return doubtful(
        "clock",
        f"ours is {abs(off):.0f} s {direction} that of the master",
        "Tokens and certificates are judged by it: set both by NTP.",
    )


def _agents(answer: Reached, login: Login | None) -> Iterator[Check]:
    from mesos_batch.protocol.connection import Verdict
    from mesos_batch.protocol.operator import SLAVES_PATH
    from mesos_batch.transport import operator

    got, body = operator.get(base_url(answer.url), SLAVES_PATH, login)
    if got.verdict is not Verdict.ACCEPTED:
        told = f"the master does not show them to us ({got.text})"
        yield doubtful("agents", told, "Runs work without; plans and volumes do not.")
        return
    try:
        agents = agent_ports(body)
    except ValueError as error:
        yield doubtful("agents", str(error))
        return
    if not agents:
        yield doubtful("agents", "none is registered", "Tasks would wait until there is one.")
        return
    count = "1 is" if len(agents) == 1 else f"{len(agents):,} are"
    gone = [(host, port) for host, port, connected in agents if not connected]
    away = network.unreachable_of([(host, port) for host, port, connected in agents if connected])
    if gone:
        yield doubtful(
            "agents",
            f"{count} registered; not connected to the master: {_named(gone)}",
            "Nothing is launched there until it is back; after a while its tasks are given up.",
        )
    if away:
        yield doubtful(
            "agents",
            f"{count} registered; not reachable from here: {_named(away)}",
            "Tasks run all the same; their output cannot be read from here.",
        )
    if not gone and not away:
        yield good("agents", f"{count} registered, and reachable from here")


def _named(agents: Sequence[tuple[str, int]]) -> str:
    named = ", ".join(f"{host}:{port}" for host, port in agents[:_NAMED_AGENTS])
    more = len(agents) - _NAMED_AGENTS
    return named + (f" and {more:,} more" if more > 0 else "")
