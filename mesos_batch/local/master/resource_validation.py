"""Resources in calls: what they mean, and the one form the master works with.

A wrong format (``resource_format.py``) fails the whole operation, a wrong meaning only the task or
operation it is in. Source: ``src/master/validation.cpp``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.master.sharing import quantities
from mesos_batch.local.rules import ValidationError, told, validate_id
from mesos_batch.model.items import Items
from mesos_batch.model.ranges import Ranges
from mesos_batch.model.resources import GPUS, Resources
from mesos_batch.model.scalar import MILLI
from mesos_batch.protocol.values import resource_from

if TYPE_CHECKING:
    from mesos_batch.model.resource import Resource

_Reservation = pb.Resource.ReservationInfo


def normalise(resources: Sequence[pb.Resource], role: str) -> Resources:
    """Bring valid resources into post-refinement form, allocated to ``role`` where to nobody.

    The messages themselves are changed: agents get them so.
    """
    for resource in resources:
        if resource.HasField("role"):
            _upgrade(resource)
        if not resource.HasField("allocation_info"):
            resource.allocation_info.role = role
    return Resources(resource_from(resource) for resource in resources)


def _upgrade(resource: pb.Resource) -> None:
    if not resource.reservations and resource.role != "*":
        reservation = resource.reservations.add()
        if resource.HasField("reservation"):
            reservation.CopyFrom(resource.reservation)
            reservation.type = _Reservation.DYNAMIC
        else:
            reservation.type = _Reservation.STATIC
        reservation.role = resource.role
    resource.ClearField("role")
    resource.ClearField("reservation")


def validate_meaning(resources: Resources) -> None:
    """Check what well-formed resources mean.

    Raises:
        ValidationError: gpus are fractional, a disk or a reservation makes no sense.
    """
    if resources.milli(GPUS) % MILLI:
        raise ValidationError(
            "Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer"
        )
    with told("Invalid DiskInfo: "):
        for resource in resources:
            if resource.disk is not None:
                _validate_disk(resource)
    for resource in resources:
        if resource.is_dynamically_reserved and resource.revocable:
            raise ValidationError(
                f"Invalid ReservationInfo: Dynamically reserved resource {resource}"
                " cannot be created from revocable resources"
            )


def _validate_disk(resource: Resource) -> None:
    disk = resource.disk
    if disk is None:
        return
    if disk.persistence_id is None:
        if disk.volume is not None:
            raise ValidationError("Non-persistent volume not supported")
        if disk.source is None:
            raise ValidationError("DiskInfo is set but empty")
        return
    if resource.revocable:
        raise ValidationError("Persistent volumes cannot be created from revocable resources")
    if not resource.reservations:
        raise ValidationError("Persistent volumes cannot be created from unreserved resources")
    if disk.volume is None:
        raise ValidationError("Expecting 'volume' to be set for persistent volume")
    if disk.volume.host_path is not None:
        raise ValidationError("Expecting 'host_path' to be unset for persistent volume")
    with told("Invalid persistence ID for persistent volume: "):
        validate_id(disk.persistence_id)


def validate_unique_persistence(resources: Iterable[Resource]) -> None:
    """Check that no volume id occurs twice in a role.

    Raises:
        ValidationError: one does.
    """
    seen: set[tuple[str | None, str]] = set()
    for resource in resources:
        if resource.disk is None or resource.disk.persistence_id is None:
            continue
        key = (resource.reservation_role, resource.disk.persistence_id)
        if key in seen:
            raise ValidationError(f"Persistence ID '{key[1]}' is not unique")
        seen.add(key)


def validate_single_role(resources: Iterable[Resource]) -> None:
    """Check that everything is allocated to one role.

    Raises:
        ValidationError: it is not.
    """
    first: str | None = None
    for resource in resources:
        role = resource.allocation_role
        if role is None:
            raise ValidationError("The resources are not allocated to a role")
        if first is not None and role != first:
            raise ValidationError(
                f"The resources have multiple allocation roles ('{role}' and '{first}')"
                " but only one allocation role is allowed"
            )
        first = role


def validate_revocable(resources: Resources) -> None:
    """Check that revocable and other resources of one name are not mixed.

    Raises:
        ValidationError: they are.
    """
    for name in resources.names():
        if len({resource.revocable for resource in resources if resource.name == name}) > 1:
            raise ValidationError(
                f"Cannot use both revocable and non-revocable '{name}' at the same time"
            )


def overlap(parts: Sequence[Resources]) -> bool:
    """Whether two of the parts hold the same port, or item of a set."""
    together = Resources()
    counted = 0
    for part in parts:
        together += part
        counted += _count(part)
    return counted != _count(together)


def _count(resources: Resources) -> int:
    scalars = sum(quantities(resources).values())
    others = 0
    for resource in resources:
        if isinstance(resource.value, Ranges):
            others += resource.value.size * MILLI
        elif isinstance(resource.value, Items):
            others += len(resource.value.names) * MILLI
    return scalars + others
