"""Persistent volumes of a whole cluster: shared by tasks, kept for the next (facts 6, 10.9)."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from local.cluster_processes import NO_PINGS, Scene
from local.framework_client import Client
from local.framework_messages import capabilities, launch, scalar, task
from local.operation_messages import DISK, SILENT, VOLUME, create, destroy, dynamic, reserve

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="the commands are of POSIX"),
    pytest.mark.timeout(120),
]
SHARED = {**VOLUME, "shared": {}}
SHARING = {
    "roles": ["test"],
    "capabilities": capabilities("MULTI_ROLE", "RESERVATION_REFINEMENT", "SHARED_RESOURCES"),
}
ALONE = {"roles": ["test"], "capabilities": capabilities("MULTI_ROLE", "RESERVATION_REFINEMENT")}


@pytest.fixture
def master(scene: Scene) -> str:
    return scene.start("local", "--agents=1", "--allocation_interval=50ms").ready().master


def using(name: str, offer: dict[str, Any], volume: dict[str, Any], command: str) -> dict[str, Any]:
    """A task with the volume in its sandbox as ``data``."""
    resources = [scalar("cpus", 0.1), scalar("mem", 32), volume]
    agent_id = offer["agent_id"]["value"]
    return task(name, agent_id, resources=resources, command={"value": command})


def volumes_in(offer: dict[str, Any]) -> list[str]:
    return [
        item["disk"]["persistence"]["id"]
        for item in offer["resources"]
        if "persistence" in item.get("disk", {})
    ]


def reserved_in(offer: dict[str, Any]) -> set[str]:
    return {item["name"] for item in offer["resources"] if "reservations" in item}


def offer_with_volume(client: Client) -> dict[str, Any]:
    return client.offer_that(lambda offer: bool(volumes_in(offer)))


def ends(client: Client, count: int = 1) -> list[str]:
    """How so many tasks end; offers that come meanwhile are still to be read."""
    ended: list[str] = []
    while len(ended) < count:
        status = client.status_and_no_more()
        if "uuid" in status:
            client.acknowledge(status)
        if status["state"] not in ("TASK_STARTING", "TASK_RUNNING"):
            ended.append(status["state"])
    return ended


def test_ten_tasks_at_once_on_one_shared_volume(scene: Scene, master: str) -> None:
    client = scene.subscribe(master, **SHARING)
    (offer,) = client.offers()
    # Each ends when all ten are there.
    command = "touch data/$$; while [ $(ls data | wc -l) -lt 10 ]; do sleep 0.05; done"
    names = [f"t{number}" for number in range(10)]
    last = names.pop()
    client.accept(
        offer,
        operations=[
            reserve(DISK, **SILENT),
            create(SHARED, **SILENT),
            launch(*(using(name, offer, SHARED, command) for name in names)),
        ],
    )
    # It is offered while it is in use.
    offer = offer_with_volume(client)
    client.accept(offer, operations=[destroy(SHARED)])
    status = client.operation_status()
    assert status["state"] == "OPERATION_ERROR"
    assert status["message"].startswith("Persistent volumes in use; on agent ")
    offer = offer_with_volume(client)
    client.accept(offer, operations=[launch(using(last, offer, SHARED, command))])
    assert ends(client, 10) == ["TASK_FINISHED"] * 10
    (directory,) = scene.directory.glob("local/agent-0/volumes/roles/test/v")
    assert len(list(directory.iterdir())) == 10
    offer = offer_with_volume(client)
    client.accept(offer, operations=[destroy(SHARED)])
    assert client.operation_status()["state"] == "OPERATION_FINISHED"
    assert not directory.exists()


def test_frameworks_share_a_volume_but_only_those_that_can(scene: Scene, master: str) -> None:
    first = scene.subscribe(master, **SHARING)
    (offer,) = first.offers()
    command = f"touch data/first; {scene.waiting}"
    first.accept(
        offer,
        operations=[
            reserve(DISK, **SILENT),
            create(SHARED, **SILENT),
            launch(using("t", offer, SHARED, command)),
        ],
    )
    offer = offer_with_volume(first)
    first.call("SUPPRESS")
    first.decline(offer, 0)
    second = scene.subscribe(master, **SHARING)
    offer = offer_with_volume(second)
    command = "while [ ! -e data/first ]; do sleep 0.05; done"
    second.accept(offer, operations=[launch(using("t", offer, SHARED, command))])
    assert ends(second) == ["TASK_FINISHED"]
    # All but what the first one still uses.
    offer = second.offer_that(lambda offer: amount(offer, "cpus") == 3.9)
    assert volumes_in(offer) == ["v"]
    second.call("SUPPRESS")
    second.decline(offer, 0)
    alone = scene.subscribe(master, **ALONE)
    scene.go.touch()
    assert ends(first) == ["TASK_FINISHED"]
    # The one that cannot share is offered everything but the volume.
    assert volumes_in(alone.offer_that(lambda offer: amount(offer, "cpus") == 4)) == []


def amount(offer: dict[str, Any], name: str) -> float:
    return sum(item["scalar"]["value"] for item in offer["resources"] if item["name"] == name)


def test_data_outlives_task_framework_and_cluster(scene: Scene) -> None:
    local = scene.start("local", "--agents=1", "--allocation_interval=50ms", *NO_PINGS).ready()
    client = scene.subscribe(local.master, **ALONE)
    (offer,) = client.offers()
    client.accept(
        offer,
        operations=[
            reserve(DISK, dynamic("mem", 1), **SILENT),
            create(VOLUME, **SILENT),
            launch(using("writer", offer, VOLUME, "echo task >data/file")),
        ],
    )
    assert ends(client) == ["TASK_FINISHED"]
    offer = offer_with_volume(client)
    more = "grep task data/file && echo framework >>data/file"
    client.accept(offer, operations=[launch(using("again", offer, VOLUME, more))])
    assert ends(client) == ["TASK_FINISHED"]
    client.call("TEARDOWN")
    other = scene.subscribe(local.master, **ALONE)
    offer = offer_with_volume(other)
    more = "grep framework data/file && echo cluster >>data/file"
    other.accept(offer, operations=[launch(using("other", offer, VOLUME, more))])
    assert ends(other) == ["TASK_FINISHED"]
    local.kill()
    local.restart()
    last = scene.subscribe(local.master, **ALONE)
    offer = offer_with_volume(last)
    read = "test \"$(cat data/file | tr '\\n' ' ')\" = 'task framework cluster '"
    last.accept(offer, operations=[launch(using("reader", offer, VOLUME, read))])
    assert ends(last) == ["TASK_FINISHED"]
    # The other reservation is there too.
    last.offer_that(lambda offer: reserved_in(offer) == {"disk", "mem"})
