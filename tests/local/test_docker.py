"""DOCKER containers on a real engine, held against what a real agent said."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker_engine import docker
from local.agent_world import (
    AGENT_ID,
    FRAMEWORK_ID,
    World,
    an_agent,
    eventually,
    recorded_statuses,
    said_statuses,
    scene,
    task,
)

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent.docker import environment_arguments
from mesos_batch.protocol import json_dialect

# Installing the engine takes its time on a fresh machine.
pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]
EXAMPLE = Path(__file__).parents[2] / "examples" / "docker.json"


@pytest.fixture(autouse=True)
def engine(docker_host: str) -> Iterator[str]:
    """The engine, which must be as empty after a test as before it."""
    yield docker_host
    assert docker(docker_host, "ps", "-a", "-q") == ""


def docker_task(task_id: str, script: str | None = None, image: str = "alpine") -> pb.TaskInfo:
    info = task(task_id, script)
    info.container.type = pb.ContainerInfo.DOCKER
    info.container.docker.image = image
    return info


def stdout_of(world: World, task_id: str) -> str:
    return (world.sandbox(task_id) / "stdout").read_text()


@scene
async def test_success_goes_the_way_of_the_recording(tmp_path: Path) -> None:
    script = "echo hello; pwd; env | grep MESOS | sort"
    async with an_agent(tmp_path) as world:
        world.run(docker_task("d-ok", script))
        [last] = await world.master.finished("d-ok")
        assert said_statuses(world, "d-ok") == recorded_statuses("docker_tasks", "d-ok")
        name = last.container_status.container_id.value
        assert stdout_of(world, "d-ok").splitlines() == [
            "hello",
            "/",
            "MESOS_ALLOCATION_ROLE=*",
            f"MESOS_CONTAINER_NAME=mesos-{name}",
            "MESOS_SANDBOX=/mnt/mesos/sandbox",
        ]
        [details] = json.loads(world.master.statuses("d-ok")[1].data)
        assert details["Name"] == f"/mesos-{name}"
        assert details["HostConfig"]["NetworkMode"] == "host"
        assert details["HostConfig"]["CpuShares"] == 102
        assert details["HostConfig"]["Memory"] == 32 * 1024 * 1024


@scene
async def test_an_exit_status_goes_the_way_of_the_recording(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        world.run(docker_task("d-fail", "exit 5"))
        await world.master.finished("d-fail")
        assert said_statuses(world, "d-fail") == recorded_statuses("docker_tasks", "d-fail")


@scene
async def test_arguments_and_parameters(tmp_path: Path) -> None:
    info = docker_task("d-args")
    info.command.shell = False
    info.command.value = "/bin/sh"
    info.command.arguments.extend(["-c", "echo $COLOUR"])
    info.container.docker.parameters.add(key="env", value="COLOUR=blue")
    async with an_agent(tmp_path) as world:
        world.run(info)
        await world.master.finished("d-args")
        assert said_statuses(world, "d-args") == recorded_statuses("docker_tasks", "d-args")
        assert stdout_of(world, "d-args") == "blue\n"


@scene
async def test_a_missing_image(tmp_path: Path) -> None:
    [recorded] = recorded_statuses("docker_tasks", "d-noimage")
    async with an_agent(tmp_path) as world:
        world.run(docker_task("d-noimage", "true", image="localhost:1/no-such-image-anywhere"))
        await world.master.finished("d-noimage")
        [said] = said_statuses(world, "d-noimage")
        words, reason = said.pop("message").split("; stderr='")
        assert words.startswith("Failed to launch container: Failed to run 'docker -H unix://")
        assert words.endswith(
            " pull localhost:1/no-such-image-anywhere:latest': exited with status 1"
        )
        assert "refused" in reason
        recorded.pop("message")
        assert said == recorded


@scene
async def test_a_kill_goes_the_way_of_the_recording(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        world.run(docker_task("d-kill", "sleep 1000"))
        await world.master.reached("d-kill", "TASK_RUNNING")
        grace = pb.DurationInfo(nanoseconds=0)
        policy = pb.KillPolicy(grace_period=grace)
        world.agent.kill_task(FRAMEWORK_ID, "d-kill", policy)
        await world.master.finished("d-kill")
        assert said_statuses(world, "d-kill") == recorded_statuses("docker_tasks", "d-kill")


@scene
async def test_a_container_that_ends_itself_on_sigterm_is_killed(tmp_path: Path) -> None:
    script = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    async with an_agent(tmp_path) as world:
        world.run(docker_task("t", script))
        await world.master.reached("t", "TASK_RUNNING")
        await eventually(lambda: stdout_of(world, "t"))
        world.agent.kill_task(FRAMEWORK_ID, "t", None)
        [last] = await world.master.finished("t")
        assert (last.state, last.message) == (pb.TASK_KILLED, "Container exited with status 0")


@scene
async def test_max_completion_time(tmp_path: Path) -> None:
    info = docker_task("t", "sleep 1000")
    info.max_completion_time.nanoseconds = 10**8
    async with an_agent(tmp_path) as world:
        world.run(info)
        [last] = await world.master.finished("t")
        assert last.state == pb.TASK_FAILED
        assert last.reason == pb.TaskStatus.REASON_MAX_COMPLETION_TIME_REACHED
        assert "TASK_KILLING" not in world.master.states("t")


@scene
async def test_stopping_the_agent_ends_the_container(tmp_path: Path, engine: str) -> None:
    async with an_agent(tmp_path) as world:
        world.run(docker_task("t", "sleep 1000"))
        await world.master.reached("t", "TASK_RUNNING")
        assert docker(engine, "ps", "-q") != ""
    # The fixture sees that nothing is left.


@scene
async def test_variables_reach_the_container_as_they_are(tmp_path: Path) -> None:
    values = {"PLAIN": "a b", "QUOTED": "'x' \"y\" $z #w", "LINES": "one\ntwo", "EMPTY": ""}
    script = 'for name in PLAIN QUOTED LINES EMPTY; do eval "echo [\\"\\$$name\\"]"; done'
    info = docker_task("t", script)
    for name, value in values.items():
        info.command.environment.variables.add(name=name, value=value)
    async with an_agent(tmp_path) as world:
        world.run(info)
        await world.master.finished("t")
        assert stdout_of(world, "t") == "".join(f"[{value}]\n" for value in values.values())


@scene
async def test_the_sandbox_uris_and_volumes_are_mounted(tmp_path: Path) -> None:
    (tmp_path / "input").write_text("fetched\n")
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "file").write_text("from the host\n")
    script = "cat $MESOS_SANDBOX/input /data/file; echo made >$MESOS_SANDBOX/output; : >/data/x"
    info = docker_task("t", script)
    info.command.uris.add(value=str(tmp_path / "input"))
    info.container.volumes.add(
        mode=pb.Volume.RO, container_path="/data", host_path=str(tmp_path / "host")
    )
    async with an_agent(tmp_path / "work") as world:
        world.run(info)
        [last] = await world.master.finished("t")
        assert stdout_of(world, "t") == "fetched\nfrom the host\n"
        assert (world.sandbox("t") / "output").read_text() == "made\n"
        assert last.state == pb.TASK_FAILED, "the volume was to be read-only"


@scene
async def test_a_health_check_runs_in_the_container(tmp_path: Path) -> None:
    info = docker_task("t", "sleep 1000")
    check = info.health_check
    check.type = pb.HealthCheck.COMMAND
    check.command.value = "test -d /mnt/mesos/sandbox"
    check.delay_seconds = 0
    async with an_agent(tmp_path) as world:
        world.run(info)
        await world.master.until(lambda: any(s.healthy for s in world.master.statuses("t")))


@scene
async def test_what_docker_refuses_is_a_failure_with_its_words_in_stderr(tmp_path: Path) -> None:
    info = docker_task("t", "true")
    info.container.docker.parameters.add(key="no-such-option", value="1")
    async with an_agent(tmp_path) as world:
        world.run(info)
        [last] = await world.master.finished("t")
        assert world.master.states("t") == ["TASK_STARTING", "TASK_FAILED"]
        assert last.message == "Container exited with status 125"
        assert "no-such-option" in (world.sandbox("t") / "stderr").read_text()


@scene
async def test_the_example_list_of_the_original(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The last task pipes into cowsay, which not every machine has.
    cowsay = tmp_path / "bin" / "cowsay"
    cowsay.parent.mkdir()
    cowsay.write_text("#!/bin/sh\nexec cat\n")
    cowsay.chmod(0o755)
    monkeypatch.setenv("PATH", f"{cowsay.parent}:/usr/local/bin:/usr/bin:/bin")
    group = json_dialect.loads(EXAMPLE.read_bytes(), pb.TaskGroupInfo)
    names = [info.task_id.value for info in group.tasks]
    assert len(names) == 9
    async with an_agent(tmp_path) as world:
        for info in group.tasks:
            info.agent_id.value = AGENT_ID
            world.run(info)
        for last in await world.master.finished(*names):
            assert last.state == pb.TASK_FINISHED, last.message
        for name in ("sub01-docker", "sub02-docker"):
            assert "/mnt/mesos/sandbox" in stdout_of(world, name)


def test_values_of_variables_are_in_no_argument() -> None:
    with environment_arguments({"ONE": "hush", "TWO": "hush\nhush"}) as (arguments, environment):
        assert "hush" not in " ".join(arguments)
        file = Path(arguments[arguments.index("--env-file") + 1])
        assert file.stat().st_mode & 0o077 == 0
        shown = subprocess.run(["cat", file], capture_output=True, text=True, check=True)
        assert shown.stdout == "ONE=hush\n"
        assert environment["TWO"] == "hush\nhush"
    assert not file.exists()
