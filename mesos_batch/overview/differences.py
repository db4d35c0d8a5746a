"""What happened to tasks between two looks at a run, for whoever does not drive it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress
from operator import is_not
from typing import TYPE_CHECKING

from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Fact, Phase

if TYPE_CHECKING:
    from mesos_batch.model.snapshot import TaskView


def changed_pairs(
    before: Sequence[TaskView], after: Sequence[TaskView]
) -> Iterator[tuple[TaskView, TaskView]]:
    """Each task that is not the very same object as before; cheap for the many that are."""
    return compress(zip(before, after, strict=True), map(is_not, before, after))


def facts_between(before: Sequence[TaskView], after: Sequence[TaskView], now: float) -> list[Fact]:
    """The facts about tasks that lead from one look to the next, in the order they happened.

    What came and went between the two is not told. ``now`` stands where no time is known.
    """
    facts = [
        happened
        for old, new in changed_pairs(before, after)
        for happened in _facts_of(old, new, now)
    ]
    return sorted(facts, key=lambda happened: happened.at)


def _facts_of(old: TaskView, new: TaskView, now: float) -> Iterator[Fact]:
    task_id = new.spec.task_id
    if new.launches > old.launches:
        at = new.launched_at or now
        yield fact.TaskLaunched(at, task_id, new.agent_id or "", new.hostname or "")
    began_again = new.launches > old.launches
    if new.phase is old.phase and not began_again:
        return
    if new.phase.is_end:
        at = new.ended_at or now
        yield fact.TaskEnded(at, task_id, new.phase, new.state, new.message, new.reason)
    elif new.phase is Phase.WAITING:
        counted = new.failures > old.failures
        ended_as = Phase.FAILED if counted else Phase.LOST
        yield fact.TaskRequeued(
            new.ended_at or now,
            task_id,
            ended_as,
            new.state,
            new.launches,
            0.0,
            counted,
            new.message,
        )
    elif new.state is not None and new.phase is not Phase.LAUNCHED:
        at = new.started_at if new.phase is Phase.RUNNING and new.started_at else now
        yield fact.TaskUpdated(at, task_id, new.phase, new.state, new.message, new.reason)
