"""The life of a change: operations are sent on offers, and each one is confirmed.

Changes come before tasks: while one waits, no task is placed. An operation is done when its agent
says so, or when the master's list of agents shows it; an agent that is silent is asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from mesos_batch.engine import commands as do
from mesos_batch.engine.change_offers import ChangeOffers
from mesos_batch.engine.observed import observe
from mesos_batch.engine.operation_states import TABLE, Effect, is_race, is_refused_feedback
from mesos_batch.messages import refusal
from mesos_batch.model import facts as fact
from mesos_batch.model.change import ChangeKind, ChangePhase
from mesos_batch.model.operation import OperationState
from mesos_batch.model.resources import Resources

if TYPE_CHECKING:
    from mesos_batch.engine.books import Books
    from mesos_batch.engine.bundle import Bundle
    from mesos_batch.engine.changes import ChangeRecord, OperationRecord
    from mesos_batch.model.operation import OperationStatus

ASK = ("ask_operations", 0)
TIMEOUT, WAITS = "change_timeout", "change_waits"
FIRST_QUESTION = 5.0
# Where nobody answers the list of agents is looked at instead.
LOOK_AFTER = 1.0
NEXT_QUESTION = 30.0
# Told twice and so far apart that it does not know it, the master will not get it any more. A
# master that has just met the agent (a new one, or the agent was away) does not know it either,
# until the agent has told: one lost packet must not have us do it twice.
CERTAIN_AFTER = 25.0
# Sooner when its list of agents shows besides that nothing was done: agents register with that.
CERTAIN_BY_LIST_AFTER = 4.0
NEVER_GOT = "the master never got it"
TELL_AFTER = 10.0
# Whoever cancels waits so long for what is under way.
LAST_WORD = 15.0
MAX_REPEATS = 10


class ChangeLife:
    """Has the operations of changes sent, and takes in what becomes of them."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._offers = ChangeOffers(books)
        self._over = books.changes.all_ended

    @property
    def wants_offers(self) -> bool:
        """Whether an offer could help."""
        return self._offers.wanted

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
        if len(known) < len(asked) or doubted:
            books.list_agents()

    def use(self, bundles: Iterable[Bundle]) -> list[Bundle]:
        """Send what can be done on these offers; gives the bundles nothing was done on."""
        books = self._books
        bundles = list(bundles)
        sent = self._offers.use(bundles)
        for operations in sent.values():
            for position in {operation.position for operation in operations}:
                self._start_clock(books.changes.records[position])
            mute = any(operation.operation_id is None for operation in operations)
            books.timers.set(ASK, books.now + (LOOK_AFTER if mute else FIRST_QUESTION))
        return [group for group in bundles if group.ids not in sent]

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
            doubted = [
                op
                for op in record.open()
                if op.doubted_at is not None and asked_at - op.doubted_at >= CERTAIN_BY_LIST_AFTER
            ]
            for operation, state in observe(record, doubted, totals):
                if state is OperationState.OPERATION_DROPPED:
                    self._apply(operation, state, NEVER_GOT)
        if books.changes.mute and self.wants_offers:
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
                    books.changes.mute.add(operation.agent_id)
                self._repeat(record, operation, message)
            case Effect.AGAIN:
                self._repeat(record, operation, message)
            case Effect.FAILS:
                operation.state, operation.message = state, message
                record.trouble = record.trouble or refusal(message or state.name)
        if (operation.state, operation.message) != before:
            books.save(operation.entry())
            books.save_change(record)
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
            self._repeat(record, operation, NEVER_GOT)

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

    def _end(self, record: ChangeRecord, phase: ChangePhase, message: str | None) -> None:
        books = self._books
        record.phase, record.message = phase, message
        for kind in (TIMEOUT, WAITS):
            books.timers.cancel((kind, record.position))
        books.save_change(record)
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
