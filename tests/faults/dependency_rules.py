"""What must hold of tasks that depend on others, after each commit and at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from faults.dependency_plan import parents

from mesos_batch.engine import commands as do
from mesos_batch.errors import ExitCode
from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase

if TYPE_CHECKING:
    from faults.plan import Plan, PlannedTask
    from faults.sim_journal import Journal

    from mesos_batch.engine.books import Turn

BAD = (Phase.FAILED, Phase.KILLED, Phase.LOST, Phase.ERROR, Phase.UNPLACEABLE)
Finding = tuple[str, str]


class DependencyRules:
    """Compares the journal with the plan, by brute force."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._parents = [parents(plan, position) for position in range(len(plan.tasks))]
        self._some = not plan.keep_going or any(self._parents)
        self._failed = False

    def begin(self, journal: Journal) -> None:
        """A process takes the run up."""
        self._failed = stopped(self._plan, journal)

    def turn(self, turn: Turn) -> Iterator[Finding]:
        """Look at a turn before any of it is done."""
        if self._plan.keep_going:
            return
        launched = [c for c in turn.commands if isinstance(c, do.Launch)]
        if self._failed and any(not task.spec.always for c in launched for task in c.tasks):
            yield "launching ends", f"{launched} after a failure"
        ends = [item.phase for item in turn.facts if isinstance(item, fact.TaskEnded)]
        self._failed |= any(phase in BAD for phase in ends)

    def launch(self, journal: Journal, position: int) -> Iterator[Finding]:
        """A task is launched: all it waits for has ended, and well unless it always runs."""
        task = self._plan.tasks[position]
        before = {self._phase(journal, parent) for parent in self._parents[position]}
        if not all(phase.is_end for phase in before):
            yield "parents first", f"{task.task_id} is launched while others are {before}"
        elif not task.always and before - {Phase.FINISHED}:
            yield "parents finish", f"{task.task_id} is launched although others are {before}"

    def committed(self, journal: Journal) -> Iterator[Finding]:
        """What is on disk is complete: a resumed run has nothing to make up for."""
        if not self._some:
            return
        for position, task in enumerate(self._plan.tasks):
            phase = self._phase(journal, position)
            if phase is Phase.SKIPPED and task.always:
                yield "always runs", f"{task.task_id} is skipped"
            elif phase is Phase.SKIPPED and not self._may_be_skipped(journal, position):
                yield "skipped for a reason", f"{task.task_id} is skipped"
            elif not phase.is_end and not task.always and self._is_doomed(journal, position):
                yield "skipped at once", f"{task.task_id} is {phase} although a parent failed"
            elif phase is Phase.WAITING and not task.always and stopped(self._plan, journal):
                yield "launching ends", f"{task.task_id} waits although a task failed"

    def judge_end(self, journal: Journal) -> Iterator[Finding]:
        """The run is over: only a user keeps what always runs from it."""
        for position, task in enumerate(self._plan.tasks):
            entry = journal.tasks[position]
            if entry.phase is Phase.SKIPPED and entry.launches:
                yield "skipped never ran", f"{task.task_id}: {entry}"
            if task.always and entry.phase is Phase.CANCELLED and not cancels(journal, task):
                yield "always runs", f"{task.task_id}: {entry}"

    def _may_be_skipped(self, journal: Journal, position: int) -> bool:
        return self._is_doomed(journal, position) or stopped(self._plan, journal)

    def _is_doomed(self, journal: Journal, position: int) -> bool:
        phases = [self._phase(journal, parent) for parent in self._parents[position]]
        return any(phase.is_end and phase is not Phase.FINISHED for phase in phases)

    @staticmethod
    def _phase(journal: Journal, position: int) -> Phase:
        entry = journal.tasks.get(position)
        return Phase.WAITING if entry is None else entry.phase


def stopped(plan: Plan, journal: Journal) -> bool:
    """Whether nothing more may be launched because a task failed."""
    return not plan.keep_going and any(entry.phase in BAD for entry in journal.tasks.values())


def cancels(journal: Journal, task: PlannedTask) -> bool:
    """Whether the run was cancelled for such a task: one that stops by itself spares some."""
    cancelled = journal.cancelled
    return cancelled is not None and not (
        task.always and cancelled.exit_code is ExitCode.TASK_FAILED
    )
