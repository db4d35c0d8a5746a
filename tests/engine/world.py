"""Values and a driver for engine tests: a scheduler fed by hand, with the time in hand."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.engine.books import Turn
from mesos_batch.engine.policy import Policy
from mesos_batch.engine.scheduler import BatchScheduler
from mesos_batch.model.change import Change, ChangePhase, ChangeView
from mesos_batch.model.facts import Fact, Phase
from mesos_batch.model.offer import Offer
from mesos_batch.model.operation import OperationState, OperationStatus
from mesos_batch.model.resources import Resources
from mesos_batch.model.saved import (
    AttemptEntry,
    CancelEntry,
    ChangeEntry,
    Entry,
    FrameworkEntry,
    OperationEntry,
    Past,
    TaskEntry,
)
from mesos_batch.model.snapshot import TaskView
from mesos_batch.model.state import TaskState
from mesos_batch.model.status import TaskStatus
from mesos_batch.model.task import TaskSpec


def task(task_id: str, cpus: float = 1, mem: float = 32, **more: Any) -> TaskSpec:
    resources = more.pop("resources", None)
    if resources is None:
        resources = Resources.scalars(cpus=cpus, mem=mem)
    return TaskSpec(task_id=task_id, name=task_id, resources=resources, kept=b"", **more)


class World:
    """Holds a scheduler and what it said; offers and updates are made by short names."""

    def __init__(
        self,
        *tasks: TaskSpec,
        past: Past | None = None,
        changes: Sequence[Change] = (),
        **policy: Any,
    ) -> None:
        self.now = 1000.0
        self.tasks = tasks
        self.changes = tuple(changes)
        self.policy = Policy(**policy)
        self.scheduler = BatchScheduler(tasks, self.policy, self.now, past, self.changes)
        self.commands: list[do.Command] = []
        self.facts: list[Fact] = []
        self.journal: list[Entry] = []
        self.takes_teardown = True
        self._numbers = itertools.count()

    def past(self) -> Past:
        """What the journal knows by now."""
        frameworks = [entry for entry in self.journal if isinstance(entry, FrameworkEntry)]
        cancels = [entry for entry in self.journal if isinstance(entry, CancelEntry)]
        tasks = {e.position: e for e in self.journal if isinstance(e, TaskEntry)}
        attempts = {(e.position, e.number): e for e in self.journal if isinstance(e, AttemptEntry)}
        changes = {e.position: e for e in self.journal if isinstance(e, ChangeEntry)}
        sent = {(e.position, e.number): e for e in self.journal if isinstance(e, OperationEntry)}
        return Past(
            framework_id=frameworks[-1].framework_id if frameworks else None,
            touched_at=self.now,
            tasks=tuple(tasks.values()),
            attempts=tuple(attempts.values()),
            changes=tuple(changes.values()),
            operations=tuple(sent[key] for key in sorted(sent)),
            cancelled=cancels[-1] if cancels else None,
        )

    def crash(self) -> None:
        """Lose everything but the journal, and begin again from it."""
        self.scheduler = BatchScheduler(
            self.tasks, self.policy, self.now, self.past(), self.changes
        )

    def do(self, event: ev.Event, after: float = 0.0) -> Turn:
        self.now += after
        turn = self.scheduler.handle(event, self.now)
        self.journal += turn.entries
        self.commands += turn.commands
        self.facts += turn.facts
        if of(do.Teardown, turn.commands) and self.takes_teardown:
            torn_down = self.do(ev.TornDown())
            turn.facts += torn_down.facts
            turn.end = torn_down.end
        return turn

    def subscribe(self, framework_id: str = "F") -> Turn:
        return self.do(ev.Subscribed(framework_id, "master:5050"))

    def list_agents(self, **cpus: float) -> Turn:
        agents = tuple(
            ev.AgentTotal(name, name, Resources.scalars(cpus=amount, mem=4096))
            for name, amount in cpus.items()
        )
        return self.do(ev.AgentsListed(agents))

    def offer(self, agent: str, cpus: float = 4, mem: float = 4096, **more: Any) -> Offer:
        resources = more.pop("resources", None)
        if resources is None:
            resources = Resources.scalars(cpus=cpus, mem=mem)
        return Offer(f"O{next(self._numbers)}", agent, agent, resources, **more)

    def offers(self, *offers: Offer, after: float = 0.0) -> Turn:
        return self.do(ev.OffersArrived(offers), after)

    def update(self, task_id: str, state: str, after: float = 0.0, **more: Any) -> Turn:
        if "uuid" not in more:
            more["uuid"] = next(self._numbers).to_bytes(16, "big")
        more.setdefault("agent_id", "a")
        status = TaskStatus(task_id, TaskState[f"TASK_{state}"], **more)
        return self.do(ev.UpdateArrived(status), after)

    def operation(self, operation_id: str, state: str, after: float = 0.0, **more: Any) -> Turn:
        """A status of an operation; only what an agent says has a uuid."""
        if "uuid" not in more and state == "FINISHED":
            more["uuid"] = next(self._numbers).to_bytes(16, "big")
        more.setdefault("agent_id", "a")
        status = OperationStatus(operation_id, OperationState[f"OPERATION_{state}"], **more)
        return self.do(ev.OperationUpdateArrived(status), after)

    def totals(self, **agents: Resources) -> Turn:
        """The master's list, asked for just now."""
        listed = tuple(ev.AgentTotal(name, name, total) for name, total in agents.items())
        return self.do(ev.AgentsListed(listed))

    def change(self, position: int = 0) -> ChangeView:
        return self.scheduler.snapshot().changes[position]

    def change_phase(self, position: int = 0) -> ChangePhase:
        return self.change(position).phase

    def wait(self, seconds: float) -> Turn:
        """Let the time pass the way the runtime does: deadline by deadline."""
        end = self.now + seconds
        whole = Turn()
        for _ in range(10_000):
            deadline = self.scheduler.next_deadline()
            if deadline is None or deadline > end:
                break
            turn = self.do(ev.TimePassed(), max(0.0, deadline - self.now))
            whole.entries += turn.entries
            whole.commands += turn.commands
            whole.facts += turn.facts
        else:
            raise AssertionError("the engine asks to be woken without end")
        self.now = end
        return whole

    def view(self, task_id: str) -> TaskView:
        return next(v for v in self.scheduler.snapshot().tasks if v.spec.task_id == task_id)

    def phase(self, task_id: str) -> Phase:
        return self.view(task_id).phase


def of(kind: type, items: list[Any]) -> list[Any]:
    """The items of one kind."""
    return [item for item in items if isinstance(item, kind)]


def launched(turn: Turn) -> list[str]:
    """The task ids a turn launches."""
    return [task.task_id for launch in of(do.Launch, turn.commands) for task in launch.tasks]
