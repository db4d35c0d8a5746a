"""A change: what is reserved and created together on one agent, or undone there."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from mesos_batch.model.operation import OperationState, OperationType
from mesos_batch.model.resources import Resources


class ChangeKind(Enum):
    """Make reservations and volumes, undo them, or write them off with an agent that is gone."""

    MAKE = "make"
    UNDO = "undo"
    FORGET = "forget"


class ChangePhase(Enum):
    """Where a change is; every one but the first is an end.

    A change waits until each of its operations is confirmed. One that failed or was cancelled
    may be done in part: its operations tell which.
    """

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Change:
    """Reservations and persistent volumes of one agent.

    ``reserved`` is what is reserved or unreserved, the plain disk under ``volumes`` among it
    unless that is reserved by other means; ``volumes`` are created or destroyed. ``agents`` are
    those a MAKE may go to, ``None`` for any; an UNDO names the one. Changes that are ``apart``
    never share an agent with another one of the run. A MAKE may ask for a disk with a source by
    its type alone, and of a MOUNT disk for the least size: the whole of one is taken. ``run_id``
    is the run an UNDO undoes, where it is of one run.
    """

    kind: ChangeKind
    reserved: Resources
    volumes: Resources
    agents: frozenset[str] | None = None
    apart: bool = False
    run_id: str | None = None

    @property
    def volume_ids(self) -> list[str]:
        """The persistence ids of the volumes."""
        return volume_ids(self.volumes)


@dataclass(frozen=True, slots=True)
class OperationView:
    """An operation that was sent, and the last word about it."""

    type: OperationType
    resources: Resources
    state: OperationState
    message: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeView:
    """How far a change is.

    ``reserved`` and ``volumes`` are those of the change, once an agent is chosen as they are
    there. ``message`` says why it failed, or what it waits for.
    """

    change: Change
    phase: ChangePhase = ChangePhase.WAITING
    agent_id: str | None = None
    hostname: str | None = None
    reserved: Resources = field(default_factory=Resources)
    volumes: Resources = field(default_factory=Resources)
    operations: tuple[OperationView, ...] = ()
    message: str | None = None

    def finished(self, kind: OperationType) -> Resources:
        """What operations of this type have done for certain."""
        done = Resources()
        for operation in self.operations:
            if operation.type is kind and operation.state is OperationState.OPERATION_FINISHED:
                done += operation.resources
        return done


def volume_ids(resources: Resources) -> list[str]:
    """The persistence ids of the volumes among resources."""
    return [
        resource.disk.persistence_id
        for resource in resources
        if resource.disk is not None and resource.disk.persistence_id is not None
    ]
