"""Rules for resources: a change of a good task and what is said."""

from __future__ import annotations

from typing import Any

import pytest
from task_lists import DYNAMIC, VOLUME, disk, group, ports, scalar, task, told, uses

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "zero": (uses(scalar("cpus", 0)), "resources[0].scalar.value", "0 cpus asks for nothing"),
    "negative": (
        uses(scalar("cpus", -1)),
        "resources[0].scalar.value",
        "-1 cpus is less than nothing",
    ),
    "tiny": (
        uses(scalar("cpus", 0.0004)),
        "resources[0].scalar.value",
        "0.0004 cpus is rounded to 0",
    ),
    "infinite": (
        uses(scalar("cpus", "Infinity")),
        "resources[0].scalar.value",
        "an amount must be finite",
    ),
    "huge": (
        uses(scalar("cpus", 1e300)),
        "resources[0].scalar.value",
        "1e+300 cpus is more than Mesos can count",
    ),
    "gpus": (uses(scalar("gpus", 1.5)), "resources[0].scalar.value", "1.5 gpus cannot be had"),
    "text": (
        uses({"name": "x", "type": "TEXT"}),
        "resources[0].type",
        "TEXT is for attributes of agents only",
    ),
    "no value": (
        uses({"name": "x", "type": "SET"}),
        "resources[0].set",
        "a SET resource needs a value",
    ),
    "other value": (
        uses({"name": "x", "type": "SCALAR", "set": {"item": ["a"]}}),
        "resources[0].type",
        "SCALAR does not go with the field set",
    ),
    "two values": (
        uses(scalar("x", 1, set={"item": ["a"]})),
        "resources[0].type",
        "SCALAR does not go with the field set",
    ),
    "cpus set": (
        uses({"name": "cpus", "type": "SET", "set": {"item": ["a"]}}),
        "resources[0].type",
        "cpus must be SCALAR",
    ),
    "no type": (
        uses({"name": "cpus", "scalar": {"value": 1}}),
        "resources[0].type",
        "the field is missing",
    ),
    "no resource name": (uses(scalar("", 1)), "resources[0].name", "a resource must have a name"),
    "range back": (
        uses(ports((5, 3))),
        "resources[0].ranges.range[0]",
        "the range 5-3 ends before it begins",
    ),
    "range overlap": (
        uses(ports((1, 5), (5, 6))),
        "resources[0].ranges.range[1]",
        "the range 5-6 overlaps 1-5",
    ),
    "range overlap reversed": (
        uses(ports((5, 9), (1, 5))),
        "resources[0].ranges.range[1]",
        "the range 1-5 overlaps 5-9",
    ),
    "range empty": (uses(ports()), "resources[0].ranges.range", "no ports asked for"),
    "set twice": (
        uses({"name": "z", "type": "SET", "set": {"item": ["a", "b", "a"]}}),
        "resources[0].set.item[2]",
        "'a' is in the set twice",
    ),
    "set empty": (
        uses({"name": "z", "type": "SET", "set": {}}),
        "resources[0].set.item",
        "no z asked for",
    ),
    "disk on mem": (
        uses(scalar("mem", 1, disk=VOLUME, **DYNAMIC)),
        "resources[0].disk",
        "a disk description does not go with mem",
    ),
    "host path": (
        uses(
            disk(
                {**VOLUME, "volume": {"container_path": "d", "mode": "RW", "host_path": "/x"}},
                **DYNAMIC,
            )
        ),
        "resources[0].disk.volume.host_path",
        "a persistent volume has no host path",
    ),
    "nested path": (
        uses(disk({**VOLUME, "volume": {"container_path": "a/b", "mode": "RW"}}, **DYNAMIC)),
        "resources[0].disk.volume.container_path",
        "agents skip a volume whose path has a slash ('a/b')",
    ),
    "dot path": (
        uses(disk({**VOLUME, "volume": {"container_path": ".", "mode": "RW"}}, **DYNAMIC)),
        "resources[0].disk.volume.container_path",
        "'.' is no name in the sandbox",
    ),
    "volume id": (
        uses(disk({**VOLUME, "persistence": {"id": "a/b"}}, **DYNAMIC)),
        "resources[0].disk.persistence.id",
        "'/' is not allowed in an id",
    ),
    "volume only": (
        uses(disk({"volume": VOLUME["volume"]}, **DYNAMIC)),
        "resources[0].disk.persistence",
        "a volume needs persistence",
    ),
    "empty disk": (uses(disk({})), "resources[0].disk", "the disk description is empty"),
    "raw path": (
        uses(disk({"source": {"type": "RAW", "path": {}}})),
        "resources[0].disk.source.path",
        "does not go with RAW",
    ),
    "unknown source": (
        uses(disk({"source": {"type": "UNKNOWN"}})),
        "resources[0].disk.source.type",
        "UNKNOWN is no disk source",
    ),
    "volume twice": (
        uses(
            disk(VOLUME, **DYNAMIC),
            disk({**VOLUME, "volume": {"container_path": "x", "mode": "RW"}}, **DYNAMIC),
        ),
        "resources[1].disk.persistence.id",
        "the volume 'v' is already in resources[0]",
    ),
    "place twice": (
        uses(disk(VOLUME, **DYNAMIC), disk({**VOLUME, "persistence": {"id": "w"}}, **DYNAMIC)),
        "resources[1].disk.volume.container_path",
        "'data' is already the place of the volume in resources[0]",
    ),
    "revocable volume": (
        uses(disk(VOLUME, revocable={}, reservations=[{"type": "STATIC", "role": "r"}])),
        "resources[0].revocable",
        "a persistent volume cannot be revocable",
    ),
    "revocable dynamic": (
        uses(scalar("cpus", 1, revocable={}, **DYNAMIC)),
        "resources[0].revocable",
        "a dynamically reserved resource cannot be revocable",
    ),
    "revocable mixed": (
        uses(scalar("cpus", 1, revocable={}), scalar("cpus", 1)),
        "resources[1].revocable",
        "revocable and other cpus cannot be used together",
    ),
    "shared cpus": (
        uses(scalar("cpus", 1, shared={})),
        "resources[0].shared",
        "only persistent volumes can be shared",
    ),
    "allocated": (
        uses(
            scalar("cpus", 1, allocation_info={"role": "a"}),
            scalar("mem", 1, allocation_info={"role": "b"}),
        ),
        "resources[1].allocation_info.role",
        "allocated to 'b', another resource of the task to 'a'",
    ),
}
ACCEPTED: dict[str, dict[str, Any]] = {
    "volume": uses(scalar("cpus", 1), disk(VOLUME, **DYNAMIC)),
    "shared volume": uses(scalar("cpus", 1), disk(VOLUME, shared={}, **DYNAMIC)),
    "disk of a source": uses(disk({"source": {"type": "MOUNT", "mount": {"root": "/mnt"}}})),
    "touching ranges": uses(ports((1, 5), (6, 6))),
    "one name twice": uses(scalar("cpus", 1), scalar("cpus", 0.5, **DYNAMIC)),
    "halves of a gpu that are one": uses(scalar("gpus", 0.5), scalar("gpus", 0.5)),
    "a thousandth": uses(scalar("cpus", 0.001)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    changes, field, message = REFUSED[name]

    assert told(group(task(**changes))) == [f"tasks[0].{field}: {message}"]


def test_a_place_that_is_none_is_told_once_for_each_volume() -> None:
    volumes = [
        {"persistence": {"id": name}, "volume": {"container_path": "", "mode": "RW"}}
        for name in "vw"
    ]

    lines = told(group(task(**uses(*(disk(volume, **DYNAMIC) for volume in volumes)))))

    assert lines == [
        f"tasks[0].resources[{index}].disk.volume.container_path: '' is no name in the sandbox"
        for index in (0, 1)
    ]


def test_a_range_may_overlap_more_than_its_neighbour() -> None:
    assert told(group(task(**uses(ports((1, 10), (2, 3), (5, 6)))))) == [
        "tasks[0].resources[0].ranges.range[1]: the range 2-3 overlaps 1-10",
        "tasks[0].resources[0].ranges.range[2]: the range 5-6 overlaps 1-10",
    ]


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    assert told(group(task(**ACCEPTED[name]))) == []
