"""Resources print as Mesos prints them in its messages (operator<< in src/common/resources.cpp)."""

from pathlib import Path

import pytest

from mesos_batch.model.items import Items
from mesos_batch.model.ranges import Ranges
from mesos_batch.model.resource import (
    Disk,
    DiskSource,
    DiskSourceType,
    Reservation,
    ReservationType,
    Resource,
    Volume,
)
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar

RECORDINGS = Path(__file__).parents[1] / "recordings" / "json"
DYNAMIC = Reservation(ReservationType.DYNAMIC, "test", "tester")


def scalar(name: str, value: float, role: str, *stack: Reservation) -> Resource:
    return Resource(name, Scalar.of(value), reservations=stack, allocation_role=role)


PORTS = Resource("ports", Ranges.of((31000, 32000)))


@pytest.mark.parametrize(
    ("recording", "words"),
    [
        (
            "task_validation_errors",
            "Total resources {} required by task and its executor is more than available {}",
        ),
        ("operation_errors", "{1} does not contain {0}"),
    ],
)
def test_the_words_of_the_master_are_in_the_recordings(recording: str, words: str) -> None:
    wanted, held = SAID[recording]
    text = (RECORDINGS / f"{recording}.jsonl").read_text(encoding="utf-8")
    assert words.format(Resources(wanted), Resources(held)) in text


SAID = {
    "task_validation_errors": (
        [
            scalar("cpus", 0.1, "*", Reservation(ReservationType.STATIC, "other")),
            scalar("mem", 32, "*"),
        ],
        [
            PORTS.allocated_to("*"),
            scalar("cpus", 4, "*"),
            scalar("mem", 4096, "*"),
            scalar("disk", 10000, "*"),
        ],
    ),
    "operation_errors": (
        [scalar("cpus", 9999, "test")],
        [
            PORTS.allocated_to("test"),
            scalar("cpus", 1, "test", DYNAMIC),
            scalar("cpus", 3, "test"),
            scalar("mem", 4096, "test"),
            scalar("disk", 10000, "test"),
        ],
    ),
}

MOUNT = DiskSource(DiskSourceType.MOUNT, root="disks/1")


@pytest.mark.parametrize(
    ("resource", "text"),
    [
        (Resource("cpus", Scalar.of(1.5)), "cpus:1.5"),
        (Resource("cpus", Scalar.of(1), revocable=True), "cpus{REV}:1"),
        (Resource("zones", Items.of("ba")), "zones:{a, b}"),
        (
            Resource(
                "mem",
                Scalar.of(8),
                reservations=(
                    Reservation(ReservationType.STATIC, "a"),
                    Reservation(ReservationType.DYNAMIC, "a/b", "p", (("k", "v"), ("flag", None))),
                ),
            ),
            "mem(reservations: [(STATIC,a),(DYNAMIC,a/b,p,{k: v, flag})]):8",
        ),
        (
            Resource("disk", Scalar.of(8), disk=Disk("id", "p", Volume("data")), shared=True),
            "disk[id:data]<SHARED>:8",
        ),
        (
            Resource("disk", Scalar.of(8), disk=Disk("id", None, Volume("data", "RO", "/host"))),
            "disk[id:/host:data:ro]:8",
        ),
        (Resource("disk", Scalar.of(8), disk=Disk("id", source=MOUNT)), "disk[MOUNT:disks/1,id]:8"),
        (Resource("disk", Scalar.of(8), disk=Disk(source=MOUNT)), "disk[MOUNT:disks/1]:8"),
        (
            Resource("disk", Scalar.of(8), disk=Disk(source=DiskSource(DiskSourceType.BLOCK))),
            "disk[BLOCK]:8",
        ),
        (
            Resource(
                "disk",
                Scalar.of(8),
                disk=Disk(source=DiskSource(DiskSourceType.RAW, vendor="v", profile="fast")),
            ),
            "disk[RAW(v,,fast)]:8",
        ),
        (
            Resource(
                "disk",
                Scalar.of(8),
                disk=Disk(source=DiskSource(DiskSourceType.MOUNT, root="r", id="7")),
            ),
            "disk[MOUNT(,7,)]:8",
        ),
        (
            Resource("disk", Scalar.of(8), disk=Disk(source=DiskSource(DiskSourceType.UNKNOWN))),
            "disk[UNKNOWN]:8",
        ),
    ],
)
def test_text_of_one_resource(resource: Resource, text: str) -> None:
    assert str(resource) == text


def test_text_of_several() -> None:
    assert str(Resources.scalars(cpus=1, mem=2)) == "cpus:1; mem:2"
    assert str(Resources()) == "{}"
