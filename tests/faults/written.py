"""What must hold of the journal, entry by entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faults.dependency_rules import BAD
from faults.violation import broken

from mesos_batch.model.facts import Phase
from mesos_batch.model.saved import AttemptEntry, EndEntry, Entry, TaskEntry
from mesos_batch.model.state import TaskState

if TYPE_CHECKING:
    from faults.change_rules import ChangeRules
    from faults.reports import Key, Reports
    from faults.world import World

ORDER = {
    None: 0,
    TaskState.TASK_STAGING: 0,
    TaskState.TASK_STARTING: 1,
    TaskState.TASK_RUNNING: 2,
    TaskState.TASK_KILLING: 3,
}


class Written:
    """Watches what is committed.

    ``reached`` is how far an attempt had come in what was written of it so far, ``over_at`` when
    it was written that it ended.
    """

    def __init__(self, world: World, reports: Reports, changes: ChangeRules) -> None:
        self._world = world
        self._reports = reports
        self._changes = changes
        self.reached: dict[Key, int] = {}
        self.over_at: dict[str, float] = {}

    def entry(self, entry: Entry) -> None:
        """An entry is being committed."""
        self._changes.written(entry)
        if isinstance(entry, TaskEntry):
            self._task(entry)
        elif isinstance(entry, AttemptEntry):
            self._attempt(entry)
        elif isinstance(entry, EndEntry) and entry.final:
            self.all_ended("run ends last")

    def all_ended(self, rule: str) -> None:
        """No change and no task may be open now; a failed change keeps tasks from beginning."""
        if self._changes.all_ended(rule) and rule == "teardown last":
            return
        for position in range(len(self._world.specs)):
            entry = self._world.journal.tasks.get(position)
            if entry is None or not entry.phase.is_end:
                broken(self._world, rule, f"task {position} has not ended: {entry}")

    def committed(self, *, ending: bool) -> None:
        """A commit is done; ``ending`` when the run stops with it."""
        journal, plan = self._world.journal, self._world.plan
        for rule, text in self._world.oracle.dependencies.committed(journal):
            broken(self._world, rule, text)
        if plan.max_failures is None or journal.cancelled is not None or ending:
            return
        entries = journal.tasks.values()
        open_tasks = len(plan.tasks) - sum(entry.phase.is_end for entry in entries)
        bad = sum(entry.phase in BAD for entry in entries)
        if open_tasks and bad > plan.max_failures:
            allowed = plan.max_failures
            broken(self._world, "stops early", f"{bad} tasks failed of {allowed} allowed")

    def _task(self, entry: TaskEntry) -> None:
        before = self._world.journal.tasks.get(entry.position)
        if before is None:
            return
        becomes = f"{before} becomes {entry}"
        too_early = before.retry_at is not None and self._world.clock.now < before.retry_at
        if entry.phase.is_active and too_early:
            broken(self._world, "retries wait", becomes)
        if before.phase.is_end and entry.phase is not before.phase:
            broken(self._world, "ends once", becomes)
        if (
            entry.launches < before.launches
            or entry.failures < before.failures
            or entry.losses < before.losses
        ):
            broken(self._world, "nothing forgotten", becomes)

    def _attempt(self, entry: AttemptEntry) -> None:
        key = entry.position, entry.number
        self.reached[key] = max(self.reached.get(key, 0), ORDER.get(entry.state, 0))
        before = self._world.journal.attempts.get(key)
        was_over = before is not None and before.phase.is_end
        if before is not None and was_over and before.phase is not entry.phase:
            broken(self._world, "attempt ends once", f"{before} becomes {entry}")
        if entry.phase.is_end and not was_over:
            self.over_at[self._reports.name(key)] = self._world.clock.now
            if entry.phase is Phase.LOST and not self._reports.may_be_lost(entry):
                broken(self._world, "lost for a reason", str(entry))
