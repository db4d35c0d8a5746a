"""The arguments of ``docker run`` for a task, as the docker containerizer makes them.

Source: ``Docker::RunOptions::create`` and ``Docker::run`` in ``src/docker/docker.cpp``.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

import psutil

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent.sandbox import VolumeMount, allocation_role, command_variables
from mesos_batch.model.ranges import Ranges
from mesos_batch.model.resources import CPUS, MEM, PORTS
from mesos_batch.protocol import values

MAPPED_DIRECTORY = "/mnt/mesos/sandbox"
_CPU_SHARES_PER_CPU = 1024
_MIN_CPU_SHARES = 2
_CFS_PERIOD_MICROSECONDS = 100_000
_MIN_CFS_QUOTA_MICROSECONDS = 1000
_MEGABYTE = 1 << 20
_MIN_MEMORY = 32 * _MEGABYTE
_NETWORKS = {
    pb.ContainerInfo.DockerInfo.HOST: "host",
    pb.ContainerInfo.DockerInfo.BRIDGE: "nat" if sys.platform == "win32" else "bridge",
    pb.ContainerInfo.DockerInfo.NONE: "none",
}


class RunOptionsError(Exception):
    """A task cannot be put into words for ``docker run``; the words are those of Mesos."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The arguments after ``docker run``; the environment goes another way than argv."""

    arguments: list[str]
    environment: dict[str, str]


def run_options(
    task: pb.TaskInfo, name: str, directory: Path, volumes: Iterable[VolumeMount]
) -> RunOptions:
    """Make the options for a task.

    ``name`` is the name of the container, ``directory`` its sandbox, ``volumes`` the persistent
    volumes in it; of two with the same name the last covers the first.

    Raises:
        RunOptionsError: the container or its command asks for something impossible.
        LaunchError: a secret cannot be resolved.
    """
    container, command = task.container, task.command
    if not container.HasField("docker"):
        raise RunOptionsError("No docker info found in container info")
    arguments = ["--privileged"] if container.docker.privileged else []
    arguments += _limits(task)
    driver = _volume_driver(container)
    for volume in _volumes(container, directory):
        arguments += ["-v", volume]
    arguments += ["-v", f"{directory}:{MAPPED_DIRECTORY}"]
    for mount in {volume.name: volume for volume in volumes}.values():
        mode = ":ro" if mount.read_only else ""
        arguments += ["-v", f"{mount.directory}:{MAPPED_DIRECTORY}/{mount.name}{mode}"]
    if driver is not None:
        arguments.append(f"--volume-driver={driver}")
    arguments += _network(task)
    if command.shell:
        arguments += ["--entrypoint", "cmd" if sys.platform == "win32" else "/bin/sh"]
    arguments += ["--name", name]
    arguments += _parameters(container.docker)
    arguments.append(container.docker.image)
    arguments += _command(command)
    environment = {
        **command_variables(command),
        "MESOS_SANDBOX": MAPPED_DIRECTORY,
        "MESOS_CONTAINER_NAME": name,
        "MESOS_ALLOCATION_ROLE": allocation_role(task.resources),
    }
    return RunOptions(arguments, environment)


def image_with_tag(image: str) -> str:
    """The image to pull; without a tag a pull would fetch the whole repository."""
    return image if ":" in image.rsplit("/", 1)[-1] else f"{image}:latest"


def _limits(task: pb.TaskInfo) -> Iterator[str]:
    resources = values.resources_from(task.resources)
    cpus, memory = resources.amount(CPUS), resources.amount(MEM)
    limits = {name: limit.value for name, limit in task.limits.items()}
    if cpus:
        shares = max(int(_CPU_SHARES_PER_CPU * cpus), _MIN_CPU_SHARES)
        yield from ("--cpu-shares", str(shares))
    if CPUS in limits and not math.isinf(limits[CPUS]):
        quota = max(int(_CFS_PERIOD_MICROSECONDS * limits[CPUS]), _MIN_CFS_QUOTA_MICROSECONDS)
        yield from ("--cpu-quota", str(quota))
    requested = max(int(memory * _MEGABYTE), _MIN_MEMORY)
    if MEM not in limits:
        if memory:
            yield from ("--memory", str(requested))
        return
    limit = limits[MEM]
    if memory:
        yield from ("--memory-reservation", str(requested))
    if not math.isinf(limit):
        yield from ("--memory", str(max(int(limit) * _MEGABYTE, _MIN_MEMORY)))
    if memory and limit > memory:
        yield from ("--oom-score-adj", str(_oom_score_adjustment(requested)))


def _oom_score_adjustment(requested: int) -> int:
    # The more of the machine's memory is asked for, the later it is taken away.
    share = 1000 * requested // psutil.virtual_memory().total
    return min(max(1000 - share, 2), 999)


def _volumes(container: pb.ContainerInfo, directory: Path) -> Iterator[str]:
    for volume in container.volumes:
        target = volume.container_path
        if not _is_absolute(target):
            target = f"{MAPPED_DIRECTORY}/{target}"
        if volume.HasField("host_path"):
            source = volume.host_path
            if not _is_absolute(source):
                if not _is_absolute(volume.container_path):
                    raise RunOptionsError(
                        f"Both host_path '{source}' and container_path '{volume.container_path}' "
                        "of a volume are relative"
                    )
                if not container.docker.HasField("volume_driver"):
                    source = str(directory / source)
        elif volume.source.type == pb.Volume.Source.DOCKER_VOLUME:
            source = volume.source.docker_volume.name
        elif volume.HasField("source"):
            # Mesos leaves out sources that are none of docker's.
            continue
        else:
            raise RunOptionsError("Host path or volume source is required")
        mode = "ro" if volume.mode == pb.Volume.RO else "rw"
        yield f"{source}:{target}:{mode}"


def _volume_driver(container: pb.ContainerInfo) -> str | None:
    drivers = {
        volume.source.docker_volume.driver
        for volume in container.volumes
        if volume.source.docker_volume.HasField("driver")
    }
    if len(drivers) > 1:
        raise RunOptionsError("Only one volume driver is supported")
    if container.docker.HasField("volume_driver"):
        drivers.add(container.docker.volume_driver)
    if len(drivers) > 1:
        raise RunOptionsError("Only one volume driver per task is supported")
    return next(iter(drivers), None)


def _network(task: pb.TaskInfo) -> Iterator[str]:
    container = task.container
    network = _declared_network(container)
    if container.HasField("hostname") and network == "host":
        raise RunOptionsError("Unable to set hostname with host network mode")
    mappings = container.docker.port_mappings
    if mappings and network in ("host", "none"):
        raise RunOptionsError(
            "Port mappings are only supported for bridge and user-defined networks"
        )
    ports = values.resources_from(task.resources).ranges(PORTS)
    if mappings and ports.is_empty:
        raise RunOptionsError("Port mappings require port resources")
    override = next(
        (it.value for it in container.docker.parameters if it.key in ("net", "network")), network
    )
    yield from ("--net", override)
    if container.HasField("hostname"):
        yield from ("--hostname", container.hostname)
    for mapping in mappings:
        if not ports.contains(Ranges.of((mapping.host_port, mapping.host_port))):
            raise RunOptionsError(f"Port [{mapping.host_port}] not included in resources")
        protocol = f"/{mapping.protocol.lower()}" if mapping.HasField("protocol") else ""
        yield from ("-p", f"{mapping.host_port}:{mapping.container_port}{protocol}")


def _declared_network(container: pb.ContainerInfo) -> str:
    if not container.docker.HasField("network") and sys.platform == "win32":
        return "nat"
    network = container.docker.network
    if network != pb.ContainerInfo.DockerInfo.USER:
        return _NETWORKS[network]
    if not container.network_infos:
        raise RunOptionsError("No network info found in container info")
    if len(container.network_infos) > 1:
        raise RunOptionsError("Only a single network can be defined in Docker run")
    if not container.network_infos[0].HasField("name"):
        raise RunOptionsError("No network name found in network info")
    return container.network_infos[0].name


def _parameters(docker: pb.ContainerInfo.DockerInfo) -> Iterator[str]:
    network_given = False
    for parameter in docker.parameters:
        if parameter.key in ("net", "network") and not network_given:
            network_given = True
        else:
            yield f"--{parameter.key}={parameter.value}"


def _command(command: pb.CommandInfo) -> Iterator[str]:
    if not command.shell:
        if command.HasField("value"):
            yield command.value
        yield from command.arguments
    elif command.HasField("value"):
        yield from ("/c" if sys.platform == "win32" else "-c", command.value)
    else:
        raise RunOptionsError("Shell specified but no command value provided")


def _is_absolute(path: str) -> bool:
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()
