"""Values for tests of changes: reservations, volumes, changes, and what was sent of them."""

from __future__ import annotations

from typing import Any

from engine.world import World, of

from mesos_batch.engine import commands as do
from mesos_batch.engine.books import Turn
from mesos_batch.model.change import Change, ChangeKind
from mesos_batch.model.operation import OperationType
from mesos_batch.model.resource import (
    Disk,
    DiskSource,
    DiskSourceType,
    Reservation,
    ReservationType,
    Resource,
    Volume,
)
from mesos_batch.model.resources import DISK, Resources
from mesos_batch.model.scalar import Scalar

OURS = Reservation(ReservationType.DYNAMIC, "batch", "me")
THEIRS = Reservation(ReservationType.DYNAMIC, "batch", "them")
OTHER = Reservation(ReservationType.DYNAMIC, "other", "them")
PATH, MOUNT = DiskSourceType.PATH, DiskSourceType.MOUNT
NO_FEEDBACK = "Operation on agent default resources requested feedback, but agent a does not"


def amount(
    name: str, value: float, by: Reservation | None = OURS, source: DiskSource | None = None
) -> Resource:
    """Some of a resource, reserved for us unless said otherwise."""
    disk = None if source is None else Disk(source=source)
    return Resource(name, Scalar.of(value), () if by is None else (by,), disk=disk)


def volume(
    name: str, size: float, by: Reservation = OURS, source: DiskSource | None = None
) -> Resource:
    disk = Disk(name, by.principal, Volume("data"), source)
    return Resource(DISK, Scalar.of(size), (by,), disk=disk)


def make(*volumes: Resource, more: tuple[Resource, ...] = (), **change: Any) -> Change:
    """Create volumes and reserve the disk under them, and ``more``."""
    reserved = Resources([*more, *(item.without_volume() for item in volumes)])
    return Change(ChangeKind.MAKE, reserved, Resources(volumes), **change)


def undo(*volumes: Resource, more: tuple[Resource, ...] = (), agent: str = "a") -> Change:
    """Destroy volumes, and unreserve the disk under them and ``more``."""
    reserved = Resources([*more, *(item.without_volume() for item in volumes)])
    return Change(ChangeKind.UNDO, reserved, Resources(volumes), frozenset({agent}))


def machine(*more: Resource, cpus: float = 4, mem: float = 4096, disk: float = 1000) -> Resources:
    """What an agent has: nobody's cpus, mem and disk, and ``more``."""
    return Resources.scalars(cpus=cpus, mem=mem, disk=disk) + Resources(more)


def sent(turn: Turn) -> list[str]:
    """What a turn sends: the type and the id, or the resources, of each operation."""
    return [
        operation.operation_id or f"{operation.type.value} {operation.resources}"
        for command in of(do.Operate, turn.commands)
        for operation in command.operations
    ]


def sent_of(turn: Turn, kind: OperationType) -> Resources:
    """The resources of all operations of one type in a turn."""
    found = Resources()
    for command in of(do.Operate, turn.commands):
        for operation in command.operations:
            if operation.type is kind:
                found += operation.resources
    return found


def begun(*changes: Change, offer: Resources | None = None, **more: Any) -> World:
    """A run whose operations are under way on agent ``a``."""
    world = World(*more.pop("tasks", ()), changes=changes, role="batch", **more)
    world.subscribe()
    world.offers(world.offer("a", resources=machine() if offer is None else offer))
    return world
