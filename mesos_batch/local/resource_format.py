"""The format of resources, in calls and in the flags of agents; what they mean is not looked at.

Source: ``Resources::validate`` in ``src/common/resources.cpp``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Literal

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.rules import ValidationError, is_subrole, validate_role
from mesos_batch.model.scalar import to_milli
from mesos_batch.protocol.values import resource_from

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
