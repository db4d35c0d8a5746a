"""Resources in calls: their format, what they mean, and the one form the master works with.

A wrong format fails the whole operation, a wrong meaning only the task or operation it is in.
Source: ``Resources::validate`` in ``src/common/resources.cpp``, ``src/master/validation.cpp``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.master.sharing import is_subrole, quantities
from mesos_batch.local.master.validation import ValidationError, told, validate_id, validate_role
from mesos_batch.model.items import Items
from mesos_batch.model.ranges import Ranges
from mesos_batch.model.resources import GPUS, Resources
from mesos_batch.model.scalar import MILLI, to_milli
from mesos_batch.protocol.values import resource_from

if TYPE_CHECKING:
    from mesos_batch.model.resource import Resource

_Reservation = pb.Resource.ReservationInfo
_Source = pb.Resource.DiskInfo.Source
_TYPE_AND_ROLE: tuple[Literal["type", "role"], ...] = ("type", "role")
_OLD_FIELDS: tuple[Literal["role", "reservation"], ...] = ("role", "reservation")


def validate_format(resources: Iterable[pb.Resource]) -> None:
    """Check each resource by itself.

    Raises:
        ValidationError: one is malformed.
    """
    for resource in resources:
        try:
            validate_one_format(resource)
        except ValidationError as error:
            raise ValidationError(f"Resource '{describe(resource)}' is invalid: {error}") from None


def validate_one_format(resource: pb.Resource) -> None:
    """Check one resource.

    Raises:
        ValidationError: it is malformed; the text does not name it.
    """
    if not resource.name:
        raise ValidationError("Empty resource name")
    _validate_value(resource)
    if resource.HasField("disk"):
        _validate_disk_format(resource)
    if resource.reservations:
        _validate_reservations(resource)
    else:
        _validate_old_reservation(resource)
    if resource.HasField("shared"):
        if resource.name != "disk":
            raise ValidationError(f"Resource {resource.name} cannot be shared")
        if not resource.disk.HasField("persistence"):
            raise ValidationError("Only persistent volumes can be shared")


def _validate_value(resource: pb.Resource) -> None:
    present = (
        resource.HasField("scalar"),
        resource.HasField("ranges"),
        resource.HasField("set"),
    )
    if resource.type == pb.Value.SCALAR:
        if present != (True, False, False):
            raise ValidationError("Invalid scalar resource")
        _validate_scalar(resource.scalar.value)
    elif resource.type == pb.Value.RANGES:
        if present != (False, True, False):
            raise ValidationError("Invalid ranges resource")
        _validate_ranges(resource.ranges)
    elif resource.type == pb.Value.SET:
        if present != (False, False, True):
            raise ValidationError("Invalid set resource")
        if len(set(resource.set.item)) != len(resource.set.item):
            raise ValidationError("Invalid set resource: duplicated elements")
    else:
        raise ValidationError("Unsupported resource type")


def _validate_scalar(value: float) -> None:
    try:
        milli = to_milli(value)
    except ValueError:
        milli = -1
    if value != 0 and milli <= 0:
        raise ValidationError("Invalid scalar resource: value <= 0")


def _validate_ranges(ranges: pb.Value.Ranges) -> None:
    spans = [(span.begin, span.end) for span in ranges.range]
    for index, (begin, end) in enumerate(spans):
        if begin > end:
            raise ValidationError("Invalid ranges resource: begin > end")
        if any(begin <= later <= end for later, _ in spans[index + 1 :]):
            raise ValidationError("Invalid ranges resource: overlapping ranges")


def _validate_disk_format(resource: pb.Resource) -> None:
    if resource.name != "disk":
        raise ValidationError(f"DiskInfo should not be set for {resource.name} resource")
    if not resource.disk.HasField("source"):
        return
    source = resource.disk.source
    if source.type == _Source.UNKNOWN:
        text = str(source).strip()
        raise ValidationError(f"Unsupported 'DiskInfo.Source.Type' in '{text}'")
    if source.type in (_Source.BLOCK, _Source.RAW):
        name = _Source.Type.Name(source.type)
        if source.HasField("mount"):
            raise ValidationError(f"Mount should not be set for {name} disk source")
        if source.HasField("path"):
            raise ValidationError(f"Path should not be set for {name} disk source")


def _validate_old_reservation(resource: pb.Resource) -> None:
    validate_role(resource.role)
    if not resource.HasField("reservation"):
        return
    for name in _TYPE_AND_ROLE:
        if resource.reservation.HasField(name):
            raise ValidationError(
                f"'Resource.ReservationInfo.{name}' must not be set for"
                " the 'Resource.reservation' field"
            )
    if resource.role == "*":
        raise ValidationError('Invalid reservation: role "*" cannot be dynamically reserved')


def _validate_reservations(resource: pb.Resource) -> None:
    for reservation in resource.reservations:
        _validate_reservation(reservation)
    for above, reservation in itertools.pairwise(resource.reservations):
        if reservation.type == _Reservation.STATIC:
            raise ValidationError(
                "Invalid refined reservation: A refined reservation cannot be STATIC"
            )
        if not is_subrole(reservation.role, above.role):
            raise ValidationError(
                f"Invalid refined reservation: role '{reservation.role}'"
                f" is not a refinement of '{above.role}'"
            )
    if len(resource.reservations) == 1:
        _validate_both_formats(resource, resource.reservations[0])
        return
    for name in _OLD_FIELDS:
        if resource.HasField(name):
            raise ValidationError(
                f"Invalid resource format: 'Resource.{name}' must not be set if"
                " there is more than one reservation in 'Resource.reservations'"
            )


def _validate_reservation(reservation: _Reservation) -> None:
    for name in _TYPE_AND_ROLE:
        if not reservation.HasField(name):
            raise ValidationError(
                f"Invalid reservation: 'Resource.ReservationInfo.{name}' field must be set."
            )
    validate_role(reservation.role)
    if reservation.role == "*":
        raise ValidationError('Invalid reservation: role "*" cannot be reserved')


def _validate_both_formats(resource: pb.Resource, single: _Reservation) -> None:
    if resource.HasField("role") and resource.role != single.role:
        raise ValidationError(
            f"Invalid resource format: 'Resource.role' field with '{resource.role}' does not match"
            f" the role '{single.role}' in 'Resource.reservations'"
        )
    old = resource.reservation
    if single.type == _Reservation.UNKNOWN:
        raise ValidationError("Unsupported 'Resource.ReservationInfo.Type'")
    if single.type == _Reservation.STATIC:
        if resource.HasField("reservation"):
            raise ValidationError(
                "Invalid resource format: 'Resource.reservation' must not be set if the single"
                " reservation in 'Resource.reservations' is STATIC"
            )
        return
    if resource.HasField("role") != resource.HasField("reservation"):
        raise ValidationError(
            "Invalid resource format: 'Resource.role' and 'Resource.reservation' must either be"
            " both set or both not set if the single reservation in 'Resource.reservations' is"
            " DYNAMIC"
        )
    if resource.HasField("reservation") and old.principal != single.principal:
        raise ValidationError(
            f"Invalid resource format: 'Resource.reservation.principal' field with"
            f" '{old.principal}' does not match the principal '{single.principal}'"
            " in 'Resource.reservations'"
        )
    if resource.HasField("reservation") and old.labels != single.labels:
        raise ValidationError(
            f"Invalid resource format: 'Resource.reservation.labels' field with"
            f" '{old.labels}' does not match the labels '{single.labels}'"
            " in 'Resource.reservations'"
        )


def describe(resource: pb.Resource) -> str:
    """Print a resource, malformed or not, as Mesos does."""
    try:
        return str(resource_from(resource))
    except ValueError:
        spans = ", ".join(f"{span.begin}-{span.end}" for span in resource.ranges.range)
        value = f"[{spans}]" if resource.type == pb.Value.RANGES else resource.scalar.value
        return f"{resource.name}:{value}"


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
