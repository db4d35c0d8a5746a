"""Operations on reservations and volumes: what the master refuses, in its words.

Source: ``operation::validate`` in ``src/master/validation.cpp`` and
``validateAndUpgradeResources`` in ``src/common/resources_utils.cpp``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.master.framework import Capability
from mesos_batch.local.master.resource_validation import (
    validate_meaning,
    validate_single_role,
    validate_unique_persistence,
)
from mesos_batch.local.resource_format import validate_format, validate_one_format
from mesos_batch.local.rules import ValidationError, set_text, told
from mesos_batch.model.resource import DiskSourceType, Resource
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar, to_milli

if TYPE_CHECKING:
    from mesos_batch.local.master.framework import Framework
    from mesos_batch.local.records import Agent

Type = pb.Offer.Operation
# The payload of each operation and how its absence is told.
PAYLOADS = {
    Type.RESERVE: ("reserve", "A RESERVE offer operation must have the {} field set."),
    Type.UNRESERVE: ("unreserve", "An UNRESERVE offer operation must have the {} field set."),
    Type.CREATE: ("create", "A CREATE offer operation must have the {} field set."),
    Type.DESTROY: ("destroy", "A DESTROY offer operation must have the {} field set."),
    Type.GROW_VOLUME: ("grow_volume", "A GROW_VOLUME operation must have the {} field set"),
    Type.SHRINK_VOLUME: (
        "shrink_volume",
        "A SHRINK_VOLUME offer operation must have the {} field set",
    ),
    Type.CREATE_DISK: (
        "create_disk",
        "A CREATE_DISK offer operation must have the {} field set.",
    ),
    Type.DESTROY_DISK: (
        "destroy_disk",
        "A DESTROY_DISK offer operation must have the {} field set.",
    ),
}


def validate_operation_format(operation: pb.Offer.Operation) -> None:
    """Check that an operation has its payload and that the resources in it are well-formed.

    Raises:
        ValidationError: it has not, or they are not.
    """
    payload, absent = PAYLOADS[operation.type]
    if not operation.HasField(cast("Any", payload)):
        raise ValidationError(absent.format(f"Offer.Operation.{payload}"))
    if operation.type in (Type.GROW_VOLUME, Type.SHRINK_VOLUME):
        for resource in resources_in(operation):
            validate_one_format(resource)
    else:
        validate_format(resources_in(operation))
    if operation.reserve.source:
        validate_format(operation.reserve.source)
        raise ValidationError("Reservation updates are not yet implemented for the scheduler API.")


def resources_in(operation: pb.Offer.Operation) -> Sequence[pb.Resource]:
    """The resource messages of an operation."""
    kind = operation.type
    if kind == Type.RESERVE:
        return operation.reserve.resources
    if kind == Type.UNRESERVE:
        return operation.unreserve.resources
    if kind == Type.CREATE:
        return operation.create.volumes
    if kind == Type.DESTROY:
        return operation.destroy.volumes
    if kind == Type.GROW_VOLUME:
        return [operation.grow_volume.volume, operation.grow_volume.addition]
    if kind == Type.SHRINK_VOLUME:
        return [operation.shrink_volume.volume]
    if kind == Type.CREATE_DISK:
        return [operation.create_disk.source]
    return [operation.destroy_disk.source]


def validate_reserve(resources: Resources, framework: Framework) -> None:
    """Check a RESERVE of a framework.

    Raises:
        ValidationError: role, principal or allocation do not fit.
    """
    _validate_plain(resources)
    principal = _principal(framework)
    roles = set_text(framework.roles)
    for resource in resources:
        _validate_dynamic(resource)
        if principal is not None:
            _validate_reserve_principal(resource, principal)
        role, allocated = resource.reservation_role, resource.allocation_role
        if allocated != role:
            raise ValidationError(
                f"A reserve operation was attempted for a resource with role '{role}', but"
                f" the resource was allocated to role '{allocated}'"
            )
        if allocated not in framework.roles:
            raise ValidationError(
                "A reserve operation was attempted for a resource allocated to role"
                f" '{allocated}', but the framework only has roles '{roles}'"
            )
    with told("Invalid reservation resources: "):
        validate_single_role(resources)


def _principal(framework: Framework) -> str | None:
    info = framework.info
    return info.principal if info.HasField("principal") else None


def _validate_reserve_principal(resource: Resource, principal: str) -> None:
    reserved_by = resource.reservations[-1].principal
    if reserved_by is None:
        raise ValidationError(
            f"A reserve operation was attempted by principal '{principal}', but there is a"
            " reserved resource in the request with no principal set"
        )
    if reserved_by != principal:
        raise ValidationError(
            f"A reserve operation was attempted by authenticated principal '{principal}', which"
            f" does not match a reserved resource in the request with principal '{reserved_by}'"
        )


def _validate_plain(resources: Resources) -> None:
    with told("Invalid resources: "):
        validate_meaning(resources)
        _validate_single_provider(resources)


def _validate_single_provider(resources: Iterable[Resource]) -> None:
    providers = {resource.provider_id for resource in resources}
    if len(providers) == 1:
        return
    if None in providers:
        raise ValidationError("Some resources have a resource provider and some do not")
    names = ", ".join(sorted(name for name in providers if name is not None))
    raise ValidationError(f"The resources have multiple resource providers: {names}")


def _validate_dynamic(resource: Resource) -> None:
    if not resource.is_dynamically_reserved:
        raise ValidationError(f"Resource {resource} is not dynamically reserved")


def validate_unreserve(resources: Resources) -> None:
    """Check an UNRESERVE.

    Raises:
        ValidationError: something is not dynamically reserved, or a volume.
    """
    _validate_plain(resources)
    for resource in resources:
        _validate_dynamic(resource)
        if resource.is_persistent_volume:
            raise ValidationError(
                f"A dynamically reserved persistent volume {resource} cannot be unreserved"
                " directly. Please destroy the persistent volume first then unreserve the resource"
            )


def validate_create(volumes: Resources, framework: Framework, agent: Agent) -> None:
    """Check a CREATE.

    Raises:
        ValidationError: no volume, a used id, or another principal.
    """
    _validate_plain(volumes)
    with told("Not a persistent volume: "):
        _validate_volumes(volumes)
    validate_unique_persistence([*agent.checkpointed, *volumes])
    principal = _principal(framework)
    for volume in volumes:
        if volume.shared and Capability.SHARED_RESOURCES not in framework.capabilities:
            raise ValidationError(
                f"Create volume operation for '{volume}' has been attempted by framework"
                f" '{framework.framework_id}' with no SHARED_RESOURCES capability"
            )
        if principal is not None:
            _validate_create_principal(volume, principal)
    with told("Invalid volume resources: "):
        validate_single_role(volumes)


def _validate_volumes(volumes: Iterable[Resource]) -> None:
    for volume in volumes:
        disk = volume.disk
        if disk is None:
            raise ValidationError(f"Resource {volume} does not have DiskInfo")
        if disk.persistence_id is None:
            raise ValidationError("'persistence' is not set in DiskInfo")
        if disk.volume is None:
            raise ValidationError("Expecting 'volume' to be set for persistent volume")
        if disk.volume.mode == "RO":
            raise ValidationError("Read-only persistent volume not supported")


def _validate_create_principal(volume: Resource, principal: str) -> None:
    created_by = volume.disk.persistence_principal if volume.disk is not None else None
    if created_by is None:
        raise ValidationError(
            f"Create volume operation attempted by principal '{principal}', but there is a volume"
            " in the operation with no principal set in 'disk.persistence'"
        )
    if created_by != principal:
        raise ValidationError(
            f"Create volume operation attempted by authenticated principal '{principal}', which"
            f" does not match a volume in the operation with principal '{created_by}'"
            " set in 'disk.persistence'"
        )


def validate_destroy(volumes: Resources, agent: Agent) -> None:
    """Check a DESTROY.

    Raises:
        ValidationError: the volumes are not there, or in use.
    """
    unallocated = volumes.allocated_to(None)
    _validate_plain(unallocated)
    with told("Not a persistent volume: "):
        _validate_volumes(unallocated)
    checkpointed = agent.checkpointed
    used = agent.used().allocated_to(None)
    single = [Resources([volume]) for volume in unallocated]
    if not all(checkpointed.contains(volume) for volume in single):
        raise ValidationError("Persistent volumes not found")
    if any(used.contains(volume) for volume in single):
        raise ValidationError("Persistent volumes in use")


def stripped(volume: Resource) -> Resource:
    """The plain disk a volume is made of."""
    return volume.without_volume()


def validate_grow(volume: Resource, addition: Resource) -> None:
    """Check a GROW_VOLUME.

    Raises:
        ValidationError: volume and addition do not fit together.
    """
    if not isinstance(addition.value, Scalar) or addition.value.is_empty:
        raise ValidationError("The size of 'GrowVolume.addition' field must be greater than zero")
    if volume.provider_id is not None:
        raise ValidationError("Growing a volume from a resource provider is not supported")
    with told("Invalid persistent volume in the 'GrowVolume.volume' field: "):
        _validate_volumes([volume])
    if volume.shared:
        raise ValidationError("Growing a shared persistent volume is not supported")
    if len(Resources([stripped(volume), addition])) != 1:
        raise ValidationError(
            "Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields"
        )


def validate_shrink(volume: Resource, subtract: float) -> None:
    """Check a SHRINK_VOLUME; ``subtract`` is in MB.

    Raises:
        ValidationError: the volume cannot be shrunk by that.
    """
    milli = to_milli(subtract)
    if milli <= 0:
        raise ValidationError("Value of 'ShrinkVolume.subtract' must be greater than zero")
    if not isinstance(volume.value, Scalar) or volume.value.milli <= milli:
        raise ValidationError(
            "Value of 'ShrinkVolume.subtract' must be smaller than the size"
            " of 'ShrinkVolume.volume'"
        )
    if volume.provider_id is not None:
        raise ValidationError("Shrinking a volume from a resource provider is not supported")
    source = volume.disk.source if volume.disk is not None else None
    if source is not None and source.type is DiskSourceType.MOUNT:
        raise ValidationError("Shrinking a volume on a MOUNT disk is not supported")
    with told("Invalid persistent volume in the 'ShrinkVolume.volume' field: "):
        _validate_volumes([volume])
    if volume.shared:
        raise ValidationError("Shrinking a shared persistent volume is not supported")


def validate_disk_operation(source: Resource) -> None:
    """Check a CREATE_DISK or DESTROY_DISK: local agents have no resource providers.

    Raises:
        ValidationError: always.
    """
    with told("Invalid resource: "):
        validate_meaning(Resources([source]))
    if source.provider_id is None:
        raise ValidationError("'source' is not managed by a resource provider")
    raise ValidationError(f"Resource provider {source.provider_id} is not subscribed")


def with_size(volume: Resource, milli: int) -> Resource:
    """The same resource with another size, in thousandths of MB."""
    return replace(volume, value=Scalar(milli))
