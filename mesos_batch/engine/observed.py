"""What the master's list of agents says of operations that nobody can be asked about.

An agent older than Mesos 1.7 gives no feedback, and a new framework cannot ask about the
operations of the one before it. The list shows each agent's reservations and volumes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from mesos_batch.model.operation import OperationState, OperationType
from mesos_batch.model.resources import Resources

if TYPE_CHECKING:
    from mesos_batch.engine.changes import ChangeRecord, OperationRecord

_DONE, _NOT_DONE = OperationState.OPERATION_FINISHED, OperationState.OPERATION_DROPPED
_UNCLEAR = OperationState.OPERATION_UNKNOWN


def observe(
    record: ChangeRecord, operations: Iterable[OperationRecord], totals: Mapping[str, Resources]
) -> Iterator[tuple[OperationRecord, OperationState]]:
    """Each operation whose agent is listed, with FINISHED, DROPPED or, if unclear, UNKNOWN."""
    # A volume says more than an amount: look at those first.
    ordered = sorted(operations, key=lambda op: op.type not in _OF_VOLUMES)
    created = bool(record.finished(OperationType.CREATE))
    for operation in ordered:
        total = totals.get(operation.agent_id)
        if total is None:
            continue
        there = total.contains(operation.resources)
        match operation.type:
            case OperationType.CREATE:
                created = created or there
                yield operation, _DONE if there else _NOT_DONE
            case OperationType.DESTROY:
                yield operation, _NOT_DONE if there else _DONE
            case OperationType.RESERVE:
                yield operation, _DONE if created else _reserved(operation, total, there=there)
            case OperationType.UNRESERVE if _is_under(
                _standing(record, total), operation.resources
            ):
                yield operation, _NOT_DONE
            case OperationType.UNRESERVE:
                yield operation, _unreserved(operation, total, there=there)


_OF_VOLUMES = (OperationType.CREATE, OperationType.DESTROY)


def _standing(record: ChangeRecord, total: Resources) -> Resources:
    """The volumes that were to be destroyed and are still there, whatever was said of it."""
    standing = Resources()
    for operation in record.operations:
        if operation.type is OperationType.DESTROY and total.contains(operation.resources):
            standing += operation.resources
    return standing


def _is_under(volumes: Resources, disk: Resources) -> bool:
    """Whether this disk goes with volumes that are still there: it is unreserved after them."""
    keys = {volume.without_volume().key for volume in volumes}
    return any(resource.key in keys for resource in disk)


def _reserved(operation: OperationRecord, total: Resources, *, there: bool) -> OperationState:
    """Whether it was reserved; others may have had the same before."""
    if not there:
        return _NOT_DONE
    if operation.before is None:
        return _UNCLEAR
    return _DONE if total.contains(operation.before + operation.resources) else _NOT_DONE


def _unreserved(operation: OperationRecord, total: Resources, *, there: bool) -> OperationState:
    """Whether it was unreserved; others may hold the same amount reserved in the same way."""
    if not there:
        return _DONE
    if operation.before is None:
        return _UNCLEAR
    return _NOT_DONE if total.contains(operation.before) else _DONE
