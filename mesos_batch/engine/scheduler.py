"""The engine: ``handle(event, now)`` decides everything a run does.

Each event has one method. A turn ends with :meth:`BatchScheduler._settle`, which sends what
follows from the new state: SUPPRESS or REVIVE, reconciliation, deadlines, the end of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.engine.books import Books, Turn
from mesos_batch.engine.life import CANCELLED, TaskLife
from mesos_batch.engine.placement import Bundle, bundle, place
from mesos_batch.engine.unplaceable import UnplaceableWatch
from mesos_batch.errors import ExitCode
from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase
from mesos_batch.model.snapshot import RunSnapshot

if TYPE_CHECKING:
    from mesos_batch.engine.policy import Policy
    from mesos_batch.engine.tasks import TaskRecord
    from mesos_batch.engine.waiting import Shape
    from mesos_batch.model.task import TaskSpec

# What fits no waiting task comes back when it has grown (the filter's subset rule) or when we
# REVIVE, so a filter may be long.
REFUSE_SECONDS = 60.0
NO_OFFERS_WARNING = 30.0
_NO_OFFERS = ("no_offers", 0)


class BatchScheduler:
    """Runs a batch of tasks. Pure: events and the time (seconds) in, turns out."""

    def __init__(self, tasks: Sequence[TaskSpec], policy: Policy, now: float) -> None:
        self._books = Books(tasks, policy, now)
        self._life = TaskLife(self._books)
        self._unplaceable = UnplaceableWatch(policy.unplaceable_timeout)
        self._handlers: dict[type, Callable[[Any], None]] = {
            ev.Subscribed: self._on_subscribed,
            ev.ConnectionLost: self._on_connection_lost,
            ev.SubscriptionFailed: self._on_subscription_failed,
            ev.OffersArrived: self._on_offers,
            ev.UpdateArrived: self._on_update,
            ev.AgentFailed: self._on_agent_failed,
            ev.AgentsListed: self._on_agents_listed,
            ev.CancelAsked: self._on_cancel,
        }

    @property
    def ended(self) -> bool:
        """Whether the run is over; nothing is handled after that."""
        return self._books.exit_code is not None

    @property
    def framework_id(self) -> str | None:
        """The id the master gave us."""
        return self._books.framework_id

    def next_deadline(self) -> float | None:
        """When a :class:`~mesos_batch.engine.events.TimePassed` is due."""
        books = self._books
        candidates = [books.timers.next()]
        if books.connected:
            candidates.append(books.reconciliation.next_deadline())
            if self._wants_offers():
                candidates.append(books.offers_wanted.next_revive)
            if len(books.waiting):
                candidates.append(self._unplaceable.next_deadline())
        known = [deadline for deadline in candidates if deadline is not None]
        return min(known, default=None)

    def snapshot(self) -> RunSnapshot:
        """The state of the run; safe from any thread."""
        books = self._books
        return RunSnapshot(
            at=books.now,
            started_at=books.started_at,
            tasks=books.tasks.views(),
            agents=books.agents.views(),
            master=books.master,
            framework_id=books.framework_id,
            connected=books.connected,
            cancelling=books.cancelling,
            exit_code=books.exit_code,
            message=books.message,
        )

    def handle(self, event: ev.Event, now: float) -> Turn:
        """Decide what an event means at this time."""
        books = self._books
        books.now = now
        books.turn = Turn()
        if not self.ended:
            handler = self._handlers.get(type(event))
            if handler is not None:
                handler(event)
            self._settle()
        return books.turn

    def _on_subscribed(self, event: ev.Subscribed) -> None:
        books = self._books
        again = books.framework_id is not None
        books.connected = True
        books.master = event.master
        books.framework_id = event.framework_id
        books.offers_wanted.subscribed()
        books.tell(
            fact.Subscribed(
                books.now, master=event.master, framework_id=event.framework_id, again=again
            )
        )
        books.send(do.ListAgents())
        books.reconciliation.begin(books.tasks.active(), books.now)
        books.timers.set(_NO_OFFERS, books.now + NO_OFFERS_WARNING)
        if books.cancelling:
            self._life.kill_active(CANCELLED)

    def _on_connection_lost(self, event: ev.ConnectionLost) -> None:
        books = self._books
        books.connected = False
        books.tell(fact.Disconnected(books.now, reason=event.reason, retry_in=event.retry_in))

    def _on_subscription_failed(self, event: ev.SubscriptionFailed) -> None:
        self._books.connected = False
        self._stop(ExitCode.CLUSTER, event.reason)

    def _on_offers(self, event: ev.OffersArrived) -> None:
        books = self._books
        offers = event.offers
        books.offers_seen = True
        books.timers.cancel(_NO_OFFERS)
        books.offers_wanted.offers_arrived(len(offers), books.now)
        books.agents.offered(offers)
        bundles = bundle(offers)
        place(books.waiting, bundles, books.agents.seen_at_once(), books.now)
        declined = [offer_id for group in bundles if not group.placed for offer_id in group.ids]
        for group in bundles:
            if group.placed:
                self._launch(group)
        if declined:
            books.send(do.Decline(tuple(declined), REFUSE_SECONDS))
        books.tell(
            fact.OffersSeen(
                books.now,
                offers=len(offers),
                launched=sum(len(group.placed) for group in bundles),
                declined=len(declined),
            )
        )

    def _launch(self, group: Bundle) -> None:
        books = self._books
        launches: list[do.TaskLaunch] = []
        for position, resources in group.placed:
            record = books.tasks.records[position]
            self._clear_unplaceable(record)
            attempt_id = books.tasks.next_attempt(record)
            books.tasks.change(
                record,
                phase=Phase.LAUNCHED,
                state=None,
                agent_id=group.agent_id,
                hostname=group.hostname,
                launches=record.launches,
                launched_at=books.now,
                message=None,
                reason=None,
            )
            books.agents.use(group.agent_id, attempt_id, resources)
            books.reconciliation.launched(record, books.now)
            launches.append(do.TaskLaunch(attempt_id, record.spec, resources))
            books.tell(
                fact.TaskLaunched(
                    books.now,
                    task_id=record.spec.task_id,
                    agent_id=group.agent_id,
                    hostname=group.hostname,
                )
            )
        books.send(do.Launch(group.ids, group.agent_id, tuple(launches), REFUSE_SECONDS))

    def _on_update(self, event: ev.UpdateArrived) -> None:
        self._life.update(event.status)

    def _on_agent_failed(self, event: ev.AgentFailed) -> None:
        self._books.agents.forget(event.agent_id)

    def _on_agents_listed(self, event: ev.AgentsListed) -> None:
        self._books.agents.listed(event.agents)

    def _on_cancel(self, event: ev.CancelAsked) -> None:
        if not self._books.cancelling:
            self._books.cancel_code = event.exit_code
            self._life.cancel_all()

    def _settle(self) -> None:
        books = self._books
        for key in books.timers.due(books.now) if not self.ended else ():
            if key == _NO_OFFERS:
                self._warn_no_offers()
            else:
                kind, position = key
                self._life.deadline(kind, books.tasks.records[position])
        self._watch_unplaceable()
        if books.tasks.all_ended and not self.ended:
            self._stop(self._final_code(), None)
        if self.ended or not books.connected:
            return
        waiting = self._wants_offers()
        if books.offers_wanted.should_suppress(waiting=waiting):
            books.send(do.Suppress())
        if books.offers_wanted.should_revive(books.now, waiting=waiting):
            books.send(do.Revive())
        asked = books.reconciliation.due(books.now)
        if asked:
            books.send(do.Reconcile(asked))

    def _wants_offers(self) -> bool:
        """Whether an offer could help; a new large agent shows in the master's list first.

        An empty list is no reason to suppress: after a failover agents are yet to come back.
        """
        books = self._books
        listed = books.agents.complete and len(books.agents) > 0
        hopeless = self._unplaceable.all_known and listed
        return len(books.waiting) > 0 and not hopeless

    def _warn_no_offers(self) -> None:
        books = self._books
        if not books.connected or not self._wants_offers():
            return
        books.tell(
            fact.Warned(
                books.now,
                message=f"no offer for role {books.policy.role} in {NO_OFFERS_WARNING:g} s:"
                " other frameworks hold what is there, or the role gets nothing",
            )
        )

    def _watch_unplaceable(self) -> None:
        books = self._books
        if self.ended or not books.connected:
            return
        verdict = self._unplaceable.look(
            books.waiting, books.agents, offers_seen=books.offers_seen, now=books.now
        )
        if verdict.list_agents:
            books.send(do.ListAgents())
        for shape, explanation, deadline in verdict.found:
            self._tell_unplaceable(shape, explanation, deadline)
        for shape in verdict.cleared:
            for position in shape.positions():
                self._clear_unplaceable(books.tasks.records[position])
        for shape, explanation in verdict.expired:
            for position in books.waiting.clear(shape):
                record = books.tasks.records[position]
                self._life.end_unheard(record, Phase.UNPLACEABLE, explanation)

    def _tell_unplaceable(self, shape: Shape, explanation: str, deadline: float) -> None:
        books = self._books
        for position in shape.positions():
            record = books.tasks.records[position]
            record.unplaceable = True
            books.tasks.change(record, message=explanation)
            books.tell(
                fact.TaskUnplaceable(
                    books.now,
                    task_id=record.spec.task_id,
                    explanation=explanation,
                    deadline=deadline,
                )
            )

    def _clear_unplaceable(self, record: TaskRecord) -> None:
        if record.unplaceable:
            record.unplaceable = False
            self._books.tasks.change(record, message=None)
            self._books.tell(fact.TaskPlaceable(self._books.now, task_id=record.spec.task_id))

    def _final_code(self) -> ExitCode:
        books = self._books
        if books.cancel_code is not None:
            return books.cancel_code
        phases = {record.phase for record in books.tasks.records}
        if phases <= {Phase.FINISHED}:
            return ExitCode.FINISHED
        if phases <= {Phase.FINISHED, Phase.UNPLACEABLE}:
            return ExitCode.UNPLACEABLE
        return ExitCode.TASK_FAILED

    def _stop(self, code: ExitCode, message: str | None) -> None:
        books = self._books
        books.exit_code = code
        books.message = message
        if books.connected:
            books.send(do.Teardown())
        books.tell(fact.RunEnded(books.now, exit_code=code, message=message))
