"""What the watch for unplaceable shapes finds, written into the books task by task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch.engine.unplaceable import UnplaceableWatch
from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase

if TYPE_CHECKING:
    from mesos_batch.engine.books import Books
    from mesos_batch.engine.life import TaskLife
    from mesos_batch.engine.tasks import TaskRecord
    from mesos_batch.engine.waiting import Shape


class UnplaceableTasks:
    """Tells tasks that no agent could hold, and ends them when their time is up."""

    def __init__(self, books: Books, life: TaskLife) -> None:
        self._books = books
        self._life = life
        self._watch = UnplaceableWatch(books.policy.unplaceable_timeout)

    @property
    def all_known(self) -> bool:
        """Whether every waiting task is known to be unplaceable."""
        return self._watch.all_known

    def next_deadline(self) -> float | None:
        """When :meth:`look` may find something new without an event."""
        return self._watch.next_deadline()

    def look(self) -> None:
        """Judge what waits against the agents known now."""
        books = self._books
        verdict = self._watch.look(
            books.waiting, books.agents, offers_seen=books.offers_seen, now=books.now
        )
        if verdict.list_agents:
            books.list_agents()
        for shape, explanation, deadline in verdict.found:
            self._tell(shape, explanation, deadline)
        for shape in verdict.cleared:
            for position in shape.positions():
                self.clear(books.tasks.records[position])
        for shape, explanation in verdict.expired:
            for position in books.waiting.clear(shape):
                record = books.tasks.records[position]
                self._life.end_unheard(record, Phase.UNPLACEABLE, explanation)

    def clear(self, record: TaskRecord) -> None:
        """Take the verdict over a task back."""
        if record.unplaceable:
            record.unplaceable = False
            self._books.tasks.change(record, message=None)
            self._books.tell(fact.TaskPlaceable(self._books.now, task_id=record.spec.task_id))

    def _tell(self, shape: Shape, explanation: str, deadline: float) -> None:
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
