"""The books of the changes of a run: one record per change, one per operation that was sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesos_batch.model.change import Change, ChangeKind, ChangePhase, ChangeView, OperationView
from mesos_batch.model.operation import OperationState, OperationType
from mesos_batch.model.resources import Resources
from mesos_batch.model.saved import ChangeEntry, OperationEntry

if TYPE_CHECKING:
    from mesos_batch.model.saved import Past


@dataclass(slots=True, eq=False)
class OperationRecord:
    """One operation that was sent.

    One without an ``operation_id`` cannot be asked about: its effect must be seen, against what
    its agent had of it ``before``. ``doubted_at`` is when the master first said that it does not
    know it.
    """

    position: int
    number: int
    type: OperationType
    agent_id: str
    resources: Resources
    sent_at: float
    operation_id: str | None
    state: OperationState = OperationState.OPERATION_PENDING
    message: str | None = None
    doubted_at: float | None = None
    before: Resources | None = None

    @property
    def is_open(self) -> bool:
        """Whether it may still take place, or have taken place."""
        return not self.state.is_terminal

    @property
    def is_unclear(self) -> bool:
        """Whether it was given up because nobody could tell whether it took place."""
        return self.operation_id is None and self.state is OperationState.OPERATION_FAILED

    def view(self) -> OperationView:
        """The operation for a display."""
        return OperationView(self.type, self.resources, self.state, self.message)

    def entry(self) -> OperationEntry:
        """The operation as the journal keeps it."""
        return OperationEntry(
            position=self.position,
            number=self.number,
            type=self.type,
            agent_id=self.agent_id,
            resources=self.resources,
            state=self.state,
            sent_at=self.sent_at,
            operation_id=self.operation_id,
            message=self.message,
        )


@dataclass(slots=True, eq=False)
class ChangeRecord:
    """One change; ``agent_id`` is where it takes place once something of it was sent.

    ``reserved`` and ``volumes`` are exact from then on. ``repeats`` counts the operations that
    had to be sent again. ``trouble`` is why it cannot be done.
    """

    position: int
    change: Change
    phase: ChangePhase = ChangePhase.WAITING
    agent_id: str | None = None
    hostname: str | None = None
    reserved: Resources = field(default_factory=Resources)
    volumes: Resources = field(default_factory=Resources)
    operations: list[OperationRecord] = field(default_factory=list)
    repeats: int = 0
    trouble: str | None = None
    message: str | None = None

    def __post_init__(self) -> None:
        self.reserved, self.volumes = self.change.reserved, self.change.volumes

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will be done for it."""
        return self.phase is not ChangePhase.WAITING

    def open(self) -> list[OperationRecord]:
        """The operations whose fate is not known yet."""
        return [operation for operation in self.operations if operation.is_open]

    def look_again(self) -> None:
        """What nobody could tell before is not sent again before somebody can."""
        for operation in self.operations:
            if operation.is_unclear:
                operation.state = OperationState.OPERATION_UNKNOWN

    def finished(self, *kinds: OperationType) -> Resources:
        """What operations of these types have done."""
        done = Resources()
        for operation in self.operations:
            if operation.type in kinds and operation.state is OperationState.OPERATION_FINISHED:
                done += operation.resources
        return done

    @property
    def has_begun(self) -> bool:
        """Whether some of it is done, so that the rest has to follow on the same agent."""
        return any(op.state is OperationState.OPERATION_FINISHED for op in self.operations)

    def left(self) -> tuple[Resources, Resources]:
        """What is still to be reserved (or unreserved) and to be created (or destroyed)."""
        if self.change.kind is ChangeKind.FORGET:
            return Resources(), Resources()
        reserving = self.finished(OperationType.RESERVE, OperationType.UNRESERVE)
        creating = self.finished(OperationType.CREATE, OperationType.DESTROY)
        return self.reserved.without(reserving), self.volumes.without(creating)

    def start_over(self) -> None:
        """Nothing of it is done: any agent will do again."""
        self.agent_id = self.hostname = None
        self.reserved, self.volumes = self.change.reserved, self.change.volumes

    def view(self) -> ChangeView:
        """The change for a display."""
        return ChangeView(
            change=self.change,
            phase=self.phase,
            agent_id=self.agent_id,
            hostname=self.hostname,
            reserved=self.reserved,
            volumes=self.volumes,
            operations=tuple(operation.view() for operation in self.operations),
            message=self.message,
        )

    def entry(self) -> ChangeEntry:
        """The change as the journal keeps it."""
        return ChangeEntry(
            position=self.position,
            phase=self.phase,
            agent_id=self.agent_id,
            hostname=self.hostname,
            reserved=self.reserved,
            volumes=self.volumes,
            message=self.message,
        )


class Changes:
    """All changes of the run; ``mute`` are the agents that give no feedback (before Mesos 1.7)."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self.records = [ChangeRecord(position, it) for position, it in enumerate(changes)]
        self._views = [record.view() for record in self.records]
        self._by_id: dict[str, OperationRecord] = {}
        self.mute: set[str] = set()

    def __len__(self) -> int:
        return len(self.records)

    @property
    def all_ended(self) -> bool:
        """Whether nothing more will be done for any of them."""
        return all(record.has_ended for record in self.records)

    def waiting(self) -> list[ChangeRecord]:
        """Those that have not ended."""
        return [record for record in self.records if not record.has_ended]

    def open(self) -> Iterator[OperationRecord]:
        """Every operation whose fate is not known yet, of ended changes too."""
        for record in self.records:
            yield from record.open()

    def find(self, operation_id: str) -> OperationRecord | None:
        """The operation the cluster calls by this id."""
        return self._by_id.get(operation_id)

    def add(
        self,
        record: ChangeRecord,
        kind: OperationType,
        resources: Resources,
        now: float,
        *,
        feedback: bool,
    ) -> OperationRecord:
        """Begin an operation; its id is like no other of the framework's."""
        number = len(record.operations)
        operation = OperationRecord(
            position=record.position,
            number=number,
            type=kind,
            agent_id=record.agent_id or "",
            resources=resources,
            sent_at=now,
            operation_id=f"{kind.value}-{record.position}-{number}" if feedback else None,
        )
        record.operations.append(operation)
        if operation.operation_id is not None:
            self._by_id[operation.operation_id] = operation
        return operation

    def restore(self, past: Past) -> None:
        """Take changes and their operations from the journal; what failed is tried again."""
        for saved in past.changes:
            record = self.records[saved.position]
            record.phase, record.message = saved.phase, saved.message
            record.agent_id, record.hostname = saved.agent_id, saved.hostname
            record.reserved, record.volumes = saved.reserved, saved.volumes
            if saved.phase is ChangePhase.FAILED and past.cancelled is None:
                record.phase, record.message = ChangePhase.WAITING, None
        for item in past.operations:
            operation = OperationRecord(
                position=item.position,
                number=item.number,
                type=item.type,
                agent_id=item.agent_id,
                resources=item.resources,
                sent_at=item.sent_at,
                operation_id=item.operation_id,
                state=item.state,
                message=item.message,
            )
            self.records[item.position].operations.append(operation)
            if operation.operation_id is not None:
                self._by_id[operation.operation_id] = operation
        for record in self.records:
            if not record.has_ended:
                record.look_again()
            self.show(record)

    def forget_ids(self) -> list[OperationRecord]:
        """A new framework cannot ask about the operations of the one before it."""
        self._by_id.clear()
        lost = [operation for operation in self.open() if operation.operation_id is not None]
        for operation in lost:
            operation.operation_id = operation.before = None
        return lost

    def show(self, record: ChangeRecord) -> ChangeView:
        """Bring the view of a change up to date."""
        view = self._views[record.position] = record.view()
        return view

    def views(self) -> tuple[ChangeView, ...]:
        """The present view of each change; safe from any thread."""
        return tuple(self._views)
