"""The life of a task once an offer took it: updates, kills, new attempts, the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch.engine import commands as do
from mesos_batch.engine.lifecycle import Effect, meaning
from mesos_batch.engine.tasks import how_it_ended
from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase
from mesos_batch.model.state import TaskState

if TYPE_CHECKING:
    from mesos_batch.engine.books import Books
    from mesos_batch.engine.tasks import TaskRecord
    from mesos_batch.model.status import TaskStatus

KILL_AGAIN = 15.0
MAX_LAUNCHES = 10
_RELAUNCH_DELAYS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
CANCELLED = "the run was cancelled"


class TaskLife:
    """Applies updates and deadlines of tasks to the books."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def update(self, status: TaskStatus) -> None:
        """Take in a status update: acknowledge it always, count it once."""
        books = self._books
        if status.uuid is not None and status.agent_id is not None:
            books.send(do.Acknowledge(status.agent_id, status.task_id, status.uuid))
        record = books.tasks.find(status.task_id)
        if record is None or not record.phase.is_active:
            return
        if status.uuid is not None:
            if status.uuid in record.heard:
                return
            record.heard.add(status.uuid)
        books.reconciliation.heard(record)
        row = meaning(status, started=record.started)
        match row.effect:
            case Effect.GOES_ON:
                self._goes_on(record, status, row.phase)
            case Effect.AWAIT:
                self._await(record, status)
            case Effect.ENDS:
                self._end(record, row.phase, status)
            case Effect.LAUNCH_AGAIN:
                self._launch_again(record, status)

    def deadline(self, kind: str, record: TaskRecord) -> None:
        """Do what a deadline of a task stands for."""
        policy = self._books.policy
        if kind == "relaunch":
            self._wait_again(record)
        elif kind == "kill_after":
            self.kill(record, f"it ran longer than {policy.kill_after:g} s (--kill_after)")
        elif kind == "kill_again":
            self.kill(record, record.kill_why or CANCELLED)
        elif kind == "unreachable":
            self._send_kill(record, "its agent was away too long")
            self.end_unheard(
                record,
                Phase.LOST,
                f"its agent did not come back within {policy.unreachable_timeout:g} s"
                " (--unreachable_timeout)",
            )

    def cancel_all(self) -> None:
        """End what waits and kill what the cluster holds."""
        books = self._books
        books.waiting.drain()
        for record in books.tasks.records:
            if record.phase is Phase.WAITING:
                self.end_unheard(record, Phase.CANCELLED, f"{CANCELLED} before it started")
        self.kill_active(CANCELLED)

    def kill_active(self, why: str) -> None:
        """Kill every task the cluster holds; one whose agent is away is not waited for."""
        for record in self._books.tasks.active():
            if record.phase is Phase.UNREACHABLE:
                self._send_kill(record, why)
                self.end_unheard(record, Phase.CANCELLED, f"{why}; its agent is unreachable")
            else:
                self.kill(record, why)

    def kill(self, record: TaskRecord, why: str) -> None:
        """Send a kill, and again every ``KILL_AGAIN`` seconds until the task has ended."""
        books = self._books
        if record.kill_why is None:
            books.tell(fact.KillSent(books.now, task_id=record.spec.task_id, why=why))
        self._send_kill(record, why)
        books.timers.set(("kill_again", record.position), books.now + KILL_AGAIN)

    def end_unheard(self, record: TaskRecord, phase: Phase, message: str) -> None:
        """End a task by our own decision, without a word from the cluster."""
        books = self._books
        self._leave_agent(record)
        books.tasks.change(record, phase=phase, message=message, ended_at=books.now)
        self._tell_end(record, None)

    def _goes_on(self, record: TaskRecord, status: TaskStatus, phase: Phase) -> None:
        books = self._books
        books.timers.cancel(("unreachable", record.position))
        if status.state is not TaskState.TASK_STAGING:
            record.started = True
        changed = (phase, status.state) != (record.phase, record.view.state)
        running = status.state is TaskState.TASK_RUNNING
        started_at = record.view.started_at
        if running and started_at is None:
            started_at = status.timestamp or books.now
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
            self._tell_update(record, status)
        limit = books.policy.kill_after
        key = ("kill_after", record.position)
        # Health checks repeat RUNNING; the first one starts the only clock.
        if running and limit is not None and record.kill_why is None:
            books.timers.set_once(key, books.now + limit)

    def _await(self, record: TaskRecord, status: TaskStatus) -> None:
        books = self._books
        if books.cancelling:
            # The kill reaches it when its agent comes back; there is nothing to wait for.
            self._end(record, Phase.CANCELLED, status)
            return
        elapsed = books.now - (status.unreachable_time or books.now)
        patience = max(0.0, books.policy.unreachable_timeout - max(0.0, elapsed))
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
            self._tell_update(record, status)

    def _launch_again(self, record: TaskRecord, status: TaskStatus) -> None:
        books = self._books
        if books.cancelling:
            self._end(record, Phase.CANCELLED, status)
            return
        if record.launches >= MAX_LAUNCHES:
            self._end(record, Phase.LOST, status)
            return
        self._leave_agent(record)
        books.tasks.change(
            record,
            phase=Phase.WAITING,
            state=status.state,
            message=status.message,
            reason=status.reason,
            agent_id=None,
            hostname=None,
        )
        books.tell(
            fact.TaskRequeued(
                books.now,
                task_id=record.spec.task_id,
                state=status.state,
                message=status.message,
            )
        )
        delay = _RELAUNCH_DELAYS[min(record.launches - 1, len(_RELAUNCH_DELAYS) - 1)]
        if delay:
            books.timers.set(("relaunch", record.position), books.now + delay)
        else:
            self._wait_again(record)

    def _wait_again(self, record: TaskRecord) -> None:
        self._books.waiting.push(record.position, record.spec)
        self._books.offers_wanted.wish()

    def _end(self, record: TaskRecord, phase: Phase, status: TaskStatus) -> None:
        books = self._books
        self._leave_agent(record)
        message = status.message
        if phase is Phase.KILLED and record.kill_why is not None:
            if books.cancelling:
                phase = Phase.CANCELLED
            else:
                message = record.kill_why
        exit_status, signal = how_it_ended(status.message)
        books.tasks.change(
            record,
            phase=phase,
            state=status.state,
            message=message,
            reason=status.reason,
            ended_at=status.timestamp or books.now,
            exit_status=exit_status,
            signal=signal,
            **self._sandbox(record, status),
        )
        self._tell_end(record, status.reason)
        books.offers_wanted.wish()

    def _send_kill(self, record: TaskRecord, why: str) -> None:
        record.kill_why = why
        if self._books.connected:
            self._books.send(do.Kill(record.attempt_id, record.view.agent_id))

    def _leave_agent(self, record: TaskRecord) -> None:
        self._books.agents.release(record.view.agent_id, record.attempt_id)
        self._books.reconciliation.heard(record)
        for kind in ("kill_after", "unreachable", "kill_again", "relaunch"):
            self._books.timers.cancel((kind, record.position))

    def _sandbox(self, record: TaskRecord, status: TaskStatus) -> dict[str, str]:
        books = self._books
        agent_id = record.view.agent_id or ""
        executor = status.executor_id or record.attempt_id
        runs = f"frameworks/{books.framework_id}/executors/{executor}/runs"
        places: dict[str, str] = {}
        url = books.agents.url(agent_id)
        if url is not None:
            places["sandbox_url"] = f"{url}/files/browse?path=/{runs}/latest"
        root = books.policy.sandbox_roots.get(agent_id)
        if root is not None and status.container_id is not None:
            places["sandbox_path"] = f"{root}/slaves/{agent_id}/{runs}/{status.container_id}"
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

    def _tell_end(self, record: TaskRecord, reason: str | None) -> None:
        view = record.view
        self._books.tell(
            fact.TaskEnded(
                self._books.now,
                task_id=record.spec.task_id,
                phase=view.phase,
                state=view.state,
                message=view.message,
                reason=reason,
            )
        )
