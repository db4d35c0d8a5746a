"""Rules for persistent volumes among resources, and what one has that is named by its id only.

A task may name a volume that is there already by ``disk.persistence.id`` alone. What it leaves
out then follows from the volume: any reservation fits, the container path is that the volume was
created with, and any size will do. A size that is given is the least the volume must have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, auto

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.protocol.values import resource_from
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.names import id_fault
from mesos_batch.spec.reservation_rules import innermost_role

# What a volume without a size asks for: the least that is more than nothing, as ``Resources``
# drop what is empty. Every volume has as much, so nobody needs to know this number.
ANY_SIZE = Scalar(1)


class Purpose(Enum):
    """What resources are named for, which decides how much a volume among them must say."""

    TASK = auto()  # a task uses them, and may name a volume by its id only
    EXECUTOR = auto()  # an executor uses them; the master gets them as they are
    CREATION = auto()  # they are to be reserved and created, for any number of tasks


def task_resources(messages: Iterable[pb.Resource]) -> Resources:
    """The resources of a task, without allocation; a volume of any size has ``ANY_SIZE``."""
    return Resources(_with_size(resource_from(item)).allocated_to(None) for item in messages)


def _with_size(resource: Resource) -> Resource:
    if resource.is_persistent_volume and resource.value.is_empty:
        return resource.with_value(ANY_SIZE)
    return resource


def names_by_id(resource: pb.Resource, purpose: Purpose) -> bool:
    """Whether a resource is a persistent volume that need not say more than its id.

    A disk description of neither volume nor source counts as one whose id got lost.
    """
    if purpose is not Purpose.TASK or not resource.HasField("disk"):
        return False
    return resource.disk.HasField("persistence") or not resource.disk.HasField("source")


def volume_findings(resource: pb.Resource, purpose: Purpose) -> Iterator[Finding]:
    """What is wrong with a persistent volume."""
    disk = resource.disk
    fault = id_fault(disk.persistence.id)
    if fault is not None:
        yield Finding(("disk", "persistence", "id"), fault)
    if resource.HasField("revocable"):
        yield Finding(("revocable",), "a persistent volume cannot be revocable")
    if innermost_role(resource) is None and purpose is Purpose.EXECUTOR:
        hint = 'add "reservations": [{"type": "DYNAMIC", "role": ...}]'
        yield Finding(("reservations",), "a persistent volume must be reserved", hint)
    if disk.HasField("volume"):
        yield from _place(disk.volume)
    elif purpose is not Purpose.TASK:
        hint = 'add "volume": {"container_path": "data", "mode": "RW"}'
        yield Finding(("disk", "volume"), "a persistent volume needs a place in the sandbox", hint)


def _place(volume: pb.Volume) -> Iterator[Finding]:
    if volume.HasField("host_path"):
        path = ("disk", "volume", "host_path")
        yield Finding(path, "a persistent volume has no host path", "remove it")
    path = ("disk", "volume", "container_path")
    if "/" in volume.container_path:
        message = f"agents skip a volume whose path has a slash ('{volume.container_path}')"
        yield Finding(path, message, "give one name; it appears under it in the sandbox")
    elif volume.container_path in ("", ".", ".."):
        yield Finding(path, f"'{volume.container_path}' is no name in the sandbox", "such as data")


def same_volume(one: pb.Resource, other: pb.Resource) -> bool:
    """Whether two resources name one volume: ids are unique to a role, and none fits any."""
    if one.disk.persistence.id != other.disk.persistence.id:
        return False
    role, other_role = innermost_role(one), innermost_role(other)
    return role is None or other_role is None or role == other_role


def unique_volume_findings(resources: Sequence[pb.Resource], purpose: Purpose) -> Iterator[Finding]:
    """Volumes that are named twice, and those that would be in one place."""
    volumes: list[tuple[int, pb.Resource]] = []
    places: dict[str, int] = {}
    for index, resource in enumerate(resources):
        if not resource.disk.HasField("persistence"):
            continue
        first = next((at for at, other in volumes if same_volume(resource, other)), None)
        volumes.append((index, resource))
        if first is not None:
            name = resource.disk.persistence.id
            message = f"the volume '{name}' is already in resources[{first}]"
            yield Finding((index, "disk", "persistence", "id"), message)
        elif purpose is not Purpose.CREATION and resource.disk.HasField("volume"):
            place = resource.disk.volume.container_path
            first = places.setdefault(place, index)
            if first != index:
                message = f"'{place}' is already the place of the volume in resources[{first}]"
                yield Finding((index, "disk", "volume", "container_path"), message)
