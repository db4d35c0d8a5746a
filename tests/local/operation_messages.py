"""Operations of an ACCEPT, as JSON values."""

from __future__ import annotations

from local.framework_messages import reservation, scalar, volume


def operation(kind, payload, operation_id="op"):
    made = {"type": kind, kind.lower(): payload}
    return {**made, "id": {"value": operation_id}} if operation_id else made


def reserve(*resources, **more):
    return operation("RESERVE", {"resources": list(resources)}, **more)


def unreserve(*resources, **more):
    return operation("UNRESERVE", {"resources": list(resources)}, **more)


def create(*volumes, **more):
    return operation("CREATE", {"volumes": list(volumes)}, **more)


def destroy(*volumes, **more):
    return operation("DESTROY", {"volumes": list(volumes)}, **more)


def dynamic(name, value, role="test", principal="tester"):
    return scalar(name, value, reservations=reservation(role, principal))


SILENT = {"operation_id": None}
DISK = dynamic("disk", 128)
VOLUME = volume(128, "v")
