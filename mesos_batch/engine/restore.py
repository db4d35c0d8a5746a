"""A run that goes on: the journal's entries become the books again.

What was active is believed to be active still; the reconciliation after the subscription tells
what is true.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase

if TYPE_CHECKING:
    from mesos_batch.engine.books import Books
    from mesos_batch.engine.life import TaskLife
    from mesos_batch.model.saved import AttemptEntry, Past


CAME_TO_GRIEF = frozenset({Phase.FAILED, Phase.KILLED, Phase.LOST})


def restore(books: Books, life: TaskLife, past: Past | None) -> None:
    """Fill fresh books from the past, or with waiting tasks when there is none."""
    if past is not None:
        _take_over(books, past)
        books.changes.restore(past)
    for record in books.tasks.records:
        if record.phase.is_end:
            # The first turn lets those wait that it was in the way of, or skips them.
            books.note_end(record)
        elif record.phase.is_active or not books.dependencies.blocked(record.position):
            life.restore(record)
    if past is not None:
        books.tell(_resumed(books))
        if past.framework_id is None:
            life.lose_all("the cluster it ran on is gone")
            for operation in books.changes.forget_ids():
                books.save(operation.entry())


def _resumed(books: Books) -> fact.RunResumed:
    phases = Counter(record.phase for record in books.tasks.records)
    waiting = phases.pop(Phase.WAITING, 0)
    active = sum(count for phase, count in phases.items() if phase.is_active)
    return fact.RunResumed(
        books.now,
        ended=phases.total() - active,
        active=active,
        waiting=waiting,
        changes=len(books.changes.waiting()),
    )


def _take_over(books: Books, past: Past) -> None:
    books.framework_id = past.framework_id
    books.started_at = past.began_at or books.now
    if past.cancelled is not None:
        books.cancel_code = past.cancelled.exit_code
        books.message = past.cancelled.message
    latest: dict[int, AttemptEntry] = {}
    for attempt in past.attempts:
        known = latest.get(attempt.position)
        if known is None or known.number < attempt.number:
            latest[attempt.position] = attempt
        if attempt.phase in CAME_TO_GRIEF:
            record = books.tasks.records[attempt.position]
            record.avoid |= {attempt.agent_id}
            books.agents.known(attempt.agent_id, attempt.hostname)
    for saved in past.tasks:
        record = books.tasks.records[saved.position]
        last = latest.get(saved.position)
        books.tasks.restore(record, saved, last)
        if last is not None and saved.phase.is_active:
            books.agents.known(last.agent_id, last.hostname)
            books.agents.use(last.agent_id, books.tasks.attempt_id(record), record.spec.resources)
