"""Which operations of changes are sent on which offers.

All that is done on one agent goes into one ACCEPT, in order, so that no other framework of the
role can take what was reserved before it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesos_batch.engine import commands as do
from mesos_batch.engine.change_fit import after_destroy, after_make, fit_make, fit_undo
from mesos_batch.model import facts as fact
from mesos_batch.model.change import ChangeKind
from mesos_batch.model.operation import Operation, OperationType
from mesos_batch.model.resources import DISK, Resources

if TYPE_CHECKING:
    from mesos_batch.engine.books import Books
    from mesos_batch.engine.bundle import Bundle
    from mesos_batch.engine.changes import ChangeRecord, OperationRecord

# Leftovers come back with the next REVIVE, or when they have grown.
REFUSE_SECONDS = 60.0


class ChangeOffers:
    """Uses offers for the changes that wait."""

    def __init__(self, books: Books) -> None:
        self._books = books

    @property
    def wanted(self) -> bool:
        """Whether an offer could help."""
        return any(self._may_send(record) for record in self._books.changes.waiting())

    def use(self, bundles: Sequence[Bundle]) -> dict[tuple[str, ...], list[OperationRecord]]:
        """Send what can be done; gives the operations by the ids of the offers they use."""
        books = self._books
        left = {id(group): group.left.allocated_to(None) for group in bundles}
        sent: dict[tuple[str, ...], list[OperationRecord]] = {}
        for record in books.changes.waiting():
            if not self._may_send(record):
                continue
            group = self._choose(record, bundles, left)
            if group is None:
                continue
            operations = self._begin(record, group, left)
            if operations:
                sent.setdefault(group.ids, []).extend(operations)
        for group in bundles:
            if group.ids in sent:
                self._send(group, sent[group.ids])
        known = books.agents
        if any(known.total(group.agent_id) is None for group in bundles if self._is_mute(group)):
            books.list_agents()
        return sent

    def _may_send(self, record: ChangeRecord) -> bool:
        return not (self._books.cancelling or record.trouble or record.open())

    def _choose(
        self, record: ChangeRecord, bundles: Sequence[Bundle], left: dict[int, Resources]
    ) -> Bundle | None:
        """The offers to use: of the agent with the fewest changes, then of that with most disk."""
        able = [group for group in bundles if self._may_go_to(record, group.agent_id)]
        if record.change.kind is ChangeKind.UNDO:
            return next(iter(able), None)
        reserved, volumes = record.left()
        able = [g for g in able if fit_make(left[id(g)], reserved, volumes) is not None]
        if not able:
            return None
        return min(
            able,
            key=lambda g: (self._changes_on(g.agent_id), -left[id(g)].milli(DISK), g.agent_id),
        )

    def _may_go_to(self, record: ChangeRecord, agent_id: str) -> bool:
        if agent_id in self._books.changes.mute and not self._would_see(agent_id):
            return False
        if record.agent_id is not None:
            return record.agent_id == agent_id
        allowed = record.change.agents
        if allowed is not None and agent_id not in allowed:
            return False
        if record.change.kind is ChangeKind.UNDO:
            return True
        others = [r.change for r in self._books.changes.records if r.agent_id == agent_id]
        return not others or not any(change.apart for change in (record.change, *others))

    def _is_mute(self, group: Bundle) -> bool:
        return group.agent_id in self._books.changes.mute

    def _would_see(self, agent_id: str) -> bool:
        """Whether one change more on an agent without feedback can be told from its total."""
        books = self._books
        busy = any(operation.agent_id == agent_id for operation in books.changes.open())
        return not busy and books.agents.total(agent_id) is not None

    def _changes_on(self, agent_id: str) -> int:
        return sum(record.agent_id == agent_id for record in self._books.changes.records)

    def _begin(
        self, record: ChangeRecord, group: Bundle, left: dict[int, Resources]
    ) -> list[OperationRecord]:
        available = left[id(group)]
        reserved, volumes = record.left()
        wanted: list[tuple[OperationType, Resources]] = []
        if record.change.kind is ChangeKind.MAKE:
            fitted = fit_make(available, reserved, volumes)
            assert fitted is not None, "chosen because it fits"
            reserved, volumes = fitted
            if record.agent_id is None:
                record.reserved, record.volumes = reserved, volumes
            left[id(group)] = after_make(available, reserved, volumes)
            if reserved:
                wanted.append((OperationType.RESERVE, reserved))
            wanted += [(OperationType.CREATE, Resources([volume])) for volume in volumes]
        else:
            reserved, volumes = fit_undo(available, reserved, volumes)
            left[id(group)] = after_destroy(available, volumes).without(reserved)
            wanted += [(OperationType.DESTROY, Resources([volume])) for volume in volumes]
            wanted += [(OperationType.UNRESERVE, Resources([item])) for item in reserved]
        if not wanted:
            return []
        record.agent_id, record.hostname = group.agent_id, group.hostname
        return [self._add(record, kind, resources, volumes) for kind, resources in wanted]

    def _add(
        self,
        record: ChangeRecord,
        kind: OperationType,
        resources: Resources,
        volumes: Resources,
    ) -> OperationRecord:
        books = self._books
        agent_id = record.agent_id or ""
        feedback = agent_id not in self._books.changes.mute
        operation = books.changes.add(record, kind, resources, books.now, feedback=feedback)
        total = books.agents.total(agent_id)
        if kind is OperationType.UNRESERVE and total is not None:
            total = after_destroy(total, volumes)
        if total is not None:
            keys = {resource.key for resource in resources}
            operation.before = total.filter(lambda item: item.key in keys)
        return operation

    def _send(self, group: Bundle, operations: list[OperationRecord]) -> None:
        books = self._books
        for operation in operations:
            books.save(operation.entry())
        for position in dict.fromkeys(operation.position for operation in operations):
            record = books.changes.records[position]
            books.save_change(record)
            own = tuple(op.view() for op in operations if op.position == position)
            books.tell(
                fact.OperationsSent(
                    books.now,
                    position=position,
                    agent_id=group.agent_id,
                    hostname=group.hostname,
                    operations=own,
                )
            )
        books.send(
            do.Operate(
                group.ids,
                group.agent_id,
                tuple(Operation(op.type, op.resources, op.operation_id) for op in operations),
                REFUSE_SECONDS,
            )
        )
