"""What a new process of an agent finds in its work directory, case by case.

The old process dies in this one; ``test_agent_process_dies.py`` kills real ones.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import uuid
from pathlib import Path

import aiohttp
import psutil
import pytest
from local.agent_world import (
    AGENT_ID,
    FRAMEWORK_ID,
    World,
    an_agent,
    eventually,
    is_gone,
    scene,
    task,
)

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.errors import UsageError
from mesos_batch.local.agent import supervised, supervisor
from mesos_batch.local.agent.process import Command
from mesos_batch.model.resources import Resources

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="tasks end with the agent there")
Reason = pb.TaskStatus.Reason


def nanoseconds(seconds: float) -> pb.DurationInfo:
    return pb.DurationInfo(nanoseconds=int(seconds * 1e9))


async def running(world: World, info: pb.TaskInfo) -> int:
    """Start a task that says its process id first, and give it."""
    world.run(info)
    await world.master.reached(info.task_id.value, "TASK_RUNNING")
    stdout = world.sandbox(info.task_id.value) / "stdout"
    await eventually(lambda: stdout.read_text().endswith("\n"))
    return int(stdout.read_text())


def kept(work_dir: Path, pattern: str) -> list[Path]:
    """Files of the agent's ``meta`` directory."""
    return list(work_dir.glob(f"meta/slaves/*-*/{pattern}"))


def records(work_dir: Path) -> list[Path]:
    return kept(work_dir, "frameworks/*/executors/*/runs/*")


@scene
async def test_it_comes_back_as_the_same_agent_with_what_it_had(tmp_path: Path) -> None:
    async with an_agent(tmp_path, checkpoint=True) as world:
        pid = await running(world, task("t", "echo $$; exec sleep 1000"))
        await world.die()
        assert psutil.pid_exists(pid)
    async with an_agent(tmp_path, checkpoint=True) as world:
        [registration] = world.master.registrations
        assert registration.agent.id.value == AGENT_ID
        [report] = registration.tasks
        assert (report.task.task_id.value, report.latest.state) == ("t", pb.TASK_RUNNING)
        assert report.framework.id.value == FRAMEWORK_ID
        assert report.executor is None
        [executor] = world.agent.executors()
        assert executor.pids == [pid]
        assert executor.directory == world.sandbox("t")
    await eventually(lambda: is_gone(pid))


@scene
async def test_what_belongs_to_no_checkpoint_is_not_kept(tmp_path: Path) -> None:
    async with an_agent(tmp_path, checkpoint=True) as world:
        plain = pb.FrameworkInfo(user="", name="plain", id=pb.FrameworkID(value="plain"))
        world.agent.run_task(plain, task("t", "sleep 1000"), None)
        await world.master.reached("t", "TASK_RUNNING")
        assert records(tmp_path) == []
        await world.die()
    async with an_agent(tmp_path, checkpoint=True) as world:
        assert world.master.registrations[0].tasks == []


@scene
async def test_tasks_of_a_default_executor_are_gone_and_so_is_the_executor(
    tmp_path: Path,
) -> None:
    async with an_agent(tmp_path, checkpoint=True) as world:
        world.run_group("pool", task("a", "sleep 1000"), task("b", "sleep 1000"))
        await world.master.reached("a", "TASK_RUNNING")
        await world.master.reached("b", "TASK_RUNNING")
        await world.die()
    async with an_agent(tmp_path, checkpoint=True) as world:
        for status in await world.master.finished("a", "b"):
            assert status.state == pb.TASK_GONE
            assert status.reason == Reason.REASON_EXECUTOR_REREGISTRATION_TIMEOUT
            assert status.message == "Executor did not reregister within 2secs"
            assert status.executor_id.value == "pool"
        assert world.master.exits == [(FRAMEWORK_ID, "pool", -1)]
        await eventually(lambda: records(tmp_path) == [])


@scene
async def test_a_task_whose_supervisor_was_killed_has_failed(tmp_path: Path) -> None:
    async with an_agent(tmp_path, checkpoint=True) as world:
        pid = await running(world, task("t", "echo $$; exec sleep 1000"))
        supervising = psutil.Process(pid).parent()
        assert supervising is not None
        await world.die()
    supervising.kill()
    await eventually(lambda: is_gone(supervising.pid))
    async with an_agent(tmp_path, checkpoint=True) as world:
        [last] = await world.master.finished("t")
        assert last.state == pb.TASK_FAILED
        assert last.reason == Reason.REASON_EXECUTOR_TERMINATED
        assert last.message == "Abnormal executor termination: unknown container"
        await eventually(lambda: is_gone(pid))


@scene
async def test_a_supervisor_that_is_killed_takes_its_task_along(tmp_path: Path) -> None:
    async with an_agent(tmp_path, checkpoint=True) as world:
        pid = await running(world, task("t", "echo $$; exec sleep 1000"))
        supervising = psutil.Process(pid).parent()
        assert supervising is not None
        supervising.kill()
        [last] = await world.master.finished("t")
        assert last.message == "Failed to get exit status for Command"
        await eventually(lambda: is_gone(pid))


@scene
async def test_the_completion_time_runs_on(tmp_path: Path) -> None:
    info = task("t", "echo $$; exec sleep 1000", max_completion_time=nanoseconds(1))
    async with an_agent(tmp_path, checkpoint=True) as world:
        await running(world, info)
        [starting, _] = world.master.statuses("t")
        await world.die()
    async with an_agent(tmp_path, checkpoint=True) as world:
        [last] = await world.master.finished("t")
        assert last.state == pb.TASK_FAILED
        assert last.reason == Reason.REASON_MAX_COMPLETION_TIME_REACHED
        assert last.timestamp >= starting.timestamp + 1


@scene
async def test_health_checks_begin_anew(tmp_path: Path) -> None:
    info = task("t", "echo $$; exec sleep 1000")
    info.health_check.type = pb.HealthCheck.COMMAND
    # It runs where the task does, with what the task sees.
    info.health_check.command.value = f'test "$MESOS_SANDBOX" = "$PWD" && test ! -e {tmp_path}/ill'
    info.health_check.delay_seconds = 0
    info.health_check.interval_seconds = 0.05
    info.health_check.grace_period_seconds = 0
    info.health_check.consecutive_failures = 1
    async with an_agent(tmp_path, checkpoint=True) as world:
        await running(world, info)
        await world.die()
    async with an_agent(tmp_path, checkpoint=True) as world:
        await world.master.until(lambda: any(s.healthy for s in world.master.statuses("t")))
        (tmp_path / "ill").touch()
        [last] = await world.master.finished("t")
        assert last.state == pb.TASK_KILLED
        assert not last.healthy


@scene
async def test_a_kill_that_has_begun_goes_on(tmp_path: Path) -> None:
    info = task("t", "trap '' TERM; echo $$; while :; do sleep 0.05; done")
    info.kill_policy.grace_period.CopyFrom(nanoseconds(0.2))
    async with an_agent(tmp_path, checkpoint=True) as world:
        await running(world, info)
        policy = pb.KillPolicy(grace_period=nanoseconds(1000))
        world.agent.kill_task(FRAMEWORK_ID, "t", policy)
        await world.master.reached("t", "TASK_KILLING")
        await world.die()
    async with an_agent(tmp_path, checkpoint=True) as world:
        [last] = await world.master.finished("t")
        assert (last.state, last.message) == (
            pb.TASK_KILLED,
            "Command terminated with signal Killed",
        )
        assert world.master.states("t").count("TASK_KILLING") <= 1


@scene
async def test_the_end_of_a_framework_is_final(tmp_path: Path) -> None:
    async with an_agent(tmp_path, checkpoint=True) as world:
        pid = await running(world, task("t", "trap '' TERM; echo $$; while :; do sleep 0.05; done"))
        world.agent.shutdown_framework(FRAMEWORK_ID)
        await world.die()
        assert psutil.pid_exists(pid)
    async with an_agent(tmp_path, checkpoint=True) as world:
        assert world.master.registrations[0].tasks == []
        await eventually(lambda: is_gone(pid))
        await eventually(lambda: records(tmp_path) == [])


@scene
async def test_an_agent_with_other_resources_is_another_agent(tmp_path: Path) -> None:
    async with an_agent(tmp_path, checkpoint=True) as world:
        pid = await running(world, task("t", "echo $$; exec sleep 1000"))
        await world.die()
    async with an_agent(tmp_path, checkpoint=True, cpus=1) as world:
        [registration] = world.master.registrations
        assert not registration.agent.HasField("id")
        assert registration.tasks == []
        await eventually(lambda: is_gone(pid))


@scene
async def test_two_processes_cannot_be_one_agent(tmp_path: Path) -> None:
    async with an_agent(tmp_path, checkpoint=True):
        with pytest.raises(UsageError, match="another process runs the agent"):
            async with an_agent(tmp_path, checkpoint=True):
                pass
    async with an_agent(tmp_path, checkpoint=True):
        pass


@scene
async def test_the_status_of_an_operation_is_sent_until_it_is_acknowledged(tmp_path: Path) -> None:
    operation = pb.Offer.Operation(type=pb.Offer.Operation.RESERVE, id=pb.OperationID(value="o"))
    name = uuid.uuid4().bytes
    async with an_agent(tmp_path, checkpoint=True) as world:
        total: Resources = world.agent.resources.total
        world.agent.apply_operation(FRAMEWORK_ID, operation, name, total)
        await world.master.until(lambda: world.master.operations)
        [(_, first, _)] = world.master.operations
        await world.die()
    async with an_agent(tmp_path, checkpoint=True) as world:
        await world.master.until(lambda: world.master.operations)
        assert world.master.operations == [(FRAMEWORK_ID, first, name)]
        world.agent.acknowledge_operation(first.uuid.value)
        await world.die()
    async with an_agent(tmp_path, checkpoint=True) as world:
        assert world.master.operations == []


@scene
async def test_an_unfinished_entry_is_not_read_and_not_in_the_way(tmp_path: Path) -> None:
    async with an_agent(tmp_path, checkpoint=True) as world:
        await running(world, task("t", "echo $$; exec sleep 1000"))
        await world.die()
    [updates] = kept(tmp_path, "frameworks/*/executors/*/runs/*/tasks/t/task.updates")
    with updates.open("ab") as file:
        file.write(b"U\x00\x00\x01\x00half of it")
    async with an_agent(tmp_path, checkpoint=True) as world:
        [report] = world.master.registrations[0].tasks
        assert report.latest.state == pb.TASK_RUNNING
        world.master.acknowledges = False
        world.agent.kill_task(FRAMEWORK_ID, "t", None)
        await world.master.reached("t", "TASK_KILLING")
        await world.agent.executors()[0].ended.wait()
        await world.die()
    async with an_agent(tmp_path, checkpoint=True) as world:
        [report] = world.master.registrations[0].tasks
        assert report.latest.state == pb.TASK_KILLED


@scene
async def test_a_damaged_checkpoint_is_said(tmp_path: Path) -> None:
    async with an_agent(tmp_path, checkpoint=True) as world:
        await world.die()
    [info] = kept(tmp_path, "slave.info")
    info.write_bytes(b"\xff")
    with pytest.raises(UsageError, match=r"cannot be read from .*slave\.info"):
        async with an_agent(tmp_path, checkpoint=True):
            pass


@scene
async def test_the_files_of_ended_tasks_can_still_be_read(tmp_path: Path) -> None:
    async with an_agent(tmp_path, checkpoint=True) as world:
        world.run(task("t", "echo kept"))
        await world.master.finished("t")
        path = world.sandbox("t") / "stdout"
    async with an_agent(tmp_path, checkpoint=True) as world, aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{world.agent.port}/files/download"
        async with session.get(url, params={"path": str(path)}) as response:
            assert await response.text() == "kept\n"


@scene
async def test_what_tasks_are_told_is_for_the_agent_alone(tmp_path: Path) -> None:
    info = task("t", "echo $$; exec sleep 1000")
    info.command.environment.variables.add(name="TOKEN", value="hush")
    async with an_agent(tmp_path, checkpoint=True) as world:
        pid = await running(world, info)
        files = [path for path in (tmp_path / "meta").rglob("*.info") if path.is_file()]
        assert any(b"hush" in path.read_bytes() for path in files)
        assert {path.stat().st_mode & 0o077 for path in files} == {0}
        supervising = psutil.Process(pid).parent()
        assert supervising is not None
        assert "hush" not in " ".join(supervising.cmdline())


@scene
async def test_a_command_runs_as_without_a_supervisor(tmp_path: Path) -> None:
    command = pb.CommandInfo(shell=False, value="sh")
    script = "echo $0 $1; readlink /proc/self/fd/0; ps -o sid= -p $$ | tr -d ' '; echo $$"
    command.arguments.extend(["zero", "-c", script, "one", "two"])
    missing = pb.CommandInfo(shell=False, value="/no/such/program", arguments=["program"])
    async with an_agent(tmp_path, checkpoint=True) as world:
        world.run(task("t", command=command))
        world.run(task("missing", command=missing))
        _, last = await world.master.finished("t", "missing")
        words, stdin, session, pid = (world.sandbox("t") / "stdout").read_text().splitlines()
        assert (words, stdin, session) == ("one two", "/dev/null", pid)
        assert last.message == "Command exited with status 1"
        said = (world.sandbox("missing") / "stderr").read_text()
        assert said == "Failed to execute '/no/such/program': No such file or directory\n"


@scene
async def test_the_work_directory_may_be_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with an_agent(Path("work"), checkpoint=True) as world:
        world.run(task("t", 'test "$MESOS_SANDBOX" = "$PWD"'))
        [last] = await world.master.finished("t")
        assert last.state == pb.TASK_FINISHED


@scene
async def test_what_a_task_leaves_behind_is_killed_when_it_ends(tmp_path: Path) -> None:
    async with an_agent(tmp_path, checkpoint=True) as world:
        world.run(task("t", "sleep 1000 & echo $!"))
        [last] = await world.master.finished("t")
        assert last.state == pb.TASK_FINISHED
        left = int((world.sandbox("t") / "stdout").read_text())
        await eventually(lambda: is_gone(left))


@scene
async def test_a_command_that_was_given_up_does_not_start_later(tmp_path: Path) -> None:
    record = tmp_path / "record"
    record.mkdir()
    assert supervised.never_starts(record)
    output, loop = tmp_path / "output", asyncio.get_running_loop()
    command = Command.shell(f"touch {tmp_path}/started", dict(os.environ), tmp_path)
    process = await asyncio.to_thread(
        supervised.spawn_supervised, command, output, output, record, output, loop
    )
    assert await process.exited is None
    assert not (tmp_path / "started").exists()
    assert not supervised.never_starts(record)


def test_a_command_of_which_not_all_was_said_does_not_start(tmp_path: Path) -> None:
    # The agent died just then.
    program = [sys.executable, "-I", "-S", supervisor.__file__, str(tmp_path)]
    done = subprocess.run(program, input=b"(\x06\x00", capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
    assert list(tmp_path.iterdir()) == []


@scene
async def test_updates_come_in_their_order_from_process_to_process(tmp_path: Path) -> None:
    async with an_agent(tmp_path, checkpoint=True) as world:
        world.master.acknowledges = False
        world.run(task("t", "exit 5"))
        await world.master.reached("t", "TASK_STARTING")
        await world.agent.executors()[0].ended.wait()
        await world.die()
        heard = world.master.statuses("t")
    for state in ("TASK_RUNNING", "TASK_FAILED", None):
        async with an_agent(tmp_path, checkpoint=True) as world:
            # One acknowledgement for each process.
            [latest] = [report.latest.state for report in world.master.registrations[0].tasks]
            assert latest == pb.TASK_FAILED
            world.master.acknowledges = False
            assert heard[-1].uuid == world.master.statuses("t")[-1].uuid
            world.agent.acknowledge(FRAMEWORK_ID, "t", heard[-1].uuid)
            if state is not None:
                heard.append(await world.master.reached("t", state))
            await world.die()
    async with an_agent(tmp_path, checkpoint=True) as world:
        assert world.master.registrations[0].tasks == []


@scene
async def test_a_task_waits_for_its_next_agent_only_so_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised, "RECOVERY_TIMEOUT", 0.5)
    async with an_agent(tmp_path, checkpoint=True) as world:
        pid = await running(world, task("t", "echo $$; exec sleep 1000"))
        later = await running(world, task("later", "echo $$; sleep 1; exec sleep 1000"))
        command = psutil.Process(later).cmdline()
        # As long as there is an agent, nothing happens to either.
        await eventually(lambda: psutil.Process(later).cmdline() != command)
        assert psutil.pid_exists(pid)
        await world.die()
    await eventually(lambda: is_gone(pid) and is_gone(later))
    async with an_agent(tmp_path, checkpoint=True) as world:
        for last in await world.master.finished("t", "later"):
            assert last.message == "Command terminated with signal Killed"


@scene
async def test_a_cluster_that_is_stopped_ends_what_dead_agents_have_left(tmp_path: Path) -> None:
    async with an_agent(tmp_path, checkpoint=True) as world:
        pid = await running(world, task("t", "echo $$; exec sleep 1000"))
        await world.die()
        assert psutil.pid_exists(pid)
        await world.agent.stop()
        await eventually(lambda: is_gone(pid))
