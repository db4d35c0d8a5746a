"""The engine: ``handle(event, now)`` decides everything a run does.

Each event has one method. A turn ends with :meth:`BatchScheduler._settle`, which sends what
follows from the new state: SUPPRESS or REVIVE, reconciliation, deadlines, the end of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.engine.attempts import BAD_ENDS
from mesos_batch.engine.books import Books, Turn
from mesos_batch.engine.change_life import ASK, TIMEOUT, WAITS, ChangeLife
from mesos_batch.engine.dependents import Dependents
from mesos_batch.engine.ending import LEAVE, Ending
from mesos_batch.engine.launching import Launching
from mesos_batch.engine.life import ANSWERS_COME_WITHIN, CANCELLED, TaskLife
from mesos_batch.engine.reconcile import AGAIN
from mesos_batch.engine.restore import restore
from mesos_batch.engine.unplaceable_tasks import UnplaceableTasks
from mesos_batch.errors import ExitCode
from mesos_batch.model import facts as fact
from mesos_batch.model.saved import FrameworkEntry
from mesos_batch.model.snapshot import RunSnapshot

if TYPE_CHECKING:
    from mesos_batch.engine.policy import Policy
    from mesos_batch.model.change import Change
    from mesos_batch.model.saved import Past
    from mesos_batch.model.task import TaskSpec

NO_OFFERS_WARNING = 30.0
# Longer than any filter of ours: who wants offers and hears nothing so long may be forgotten.
REVIVE_AFTER = 120.0
# Whoever wakes so late was asleep, or held up by a call: what the cluster said meanwhile waits.
LATE = 5.0
# A proxy before the master may refuse more than a megabyte.
RECONCILED_AT_ONCE = 1000
# Agents have ten minutes to register with a new master (--agent_reregister_timeout).
AGENTS_RETURN_WITHIN = 660.0
LIST_AGAIN = 300.0
_NO_OFFERS = ("no_offers", 0)
_LIST_AGENTS = ("list_agents", 0)
_RECONCILE = ("reconcile", 0)


class BatchScheduler:
    """Runs a batch of tasks. Pure: events and the time (seconds) in, turns out.

    ``changes`` of reservations and volumes come first; when all are done, the tasks. ``past`` is
    what the journal knows of a run that goes on.
    """

    def __init__(
        self,
        tasks: Sequence[TaskSpec],
        policy: Policy,
        now: float,
        past: Past | None = None,
        changes: Sequence[Change] = (),
    ) -> None:
        self._books = Books(tasks, policy, now, changes)
        self._life = TaskLife(self._books)
        restore(self._books, self._life, past)
        self._changes = ChangeLife(self._books)
        self._unplaceable = UnplaceableTasks(self._books, self._life)
        self._dependents = Dependents(self._books, self._life)
        self._launching = Launching(self._books, self._life, self._changes, self._unplaceable)
        self._ending = Ending(self._books)
        self._silence_told = False
        self._handlers: dict[type, Callable[[Any], None]] = {
            ev.Subscribed: self._on_subscribed,
            ev.ConnectionLost: self._on_connection_lost,
            ev.SubscriptionFailed: self._on_subscription_failed,
            ev.FrameworkRemoved: self._on_framework_removed,
            ev.OffersArrived: self._on_offers,
            ev.UpdateArrived: self._on_update,
            ev.OperationUpdateArrived: lambda event: self._changes.update(event.status),
            ev.AgentFailed: self._on_agent_failed,
            ev.ExecutorFailed: self._on_executor_failed,
            ev.AgentsListed: self._on_agents_listed,
            ev.CancelAsked: self._on_cancel,
            ev.DetachAsked: self._on_detach,
            ev.TornDown: lambda _event: self._ending.torn_down(),
        }
        self._deadlines: dict[str, Callable[[], None]] = {
            _NO_OFFERS[0]: self._miss_offers,
            _RECONCILE[0]: self._reconcile_again,
            LEAVE[0]: self._ending.leave,
            _LIST_AGENTS[0]: self._list_agents_again,
            ASK[0]: self._changes.ask,
        }

    @property
    def ended(self) -> bool:
        """Whether the run is over; nothing is handled after that."""
        return self._books.exit_code is not None

    @property
    def framework_id(self) -> str | None:
        """The id the master gave us."""
        return self._books.framework_id

    @property
    def undecided(self) -> bool:
        """Whether operations are under way and no task is: only our framework can ask of them."""
        books = self._books
        return not books.tasks.active() and any(True for _ in books.changes.open())

    def next_deadline(self) -> float | None:
        """When a :class:`~mesos_batch.engine.events.TimePassed` is due."""
        books = self._books
        if self.ended:
            return None
        candidates = [books.timers.next()]
        if books.connected:
            candidates.append(books.reconciliation.next_deadline())
            if self._wants_offers():
                candidates.append(books.offers_wanted.next_revive)
            if len(books.waiting) and books.changes.all_ended:
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
            changes=books.changes.views(),
            master=books.master,
            framework_id=books.framework_id,
            connected=books.connected,
            cancelling=books.cancelling,
            exit_code=books.exit_code,
            message=books.message,
            restart_losses=books.restart_losses,
            offers=books.offers,
            why_waiting=books.why_waiting if len(books.waiting) else None,
            blocked=books.dependencies.blocked_count,
            stopping=books.stopping or books.cancel_code is ExitCode.TASK_FAILED,
        )

    def handle(self, event: ev.Event, now: float) -> Turn:
        """Decide what an event means at this time."""
        books = self._books
        books.now = now
        books.idle = isinstance(event, ev.TimePassed)
        if not self.ended:
            handler = self._handlers.get(type(event))
            if handler is not None:
                handler(event)
            self._settle()
            books.save_changed()
        turn, books.turn = books.turn, Turn()
        return turn

    def _on_subscribed(self, event: ev.Subscribed) -> None:
        books = self._books
        again = books.framework_id is not None
        books.connected = True
        books.master = event.master
        books.framework_id = event.framework_id
        books.save(FrameworkEntry(books.now, event.framework_id))
        books.offers_wanted.subscribed()
        books.tell(
            fact.Subscribed(
                books.now, master=event.master, framework_id=event.framework_id, again=again
            )
        )
        self._ending.subscribed()
        if books.all_ended or books.halted is not None:
            return
        books.list_agents()
        self._changes.subscribed()
        if again:
            books.pools.begin_anew()
            self._reconcile()
            books.answers_by = books.now + ANSWERS_COME_WITHIN
            books.agents_back_at = books.now + AGENTS_RETURN_WITHIN
            books.timers.set(_LIST_AGENTS, books.agents_back_at)
        books.timers.set(_RECONCILE, books.now + AGAIN)
        books.timers.set(_NO_OFFERS, books.now + NO_OFFERS_WARNING)
        if books.cancelling:
            self._life.kill_active(CANCELLED)

    def _on_connection_lost(self, event: ev.ConnectionLost) -> None:
        books = self._books
        if books.connected:
            books.connected = False
            books.save(FrameworkEntry(books.now, books.framework_id))
        # A master ends the subscription of a framework it tears down; that is no news.
        if not self._ending.tearing_down:
            books.tell(fact.Disconnected(books.now, reason=event.reason, retry_in=event.retry_in))

    def _on_subscription_failed(self, event: ev.SubscriptionFailed) -> None:
        self._books.connected = False
        self._ending.stop(ExitCode.CLUSTER, event.reason, final=False)

    def _on_framework_removed(self, event: ev.FrameworkRemoved) -> None:
        """Our tasks are dead: start over when that is what was to be expected, else stop."""
        books = self._books
        books.connected = False
        books.framework_id = None
        books.save(FrameworkEntry(books.now, None))
        self._changes.framework_lost()
        if books.all_ended:
            return
        why = f"the cluster removed the framework and killed its tasks ({event.reason})"
        self._life.lose_all(why)
        # The run may stop here.
        self._follow_ends()
        if books.all_ended:
            return
        if event.silent_for is not None and event.silent_for < books.policy.failover_timeout:
            self._ending.stop(ExitCode.CLUSTER, f"{why}: somebody tore it down", final=False)
        else:
            books.tell(fact.Warned(books.now, message=f"{why}: launching them again"))

    def _on_offers(self, event: ev.OffersArrived) -> None:
        books = self._books
        books.timers.set(_NO_OFFERS, books.now + REVIVE_AFTER)
        self._launching.answer(event.offers)

    def _on_update(self, event: ev.UpdateArrived) -> None:
        self._life.update(event.status)

    def _on_agent_failed(self, event: ev.AgentFailed) -> None:
        self._books.agents.forget(event.agent_id)
        self._books.pools.agent_failed(event.agent_id)

    def _on_executor_failed(self, event: ev.ExecutorFailed) -> None:
        self._books.pools.executor_ended(event.agent_id, event.executor_id)

    def _on_agents_listed(self, event: ev.AgentsListed) -> None:
        books = self._books
        asked_at = books.listing_asked_at(event.number)
        if asked_at is None:
            return
        self._changes.listed({agent.agent_id: agent.total for agent in event.agents}, asked_at)
        all_are_back = books.now >= books.agents_back_at
        books.agents.listed(event.agents, all_are_back=all_are_back)
        if all_are_back:
            # What a task waits for, a volume say, may go without an offer that tells.
            books.timers.set(_LIST_AGENTS, books.now + LIST_AGAIN)

    def _list_agents_again(self) -> None:
        """Ask until there is an answer: who has not come back by now is gone."""
        books = self._books
        books.timers.set(_LIST_AGENTS, books.now + LIST_AGAIN)
        if books.connected and len(books.waiting):
            books.list_agents()

    def _on_cancel(self, event: ev.CancelAsked) -> None:
        if not self._books.cancelling or self._dependents.always_run:
            self._life.cancel_all(event.exit_code)
            self._changes.cancel_all()

    def _on_detach(self, event: ev.DetachAsked) -> None:
        self._books.connected = False
        self._ending.stop(event.exit_code, "left; the tasks run on", final=False)

    def _settle(self) -> None:
        books = self._books
        first = books.timers.next()
        if first is not None and books.now - first > LATE:
            books.answers_by = books.now + ANSWERS_COME_WITHIN
        for kind, position in () if self.ended else books.timers.due(books.now):
            own = self._deadlines.get(kind)
            if own is not None:
                own()
            elif kind in (TIMEOUT, WAITS):
                self._changes.deadline(kind, position)
            else:
                self._life.deadline(kind, books.tasks.records[position])
        if not self.ended:
            self._changes.settle()
            self._follow_ends()
            books.pools.settle()
        if (books.all_ended or books.halted is not None) and not self.ended:
            self._ending.tear_down()
        elif books.connected and not self.ended:
            self._ask_for_what_is_missing()

    def _follow_ends(self) -> None:
        """What ended lets others begin, skips them or stops the run, and so ends some more."""
        books = self._books
        while books.halted is None:
            self._dependents.settle()
            if books.connected and books.changes.all_ended:
                self._unplaceable.look()
            self._stop_after_failures()
            if not books.ended:
                return

    def _ask_for_what_is_missing(self) -> None:
        """Offers, and news of tasks."""
        books = self._books
        waiting = self._wants_offers()
        if books.offers_wanted.should_suppress(waiting=waiting):
            books.send(do.Suppress())
        if books.offers_wanted.should_revive(books.now, waiting=waiting):
            books.send(do.Revive())
        asked = books.reconciliation.due(books.now)
        for begin in range(0, len(asked), RECONCILED_AT_ONCE):
            some = asked[begin : begin + RECONCILED_AT_ONCE]
            books.send(
                do.Reconcile(
                    tuple((books.tasks.attempt_id(task), task.view.agent_id) for task in some)
                )
            )

    def _reconcile(self) -> None:
        """Ask for all the master knows, then about each task we believe in."""
        books = self._books
        books.send(do.Reconcile(()))
        books.reconciliation.begin(books.tasks.active(), books.now)

    def _reconcile_again(self) -> None:
        books = self._books
        if books.connected:
            books.save(FrameworkEntry(books.now, books.framework_id))
            self._reconcile()
            books.timers.set(_RECONCILE, books.now + AGAIN)

    def _stop_after_failures(self) -> None:
        books = self._books
        limit, keep_going = books.policy.max_failures, books.policy.keep_going
        if (limit is None and keep_going) or books.cancelling or books.tasks.all_ended:
            return
        failed = books.tasks.ended(*BAD_ENDS)
        if limit is not None and limit.exceeded_by(failed, len(books.tasks.records)):
            stopped = f"stopped: more tasks failed than --max_failures={limit} allows"
            self._life.cancel_all(ExitCode.TASK_FAILED, stopped)
        elif failed and not keep_going and not books.stopping:
            self._dependents.stop_launching()

    def _wants_offers(self) -> bool:
        """Whether an offer could help; a new large agent shows in the master's list first.

        An empty list is no reason to suppress: after a failover agents are yet to come back.
        """
        books = self._books
        if books.policy.starts_nothing:
            return False
        if not books.changes.all_ended:
            return self._changes.wants_offers
        listed = books.agents.complete and len(books.agents) > 0
        hopeless = self._unplaceable.all_known and listed
        return len(books.waiting) > 0 and not hopeless and self._launching.room() > 0

    def _miss_offers(self) -> None:
        """Ask again: a REVIVE that is accepted may be dropped all the same."""
        books = self._books
        if not books.connected:
            return
        books.timers.set(_NO_OFFERS, books.now + REVIVE_AFTER)
        if not self._wants_offers():
            return
        books.offers_wanted.wish()
        if books.offers_seen or self._silence_told:
            return
        self._silence_told = True
        why = "other frameworks hold what is there, or the role gets nothing"
        if books.agents.complete and not len(books.agents):
            why = "the master has no agent"
        silence = f"no offer for role {books.policy.role} in {NO_OFFERS_WARNING:g} s: {why}"
        books.tell(fact.Warned(books.now, message=silence))
