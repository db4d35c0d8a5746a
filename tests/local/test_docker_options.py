"""What ``docker run`` is told, without an engine."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from local.agent_world import an_agent, recorded_statuses, said_statuses, scene, task

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent.docker import Engine, environment_arguments
from mesos_batch.local.agent.docker_options import RunOptionsError, image_with_tag, run_options
from mesos_batch.local.agent.sandbox import VolumeMount

DockerInfo = pb.ContainerInfo.DockerInfo
SANDBOX = Path("/sandbox")


def docker_task(script: str | None = "true") -> pb.TaskInfo:
    info = task("t", script)
    info.container.type = pb.ContainerInfo.DOCKER
    info.container.docker.image = "alpine"
    return info


def arguments(info: pb.TaskInfo) -> list[str]:
    return run_options(info, "mesos-C", SANDBOX, []).arguments


def with_ports(info: pb.TaskInfo) -> pb.TaskInfo:
    ports = info.resources.add(name="ports", type=pb.Value.RANGES)
    ports.ranges.range.add(begin=31000, end=31001)
    return info


@pytest.mark.skipif(sys.platform == "win32", reason="there is no program env")
def test_what_is_for_our_eyes_reaches_no_container(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program gives a container each variable a task names by ``env`` and has no value for."""
    monkeypatch.setenv("MESOS_BATCH_SECRET", "hunter2")
    monkeypatch.setenv("OURS", "kept")

    reply = asyncio.run(Engine(("env",)).call("-u", "NOTHING"))
    with environment_arguments({"TWO": "a\nb"}) as (_, environment):
        started_with = environment

    assert "OURS=kept" in reply.stdout
    assert "hunter2" not in reply.stdout
    assert (started_with["OURS"], started_with["TWO"]) == ("kept", "a\nb")
    assert "hunter2" not in started_with.values()


def test_a_plain_task() -> None:
    options = run_options(docker_task("echo $X"), "mesos-C", SANDBOX, [])
    assert " ".join(options.arguments) == (
        "--cpu-shares 102 --memory 33554432 -v /sandbox:/mnt/mesos/sandbox --net host "
        "--entrypoint /bin/sh --name mesos-C alpine -c echo $X"
    )
    assert options.environment == {
        "MESOS_SANDBOX": "/mnt/mesos/sandbox",
        "MESOS_CONTAINER_NAME": "mesos-C",
        "MESOS_ALLOCATION_ROLE": "*",
    }


def test_without_a_command_the_image_decides() -> None:
    info = docker_task(None)
    info.command.shell = False
    assert arguments(info)[-1] == "alpine"
    assert "--entrypoint" not in arguments(info)


def test_a_volume_of_the_host_and_one_of_docker() -> None:
    info = docker_task()
    add = info.container.volumes.add
    add(mode=pb.Volume.RO, container_path="/data", host_path="/host")
    add(mode=pb.Volume.RW, container_path="inside", host_path="/host")
    add(mode=pb.Volume.RW, container_path="/out", host_path="in-sandbox")
    named = add(mode=pb.Volume.RW, container_path="/named")
    named.source.type = pb.Volume.Source.DOCKER_VOLUME
    named.source.docker_volume.name, named.source.docker_volume.driver = "vol", "nfs"
    said = " ".join(arguments(info))
    assert "-v /host:/data:ro" in said
    assert "-v /host:/mnt/mesos/sandbox/inside:rw" in said
    assert "-v /sandbox/in-sandbox:/out:rw" in said
    assert "-v vol:/named:rw" in said
    assert "--volume-driver=nfs" in said


def test_a_persistent_volume_is_mounted_in_the_sandbox() -> None:
    volumes = [
        VolumeMount("data", Path("/volumes/v1")),
        VolumeMount("read", Path("/volumes/v2"), read_only=True),
        VolumeMount("data", Path("/volumes/v3")),
    ]
    options = run_options(docker_task(), "mesos-C", SANDBOX, volumes)
    assert "/volumes/v3:/mnt/mesos/sandbox/data" in options.arguments
    assert "/volumes/v2:/mnt/mesos/sandbox/read:ro" in options.arguments
    assert "/volumes/v1:/mnt/mesos/sandbox/data" not in options.arguments


def test_networks_ports_and_parameters() -> None:
    info = with_ports(docker_task())
    info.container.docker.network = DockerInfo.BRIDGE
    info.container.hostname = "box"
    info.container.docker.privileged = True
    mapping = {"host_port": 31001, "container_port": 80, "protocol": "TCP"}
    info.container.docker.port_mappings.add(**mapping)  # type: ignore[arg-type]
    info.container.docker.parameters.add(key="env", value="A=1")
    said = " ".join(arguments(info))
    assert said.startswith("--privileged ")
    assert "--net bridge --hostname box -p 31001:80/tcp" in said
    assert "--name mesos-C --env=A=1 alpine" in said
    info.container.docker.parameters.add(key="network", value="mine")
    assert "--net mine" in " ".join(arguments(info))


def test_a_network_by_name() -> None:
    info = docker_task()
    info.container.docker.network = DockerInfo.USER
    info.container.network_infos.add(name="mine")
    assert "--net mine" in " ".join(arguments(info))


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"cpus": 2.0}, "--cpu-quota 200000 --memory 33554432"),
        ({"cpus": float("inf")}, "--cpu-shares 102 --memory 33554432"),
        ({"mem": 64.0}, "--memory-reservation 33554432 --memory 67108864 --oom-score-adj"),
        ({"mem": float("inf")}, "--memory-reservation 33554432 --oom-score-adj"),
    ],
)
def test_limits(limits: dict[str, float], expected: str) -> None:
    info = docker_task()
    for name, value in limits.items():
        info.limits[name].value = value
    assert expected in " ".join(arguments(info))


def impossible() -> list[tuple[pb.TaskInfo, str]]:
    bare = docker_task()
    bare.container.ClearField("docker")
    hostname = docker_task()
    hostname.container.hostname = "box"
    on_host = docker_task()
    on_host.container.docker.port_mappings.add(host_port=31000, container_port=80)
    no_ports = docker_task()
    no_ports.container.docker.network = DockerInfo.BRIDGE
    no_ports.container.docker.port_mappings.add(host_port=31000, container_port=80)
    other_port = with_ports(docker_task())
    other_port.container.docker.network = DockerInfo.BRIDGE
    other_port.container.docker.port_mappings.add(host_port=31002, container_port=80)
    relative = docker_task()
    relative.container.volumes.add(mode=pb.Volume.RW, container_path="a", host_path="b")
    nothing = docker_task()
    nothing.container.volumes.add(mode=pb.Volume.RW, container_path="a")
    unnamed = docker_task()
    unnamed.container.docker.network = DockerInfo.USER
    no_value = docker_task(None)
    no_value.command.SetInParent()
    return [
        (bare, "No docker info found in container info"),
        (hostname, "Unable to set hostname with host network mode"),
        (on_host, "Port mappings are only supported for bridge and user-defined networks"),
        (no_ports, "Port mappings require port resources"),
        (other_port, "Port [31002] not included in resources"),
        (relative, "Both host_path 'b' and container_path 'a' of a volume are relative"),
        (nothing, "Host path or volume source is required"),
        (unnamed, "No network info found in container info"),
        (no_value, "Shell specified but no command value provided"),
    ]


@pytest.mark.parametrize(("info", "words"), impossible(), ids=lambda item: str(item)[:20])
def test_what_is_impossible_is_said_in_the_words_of_mesos(info: pb.TaskInfo, words: str) -> None:
    with pytest.raises(RunOptionsError) as error:
        arguments(info)
    assert str(error.value) == words


@pytest.mark.parametrize(
    ("image", "tagged"),
    [
        ("alpine", "alpine:latest"),
        ("alpine:3", "alpine:3"),
        ("localhost:5000/alpine", "localhost:5000/alpine:latest"),
        ("a/b@sha256:00", "a/b@sha256:00"),
    ],
)
def test_an_image_is_pulled_by_its_tag(image: str, tagged: str) -> None:
    assert image_with_tag(image) == tagged


@scene
async def test_without_an_engine_a_task_fails_as_recorded_and_the_sandbox_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    info = docker_task()
    info.name = info.task_id.value = "dock"
    async with an_agent(tmp_path / "work") as world:
        world.run(info)
        await world.master.finished("dock")
        assert said_statuses(world, "dock") == recorded_statuses("task_validation_errors", "dock")
        said = (world.sandbox("dock") / "stderr").read_text()
        assert "there is no program 'docker'; there is no program 'podman'" in said


@pytest.mark.parametrize("kind", ["docker", "plain"])
def test_an_agent_without_the_containerizer_takes_no_such_task(tmp_path: Path, kind: str) -> None:
    @scene
    async def run() -> None:
        info = docker_task() if kind == "docker" else task("t", "true")
        others = ("mesos",) if kind == "docker" else ("docker",)
        async with an_agent(tmp_path, containerizers=others) as world:
            world.run(info)
            [only] = await world.master.finished("t")
            assert only.message == "Abnormal executor termination: unknown container"
            assert "containerizer" in (world.sandbox("t") / "stderr").read_text()

    run()
