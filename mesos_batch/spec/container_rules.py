"""Rules for containers: volumes, Docker, networks.

Those of the master (``validateContainerInfo`` in ``src/common/validation.cpp``) and those of the
docker containerizer, which the task would meet as TASK_FAILED (``src/docker/docker.cpp``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.spec.command_rules import secret_findings
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.problems import Severity

_Source = pb.Volume.Source
_Docker = pb.ContainerInfo.DockerInfo
_SOURCE_FIELDS = {
    _Source.DOCKER_VOLUME: "docker_volume",
    _Source.HOST_PATH: "host_path",
    _Source.SANDBOX_PATH: "sandbox_path",
    _Source.SECRET: "secret",
    _Source.CSI_VOLUME: "csi_volume",
}
_ISOLATED = {_Docker.HOST: "host", _Docker.NONE: "none"}


def has_image(container: pb.ContainerInfo) -> bool:
    """Whether an image may say what to run."""
    if container.type == pb.ContainerInfo.DOCKER:
        return container.HasField("docker")
    return container.mesos.HasField("image")


def container_findings(
    container: pb.ContainerInfo, resources: Sequence[pb.Resource]
) -> Iterator[Finding]:
    """What is wrong with a container of a task or executor that has these resources."""
    for index, volume in enumerate(container.volumes):
        for finding in _volume(volume):
            yield finding.under("volumes", index)
    if container.type == pb.ContainerInfo.MESOS:
        if container.HasField("docker"):
            hint = "set type to DOCKER, or describe the image in mesos"
            message = "is not looked at in a container of type MESOS"
            yield Finding(("docker",), message, hint, severity=Severity.WARNING)
        return
    if container.HasField("mesos"):
        message = "is not looked at in a container of type DOCKER"
        yield Finding(("mesos",), message, "remove it", severity=Severity.WARNING)
    if not container.HasField("docker"):
        hint = 'add "docker": {"image": ...}'
        yield Finding(("docker",), "a container of type DOCKER needs it", hint)
        return
    yield from _docker(container)
    yield from _network(container, resources)


def _volume(volume: pb.Volume) -> Iterator[Finding]:
    given = sum(volume.HasField(name) for name in ("host_path", "image", "source"))
    if given != 1:
        message = "a volume needs exactly one of host_path, image and source"
        yield Finding((), message)
    if not volume.HasField("source"):
        return
    source = volume.source
    kind = _SOURCE_FIELDS.get(source.type)
    if kind is None:
        allowed = ", ".join(_Source.Type.Name(value) for value in _SOURCE_FIELDS)
        yield Finding(("source", "type"), "the source needs a type", f"allowed: {allowed}")
    elif not source.HasField(kind):
        message = f"a source of type {_Source.Type.Name(source.type)} needs it"
        yield Finding(("source", kind), message)
    elif kind == "secret":
        for finding in secret_findings(source.secret):
            yield finding.under("source", "secret")
    elif kind == "csi_volume" and not source.csi_volume.HasField("static_provisioning"):
        path = ("source", "csi_volume", "static_provisioning")
        yield Finding(path, "a CSI volume needs it")


def _docker(container: pb.ContainerInfo) -> Iterator[Finding]:
    docker = container.docker
    if docker.HasField("image") and not docker.image:
        yield Finding(("docker", "image"), "the name of the image is empty")
    for index, parameter in enumerate(docker.parameters):
        if parameter.key == "name":
            hint = "Mesos names the container itself"
            path = ("docker", "parameters", index, "key")
            yield Finding(path, "'name' is not allowed", hint)
    drivers = {docker.volume_driver} if docker.HasField("volume_driver") else set()
    for index, volume in enumerate(container.volumes):
        if volume.HasField("image"):
            message = "a Docker container cannot mount an image"
            yield Finding(("volumes", index, "image"), message, "use host_path or source")
        elif volume.HasField("host_path"):
            relative = not volume.host_path.startswith("/")
            if relative and not volume.container_path.startswith("/"):
                message = "host_path and container_path are both relative"
                yield Finding(("volumes", index), message, "one must begin with a slash")
        elif volume.source.docker_volume.HasField("driver"):
            drivers.add(volume.source.docker_volume.driver)
            if len(drivers) > 1:
                message = "a Docker container has one volume driver only"
                yield Finding(("volumes", index, "source", "docker_volume", "driver"), message)


def _network(container: pb.ContainerInfo, resources: Sequence[pb.Resource]) -> Iterator[Finding]:
    docker = container.docker
    network = _ISOLATED.get(docker.network)
    # Without a network it is HOST on Linux agents and BRIDGE on Windows agents.
    severity = Severity.ERROR if docker.HasField("network") else Severity.WARNING
    if docker.network == _Docker.USER:
        count = len(container.network_infos)
        if count != 1:
            message = f"network USER needs exactly one network, not {count}"
            yield Finding(("network_infos",), message, 'such as [{"name": ...}]')
        elif not container.network_infos[0].HasField("name"):
            yield Finding(("network_infos", 0, "name"), "the network needs a name")
    if network == "host" and container.HasField("hostname"):
        hint = "set docker.network to BRIDGE or USER"
        message = "a container in the host's network cannot have a hostname"
        yield Finding(("hostname",), message, hint, severity=severity)
    if not docker.port_mappings:
        return
    if network is not None:
        hint = "set docker.network to BRIDGE or USER"
        message = f"ports cannot be mapped in network {network.upper()}"
        yield Finding(("docker", "port_mappings"), message, hint, severity=severity)
        return
    spans = [
        span for resource in resources if resource.name == "ports" for span in resource.ranges.range
    ]
    for index, mapping in enumerate(docker.port_mappings):
        if not any(span.begin <= mapping.host_port <= span.end for span in spans):
            message = f"port {mapping.host_port} is not among the ports of the task"
            path = ("docker", "port_mappings", index, "host_port")
            yield Finding(path, message, "add it to the resource ports")
