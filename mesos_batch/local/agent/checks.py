"""Checks and health checks of running tasks.

A check only tells what it saw; a health check decides whether a task lives on. Both start after
a delay and repeat after an interval; a check that takes too long has failed.
Source: ``src/checks/checker_process.cpp``, ``src/checks/health_checker.cpp``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb

if TYPE_CHECKING:
    from mesos_batch.local.agent.container import Container

_LOOPBACK_IPV6 = "::1"


class CheckFailedError(Exception):
    """A check could not be carried out or took too long."""


@dataclass(frozen=True, slots=True)
class Health:
    """What a health check concluded."""

    healthy: bool
    kill: bool = False


class HealthJudge:
    """Turns results into conclusions: grace period, changes only, consecutive failures. Pure."""

    def __init__(self, check: pb.HealthCheck, started: float) -> None:
        self._grace_ends = started + check.grace_period_seconds
        self._has_grace = check.grace_period_seconds > 0
        self._limit = check.consecutive_failures
        self._failures = 0
        self._was_healthy = False

    def judge(self, now: float, *, passed: bool) -> Health | None:
        """What to report after a result; ``None`` when there is nothing new to say."""
        if passed:
            news = not self._was_healthy or self._failures > 0
            self._was_healthy = True
            self._failures = 0
            return Health(healthy=True) if news else None
        if not self._was_healthy and self._has_grace and now <= self._grace_ends:
            return None
        self._failures += 1
        return Health(healthy=False, kill=self._failures >= self._limit)


async def watch_health(
    check: pb.HealthCheck, container: Container, report: Callable[[Health], None]
) -> None:
    """Check the health of a task again and again until cancelled or to be killed."""
    loop = asyncio.get_running_loop()
    judge = HealthJudge(check, loop.time())
    as_check = _as_check(check)
    await asyncio.sleep(check.delay_seconds)
    while True:
        try:
            status = await _probe(
                as_check, container, scheme=check.http.scheme, ipv6=_is_ipv6(check)
            )
            passed = _is_healthy(status)
        except CheckFailedError:
            passed = False
        conclusion = judge.judge(loop.time(), passed=passed)
        if conclusion is not None:
            report(conclusion)
            if conclusion.kill:
                return
        await asyncio.sleep(check.interval_seconds)


async def watch_check(
    check: pb.CheckInfo, container: Container, report: Callable[[pb.CheckStatusInfo], None]
) -> None:
    """Check a task again and again until cancelled; report results that differ from the last."""
    previous = empty_status(check)
    await asyncio.sleep(check.delay_seconds)
    while True:
        try:
            status = await _probe(check, container)
        except CheckFailedError:
            status = empty_status(check)
        if status != previous:
            report(status)
            previous = status
        await asyncio.sleep(check.interval_seconds)


def empty_status(check: pb.CheckInfo) -> pb.CheckStatusInfo:
    """The result of a check that has none yet."""
    status = pb.CheckStatusInfo(type=check.type)
    if check.type == pb.CheckInfo.COMMAND:
        status.command.SetInParent()
    elif check.type == pb.CheckInfo.HTTP:
        status.http.SetInParent()
    elif check.type == pb.CheckInfo.TCP:
        status.tcp.SetInParent()
    return status


def _as_check(health: pb.HealthCheck) -> pb.CheckInfo:
    check = pb.CheckInfo(
        type=pb.HealthCheck.Type.Name(health.type),
        timeout_seconds=health.timeout_seconds,
    )
    if health.type == pb.HealthCheck.COMMAND:
        check.command.command.CopyFrom(health.command)
    elif health.type == pb.HealthCheck.HTTP:
        check.http.port = health.http.port
        check.http.path = health.http.path
    elif health.type == pb.HealthCheck.TCP:
        check.tcp.port = health.tcp.port
    return check


def _is_ipv6(health: pb.HealthCheck) -> bool:
    where = health.http if health.type == pb.HealthCheck.HTTP else health.tcp
    return where.protocol == pb.NetworkInfo.IPv6


def _is_healthy(status: pb.CheckStatusInfo) -> bool:
    if status.type == pb.CheckInfo.COMMAND:
        return status.command.exit_code == 0
    if status.type == pb.CheckInfo.HTTP:
        return 200 <= status.http.status_code < 400
    return status.tcp.succeeded


async def _probe(
    check: pb.CheckInfo, container: Container, *, scheme: str = "", ipv6: bool = False
) -> pb.CheckStatusInfo:
    status = empty_status(check)
    host = _LOOPBACK_IPV6 if ipv6 else container.address
    try:
        async with asyncio.timeout(check.timeout_seconds or None):
            if check.type == pb.CheckInfo.COMMAND:
                status.command.exit_code = await container.run_check(check.command.command)
            elif check.type == pb.CheckInfo.HTTP:
                name = f"[{host}]" if ipv6 else host
                url = f"{scheme or 'http'}://{name}:{check.http.port}{check.http.path}"
                status.http.status_code = await _http_status(url)
            else:
                status.tcp.succeeded = await _connects(host, check.tcp.port)
    except TimeoutError:
        raise CheckFailedError("it took too long") from None
    return status


async def _http_status(url: str) -> int:
    # As curl --insecure --location does it: the task's own certificate proves nothing here.
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(url, ssl=False) as response,
        ):
            return response.status
    except (aiohttp.ClientError, OSError) as error:
        raise CheckFailedError(str(error)) from None


async def _connects(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
