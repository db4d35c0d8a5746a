"""Rules for the reservations of a resource, in the older form and in the newer one.

Older: ``role`` and ``reservation``. Newer: ``reservations``, outermost first. Both at once are
accepted while they say the same (``Resources::validate`` in ``src/common/resources.cpp``).
"""

from __future__ import annotations

from collections.abc import Iterator

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.names import is_strict_subrole, role_fault
from mesos_batch.spec.problems import Path

_Info = pb.Resource.ReservationInfo
_ANYBODY = "*"
_ONE_FORM = "keep reservations and remove role and reservation"


def innermost_role(resource: pb.Resource) -> str | None:
    """The role a resource is reserved to; ``None`` when it is unreserved."""
    if resource.reservations:
        return resource.reservations[-1].role
    return None if resource.role == _ANYBODY else resource.role


def innermost_entry(resource: pb.Resource) -> pb.Resource.ReservationInfo:
    """The innermost reservation, in either form; an empty one where there is none."""
    return resource.reservations[-1] if resource.reservations else resource.reservation


def innermost_path(resource: pb.Resource, field: str) -> Path:
    """Where ``role`` or ``principal`` of the innermost reservation stands."""
    if resource.reservations:
        return ("reservations", len(resource.reservations) - 1, field)
    return ("role",) if field == "role" else ("reservation", field)


def is_dynamic(resource: pb.Resource) -> bool:
    """Whether the innermost reservation was made by an operation, not by the agent's flags."""
    if resource.reservations:
        return resource.reservations[-1].type == _Info.DYNAMIC
    return resource.HasField("reservation")


def reservation_findings(resource: pb.Resource) -> Iterator[Finding]:
    """What is wrong with the reservations of a resource."""
    if not resource.reservations:
        yield from _older(resource)
        return
    for index, reservation in enumerate(resource.reservations):
        for finding in _entry(reservation):
            yield finding.under("reservations", index)
    yield from _refined(resource)
    if len(resource.reservations) == 1:
        yield from _both_forms(resource)
        return
    for name in ("role", "reservation"):
        if resource.HasField(name):
            message = "cannot stand beside more than one of reservations"
            yield Finding((name,), message, _ONE_FORM)


def _older(resource: pb.Resource) -> Iterator[Finding]:
    fault = role_fault(resource.role)
    if fault is not None:
        yield Finding(("role",), fault)
    if not resource.HasField("reservation"):
        return
    for name in ("type", "role"):
        if resource.reservation.HasField(name):
            message = f"belongs into reservations, not beside the older field {name}"
            hint = "remove it" if name == "type" else "put the role in the resource itself"
            yield Finding(("reservation", name), message, hint)
    if resource.role == _ANYBODY:
        message = "a reservation needs a role"
        yield Finding(("role",), message, 'add "role" beside "reservation"')


def _entry(reservation: pb.Resource.ReservationInfo) -> Iterator[Finding]:
    if not reservation.HasField("type"):
        yield Finding(("type",), "a reservation needs a type", "STATIC or DYNAMIC")
    elif reservation.type == _Info.UNKNOWN:
        yield Finding(("type",), "UNKNOWN is no type of reservation", "STATIC or DYNAMIC")
    if not reservation.HasField("role"):
        yield Finding(("role",), "a reservation needs a role")
        return
    fault = role_fault(reservation.role)
    if fault is not None:
        yield Finding(("role",), fault)
    elif reservation.role == _ANYBODY:
        hint = "name a role, or leave reservations out"
        yield Finding(("role",), 'nothing can be reserved to "*"', hint)


def _refined(resource: pb.Resource) -> Iterator[Finding]:
    outer = resource.reservations[0].role
    for index, reservation in enumerate(resource.reservations[1:], start=1):
        path = ("reservations", index)
        if reservation.type == _Info.STATIC:
            message = "only the first reservation can be STATIC"
            yield Finding((*path, "type"), message, "a refinement is DYNAMIC")
        if not is_strict_subrole(reservation.role, outer):
            message = f"role '{reservation.role}' is not below '{outer}'"
            yield Finding((*path, "role"), message, f"a refinement is for {outer}/...")
        outer = reservation.role


def _both_forms(resource: pb.Resource) -> Iterator[Finding]:
    newer, older = resource.reservations[0], resource.reservation
    has_older = resource.HasField("reservation")
    if resource.HasField("role") and resource.role != newer.role:
        message = f"role '{resource.role}' differs from '{newer.role}' in reservations"
        yield Finding(("role",), message, _ONE_FORM)
    elif newer.type == _Info.STATIC and has_older:
        message = "does not go with a STATIC reservation"
        yield Finding(("reservation",), message, _ONE_FORM)
    elif newer.type == _Info.DYNAMIC and resource.HasField("role") != has_older:
        name = "role" if resource.HasField("role") else "reservation"
        message = "role and reservation must both be there or both be absent"
        yield Finding((name,), message, _ONE_FORM)
    elif newer.type == _Info.DYNAMIC and has_older:
        if older.principal != newer.principal:
            message = f"principal '{older.principal}' differs from '{newer.principal}'"
            yield Finding(("reservation", "principal"), message, _ONE_FORM)
        if older.labels != newer.labels:
            message = "the labels differ from those in reservations"
            yield Finding(("reservation", "labels"), message, _ONE_FORM)
