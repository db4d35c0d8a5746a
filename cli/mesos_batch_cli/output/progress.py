"""What the live display remembers of the facts, beyond what a snapshot says."""

from __future__ import annotations

from collections import deque

from mesos_batch.model import facts as fact
from mesos_batch.model.change import ChangePhase
from mesos_batch.model.facts import Fact, Phase
from mesos_batch.model.snapshot import RunSnapshot
from mesos_batch_cli.output.text import agent_name, elapsed, one_line, tasks

RECENT_FAILURES = 5
_OFFERS_ARE_LATE = 3.0


class Progress:
    """Recent failures, and what explains that tasks wait."""

    def __init__(self) -> None:
        self.failures: deque[fact.TaskEnded] = deque(maxlen=RECENT_FAILURES)
        self.unplaceable: dict[str, fact.TaskUnplaceable] = {}
        self._retry_at: dict[str, float] = {}
        self._resting: dict[str, fact.AgentRested] = {}
        self._disconnected: fact.Disconnected | None = None
        self._subscribed_at: float | None = None
        self._offers_seen = False
        self._changes: dict[int, str] = {}

    def add(self, happened: Fact) -> None:
        """Take a fact in."""
        match happened:
            case fact.Subscribed(at=at):
                self._subscribed_at = at
                self._disconnected = None
            case fact.Disconnected():
                self._disconnected = happened
            case fact.OffersSeen():
                self._offers_seen = True
            case fact.AgentRested(agent_id=agent_id):
                self._resting[agent_id] = happened
            case fact.ChangeWaits(position=position, why=why):
                self._changes[position] = why
            case fact.ChangeEnded(position=position) | fact.OperationsSent(position=position):
                self._changes.pop(position, None)
            case _:
                self._add_of_task(happened)

    def _add_of_task(self, happened: Fact) -> None:
        match happened:
            case fact.TaskUnplaceable(task_id=task_id):
                self.unplaceable[task_id] = happened
            case fact.TaskPlaceable(task_id=task_id):
                self.unplaceable.pop(task_id, None)
            case fact.TaskRequeued(at=at, task_id=task_id, delay=delay):
                self._retry_at[task_id] = at + delay
            case fact.TaskLaunched(task_id=task_id):
                self._retry_at.pop(task_id, None)
            case fact.TaskEnded(task_id=task_id, phase=phase):
                self.unplaceable.pop(task_id, None)
                self._retry_at.pop(task_id, None)
                if phase not in (Phase.FINISHED, Phase.CANCELLED, Phase.SKIPPED):
                    self.failures.append(happened)

    def why_waiting(self, run: RunSnapshot, now: float) -> str | None:
        """Why nothing more starts, in a sentence; ``None`` when nothing waits."""
        ending = _why_it_ends(run)
        if ending is not None:
            return ending
        if self._disconnected is not None:
            seconds = self._disconnected.at + self._disconnected.retry_in - now
            reason = one_line(self._disconnected.reason)
            return f"Not connected: {reason}. Trying again in {elapsed(seconds)}."
        if self._subscribed_at is None:
            return "Connecting to the master …"
        changing = [view for view in run.changes if view.phase is ChangePhase.WAITING]
        if changing:
            why = next(iter(self._changes.values()), None)
            return (
                f"Waiting: {one_line(why)}." if why else "Reserving and creating, or undoing it …"
            )
        return self._why_tasks_wait(run, now, self._subscribed_at)

    def _why_tasks_wait(self, run: RunSnapshot, now: float, subscribed_at: float) -> str | None:
        waiting = run.counts()[Phase.WAITING] - len(self.unplaceable) - run.blocked
        if waiting <= 0 and run.blocked:
            return f"{tasks(run.blocked)} wait{'s' if run.blocked == 1 else ''} for others to end."
        if waiting <= 0:
            return None
        retries = [at for at in self._retry_at.values() if at > now]
        if retries and waiting <= len(retries):
            first = elapsed(min(retries) - now)
            return f"{tasks(waiting)} will be tried again, the first in {first}."
        if not self._offers_seen:
            return self._no_offers(now - subscribed_at)
        wait = f"{tasks(waiting)} wait{'s' if waiting == 1 else ''}"
        if run.why_waiting is not None:
            return f"{wait}: {one_line(run.why_waiting)}."
        return f"{wait} for free resources."

    def resting(self, now: float) -> list[str]:
        """Which agents get no tasks for a while, a sentence for each."""
        return [
            f"Agent {agent_name(rest.agent_id, rest.hostname)} gets no task for another"
            f" {elapsed(rest.at + rest.seconds - now)}: {rest.failures} attempts failed there."
            for rest in self._resting.values()
            if rest.at + rest.seconds > now
        ]

    @staticmethod
    def _no_offers(since: float) -> str:
        if since < _OFFERS_ARE_LATE:
            return "Waiting for the first offers …"
        return (
            f"No offers for {elapsed(since)}: other frameworks hold what is there, or the role "
            "gets nothing."
        )


def _why_it_ends(run: RunSnapshot) -> str | None:
    """What is waited for by a run that ends before its time."""
    if run.stopping and any(task.spec.always and not task.phase.is_end for task in run.tasks):
        return "Stopping after failures: nothing but 'always' tasks is launched."
    if not run.cancelling:
        return None
    if not run.tasks:
        return "Cancelling: waiting for what was sent. Ctrl-C again leaves at once."
    return "Cancelling: waiting for the tasks to be killed. Ctrl-C again leaves at once."
