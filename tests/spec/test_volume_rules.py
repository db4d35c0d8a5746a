"""Persistent volumes: in full, and named by their id only."""

from __future__ import annotations

from typing import Any

import pytest
from task_lists import DYNAMIC, VOLUME, disk, executor, group, lines_of, scalar, task, told, uses

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.resource import Disk, Reservation, ReservationType, Resource, Volume
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.spec.load import load_task_list
from mesos_batch.spec.volume_rules import ANY_SIZE

PLACE = VOLUME["volume"]


def named(name: str = "v", place: str | None = None, **more: Any) -> dict[str, Any]:
    """A volume named by its id, perhaps with a place."""
    description: dict[str, Any] = {"persistence": {"id": name}}
    if place is not None:
        description["volume"] = {"container_path": place, "mode": "RW"}
    return {"name": "disk", "type": "SCALAR", "disk": description, **more}


def resources_of(*resources: dict[str, Any]) -> Resources:
    (spec,) = load_task_list(group(task(**uses(*resources))), "list").tasks
    return spec.resources


def test_an_id_is_enough() -> None:
    (volume,) = resources_of(named())

    assert volume == Resource("disk", ANY_SIZE, disk=Disk(persistence_id="v"))
    assert Scalar.of(0.001) == ANY_SIZE


def test_what_is_given_is_kept() -> None:
    static = Reservation(ReservationType.STATIC, "r")

    assert list(resources_of(named(scalar={"value": 5}))) == [
        Resource("disk", Scalar.of(5), disk=Disk(persistence_id="v"))
    ]
    assert list(resources_of(named(place="data"))) == [
        Resource("disk", ANY_SIZE, disk=Disk(persistence_id="v", volume=Volume("data")))
    ]
    assert list(resources_of(named(role="r"))) == [
        Resource("disk", ANY_SIZE, (static,), disk=Disk(persistence_id="v"))
    ]


def test_each_volume_is_kept_and_other_resources_are_as_they_were() -> None:
    resources = resources_of(scalar("cpus", 1), named("v"), named("w"), scalar("mem", 32))

    assert [str(item) for item in resources] == [
        "cpus:1",
        "disk[v]:0.001",
        "disk[w]:0.001",
        "mem:32",
    ]


def test_the_payload_is_what_was_written() -> None:
    (spec,) = load_task_list(group(task(**uses(named()))), "list").tasks

    (message,) = pb.TaskInfo.FromString(spec.payload).resources
    expected = pb.Resource(name="disk", type=pb.Value.SCALAR)
    expected.disk.persistence.id = "v"
    assert message == expected


def test_text_format_takes_an_id_too() -> None:
    text = """tasks {
  name: "t" task_id { value: "t" } command { value: "x" }
  resources { name: "disk" type: SCALAR disk { persistence { id: "v" } } }
}"""

    (spec,) = load_task_list(text.encode(), "list").tasks

    assert spec.resources.amount("disk") == 0.001


ACCEPTED: dict[str, dict[str, Any]] = {
    "id": uses(named()),
    "unreserved": uses(disk(VOLUME)),
    "anybody": uses(named(role="*")),
    "no place": uses(disk({"persistence": {"id": "v"}}, **DYNAMIC)),
    "two without a place": uses(named("v"), named("w")),
    "one without a place": uses(named("v", "data"), named("w")),
    "shared": uses(named(shared={})),
    "one id for two roles": uses(named(role="r", place="a"), named(role="s", place="b")),
}
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "id": (uses(named("a/b")), "resources[0].disk.persistence.id", "'/' is not allowed in an id"),
    "nested place": (
        uses(named(place="a/b")),
        "resources[0].disk.volume.container_path",
        "agents skip a volume whose path has a slash ('a/b')",
    ),
    "place of the host": (
        uses(named() | {"disk": {**VOLUME, "volume": {**PLACE, "host_path": "/x"}}}),
        "resources[0].disk.volume.host_path",
        "a persistent volume has no host path",
    ),
    "one place": (
        uses(named("v", "data"), named("w", "data")),
        "resources[1].disk.volume.container_path",
        "'data' is already the place of the volume in resources[0]",
    ),
    "twice": (
        uses(named(), named(place="data")),
        "resources[1].disk.persistence.id",
        "the volume 'v' is already in resources[0]",
    ),
    "twice, once in full": (
        uses(disk(VOLUME, **DYNAMIC), named()),
        "resources[1].disk.persistence.id",
        "the volume 'v' is already in resources[0]",
    ),
    "twice, the second for a role": (
        uses(named(), named("w"), named(role="r")),
        "resources[2].disk.persistence.id",
        "the volume 'v' is already in resources[0]",
    ),
    "zero": (
        uses(named(scalar={"value": 0})),
        "resources[0].scalar.value",
        "0 disk asks for nothing",
    ),
    "empty value": (
        uses(named(scalar={})),
        "resources[0].scalar.value",
        "the field is missing",
    ),
    "value of another type": (
        uses(named(set={"item": ["a"]})),
        "resources[0].type",
        "SCALAR does not go with the field set",
    ),
    "bad reservation": (
        uses(named(reservations=[{"role": "r"}])),
        "resources[0].reservations[0].type",
        "a reservation needs a type",
    ),
    "reservation for nobody": (
        uses(named(reservation={"principal": "p"})),
        "resources[0].role",
        "a reservation needs a role",
    ),
    "revocable": (
        uses(named(revocable={})),
        "resources[0].revocable",
        "a persistent volume cannot be revocable",
    ),
    "plain disk": (
        uses({"name": "disk", "type": "SCALAR"}),
        "resources[0].scalar",
        "a SCALAR resource needs a value",
    ),
    "disk of a source": (
        uses(named() | {"disk": {"source": {"type": "PATH"}}}),
        "resources[0].scalar",
        "a SCALAR resource needs a value",
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    assert told(group(task(**ACCEPTED[name]))) == []


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    changes, field, message = REFUSED[name]

    assert told(group(task(**changes))) == [f"tasks[0].{field}: {message}"]


def test_a_size_that_is_none_can_be_left_out() -> None:
    data = group(task(**uses(named(scalar={"value": 0}))))

    assert lines_of(data) == [
        (
            f"list:1:{data.index(b'0}') + 1}: error: tasks[0].resources[0].scalar.value:"
            " 0 disk asks for nothing (leave scalar out if any size will do)"
        )
    ]


def test_the_volume_of_an_executor_must_say_all_of_it() -> None:
    changes = executor(resources=[scalar("cpus", 1), scalar("mem", 32), named()])

    assert told(group(task(**changes))) == [
        f"tasks[0].executor.resources[2].{problem}"
        for problem in (
            "scalar: a SCALAR resource needs a value",
            "reservations: a persistent volume must be reserved",
            "disk.volume: a persistent volume needs a place in the sandbox",
        )
    ]


def test_a_task_and_its_executor_cannot_share_a_volume() -> None:
    whole = [scalar("cpus", 1), scalar("mem", 32), disk(VOLUME, **DYNAMIC)]
    changes = {**executor(resources=whole), **uses(scalar("cpus", 1), named())}

    assert told(group(task(**changes))) == [
        (
            "tasks[0].executor.resources[2].disk.persistence.id:"
            " the volume 'v' is used by the task itself"
        )
    ]
