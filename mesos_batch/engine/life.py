"""The life of a task once an offer took it: updates, clocks, kills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch.engine import commands as do
from mesos_batch.engine.attempts import Attempts
from mesos_batch.engine.lifecycle import ALIVE, HEARSAY, TABLE, Effect, meaning
from mesos_batch.engine.tasks import how_it_ended
from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase
from mesos_batch.model.saved import CancelEntry
from mesos_batch.model.state import TaskState

if TYPE_CHECKING:
    from mesos_batch.engine.books import Books
    from mesos_batch.engine.tasks import TaskRecord
    from mesos_batch.errors import ExitCode
    from mesos_batch.model.status import TaskStatus

KILL_AGAIN = 15.0
# What an agent has to say itself it repeats to whoever comes back at once.
TRUE_WORD_WITHIN = 30.0
# After a subscription the master is asked first, before a clock that ran meanwhile decides.
ANSWERS_COME_WITHIN = 30.0
CANCELLED = "the run was cancelled"


class TaskLife:
    """Applies updates and deadlines of tasks to the books."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.attempts = Attempts(books)

    def update(self, status: TaskStatus) -> None:
        """Take in a status update: acknowledge it always, count it once."""
        books = self._books
        if status.uuid is not None and status.agent_id is not None:
            books.send(do.Acknowledge(status.agent_id, status.task_id, status.uuid))
        if books.pools.is_anchor(status.task_id):
            books.pools.update(status)
            return
        found = books.tasks.find(status.task_id)
        if found is None or found[1] != found[0].launches or not found[0].phase.is_active:
            self._not_ours_any_more(status, found)
            return
        record = found[0]
        if status.uuid is not None and not record.hears(status.uuid):
            return
        books.reconciliation.heard(record)
        started = record.view.state not in (None, TaskState.TASK_STAGING)
        row = meaning(status, started=started)
        match row.effect:
            case Effect.GOES_ON:
                self._goes_on(record, status, row.phase)
            case Effect.AWAIT:
                self._await(record, status)
            case Effect.FAILS if status.reason in HEARSAY and not books.cancels(record):
                self._hold_as_hearsay(record, status)
            case _:
                self._over(record, status, row.effect, row.phase)

    def deadline(self, kind: str, record: TaskRecord) -> None:
        """Do what a deadline of a task stands for."""
        policy = self._books.policy
        if kind == "relaunch":
            self.attempts.wait(record)
        elif kind == "any_agent":
            if record.phase is Phase.WAITING and record.avoid:
                self.attempts.accept_any_agent(record)
        elif kind == "kill_after":
            self.kill(record, f"it ran longer than {policy.kill_after:g} s (--kill_after)")
        elif kind == "kill_again":
            self.kill(record, record.kill_why or CANCELLED)
        elif self._must_hear_first(kind, record):
            pass
        elif kind == "hearsay" and record.hearsay is not None:
            row = TABLE[record.hearsay.state]
            self._over(record, record.hearsay, row.effect, row.phase)
        elif kind == "unreachable":
            within = f"{policy.unreachable_timeout:g} s (--unreachable_timeout)"
            self._give_up(record, f"its agent did not come back within {within}")
        elif kind == "staging":
            within = f"{policy.staging_timeout:g} s (--staging_timeout)"
            self._give_up(record, f"nothing was heard of its start within {within}")

    def restore(self, record: TaskRecord) -> None:
        """Set the clocks of a task the journal knows."""
        books = self._books
        view = record.view
        if record.phase is Phase.WAITING:
            if record.retry_at is not None and record.retry_at > books.now:
                books.timers.set(("relaunch", record.position), record.retry_at)
            else:
                self.attempts.wait(record)
            return
        if record.phase is Phase.LAUNCHED and view.state in (None, TaskState.TASK_STAGING):
            self._start_staging_clock(record, view.launched_at or books.now)
        if view.started_at is not None:
            self._start_kill_clock(record)

    def launched(self, record: TaskRecord) -> None:
        """Start the clock of a launch."""
        self._start_staging_clock(record, self._books.now)

    def cancel_all(self, exit_code: ExitCode, message: str | None = None) -> None:
        """End what waits and kill what the cluster holds.

        A run that ends by itself, with ``TASK_FAILED``, still runs its ``always`` tasks.
        """
        books = self._books
        books.cancel_code = exit_code
        books.message = message
        books.save(CancelEntry(books.now, exit_code, message))
        for record in self._take_waiting():
            before = f"attempt {record.launches + 1}" if record.launches else "it started"
            self.end_unheard(record, Phase.CANCELLED, f"{CANCELLED} before {before}")
        self.kill_active(CANCELLED)

    def stop_launching(self, message: str, why: str) -> None:
        """End what waits but ``always`` tasks; what the cluster holds goes on to its own end.

        ``why`` is told of what never was launched. What waits for another attempt ends as its
        last one did.
        """
        books = self._books
        books.stopping = True
        books.message = message
        for record in self._take_waiting():
            if record.over is not None:
                self.attempts.end(record, record.over.phase)
            else:
                self.end_unheard(record, Phase.SKIPPED, why)

    def kill_active(self, why: str) -> None:
        """Kill every task the cluster holds; one whose agent is away is not waited for."""
        for record in self._books.tasks.active():
            if not self._books.cancels(record):
                continue
            if record.phase is Phase.UNREACHABLE:
                self._send_kill(record, why)
                self._books.tasks.change(record, message=f"{why}; its agent is unreachable")
                self.attempts.end(record, Phase.CANCELLED)
            else:
                self.kill(record, why)

    def kill(self, record: TaskRecord, why: str) -> None:
        """Send a kill, and again every ``KILL_AGAIN`` seconds until the attempt has ended."""
        books = self._books
        if record.kill_why is None:
            books.tell(fact.KillSent(books.now, task_id=record.spec.task_id, why=why))
        self._send_kill(record, why)
        books.timers.set(("kill_again", record.position), books.now + KILL_AGAIN)

    def end_unheard(self, record: TaskRecord, phase: Phase, message: str) -> None:
        """End a task by our own decision, without a word from the cluster."""
        self._books.tasks.change(record, message=message)
        self.attempts.end(record, phase)

    def lose_all(self, why: str) -> None:
        """The cluster holds nothing of us any more: every attempt is lost."""
        self._books.pools.retire_all()
        for record in self._books.tasks.active():
            self._books.tasks.change(record, message=why, reason=None)
            self.attempts.loses(record, blame_agent=False)

    def _take_waiting(self) -> list[TaskRecord]:
        """The waiting tasks that are not to be launched any more; the others go on waiting."""
        books = self._books
        records = books.tasks.records
        for position in books.waiting.drain():
            if not books.launches_no_more(records[position]):
                self.attempts.wait(records[position])
        return [
            record
            for record in records
            if record.phase is Phase.WAITING and books.launches_no_more(record)
        ]

    def _goes_on(self, record: TaskRecord, status: TaskStatus, phase: Phase) -> None:
        books = self._books
        books.timers.cancel(("unreachable", record.position))
        if status.state is not TaskState.TASK_STAGING:
            books.timers.cancel(("staging", record.position))
        changed = (phase, status.state) != (record.phase, record.view.state)
        running = status.state is TaskState.TASK_RUNNING
        started_at = record.view.started_at
        if running and started_at is None:
            started_at = status.timestamp or books.now
            record.ran_at = books.now
            books.pools.runs(record)
        books.tasks.change(
            record,
            phase=phase,
            state=status.state,
            message=status.message,
            reason=status.reason,
            started_at=started_at,
            **self._sandbox(record, status),
        )
        if changed:
            books.changed(record)
            self._tell_update(record, status)
        if running:
            self._start_kill_clock(record)

    def _await(self, record: TaskRecord, status: TaskStatus) -> None:
        books = self._books
        if books.cancels(record):
            # The kill reaches it when its agent comes back; there is nothing to wait for.
            books.tasks.change(record, state=status.state, message=status.message)
            self.attempts.end(record, Phase.CANCELLED)
            return
        elapsed = books.now - (status.unreachable_time or books.now)
        patience = max(0.0, books.policy.unreachable_timeout - max(0.0, elapsed))
        books.timers.cancel(("staging", record.position))
        books.timers.set_once(("unreachable", record.position), books.now + patience)
        books.reconciliation.ask_about(record, books.now)
        changed = status.state is not record.view.state
        books.tasks.change(
            record,
            phase=Phase.UNREACHABLE,
            state=status.state,
            message=status.message,
            reason=status.reason,
        )
        if changed:
            books.changed(record)
            self._tell_update(record, status)

    def _hold_as_hearsay(self, record: TaskRecord, status: TaskStatus) -> None:
        """Wait for the agent's own word: the master's answer lacks reason and exit status."""
        books = self._books
        record.hearsay = status
        for kind in ("unreachable", "staging"):
            books.timers.cancel((kind, record.position))
        books.timers.set_once(("hearsay", record.position), books.now + TRUE_WORD_WITHIN)

    def _over(self, record: TaskRecord, status: TaskStatus, effect: Effect, phase: Phase) -> None:
        books = self._books
        exit_status, signal = how_it_ended(status.message)
        asked = status.state is TaskState.TASK_KILLED and record.kill_why is not None
        books.tasks.change(
            record,
            state=status.state,
            message=record.kill_why if asked and not books.cancels(record) else status.message,
            reason=status.reason,
            ended_at=status.timestamp or books.now,
            exit_status=exit_status,
            signal=signal,
            **self._sandbox(record, status),
        )
        agent_id = record.view.agent_id or ""
        if effect is Effect.FINISHES:
            self._learn(record)
            books.health.finished(agent_id, books.now)
            self.attempts.end(record, phase)
        elif books.pools.takes_blame(record, status):
            self.attempts.loses(record, blame_agent=False, free=True)
        elif effect is Effect.REFUSED:
            self.attempts.end(record, phase)
        elif effect is Effect.LOSES:
            # What a master never heard of, the agent did not lose.
            self.attempts.loses(record, blame_agent=status.reason not in HEARSAY)
        elif asked and books.cancels(record):
            self.attempts.end(record, Phase.CANCELLED)
        else:
            self.attempts.fails(record, phase)

    def _learn(self, record: TaskRecord) -> None:
        """Note what an executor for one task alone costs; by our clock, since theirs may differ."""
        view = record.view
        if record.pool is None and view.launched_at is not None and record.ran_at is not None:
            now = self._books.now
            self._books.pools.learn(record.ran_at - view.launched_at, now - record.ran_at)

    def _give_up(self, record: TaskRecord, why: str) -> None:
        """Count an attempt lost although it may live on; should it come back, it is killed."""
        self._send_kill(record, why)
        self._books.tasks.change(record, message=why)
        self.attempts.loses(record, blame_agent=True)

    def _not_ours_any_more(self, status: TaskStatus, found: tuple[TaskRecord, int] | None) -> None:
        """Kill what lives although it is in no book, was given up, or was replaced."""
        books = self._books
        if status.state not in ALIVE:
            return
        books.send(do.Kill(status.task_id, status.agent_id))
        if found is None:
            stray = f"task {status.task_id} runs in our framework but is in no book: killing it"
            books.tell(fact.Warned(books.now, message=stray))
        else:
            record, attempt = found
            task_id = record.spec.task_id
            books.tell(fact.AttemptSuperseded(books.now, task_id=task_id, attempt=attempt))

    def _must_hear_first(self, kind: str, record: TaskRecord) -> bool:
        """Put a deadline off while we cannot know what became of the task."""
        books = self._books
        if books.connected and books.answers_by <= books.now and books.idle:
            return False
        again = books.now + KILL_AGAIN
        if books.connected:
            again = max(books.answers_by, books.now + 1.0)
        books.timers.set((kind, record.position), again)
        return True

    def _start_staging_clock(self, record: TaskRecord, at: float) -> None:
        deadline = at + self._books.policy.staging_timeout
        self._books.timers.set(("staging", record.position), deadline)

    def _start_kill_clock(self, record: TaskRecord) -> None:
        limit = self._books.policy.kill_after
        # Health checks repeat RUNNING; the first one starts the only clock.
        if limit is not None and record.kill_why is None:
            self._books.timers.set_once(
                ("kill_after", record.position), self._began(record) + limit
            )

    def _began(self, record: TaskRecord) -> float:
        """When the attempt began to run; what its agent's clock says of that is checked by ours."""
        view, now = record.view, self._books.now
        return min(max(view.launched_at or 0.0, view.started_at or now), now)

    def _send_kill(self, record: TaskRecord, why: str) -> None:
        record.kill_why = why
        books = self._books
        if books.connected:
            books.send(do.Kill(books.tasks.attempt_id(record), record.view.agent_id))

    def _sandbox(self, record: TaskRecord, status: TaskStatus) -> dict[str, str]:
        books = self._books
        agent_id = record.view.agent_id or ""
        attempt_id = books.tasks.attempt_id(record)
        executor = status.executor_id or attempt_id
        if record.pool is not None:
            executor = record.pool.executor_id
        runs = f"frameworks/{books.framework_id}/executors/{executor}/runs"
        # Mesos links each task of a default executor to its container there.
        nested = f"/tasks/{attempt_id}" if books.pools.holds(record, status) else ""
        places: dict[str, str] = {}
        url = books.agents.url(agent_id)
        if url is not None:
            places["sandbox_url"] = f"{url}/files/browse?path=/{runs}/latest{nested}"
        root = books.policy.sandbox_roots.get(agent_id)
        if root is not None and status.container_id is not None:
            run = status.parent_container_id or status.container_id
            place = f"{root}/slaves/{agent_id}/{runs}/{run}"
            inside = f"/containers/{status.container_id}" if status.parent_container_id else ""
            places["sandbox_path"] = place + inside
        return places

    def _tell_update(self, record: TaskRecord, status: TaskStatus) -> None:
        self._books.tell(
            fact.TaskUpdated(
                self._books.now,
                task_id=record.spec.task_id,
                phase=record.phase,
                state=status.state,
                message=status.message,
                reason=status.reason,
            )
        )
