"""The life of a change: operations are sent on offers, and each one is confirmed.

Changes come before tasks: while one waits, no task is placed. An operation is done when its agent
says so, or when the master's list of agents shows it; an agent that is silent is asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from mesos_batch.engine import commands as do
from mesos_batch.engine.change_fit import after_destroy, after_make, fit_make, fit_undo
from mesos_batch.engine.observed import observe
from mesos_batch.engine.operation_states import TABLE, Effect, is_race, is_refused_feedback
from mesos_batch.messages import refusal
from mesos_batch.model import facts as fact
from mesos_batch.model.change import ChangeKind, ChangePhase
from mesos_batch.model.operation import Operation, OperationState, OperationType
from mesos_batch.model.resources import DISK, Resources

if TYPE_CHECKING:
    from mesos_batch.engine.books import Books
    from mesos_batch.engine.changes import ChangeRecord, OperationRecord
    from mesos_batch.engine.placement import Bundle
    from mesos_batch.model.operation import OperationStatus

ASK = ("ask_operations", 0)
TIMEOUT, WAITS = "change_timeout", "change_waits"
FIRST_QUESTION = 5.0
NEXT_QUESTION = 30.0
# Told twice and so far apart that it does not know it, the master will not get it any more. A
# master that has just met the agent (a new one, or the agent was away) does not know it either,
# until the agent has told: one lost packet must not have us do it twice.
CERTAIN_AFTER = 25.0
TELL_AFTER = 10.0
# Whoever cancels waits so long for what is under way.
LAST_WORD = 15.0
MAX_REPEATS = 10
# Leftovers come back with the next REVIVE, or when they have grown.
REFUSE_SECONDS = 60.0


class ChangeLife:
    """Sends the operations of changes and takes in what becomes of them."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._no_feedback: set[str] = set()
        self._over = books.changes.all_ended

    @property
    def wants_offers(self) -> bool:
        """Whether an offer could help."""
        return any(self._may_send(record) for record in self._books.changes.waiting())

    def subscribed(self) -> None:
        """Start the clocks, and ask what became of operations that are under way."""
        books = self._books
        for record in books.changes.waiting():
            books.timers.set_once((WAITS, record.position), books.now + TELL_AFTER)
            self._start_clock(record)
        if books.cancelling:
            self.cancel_all()
        if any(True for _ in books.changes.open()):
            self.ask()

    def ask(self) -> None:
        """Ask about every operation that may yet take place, and again after a while."""
        books = self._books
        asked = list(books.changes.open())
        if not asked:
            return
        doubted = any(operation.doubted_at is not None for operation in asked)
        books.timers.set(ASK, books.now + (FIRST_QUESTION if doubted else NEXT_QUESTION))
        if not books.connected:
            return
        known = [(op.operation_id, op.agent_id) for op in asked if op.operation_id is not None]
        if known:
            books.send(do.ReconcileOperations(tuple(known)))
        if len(known) < len(asked):
            books.list_agents()

    def use(self, bundles: Iterable[Bundle]) -> list[Bundle]:
        """Send what can be done on these offers; gives the bundles nothing was done on."""
        books = self._books
        bundles = list(bundles)
        left = {id(group): group.left.allocated_to(None) for group in bundles}
        sent: dict[int, list[OperationRecord]] = {}
        for record in books.changes.waiting():
            if not self._may_send(record):
                continue
            group = self._choose(record, bundles, left)
            if group is None:
                continue
            operations = self._begin(record, group, left)
            if operations:
                sent.setdefault(id(group), []).extend(operations)
        for group in bundles:
            if id(group) in sent:
                self._send(group, sent[id(group)])
        known = books.agents
        if any(known.total(group.agent_id) is None for group in bundles if self._is_mute(group)):
            books.list_agents()
        return [group for group in bundles if id(group) not in sent]

    def update(self, status: OperationStatus) -> None:
        """Take in a status: acknowledge it always, count it once."""
        books = self._books
        operation = books.changes.find(status.operation_id)
        agent_id = status.agent_id or (operation.agent_id if operation is not None else None)
        if status.uuid is not None and agent_id is not None:
            books.send(do.AcknowledgeOperation(agent_id, status.operation_id, status.uuid))
        if operation is None:
            return
        finished = status.state is OperationState.OPERATION_FINISHED
        late = finished and operation.state is OperationState.OPERATION_DROPPED
        if operation.is_open or late:
            self._apply(operation, status.state, status.message)

    def listed(self, totals: Mapping[str, Resources], asked_at: float) -> None:
        """See in the master's list what became of operations nobody can be asked about."""
        books = self._books
        for record in books.changes.records:
            unasked = [
                op for op in record.open() if op.operation_id is None and op.sent_at < asked_at
            ]
            for operation, state in observe(record, unasked, totals):
                if state is OperationState.OPERATION_UNKNOWN:
                    record.trouble = (
                        "nobody can say whether the operation took place, and trying again might "
                        "touch what belongs to others"
                    )
                    state = OperationState.OPERATION_FAILED
                self._apply(operation, state, "seen in the master's list of agents")
        if self._no_feedback and self.wants_offers:
            books.offers_wanted.wish()

    def framework_lost(self) -> None:
        """The framework that could ask about its operations is no more."""
        for operation in self._books.changes.forget_ids():
            self._books.save(operation.entry())

    def cancel_all(self) -> None:
        """Send nothing more; what is under way is waited for a little."""
        for record in self._books.changes.waiting():
            self._books.timers.set((TIMEOUT, record.position), self._books.now + LAST_WORD)

    def deadline(self, kind: str, position: int) -> None:
        """Do what a deadline of a change stands for."""
        books = self._books
        record = books.changes.records[position]
        if record.has_ended:
            return
        if kind == WAITS:
            books.tell(fact.ChangeWaits(books.now, position=position, why=self._why(record)))
            return
        if books.cancelling:
            self._end(record, ChangePhase.CANCELLED, "cancelled while it was under way")
        elif not books.connected or books.answers_by > books.now:
            books.timers.set((TIMEOUT, position), max(books.answers_by, books.now + LAST_WORD))
        else:
            waited = f"given up after {books.policy.volume_timeout:g} s (--volume_timeout)"
            self._end(record, ChangePhase.FAILED, f"{self._why(record)}; {waited}")

    def settle(self) -> None:
        """End the changes that are done, cannot be done, or are not wanted any more."""
        books = self._books
        for record in books.changes.waiting():
            if record.open():
                continue
            reserved, volumes = record.left()
            if not reserved and not volumes:
                self._end(record, ChangePhase.DONE, None)
            elif record.trouble is not None:
                self._end(record, ChangePhase.FAILED, record.trouble)
            elif books.cancelling:
                self._end(record, ChangePhase.CANCELLED, "the run was cancelled")
        if not self._over and books.changes.all_ended:
            self._over = True
            self._all_ended()

    def _all_ended(self) -> None:
        books = self._books
        records = books.changes.records
        failed = [record for record in records if record.phase is ChangePhase.FAILED]
        if failed and not books.cancelling:
            noun = "change" if len(records) == 1 else "changes"
            books.halted = f"{len(failed)} of {len(records)} {noun} failed"
            if not books.tasks.all_ended:
                books.halted += ", so no task was run"
        elif not books.tasks.all_ended:
            books.relist_agents()
            books.offers_wanted.wish()

    def _may_send(self, record: ChangeRecord) -> bool:
        return not (self._books.cancelling or record.trouble or record.open())

    def _choose(
        self, record: ChangeRecord, bundles: list[Bundle], left: dict[int, Resources]
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
        if agent_id in self._no_feedback and not self._would_see(agent_id):
            return False
        if record.agent_id is not None:
            return record.agent_id == agent_id
        allowed = record.change.agents
        if allowed is not None and agent_id not in allowed:
            return False
        others = [r.change for r in self._books.changes.records if r.agent_id == agent_id]
        if record.change.kind is ChangeKind.UNDO:
            return True
        return not others or not any(change.apart for change in (record.change, *others))

    def _is_mute(self, group: Bundle) -> bool:
        return group.agent_id in self._no_feedback

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
        feedback = agent_id not in self._no_feedback
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
            self._changed(record)
            self._start_clock(record)
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
        asks = FIRST_QUESTION if group.agent_id not in self._no_feedback else 1.0
        books.timers.set(ASK, books.now + asks)

    def _apply(
        self, operation: OperationRecord, state: OperationState, message: str | None
    ) -> None:
        books = self._books
        record = books.changes.records[operation.position]
        before = operation.state, operation.message
        match TABLE[state].effect:
            case Effect.DONE:
                operation.state, operation.message = state, None
                self._start_clock(record)
                books.offers_wanted.wish()
            case Effect.WAIT:
                operation.state, operation.message, operation.doubted_at = state, message, None
            case Effect.DOUBT:
                self._doubt(record, operation, message)
            case Effect.FAILS if is_refused_feedback(message) or is_race(message):
                if is_refused_feedback(message):
                    self._no_feedback.add(operation.agent_id)
                self._repeat(record, operation, message)
            case Effect.AGAIN:
                self._repeat(record, operation, message)
            case Effect.FAILS:
                operation.state, operation.message = state, message
                record.trouble = record.trouble or refusal(message or state.name)
        if (operation.state, operation.message) != before:
            books.save(operation.entry())
            self._changed(record)
            books.tell(
                fact.OperationUpdated(
                    books.now,
                    position=record.position,
                    agent_id=operation.agent_id,
                    hostname=record.hostname or operation.agent_id,
                    operation=operation.view(),
                )
            )

    def _doubt(self, record: ChangeRecord, operation: OperationRecord, message: str | None) -> None:
        books = self._books
        operation.state, operation.message = OperationState.OPERATION_UNKNOWN, message
        if operation.doubted_at is None:
            operation.doubted_at = books.now
            books.timers.set(ASK, books.now + FIRST_QUESTION)
        elif books.now - operation.doubted_at >= CERTAIN_AFTER:
            self._repeat(record, operation, "the master never got it")

    def _repeat(
        self, record: ChangeRecord, operation: OperationRecord, message: str | None
    ) -> None:
        """The operation did not take place: it is sent again with another offer."""
        books = self._books
        operation.state, operation.message = OperationState.OPERATION_DROPPED, message
        record.repeats += 1
        if record.repeats > MAX_REPEATS:
            record.trouble = f"sent {record.repeats} times in vain: {message}"
        elif not record.has_ended and not record.has_begun and not record.open():
            record.start_over()
        books.offers_wanted.wish()

    def _start_clock(self, record: ChangeRecord) -> None:
        books = self._books
        if not record.has_ended and not books.cancelling:
            books.timers.set((TIMEOUT, record.position), books.now + books.policy.volume_timeout)

    def _changed(self, record: ChangeRecord) -> None:
        self._books.save(record.entry())
        self._books.changes.show(record)

    def _end(self, record: ChangeRecord, phase: ChangePhase, message: str | None) -> None:
        books = self._books
        record.phase, record.message = phase, message
        for kind in (TIMEOUT, WAITS):
            books.timers.cancel((kind, record.position))
        self._changed(record)
        view = books.changes.show(record)
        books.tell(fact.ChangeEnded(books.now, position=record.position, view=view))

    def _why(self, record: ChangeRecord) -> str:
        """What a change waits for: a sentence without a full stop."""
        books = self._books
        place = record.hostname or record.agent_id or ""
        if record.open():
            return f"no word from agent {place} of what was sent"
        only = record.change.agents if record.agent_id is None else {record.agent_id}
        if only is not None and books.agents.complete and not only & books.agents.ids():
            return f"agent {', '.join(sorted(only))} is not registered with the master"
        if record.change.kind is ChangeKind.UNDO:
            return (
                f"no offer of agent {place or ', '.join(only or ())} has all of it: it is in use, "
                "or another framework holds the offer"
            )
        reserved, volumes = record.left()
        wish = ", ".join(f"{item.name} {item.value}" for item in reserved or volumes)
        return f"no offer has {wish} to spare"
