"""What the master refuses of frameworks and calls, in its words.

Source: ``src/master/validation.cpp``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.local.master.framework import roles_of
from mesos_batch.local.rules import ValidationError, set_text, told, validate_id, validate_role

if TYPE_CHECKING:
    from collections.abc import Collection

Call = scheduler_pb2.Call
_UUID_BYTES = 16
_MAX_DURATION_SECONDS = (2**63 - 1) / 1e9
# Calls whose payload of the same name may be left out.
_WITHOUT_PAYLOAD = (Call.TEARDOWN, Call.REVIVE, Call.SUPPRESS, Call.UNKNOWN)


def validate_framework(info: pb.FrameworkInfo) -> None:
    """Check a FrameworkInfo by itself.

    Raises:
        ValidationError: the subscription is refused.
    """
    _validate_roles(info)
    if info.id.value:
        validate_id(info.id.value)
    for filters in info.offer_filters.values():
        _validate_offer_filters(filters)
    timeout = info.failover_timeout
    if math.isnan(timeout) or abs(timeout) > _MAX_DURATION_SECONDS:
        raise ValidationError(f"The framework failover_timeout ({timeout:g}) is invalid")


def _validate_roles(info: pb.FrameworkInfo) -> None:
    multi_role = any(
        item.type == pb.FrameworkInfo.Capability.MULTI_ROLE for item in info.capabilities
    )
    if not multi_role:
        if info.roles:
            raise ValidationError(
                "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable"
            )
        with told("'FrameworkInfo.role' is not a valid role: "):
            validate_role(info.role)
        return
    if info.HasField("role"):
        raise ValidationError(
            "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable"
        )
    duplicates = {role for role in info.roles if list(info.roles).count(role) > 1}
    if duplicates:
        raise ValidationError(
            f"'FrameworkInfo.roles' contains duplicate items: {set_text(duplicates)}"
        )
    with told("'FrameworkInfo.roles' contains invalid role: "):
        for role in info.roles:
            validate_role(role)


def _validate_offer_filters(filters: pb.OfferFilters) -> None:
    for alternative in filters.min_allocatable_resources.quantities:
        if not alternative.quantities:
            raise ValidationError("Resource quantities must contain at least one quantity")
        for name, amount in alternative.quantities.items():
            if not math.isfinite(amount.value) or amount.value < 0:
                raise ValidationError(
                    f"Invalid resource quantity for '{name}': "
                    "values must be finite, normal and non-negative"
                )


def validate_framework_update(old: pb.FrameworkInfo, new: pb.FrameworkInfo) -> None:
    """Check that what cannot change did not.

    Raises:
        ValidationError: principal, user or checkpoint differ.
    """
    if (old.HasField("principal"), old.principal) != (new.HasField("principal"), new.principal):
        raise ValidationError("Changing framework's principal is not allowed.")
    if old.user != new.user:
        raise ValidationError(
            "Updating 'FrameworkInfo.user' is unsupported; attempted to update from "
            f"'{old.user}' to '{new.user}'"
        )
    if old.checkpoint != new.checkpoint:
        raise ValidationError(
            "Updating 'FrameworkInfo.checkpoint' is unsupported; attempted to update from "
            f"'{int(old.checkpoint)}' to '{int(new.checkpoint)}'"
        )


def validate_suppressed_roles(info: pb.FrameworkInfo, suppressed: Collection[str]) -> None:
    """Check that only subscribed roles are suppressed.

    Raises:
        ValidationError: another one is.
    """
    foreign = set(suppressed) - set(roles_of(info))
    if foreign:
        raise ValidationError(
            f"Suppressed roles {set_text(foreign)} are not contained in the set of roles"
        )


def validate_call(call: Call, principal: str | None) -> None:
    """Check that a call has what its type needs.

    Raises:
        ValidationError: it has not; the answer is 400.
    """
    missing: list[str] = cast("Any", call).FindInitializationErrors()
    if missing:
        raise ValidationError(f"Not initialized: {', '.join(missing)}")
    if not call.HasField("type"):
        raise ValidationError("Expecting 'type' to be present")
    if call.type == Call.SUBSCRIBE:
        _validate_subscribe(call, principal)
        return
    if not call.HasField("framework_id"):
        raise ValidationError("Expecting 'framework_id' to be present")
    if call.type in _WITHOUT_PAYLOAD:
        return
    payload = Call.Type.Name(call.type).lower()
    if not call.HasField(cast("Any", payload)):
        raise ValidationError(f"Expecting '{payload}' to be present")
    _validate_payload(call)


def _validate_payload(call: Call) -> None:
    if call.type == Call.ACKNOWLEDGE:
        _validate_uuid(call.acknowledge.uuid)
    elif call.type == Call.ACKNOWLEDGE_OPERATION_STATUS:
        _validate_uuid(call.acknowledge_operation_status.uuid)
        if not call.acknowledge_operation_status.HasField("agent_id"):
            raise ValidationError("Expecting 'agent_id' to be present")
    elif call.type == Call.UPDATE_FRAMEWORK and call.framework_id != (
        call.update_framework.framework_info.id
    ):
        raise ValidationError("'framework_id' differs from 'update_framework.framework_info.id'")


def _validate_subscribe(call: Call, principal: str | None) -> None:
    if not call.HasField("subscribe"):
        raise ValidationError("Expecting 'subscribe' to be present")
    info = call.subscribe.framework_info
    if info.id.value != call.framework_id.value:
        raise ValidationError("'framework_id' differs from 'subscribe.framework_info.id'")
    if principal is not None and info.HasField("principal") and info.principal != principal:
        raise ValidationError(
            f"Authenticated principal '{principal}' does not match principal "
            f"'{info.principal}' set in `FrameworkInfo`"
        )


def _validate_uuid(uuid: bytes) -> None:
    if len(uuid) != _UUID_BYTES:
        raise ValidationError("Not a valid UUID")
