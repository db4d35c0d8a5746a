"""What follows when an attempt is over: another one, or the end of the task.

An attempt that is over never counts again, whatever is heard of it later: that is what makes a
task end exactly once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase

if TYPE_CHECKING:
    from mesos_batch.engine.books import Books
    from mesos_batch.engine.tasks import TaskRecord

# Seconds to wait before the next attempt, by how many came to nothing before.
DELAYS_AFTER_LOSS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
DELAYS_AFTER_FAILURE = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
# How long a task holds out for an agent other than those it came to grief on.
PREFER_OTHERS = 30.0
TIMERS = ("kill_after", "unreachable", "kill_again", "staging", "hearsay")
BAD_ENDS = (Phase.FAILED, Phase.KILLED, Phase.LOST, Phase.ERROR, Phase.UNPLACEABLE)
# Each frozenset() is an object of its own, and a waiting task would keep it.
NONE: frozenset[str] = frozenset()
CHECKPOINT_WOULD_SAVE = "REASON_AGENT_DISCONNECTED"


class Attempts:
    """Ends attempts and tasks in the books."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._lost_with: dict[str, int] = {}

    def fails(self, record: TaskRecord, phase: Phase) -> None:
        """The attempt failed by itself: it counts."""
        record.failures += 1
        delay = _nth(DELAYS_AFTER_FAILURE, record.failures)
        self._blame_agent(record)
        books = self._books
        allowed = record.spec.scheduling.max_attempts or books.policy.max_attempts
        if record.failures >= allowed or books.launches_no_more(record):
            self.end(record, phase)
        else:
            self._try_again(record, phase, delay, counted=True)

    def loses(self, record: TaskRecord, *, blame_agent: bool, free: bool = False) -> None:
        """The attempt was lost by no fault of the task: it does not count, up to a cap.

        A ``free`` one was lost by a device of ours and has no cap.
        """
        books = self._books
        record.losses += not free
        delay = 0.0 if free else _nth(DELAYS_AFTER_LOSS, record.losses)
        self._note_restart(record)
        if blame_agent:
            self._blame_agent(record, lost=True)
        if books.cancels(record):
            self.end(record, Phase.CANCELLED)
        elif record.losses > books.policy.max_losses or books.launches_no_more(record):
            self.end(record, Phase.LOST)
        else:
            self._try_again(record, Phase.LOST, delay, counted=False)

    def end(self, record: TaskRecord, phase: Phase) -> None:
        """The task has ended; its view already says how."""
        books = self._books
        self.leave_agent(record)
        for kind in ("relaunch", "any_agent"):
            books.timers.cancel((kind, record.position))
        # What was heard last of the attempt stays with it when the task ends between two.
        books.tasks.change(
            record,
            phase=phase,
            failures=record.failures,
            ended_at=record.view.ended_at or books.now,
        )
        books.changed(record)
        record.heard = None
        view = record.view
        books.tell(
            fact.TaskEnded(
                books.now,
                task_id=record.spec.task_id,
                phase=phase,
                state=view.state,
                message=view.message,
                reason=view.reason,
            )
        )
        books.offers_wanted.wish()
        books.note_end(record)

    def leave_agent(self, record: TaskRecord) -> None:
        """Count the attempt off its agent and stop every clock of it."""
        books = self._books
        attempt_id = books.tasks.attempt_id(record)
        books.agents.release(record.view.agent_id, attempt_id)
        books.pools.leave(record, attempt_id)
        books.reconciliation.heard(record)
        for kind in TIMERS:
            books.timers.cancel((kind, record.position))

    def wait(self, record: TaskRecord) -> None:
        """Let a task wait for an offer, of another agent than those it came to grief on."""
        books = self._books
        avoid = record.avoid & books.agents.ids() if record.avoid else NONE
        if record.spec.agent_id is not None or avoid >= books.agents.ids():
            avoid = NONE
        record.avoid = avoid
        record.retry_at = None
        books.waiting.push(record.position, record.spec, avoid, alone=record.alone)
        if avoid:
            books.timers.set(("any_agent", record.position), books.now + PREFER_OTHERS)
        books.offers_wanted.wish()

    def accept_any_agent(self, record: TaskRecord) -> None:
        """No other agent had room: any will do."""
        self._books.waiting.stop_avoiding(
            record.position, record.spec, record.avoid, alone=record.alone
        )
        record.avoid = frozenset()
        self._books.offers_wanted.wish()

    def agent_is_back(self, agent_id: str) -> None:
        """An agent made an offer; what it lost when it went could have been kept."""
        if self._lost_with:
            self._books.restart_losses += self._lost_with.pop(agent_id, 0)

    def _try_again(self, record: TaskRecord, phase: Phase, delay: float, *, counted: bool) -> None:
        books = self._books
        self.leave_agent(record)
        ended_at = record.view.ended_at or books.now
        record.over = replace(record.attempt_entry(), phase=phase, ended_at=ended_at)
        books.tasks.change(record, phase=Phase.WAITING, failures=record.failures, ended_at=None)
        books.changed(record)
        books.tell(
            fact.TaskRequeued(
                books.now,
                task_id=record.spec.task_id,
                phase=phase,
                state=record.view.state,
                attempt=record.launches,
                delay=delay,
                counted=counted,
                message=record.view.message,
            )
        )
        if delay:
            record.retry_at = books.now + delay
            books.timers.set(("relaunch", record.position), record.retry_at)
        else:
            self.wait(record)

    def _blame_agent(self, record: TaskRecord, *, lost: bool = False) -> None:
        books = self._books
        agent_id = record.view.agent_id
        if agent_id is None:
            return
        record.avoid |= {agent_id}
        rest = books.health.failed(agent_id, books.now, lost=lost)
        if rest is not None and not books.cancelling:
            seconds, failures = rest
            books.tell(
                fact.AgentRested(
                    books.now,
                    agent_id=agent_id,
                    hostname=record.view.hostname or "",
                    seconds=seconds,
                    failures=failures,
                )
            )

    def _note_restart(self, record: TaskRecord) -> None:
        agent_id = record.view.agent_id
        without = not self._books.policy.checkpoint
        if without and agent_id is not None and record.view.reason == CHECKPOINT_WOULD_SAVE:
            self._lost_with[agent_id] = self._lost_with.get(agent_id, 0) + 1


def _nth(delays: tuple[float, ...], count: int) -> float:
    return delays[min(count, len(delays)) - 1]
