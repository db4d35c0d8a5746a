"""Volumes on the disks of an agent: its own, PATH and MOUNT (facts 10.9)."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from local.cluster_processes import NO_PINGS, Scene, follow, get
from local.framework_client import Client
from local.framework_messages import launch, reservation, scalar, task
from local.operation_messages import create, destroy, reserve

from mesos_batch.errors import UsageError
from mesos_batch.local.agent.agent_resources import AgentResources
from mesos_batch.local.options import LocalOptions
from mesos_batch.model.resource import Disk, Reservation, ReservationType, Resource, Volume
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="the roots and commands are of POSIX"),
    pytest.mark.timeout(120),
]
BY_OPERATION = Reservation(ReservationType.DYNAMIC, "r", "p")
BY_FLAG = Reservation(ReservationType.STATIC, "r")


def source(kind: str, root: Path) -> dict[str, Any]:
    return {"type": kind, kind.lower(): {"root": str(root)}}


def options(*disks: dict[str, Any], **more: Any) -> LocalOptions:
    return LocalOptions(agents=1, resources=json.dumps(disks), **more)


def disk_of(resources: AgentResources) -> Resource:
    return next(item for item in resources.total if item.name == "disk")


def volume_on(
    disk: Resource, volume_id: str, size: float | None = None, *, shared: bool = False
) -> Resource:
    """A volume on a disk that a framework has reserved before, unless it was reserved already."""
    assert disk.disk is not None
    return replace(
        disk,
        value=disk.value if size is None else Scalar.of(size),
        reservations=disk.reservations or (BY_OPERATION,),
        disk=Disk(volume_id, "p", Volume("data"), disk.disk.source),
        shared=shared,
    )


def with_volume(resources: AgentResources, volume: Resource) -> Resources:
    plain = replace(
        volume.without_volume(),
        reservations=tuple(it for it in volume.reservations if it == BY_FLAG),
    )
    return resources.total - Resources([plain]) + Resources([volume])


def test_a_volume_on_a_path_disk(tmp_path: Path) -> None:
    root = tmp_path / "disks" / "d1"
    made = options(scalar("disk", 500, disk={"source": source("PATH", root)}))
    agent = AgentResources(made, tmp_path / "agent-0")
    agent.prepare()
    assert root.is_dir()
    volume = volume_on(disk_of(agent), "v", 100)
    total = with_volume(agent, volume)
    agent.apply(total)
    directory = root / "volumes/roles/r/v"
    (directory / "file").write_text("kept")
    again = AgentResources(made, tmp_path / "agent-0")
    assert again.total == total
    again.apply(again.configured)
    assert not directory.exists()
    assert again.total == again.configured


def test_a_volume_on_a_mount_disk_leaves_the_empty_root(tmp_path: Path) -> None:
    root = tmp_path / "d1"
    made = options(scalar("disk", 500, disk={"source": source("MOUNT", root)}))
    agent = AgentResources(made, tmp_path / "agent-0")
    agent.prepare()
    total = with_volume(agent, volume_on(disk_of(agent), "v"))
    agent.apply(total)
    (root / "file").write_text("kept")
    (root / "folder").mkdir()
    (root / "folder" / "file").write_text("kept")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("kept")
    (root / "link").symlink_to(elsewhere, target_is_directory=True)
    again = AgentResources(made, tmp_path / "agent-0")
    again.prepare()
    assert again.total == total
    assert (root / "file").read_text() == "kept"
    again.apply(again.configured)
    assert list(root.iterdir()) == []
    assert (elsewhere / "file").read_text() == "kept"


def test_a_root_that_is_not_absolute_is_below_the_work_directory(tmp_path: Path) -> None:
    made = options(scalar("disk", 500, disk={"source": source("PATH", Path("own"))}))
    agent = AgentResources(replace(made, agents=3), tmp_path / "agent-1")
    agent.prepare()
    agent.apply(with_volume(agent, volume_on(disk_of(agent), "v", 100)))
    assert (tmp_path / "agent-1/own/volumes/roles/r/v").is_dir()


def test_a_static_reservation_and_a_volume_on_it_survive_a_restart(tmp_path: Path) -> None:
    made = LocalOptions(agents=1, resources="disk(r):500;cpus(r):2")
    agent = AgentResources(made, tmp_path)
    disk = replace(disk_of(agent), disk=Disk())
    volume = volume_on(disk, "v", 100)
    total = with_volume(agent, volume)
    agent.apply(total)
    assert AgentResources(made, tmp_path).total == total
    # What a flag reserved is not of the last time, but of this.
    larger = replace(made, resources="disk(r):900;cpus(r):1")
    reserved = AgentResources(larger, tmp_path).total.reserved("r")
    assert (reserved.amount("disk"), reserved.amount("cpus")) == (900, 1)


def test_a_shared_volume_survives_a_restart(tmp_path: Path) -> None:
    made = LocalOptions(agents=1)
    agent = AgentResources(made, tmp_path)
    disk = replace(disk_of(agent), disk=Disk())
    total = with_volume(agent, volume_on(disk, "v", 100, shared=True))
    agent.apply(total)
    assert AgentResources(made, tmp_path).total == total


def test_an_agent_without_the_disk_of_its_volumes_is_refused(tmp_path: Path) -> None:
    one = options(scalar("disk", 500, disk={"source": source("PATH", tmp_path / "one")}))
    agent = AgentResources(one, tmp_path / "agent-0")
    agent.apply(with_volume(agent, volume_on(disk_of(agent), "v", 100)))
    other = options(scalar("disk", 500, disk={"source": source("PATH", tmp_path / "other")}))
    with pytest.raises(UsageError, match=r"need disk\[PATH:.*/one\]:100, the agent has"):
        AgentResources(other, tmp_path / "agent-0")


def test_a_disk_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    made = options(scalar("disk", 5, disk={"source": source("PATH", tmp_path / "file" / "d")}))
    with pytest.raises(UsageError, match="cannot be made: Not a directory"):
        AgentResources(made, tmp_path / "agent-0").prepare()


def offer_with(client: Client, wanted: dict[str, Any]) -> dict[str, Any]:
    """An offer with such a disk."""
    return client.offer_that(
        lambda offer: any(wanted.items() <= item.items() for item in offer["resources"])
    )


def test_volumes_on_path_and_mount_outlive_the_cluster(scene: Scene, tmp_path: Path) -> None:
    sources = {
        "p": source("PATH", tmp_path / "p"),
        "m": source("MOUNT", tmp_path / "m"),
    }
    disks = [scalar("disk", 100.0, disk={"source": sources[name]}) for name in ("p", "m")]
    local = scene.start("local", "--agents=1", f"--resources={json.dumps(disks)}", *NO_PINGS)
    local.ready()
    assert "with 1 agent with cpus:4 mem:4096 --resources (disk) is running" in local.announcement
    by = {"reservations": reservation("test")}
    volumes = {
        name: scalar(
            "disk",
            100.0,
            disk={
                "persistence": {"id": name, "principal": "tester"},
                "volume": {"container_path": name, "mode": "RW"},
                "source": sources[name],
            },
            **by,
        )
        for name in ("p", "m")
    }
    client = scene.subscribe(local.master, roles=["test"])
    (offer,) = client.offers()
    agent_id = offer["agent_id"]["value"]
    used = [scalar("cpus", 0.1), scalar("mem", 32), *volumes.values()]
    writer = task(
        "writer", agent_id, resources=used, command={"value": "echo p >p/f; echo m >m/f; echo $PWD"}
    )
    operations = [
        reserve(*({**disk, **by} for disk in disks), operation_id=None),
        create(*volumes.values(), operation_id=None),
        launch(writer),
    ]
    client.accept(offer, operations=operations)
    follow(client, "TASK_FINISHED")
    assert (tmp_path / "p/volumes/roles/test/p/f").read_text() == "p\n"
    assert (tmp_path / "m/f").read_text() == "m\n"

    local.kill()
    local.restart()
    client = scene.subscribe(local.master, roles=["test"])
    offer = offer_with(client, volumes["m"])
    assert offer["agent_id"]["value"] == agent_id
    reader = task(
        "reader", agent_id, resources=used, command={"value": "grep -q p p/f && grep -q m m/f"}
    )
    client.accept(offer, operations=[launch(reader)])
    follow(client, "TASK_FINISHED")
    (slave,) = get(local.master, "/slaves").json()["slaves"]
    full = slave["reserved_resources_full"]["test"]
    assert {item["disk"]["persistence"]["id"] for item in full} == {"p", "m"}

    offer = offer_with(client, volumes["m"])
    client.accept(offer, operations=[destroy(*volumes.values())])
    assert client.operation_status()["state"] == "OPERATION_FINISHED"
    assert not (tmp_path / "p/volumes/roles/test/p").exists()
    assert list((tmp_path / "m").iterdir()) == []
