"""Checks and health checks: what they conclude, and what tasks say because of them."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from aiohttp import web
from local.agent_world import an_agent, scene, task, web_site

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent.checks import Health, HealthJudge


def judge(**fields: float) -> HealthJudge:
    check = pb.HealthCheck(consecutive_failures=3, grace_period_seconds=10)
    for name, value in fields.items():
        setattr(check, name, value)
    return HealthJudge(check, started=100)


def test_failures_in_the_grace_period_do_not_count() -> None:
    it = judge()
    assert it.judge(105, passed=False) is None
    assert it.judge(110, passed=False) is None
    assert it.judge(110.1, passed=False) == Health(healthy=False)


def test_the_grace_period_ends_with_the_first_success() -> None:
    it = judge()
    assert it.judge(101, passed=True) == Health(healthy=True)
    assert it.judge(102, passed=False) == Health(healthy=False)


def test_the_last_of_consecutive_failures_kills() -> None:
    it = judge(grace_period_seconds=0)
    kills = [it.judge(100 + n, passed=False) for n in range(3)]
    assert kills == [Health(False), Health(False), Health(False, kill=True)]


def test_a_success_between_failures_is_news_and_starts_the_count_again() -> None:
    it = judge(grace_period_seconds=0)
    said = [it.judge(100, passed=ok) for ok in (False, False, True, True, False, False)]
    assert said == [Health(False), Health(False), Health(True), None, Health(False), Health(False)]


def health_check(**fields: float) -> pb.HealthCheck:
    check = pb.HealthCheck(
        delay_seconds=0, interval_seconds=0.02, timeout_seconds=5, grace_period_seconds=0
    )
    for name, value in fields.items():
        setattr(check, name, value)
    return check


@scene
async def test_an_unhealthy_task_is_killed(tmp_path: Path) -> None:
    check = health_check(type=pb.HealthCheck.COMMAND, consecutive_failures=2)
    check.command.value = "test -e healthy"
    async with an_agent(tmp_path) as world:
        world.run(task("t", "touch healthy; sleep 1000", health_check=check))
        await world.master.until(lambda: any(s.healthy for s in world.master.statuses("t")))
        (world.sandbox("t") / "healthy").unlink()
        [last] = await world.master.finished("t")
        assert (last.state, last.healthy) == (pb.TASK_KILLED, False)
        said = [s for s in world.master.statuses("t") if s.HasField("healthy")]
        assert [s.healthy for s in said[-3:]] == [False, False, False]
        news = pb.TaskStatus.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED
        assert {s.reason for s in said[:-1]} <= {news, 0}
        assert all(s.state == pb.TASK_RUNNING for s in said if s.reason == news)
        assert said[0].container_status.container_id.value


@scene
async def test_a_check_tells_its_exit_code_and_kills_nothing(tmp_path: Path) -> None:
    check = pb.CheckInfo(type=pb.CheckInfo.COMMAND, delay_seconds=0, interval_seconds=0.02)
    check.command.command.value = "test -e marker && exit 7"
    async with an_agent(tmp_path) as world:
        world.run(task("t", "while [ ! -e end ]; do sleep 0.01; done", check=check))

        def codes() -> list[int]:
            return [
                status.check_status.command.exit_code
                for status in world.master.statuses("t")
                if status.check_status.command.HasField("exit_code")
            ]

        await world.master.until(lambda: codes() == [1])
        (world.sandbox("t") / "marker").touch()
        await world.master.until(lambda: codes() == [1, 7])
        (world.sandbox("t") / "end").touch()
        [last] = await world.master.finished("t")
        assert last.state == pb.TASK_FINISHED
        # Every update has a check status, an empty one where there is no result.
        assert all(s.check_status.type == check.type for s in world.master.statuses("t"))
        [second] = [s for s in world.master.statuses("t") if s.check_status.command.exit_code == 7]
        assert second.reason == pb.TaskStatus.REASON_TASK_CHECK_STATUS_UPDATED


@pytest.mark.parametrize(("status", "healthy"), [(204, True), (503, False)])
def test_an_http_health_check(tmp_path: Path, status: int, healthy: bool) -> None:
    @scene
    async def run() -> None:
        async def answer(request: web.Request) -> web.Response:
            return web.Response(status=status if request.path == "/health" else 500)

        check = health_check(type=pb.HealthCheck.HTTP)
        async with web_site(answer) as port:
            check.http.port, check.http.path = port, "/health"
            async with an_agent(tmp_path) as world:
                world.run(task("t", "sleep 1000", health_check=check))
                await world.master.until(
                    lambda: any(s.HasField("healthy") for s in world.master.statuses("t"))
                )
                said = [s for s in world.master.statuses("t") if s.HasField("healthy")]
                assert said[0].healthy is healthy

    run()


@pytest.mark.parametrize("listens", [True, False])
def test_a_tcp_check(tmp_path: Path, listens: bool) -> None:
    @scene
    async def run() -> None:
        check = pb.CheckInfo(type=pb.CheckInfo.TCP, delay_seconds=0, interval_seconds=0.02)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            if listens:
                listener.listen()
            check.tcp.port = listener.getsockname()[1]
            async with an_agent(tmp_path) as world:
                world.run(task("t", "sleep 1000", check=check))
                await world.master.until(
                    lambda: any(
                        s.check_status.tcp.HasField("succeeded") for s in world.master.statuses("t")
                    )
                )
                last = world.master.statuses("t")[-1]
                assert last.check_status.tcp.succeeded is listens

    run()


@scene
async def test_a_check_that_takes_too_long_has_failed(tmp_path: Path) -> None:
    check = health_check(type=pb.HealthCheck.COMMAND, timeout_seconds=0.05, consecutive_failures=1)
    check.command.value = "sleep 1000"
    async with an_agent(tmp_path) as world:
        world.run(task("t", "sleep 1000", health_check=check))
        [last] = await world.master.finished("t")
        assert (last.state, last.healthy) == (pb.TASK_KILLED, False)
