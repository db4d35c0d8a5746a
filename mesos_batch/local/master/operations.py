"""RESERVE, UNRESERVE, CREATE, DESTROY, GROW_VOLUME and SHRINK_VOLUME, and their feedback.

Each is a list of conversions: resources that are consumed and what they become. The master
applies them at once and tells the agent, which answers with a status. Only operations with an
id are reported to the framework; a dropped one without an id is dropped in silence.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.master.offering import rescind_offer
from mesos_batch.local.master.operation_updates import track
from mesos_batch.local.master.operation_validation import (
    resources_in,
    stripped,
    validate_create,
    validate_destroy,
    validate_disk_operation,
    validate_grow,
    validate_reserve,
    validate_shrink,
    validate_unreserve,
    with_size,
)
from mesos_batch.local.master.reconcile import send_operation_status
from mesos_batch.local.master.resource_validation import normalise
from mesos_batch.local.records import Operation
from mesos_batch.local.rules import ValidationError
from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar, to_milli
from mesos_batch.protocol.values import resource_from

if TYPE_CHECKING:
    from mesos_batch.local.master.accept import Accepted
    from mesos_batch.local.master.framework import Framework
    from mesos_batch.local.master.master import Master
    from mesos_batch.local.records import Agent

Type = pb.Offer.Operation
_RESIZE = (Type.GROW_VOLUME, Type.SHRINK_VOLUME)


@dataclass(frozen=True, slots=True)
class Conversion:
    """What is consumed and what it becomes."""

    consumed: Resources
    converted: Resources


def drop(framework: Framework, operation: pb.Offer.Operation, why: str) -> None:
    """Refuse an operation; the framework hears of it when the operation has an id."""
    if operation.HasField("id"):
        send_operation_status(
            framework,
            pb.OperationStatus(operation_id=operation.id, state=pb.OPERATION_ERROR, message=why),
        )


def carry_out(master: Master, accepted: Accepted, operation: pb.Offer.Operation) -> None:
    """Apply an operation to accepted offers, or drop it."""
    resources = normalise(resources_in(operation), accepted.role)
    try:
        _validate(accepted, operation, resources)
    except ValidationError as error:
        drop(accepted.framework, operation, f"{error}; on agent {accepted.agent}")
        return
    if operation.type == Type.DESTROY:
        _rescind_copies(master, accepted.agent, resources)
    conversions = _conversions(operation, resources)
    try:
        _apply_to_offers(accepted, operation, conversions)
    except ValidationError as error:
        drop(accepted.framework, operation, str(error))
        return
    _apply(master, accepted.framework, accepted.agent, operation, conversions)


def _rescind_copies(master: Master, agent: Agent, volumes: Resources) -> None:
    """Take back offers of other copies of shared volumes that are to be destroyed."""
    for offer in list(agent.offers.values()):
        if any(offer.resources.contains(Resources([volume])) for volume in volumes):
            rescind_offer(master, offer)


def _validate(accepted: Accepted, operation: pb.Offer.Operation, resources: Resources) -> None:
    kind, framework, agent = operation.type, accepted.framework, accepted.agent
    if kind == Type.RESERVE:
        validate_reserve(resources, framework)
    elif kind == Type.UNRESERVE:
        validate_unreserve(resources)
    elif kind == Type.CREATE:
        validate_create(resources, framework, agent)
    elif kind == Type.DESTROY:
        validate_destroy(resources, agent)
    elif kind == Type.GROW_VOLUME:
        grow = operation.grow_volume
        validate_grow(resource_from(grow.volume), resource_from(grow.addition))
    elif kind == Type.SHRINK_VOLUME:
        shrink = operation.shrink_volume
        validate_shrink(resource_from(shrink.volume), shrink.subtract.value)
    else:
        validate_disk_operation(resource_from(resources_in(operation)[0]))


def _conversions(operation: pb.Offer.Operation, resources: Resources) -> list[Conversion]:
    kind = operation.type
    if kind == Type.RESERVE:
        return [Conversion(resources.map(Resource.pop_reservation), resources)]
    if kind == Type.GROW_VOLUME:
        volume = resource_from(operation.grow_volume.volume)
        size = _milli(volume) + to_milli(operation.grow_volume.addition.scalar.value)
        return [Conversion(resources, Resources([with_size(volume, size)]))]
    if kind == Type.SHRINK_VOLUME:
        volume = resource_from(operation.shrink_volume.volume)
        freed = to_milli(operation.shrink_volume.subtract.value)
        left = with_size(volume, _milli(volume) - freed)
        return [Conversion(resources, Resources([left, with_size(stripped(volume), freed)]))]
    change = {
        Type.UNRESERVE: lambda item: (item, item.pop_reservation()),
        Type.CREATE: lambda item: (stripped(item), item),
        Type.DESTROY: lambda item: (item, stripped(item)),
    }[kind]
    return [
        Conversion(Resources([consumed]), Resources([converted]))
        for consumed, converted in map(change, resources)
    ]


def _milli(volume: Resource) -> int:
    assert isinstance(volume.value, Scalar), "validated"
    return volume.value.milli


def _apply_to_offers(
    accepted: Accepted, operation: pb.Offer.Operation, conversions: list[Conversion]
) -> None:
    remaining = accepted.remaining
    for conversion in conversions:
        if not remaining.contains(conversion.consumed):
            text = f"{remaining} does not contain {conversion.consumed}"
            if operation.type in _RESIZE:
                name = Type.Type.Name(operation.type)
                text = f"Invalid {name} operation: {text}"
            raise ValidationError(text)
        remaining = remaining.without(conversion.consumed)
        if operation.type in _RESIZE:
            accepted.resized += conversion.converted
        else:
            remaining += conversion.converted
        if operation.type == Type.DESTROY and remaining.contains(conversion.consumed):
            raise ValidationError(
                f"Persistent volume {conversion.consumed} cannot be removed"
                " due to additional shared copies"
            )
    accepted.remaining = remaining
    if operation.type in (Type.CREATE, Type.DESTROY):
        accepted.shared = remaining.filter(lambda item: item.shared)


def _apply(
    master: Master,
    framework: Framework,
    agent: Agent,
    info: pb.Offer.Operation,
    conversions: list[Conversion],
) -> None:
    """Change the books and tell the agent; the order of messages is that of operations."""
    for conversion in conversions:
        consumed = conversion.consumed.allocated_to(None)
        agent.total = agent.total.without(consumed) + conversion.converted.allocated_to(None)
        master.allocator.convert(
            framework.framework_id, agent.agent_id, conversion.consumed, conversion.converted
        )
    message = pb.Operation(info=info)
    message.framework_id.value = framework.framework_id
    message.agent_id.value = agent.agent_id
    message.latest_status.state = pb.OPERATION_PENDING
    message.latest_status.agent_id.value = agent.agent_id
    if info.HasField("id"):
        message.latest_status.operation_id.CopyFrom(info.id)
    message.uuid.value = uuid.uuid4().bytes
    operation = Operation(message)
    track(master, agent, operation)
    agent.link.apply_operation(framework.framework_id, info, operation.uuid, agent.total)
