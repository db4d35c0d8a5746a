"""Offers arrive and are answered in the same turn: tasks are launched, the rest is declined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesos_batch.engine import commands as do
from mesos_batch.engine.bundle import Bundle, bundle
from mesos_batch.engine.nearest import no_more_may_run
from mesos_batch.engine.placement import drain, place, starving
from mesos_batch.engine.spread import Spread
from mesos_batch.engine.vector import Vector, weights
from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase
from mesos_batch.model.snapshot import OfferCounts

if TYPE_CHECKING:
    from mesos_batch.engine.books import Books
    from mesos_batch.engine.change_life import ChangeLife
    from mesos_batch.engine.life import TaskLife
    from mesos_batch.engine.unplaceable_tasks import UnplaceableTasks
    from mesos_batch.engine.waiting import Shape
    from mesos_batch.model.offer import Offer

# What fits no waiting task comes back when it has grown (the filter's subset rule) or when we
# REVIVE, so a filter may be long.
REFUSE_SECONDS = 60.0


class Launching:
    """Answers offers with what waits."""

    def __init__(
        self, books: Books, life: TaskLife, changes: ChangeLife, unplaceable: UnplaceableTasks
    ) -> None:
        self._books = books
        self._life = life
        self._changes = changes
        self._unplaceable = unplaceable

    def room(self) -> int:
        """How many more tasks may run (``--max_running``)."""
        books = self._books
        if books.policy.max_running is None:
            return len(books.waiting)
        return books.policy.max_running - books.tasks.active_count

    def answer(self, offers: Sequence[Offer]) -> None:
        """Answer every offer: with a launch, with operations, or with DECLINE."""
        books = self._books
        books.offers_seen = True
        books.offers_wanted.offers_arrived(len(offers), books.now)
        books.agents.offered(offers)
        for offer in offers:
            self._life.attempts.agent_is_back(offer.agent_id)
        bundles = bundle(offers, lambda agent_id: books.health.rest_left(agent_id, books.now) > 0)
        if books.policy.starts_nothing:
            pass
        elif not books.changes.all_ended:
            bundles = self._changes.use(bundles)
        elif books.halted is None:
            self._place(bundles)
        declined: list[str] = []
        for group in bundles:
            if group.placed:
                self._launch(group)
            elif group.resting:
                rest = books.health.rest_left(group.agent_id, books.now)
                books.send(do.Decline(group.ids, rest))
            else:
                declined += group.ids
        if declined:
            books.send(do.Decline(tuple(declined), REFUSE_SECONDS))
        refused = sum(len(group.ids) for group in bundles if not group.placed)
        known = books.offers
        books.offers = OfferCounts(known.used + len(offers) - refused, known.declined + refused)
        if len(books.waiting):
            books.pools.close_unused(bundles)
        books.why_waiting = self._why_waiting()
        books.tell(
            fact.OffersSeen(
                books.now,
                offers=len(offers),
                launched=sum(len(group.placed) for group in bundles),
                declined=refused,
            )
        )

    def _place(self, bundles: Sequence[Bundle]) -> None:
        books = self._books
        if not len(books.waiting) or self.room() <= 0:
            return
        by = weights(books.agents.capacity)
        books.pools.equip(bundles)
        place(
            books.waiting,
            bundles,
            drained=self._drained(by),
            spread=Spread(books.agents, books.waiting, books.tasks),
            by=by,
            capacity=books.agents.capacity,
            now=books.now,
            most=self.room(),
        )

    def _why_waiting(self) -> str | None:
        books = self._books
        if self.room() <= 0 and books.policy.max_running is not None:
            return no_more_may_run(books.policy.max_running)
        shape = next(iter(books.waiting.ranked(weights(books.agents.capacity))), None)
        if shape is None:
            return None
        missing = books.agents.why_not_now(shape)
        if missing is None:
            return None
        return f"{books.tasks.records[shape.first].spec.task_id} {missing}"

    def _drained(self, by: Vector) -> dict[str, Shape]:
        """The agents that are kept for a task; none of them rests."""
        books = self._books
        hungry = starving(books.waiting, by, books.now)
        if not hungry:
            return {}
        seen = {
            agent_id: resources
            for agent_id, resources in books.agents.seen_at_once().items()
            if not books.health.rest_left(agent_id, books.now)
        }
        return drain(hungry, seen, books.agents.satisfies, by)

    def _launch(self, group: Bundle) -> None:
        books = self._books
        pool = books.pools.make(group) or group.pool
        launches: list[do.TaskLaunch] = []
        for placed in group.placed:
            record = books.tasks.records[placed.position]
            self._unplaceable.clear(record)
            attempt_id = books.tasks.next_attempt(record)
            books.tasks.change(
                record,
                phase=Phase.LAUNCHED,
                state=None,
                agent_id=group.agent_id,
                hostname=group.hostname,
                launches=record.launches,
                launched_at=books.now,
                started_at=None,
                message=None,
                reason=None,
                exit_status=None,
                signal=None,
                sandbox_url=None,
                sandbox_path=None,
            )
            books.changed(record)
            books.timers.cancel(("any_agent", placed.position))
            self._life.launched(record)
            books.agents.use(group.agent_id, attempt_id, placed.pieces)
            if placed.pooled and pool is not None:
                books.pools.join(record, attempt_id, pool, shaved=placed.shaved)
            books.reconciliation.launched(record, books.now)
            launches.append(
                do.TaskLaunch(
                    attempt_id,
                    record.spec,
                    placed.pieces,
                    placed.position,
                    record.launches,
                    placed.pooled,
                )
            )
            books.tell(
                fact.TaskLaunched(
                    books.now,
                    task_id=record.spec.task_id,
                    agent_id=group.agent_id,
                    hostname=group.hostname,
                )
            )
        executor = pool.launch() if any(task.pooled for task in launches) and pool else None
        books.send(do.Launch(group.ids, group.agent_id, tuple(launches), REFUSE_SECONDS, executor))
