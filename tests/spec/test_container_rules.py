"""Rules for containers: a change of a good task and what is said."""

from __future__ import annotations

from typing import Any

import pytest
from task_lists import container, docker, group, ports, problems_of, scalar, task, told, uses

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "volume none": (
        container(type="MESOS", volumes=[{"container_path": "x", "mode": "RW"}]),
        "container.volumes[0]",
        "a volume needs exactly one of host_path, image and source",
    ),
    "volume two": (
        container(
            type="MESOS",
            volumes=[
                {
                    "container_path": "x",
                    "mode": "RW",
                    "host_path": "/a",
                    "source": {"type": "SANDBOX_PATH", "sandbox_path": {"path": "p"}},
                }
            ],
        ),
        "container.volumes[0]",
        "a volume needs exactly one of host_path, image and source",
    ),
    "volume source": (
        container(
            type="MESOS",
            volumes=[{"container_path": "x", "mode": "RW", "source": {"type": "SECRET"}}],
        ),
        "container.volumes[0].source.secret",
        "a source of type SECRET needs it",
    ),
    "volume type": (
        container(
            type="MESOS",
            volumes=[
                {"container_path": "x", "mode": "RW", "source": {"sandbox_path": {"path": "p"}}}
            ],
        ),
        "container.volumes[0].source.type",
        "the source needs a type",
    ),
    "volume csi": (
        container(
            type="MESOS",
            volumes=[
                {
                    "container_path": "x",
                    "mode": "RW",
                    "source": {"type": "CSI_VOLUME", "csi_volume": {"plugin_name": "p"}},
                }
            ],
        ),
        "container.volumes[0].source.csi_volume.static_provisioning",
        "a CSI volume needs it",
    ),
    "volume secret": (
        container(
            type="MESOS",
            volumes=[
                {
                    "container_path": "x",
                    "mode": "RW",
                    "source": {"type": "SECRET", "secret": {"type": "VALUE"}},
                }
            ],
        ),
        "container.volumes[0].source.secret.value",
        "a secret of type VALUE needs it",
    ),
    "no docker": (
        container(type="DOCKER"),
        "container.docker",
        "a container of type DOCKER needs it",
    ),
    "container type": (container(docker={"image": "a"}), "container.type", "the field is missing"),
    "mesos docker": (
        container(type="MESOS", docker={"image": "a"}),
        "container.docker",
        "is not looked at in a container of type MESOS",
    ),
    "docker mesos": (
        container(type="DOCKER", docker={"image": "a"}, mesos={}),
        "container.mesos",
        "is not looked at in a container of type DOCKER",
    ),
    "image empty": (docker(image=""), "container.docker.image", "the name of the image is empty"),
    "no image": (
        container(type="DOCKER", docker={}),
        "container.docker.image",
        "the field is missing",
    ),
    "parameter": (
        docker(parameters=[{"key": "name", "value": "x"}]),
        "container.docker.parameters[0].key",
        "'name' is not allowed",
    ),
    "image volume": (
        container(
            type="DOCKER",
            docker={"image": "a"},
            volumes=[
                {
                    "container_path": "/x",
                    "mode": "RW",
                    "image": {"type": "DOCKER", "docker": {"name": "i"}},
                }
            ],
        ),
        "container.volumes[0].image",
        "a Docker container cannot mount an image",
    ),
    "relative": (
        container(
            type="DOCKER",
            docker={"image": "a"},
            volumes=[{"container_path": "x", "host_path": "y", "mode": "RW"}],
        ),
        "container.volumes[0]",
        "host_path and container_path are both relative",
    ),
    "drivers": (
        container(
            type="DOCKER",
            docker={"image": "a", "volume_driver": "d"},
            volumes=[
                {
                    "container_path": "/x",
                    "mode": "RW",
                    "source": {
                        "type": "DOCKER_VOLUME",
                        "docker_volume": {"name": "n", "driver": "e"},
                    },
                }
            ],
        ),
        "container.volumes[0].source.docker_volume.driver",
        "a Docker container has one volume driver only",
    ),
    "mapped host": (
        docker(network="HOST", port_mappings=[{"host_port": 1, "container_port": 1}]),
        "container.docker.port_mappings",
        "ports cannot be mapped in network HOST",
    ),
    "mapped default": (
        docker(port_mappings=[{"host_port": 1, "container_port": 1}]),
        "container.docker.port_mappings",
        "ports cannot be mapped in network HOST",
    ),
    "mapped without": (
        docker(network="BRIDGE", port_mappings=[{"host_port": 1, "container_port": 1}]),
        "container.docker.port_mappings[0].host_port",
        "port 1 is not among the ports of the task",
    ),
    "user network": (
        docker(network="USER"),
        "container.network_infos",
        "network USER needs exactly one network, not 0",
    ),
    "unnamed network": (
        container(type="DOCKER", docker={"image": "a", "network": "USER"}, network_infos=[{}]),
        "container.network_infos[0].name",
        "the network needs a name",
    ),
    "hostname": (
        container(type="DOCKER", docker={"image": "a", "network": "HOST"}, hostname="h"),
        "container.hostname",
        "a container in the host's network cannot have a hostname",
    ),
    "cgroups": (
        container(type="MESOS", linux_info={"share_cgroups": False}),
        "container.linux_info.share_cgroups",
        "only tasks of a task group can have cgroups of their own",
    ),
}
ACCEPTED: dict[str, dict[str, Any]] = {
    "mapped port": {
        **uses(scalar("cpus", 1), ports((31000, 31001))),
        **docker(network="BRIDGE", port_mappings=[{"host_port": 31001, "container_port": 80}]),
    },
    "volume of the host": container(
        type="MESOS", volumes=[{"container_path": "x", "host_path": "y", "mode": "RO"}]
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    changes, field, message = REFUSED[name]

    assert told(group(task(**changes))) == [f"tasks[0].{field}: {message}"]


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    assert told(group(task(**ACCEPTED[name]))) == []


@pytest.mark.parametrize(("network", "severity"), [("HOST", "error"), (None, "warning")])
def test_the_network_meant_depends_on_the_agent(network: str | None, severity: str) -> None:
    mapped = docker(network=network, port_mappings=[{"host_port": 1, "container_port": 1}])

    (problem,) = problems_of(group(task(**mapped)))

    assert problem.severity.value == severity
