"""What an operation makes of resources, as Mesos computes it (``Resources::apply``)."""

from __future__ import annotations

from mesos_batch.model.operation import Operation, OperationType
from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import Resources


def convert(resources: Resources, operation: Operation) -> Resources:
    """Apply an operation.

    Raises:
        ValueError: what it consumes is not there.
    """
    consumed, made = consumes(operation), makes(operation)
    return resources - consumed + made


def consumes(operation: Operation) -> Resources:
    """What is there before an operation, and not after it."""
    match operation.type:
        case OperationType.RESERVE:
            return operation.resources.map(Resource.pop_reservation)
        case OperationType.CREATE:
            return operation.resources.map(Resource.without_volume)
        case _:
            return operation.resources


def makes(operation: Operation) -> Resources:
    """What is there after an operation, and not before it."""
    match operation.type:
        case OperationType.UNRESERVE:
            return operation.resources.map(Resource.pop_reservation)
        case OperationType.DESTROY:
            return operation.resources.map(Resource.without_volume)
        case _:
            return operation.resources
