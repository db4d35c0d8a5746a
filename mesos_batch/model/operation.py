"""Offer operations on reservations and persistent volumes, and what the cluster says of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesos_batch.model.resources import Resources


class OperationType(Enum):
    """The operations we send; the names are those of ``Offer.Operation.Type``."""

    RESERVE = "RESERVE"
    UNRESERVE = "UNRESERVE"
    CREATE = "CREATE"
    DESTROY = "DESTROY"


class OperationState(IntEnum):
    """Where an operation is; names and numbers are those of ``OperationState`` in mesos.proto."""

    OPERATION_UNSUPPORTED = 0
    OPERATION_PENDING = 1
    OPERATION_FINISHED = 2
    OPERATION_FAILED = 3
    OPERATION_ERROR = 4
    OPERATION_DROPPED = 5
    OPERATION_UNREACHABLE = 6
    OPERATION_GONE_BY_OPERATOR = 7
    OPERATION_RECOVERING = 8
    OPERATION_UNKNOWN = 9

    @property
    def is_terminal(self) -> bool:
        """Whether it is known what became of the operation: it is done, or never will be."""
        return self in TERMINAL


TERMINAL = frozenset(
    {
        OperationState.OPERATION_FINISHED,
        OperationState.OPERATION_FAILED,
        OperationState.OPERATION_ERROR,
        OperationState.OPERATION_DROPPED,
        OperationState.OPERATION_GONE_BY_OPERATOR,
    }
)


@dataclass(frozen=True, slots=True)
class OperationStatus:
    """UPDATE_OPERATION_STATUS; one with a ``uuid`` is repeated until it is acknowledged."""

    operation_id: str
    state: OperationState
    message: str | None = None
    uuid: bytes | None = None
    agent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of an ACCEPT; ``operation_id`` ``None`` asks for no feedback.

    ``resources`` are what is reserved, unreserved, created or destroyed, without allocation.
    """

    type: OperationType
    resources: Resources
    operation_id: str | None = None
