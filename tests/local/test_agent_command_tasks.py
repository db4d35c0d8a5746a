"""Command tasks as real processes, held against what a real agent said."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from local.agent_world import (
    FRAMEWORK_ID,
    RECORDINGS,
    an_agent,
    eventually,
    framework,
    is_gone,
    recorded_statuses,
    said_statuses,
    scene,
    task,
)

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb


def nanoseconds(seconds: float) -> pb.DurationInfo:
    return pb.DurationInfo(nanoseconds=int(seconds * 1e9))


@scene
async def test_two_tasks_go_the_way_of_the_recording(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        world.run(task("ok", "echo hello"))
        world.run(task("bad", "echo oops >&2; exit 3"))
        await world.master.finished("ok", "bad")
        for name in ("ok", "bad"):
            assert said_statuses(world, name) == recorded_statuses("launch_two_tasks", name)
        assert (world.sandbox("ok") / "stdout").read_text() == "hello\n"
        assert (world.sandbox("bad") / "stderr").read_text() == "oops\n"


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("nf", pb.CommandInfo(value="no-such-command-anywhere")),
        ("argv", pb.CommandInfo(shell=False, value="/bin/echo", arguments=["echo", "a b"])),
        ("sig", pb.CommandInfo(value="kill -9 $$")),
    ],
)
def test_ends_as_recorded(tmp_path: Path, name: str, command: pb.CommandInfo) -> None:
    @scene
    async def run() -> None:
        async with an_agent(tmp_path) as world:
            world.run(task(name, command=command))
            await world.master.finished(name)
            recorded = recorded_statuses("task_validation_errors", name)
            assert said_statuses(world, name) == recorded

    run()


@scene
async def test_arguments_begin_with_argv_0(tmp_path: Path) -> None:
    command = pb.CommandInfo(shell=False, value="sh", arguments=["zero", "-c", "echo $0 $1"])
    command.arguments.extend(["one", "two"])
    async with an_agent(tmp_path) as world:
        world.run(task("argv", command=command))
        await world.master.finished("argv")
        assert (world.sandbox("argv") / "stdout").read_text() == "one two\n"


@scene
async def test_a_program_that_is_not_there_is_told_in_stderr(tmp_path: Path) -> None:
    command = pb.CommandInfo(shell=False, value="/no/such/program", arguments=["program"])
    async with an_agent(tmp_path) as world:
        world.run(task("t", command=command))
        [last] = await world.master.finished("t")
        assert world.master.states("t") == ["TASK_STARTING", "TASK_RUNNING", "TASK_FAILED"]
        assert last.message == "Command exited with status 1"
        said = (world.sandbox("t") / "stderr").read_text()
        assert said == "Failed to execute '/no/such/program': No such file or directory\n"


@scene
async def test_the_environment_is_the_recorded_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESOS_BATCH_SECRET", "not for tasks")
    monkeypatch.setenv("INHERITED", "yes")
    entries = map(json.loads, (RECORDINGS / "sandbox_and_state.jsonl").read_text().splitlines())
    outputs = [entry["body"]["text"] for entry in entries if "body" in entry]
    recorded = next(text for text in outputs if "MESOS_AGENT_ENDPOINT" in text and "line 3" in text)
    names = set(re.findall(r"(MESOS_\w+)=", json.loads(recorded)["data"]))
    info = task("logs", "env; pwd; cat")
    info.command.environment.variables.add(name="MINE", value="1")
    async with an_agent(tmp_path) as world:
        world.run(info)
        await world.master.finished("logs")
        *lines, directory = (world.sandbox("logs") / "stdout").read_text().splitlines()
        variables = dict(line.split("=", 1) for line in lines if "=" in line)
        assert {name for name in variables if name.startswith("MESOS_")} == names
        assert directory == variables["MESOS_SANDBOX"] == variables["MESOS_DIRECTORY"]
        assert variables["MESOS_EXECUTOR_ID"] == "logs"
        assert variables["MESOS_FRAMEWORK_ID"] == FRAMEWORK_ID
        assert variables["MESOS_AGENT_ENDPOINT"] == f"127.0.0.1:{world.agent.port}"
        assert variables["LIBPROCESS_PORT"] == "0"
        assert (variables["MINE"], variables["INHERITED"]) == ("1", "yes")


@scene
async def test_a_secret_by_value_is_a_variable_and_nothing_else(tmp_path: Path) -> None:
    info = task("t", 'test "$TOKEN" = hush')
    variable = info.command.environment.variables.add(name="TOKEN", type="SECRET")
    variable.secret.type = pb.Secret.VALUE
    variable.secret.value.data = b"hush"
    async with an_agent(tmp_path) as world:
        world.run(info)
        [last] = await world.master.finished("t")
        assert last.state == pb.TASK_FINISHED


@scene
async def test_a_kill_goes_the_way_of_the_recording(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        world.run(task("sleeper", "sleep 1000"))
        await world.master.reached("sleeper", "TASK_RUNNING")
        world.agent.kill_task(FRAMEWORK_ID, "sleeper", None)
        await world.master.finished("sleeper")
        assert said_statuses(world, "sleeper") == recorded_statuses("kill_task", "sleeper")


def stubborn(ready: Path) -> str:
    return f"trap '' TERM; touch {ready}; while :; do sleep 0.05; done"


@scene
async def test_what_ignores_sigterm_is_killed_after_its_grace_period(tmp_path: Path) -> None:
    info = task("t", stubborn(tmp_path / "ready"))
    info.kill_policy.grace_period.CopyFrom(nanoseconds(0.2))
    async with an_agent(tmp_path) as world:
        world.run(info)
        await eventually((tmp_path / "ready").exists)
        world.agent.kill_task(FRAMEWORK_ID, "t", None)
        [last] = await world.master.finished("t")
        assert last.state == pb.TASK_KILLED
        assert last.message == "Command terminated with signal Killed"


@scene
async def test_the_policy_of_the_call_comes_before_that_of_the_task(tmp_path: Path) -> None:
    info = task("t", stubborn(tmp_path / "ready"))
    info.kill_policy.grace_period.CopyFrom(nanoseconds(1000))
    async with an_agent(tmp_path) as world:
        world.run(info)
        await eventually((tmp_path / "ready").exists)
        policy = pb.KillPolicy(grace_period=nanoseconds(0.1))
        world.agent.kill_task(FRAMEWORK_ID, "t", policy)
        await world.master.finished("t")


@scene
async def test_a_second_kill_may_only_shorten_the_grace_period(tmp_path: Path) -> None:
    info = task("t", stubborn(tmp_path / "ready"))
    async with an_agent(tmp_path) as world:
        world.run(info)
        await eventually((tmp_path / "ready").exists)
        for grace in (1000.0, 0.1, 5000.0):
            policy = pb.KillPolicy(grace_period=nanoseconds(grace))
            world.agent.kill_task(FRAMEWORK_ID, "t", policy)
        await world.master.finished("t")
        assert world.master.states("t").count("TASK_KILLING") == 1


@scene
async def test_killed_and_exit_0_is_killed(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    info = task("t", f"trap 'exit 0' TERM; touch {ready}; while :; do sleep 0.05; done")
    async with an_agent(tmp_path) as world:
        world.run(info)
        await eventually(ready.exists)
        world.agent.kill_task(FRAMEWORK_ID, "t", None)
        [last] = await world.master.finished("t")
        assert (last.state, last.message) == (pb.TASK_KILLED, "Command exited with status 0")


@scene
async def test_a_framework_without_the_capability_is_not_told_of_killing(tmp_path: Path) -> None:
    plain = framework()
    del plain.capabilities[:]
    async with an_agent(tmp_path) as world:
        world.agent.run_task(plain, task("t", "sleep 1000"), None)
        await world.master.reached("t", "TASK_RUNNING")
        world.agent.kill_task(FRAMEWORK_ID, "t", None)
        await world.master.finished("t")
        assert world.master.states("t") == ["TASK_STARTING", "TASK_RUNNING", "TASK_KILLED"]


@scene
async def test_a_kill_before_the_start_never_starts_the_task(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        world.run(task("t", f"touch {tmp_path}/started"))
        world.agent.kill_task(FRAMEWORK_ID, "t", None)
        [only] = await world.master.finished("t")
        assert world.master.states("t") == ["TASK_KILLED"]
        assert only.reason == pb.TaskStatus.REASON_TASK_KILLED_DURING_LAUNCH
        assert only.source == pb.TaskStatus.SOURCE_AGENT
        assert only.message == "Killed before delivery to the executor"
        assert not (tmp_path / "started").exists()


@scene
async def test_a_kill_of_an_unknown_task_is_answered(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        world.run(task("other", "true"))
        await world.master.finished("other")
        world.agent.kill_task(FRAMEWORK_ID, "nobody", None)
        [only] = await world.master.finished("nobody")
        assert (only.state, only.message) == (pb.TASK_DROPPED, "Cannot find executor")
        assert only.reason == pb.TaskStatus.REASON_EXECUTOR_TERMINATED


@scene
async def test_max_completion_time_goes_the_way_of_the_recording(tmp_path: Path) -> None:
    info = task("slow", "sleep 1000", max_completion_time=nanoseconds(0.3))
    async with an_agent(tmp_path) as world:
        world.run(info)
        await world.master.finished("slow")
        assert said_statuses(world, "slow") == recorded_statuses("max_completion_time", "slow")


@scene
async def test_the_whole_process_tree_is_killed(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    # A child of the same group, and one that has left group and session.
    script = f"sleep 1000 & echo $! >>{pids}; setsid sleep 1000 & echo $! >>{pids}; wait"
    async with an_agent(tmp_path) as world:
        world.run(task("t", script))
        await eventually(lambda: pids.exists() and len(pids.read_text().split()) == 2)
        children = [int(pid) for pid in pids.read_text().split()]
        world.agent.kill_task(FRAMEWORK_ID, "t", None)
        await world.master.finished("t")
        await eventually(lambda: all(map(is_gone, children)))


@scene
async def test_what_a_task_leaves_behind_is_killed_when_it_ends(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        world.run(task("t", "sleep 1000 & echo $!"))
        [last] = await world.master.finished("t")
        assert last.state == pb.TASK_FINISHED
        left = int((world.sandbox("t") / "stdout").read_text())
        await eventually(lambda: is_gone(left))


def no_process_descriptors(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A system that does not have them."""
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    return []


def few_descriptors(_: pytest.MonkeyPatch) -> list[int]:
    """A process that has most of its descriptors in use."""
    return [os.open(os.devnull, os.O_RDONLY) for _ in range(600)]


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are those of POSIX")
@pytest.mark.parametrize("scarcity", [no_process_descriptors, few_descriptors])
def test_ends_are_noticed_without_process_descriptors_too(
    scarcity: Callable[[pytest.MonkeyPatch], list[int]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @scene
    async def run() -> None:
        async with an_agent(tmp_path) as world:
            world.run(task("bad", "sleep 60 & echo $! > left; echo oops >&2; exit 3"))
            world.run(task("sig", "kill -9 $$"))
            await world.master.finished("bad", "sig")
            assert said_statuses(world, "bad") == recorded_statuses("launch_two_tasks", "bad")
            assert said_statuses(world, "sig") == recorded_statuses("task_validation_errors", "sig")
            left = int((world.sandbox("bad") / "left").read_text())
            await eventually(lambda: is_gone(left))

    taken = scarcity(monkeypatch)
    try:
        run()
    finally:
        for descriptor in taken:
            os.close(descriptor)


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
@scene
async def test_a_task_leaves_no_descriptor_open(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        counts = []
        for names in (["first"], [f"t{number}" for number in range(10)]):
            for name in names:
                world.run(task(name, "true"))
            await world.master.finished(*names)
            counts.append(open_descriptors())
        assert counts[0] == counts[1]


@scene
async def test_a_core_dump_is_told(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        world.run(task("t", "ulimit -c unlimited; kill -ABRT $$"))
        [last] = await world.master.finished("t")
        assert last.message.removesuffix(" (core dumped)") == (
            "Command terminated with signal " + str(signal.strsignal(signal.SIGABRT))
        )


@scene
async def test_an_image_without_a_docker_container_is_refused(tmp_path: Path) -> None:
    info = task("t", "true")
    info.container.type = pb.ContainerInfo.MESOS
    info.container.mesos.image.type = pb.Image.DOCKER
    async with an_agent(tmp_path) as world:
        world.run(info)
        [only] = await world.master.finished("t")
        assert only.message == (
            "Failed to launch container: Container root filesystems not supported"
        )


@scene
async def test_an_executor_id_is_not_used_twice_at_a_time(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        world.run(task("t", "sleep 1000"))
        await world.master.reached("t", "TASK_RUNNING")
        world.run(task("t", "sleep 1000"))
        await world.master.reached("t", "TASK_DROPPED")


@scene
async def test_a_custom_executor_is_refused_in_clear_words(tmp_path: Path) -> None:
    executor = pb.ExecutorInfo(type=pb.ExecutorInfo.CUSTOM)
    executor.executor_id.value = "mine"
    executor.command.value = "./executor"
    info = task("t")
    info.executor.CopyFrom(executor)
    async with an_agent(tmp_path) as world:
        world.agent.run_task(framework(), info, executor)
        [only] = await world.master.finished("t")
        assert only.state == pb.TASK_FAILED
        assert "'mine' is a custom executor" in only.message
        # The master counted the executor's resources and must get them back.
        assert world.master.exits == [(FRAMEWORK_ID, "mine", -1)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@scene
async def test_root_runs_a_command_as_its_user(tmp_path: Path) -> None:
    info = task("t", "id -un")
    info.command.user = "nobody"
    async with an_agent(tmp_path) as world:
        world.run(info)
        await world.master.finished("t")
        assert (world.sandbox("t") / "stdout").read_text() == "nobody\n"


@scene
async def test_a_user_nobody_knows_is_refused(tmp_path: Path) -> None:
    info = task("t", "true")
    info.command.user = "no-such-user"
    async with an_agent(tmp_path) as world:
        world.run(info)
        [only] = await world.master.finished("t")
        assert only.reason == pb.TaskStatus.REASON_CONTAINER_LAUNCH_FAILED
        assert "'no-such-user'" in only.message
