"""What the end of a task means for those that depend on it, and for those it stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch.engine.attempts import BAD_ENDS
from mesos_batch.errors import ExitCode
from mesos_batch.model.facts import Phase

if TYPE_CHECKING:
    from mesos_batch.engine.books import Books
    from mesos_batch.engine.life import TaskLife
    from mesos_batch.engine.tasks import TaskRecord

# How a task ended, said after its name.
HOW_IT_ENDED = {
    Phase.FAILED: "failed",
    Phase.KILLED: "was killed",
    Phase.LOST: "was lost",
    Phase.ERROR: "was refused by the master",
    Phase.UNPLACEABLE: "fits no agent",
    Phase.CANCELLED: "was cancelled",
    Phase.SKIPPED: "was skipped",
}


class Dependents:
    """Lets tasks wait for an offer, or skips them, as what they depend on ends."""

    def __init__(self, books: Books, life: TaskLife) -> None:
        self._books = books
        self._life = life

    @property
    def always_run(self) -> bool:
        """Whether ``always`` tasks are left that a run which stops by itself still runs."""
        return self._books.cancel_code is ExitCode.TASK_FAILED and any(
            record.spec.always and not record.phase.is_end for record in self._books.tasks.records
        )

    def settle(self) -> None:
        """Follow up the ends of tasks, and what these end in turn: any number, one by one."""
        books = self._books
        while books.ended:
            record = books.ended.popleft()
            well = record.phase is Phase.FINISHED
            ready, doomed = books.dependencies.ended(record.position, well=well)
            for position in ready:
                # One that was cancelled meanwhile waits no more.
                if books.tasks.records[position].phase is Phase.WAITING:
                    self._life.restore(books.tasks.records[position])
            if doomed:
                self._skip([books.tasks.records[position] for position in doomed], record)

    def stop_launching(self) -> None:
        """A task failed, and nothing is to be launched after that."""
        failed = min(
            (record for record in self._books.tasks.records if record.phase in BAD_ENDS),
            key=lambda record: (record.view.ended_at or 0.0, record.position),
        )
        what = f"{failed.spec.task_id} {HOW_IT_ENDED[failed.phase]}"
        self._life.stop_launching(
            f"stopped: task {what} (--no-keep_going)",
            f"task {what}, and nothing is launched after that (--no-keep_going)",
        )

    def _skip(self, records: list[TaskRecord], parent: TaskRecord) -> None:
        # One text for all of them: there may be many.
        why = f"dependency {parent.spec.task_id} {HOW_IT_ENDED[parent.phase]}"
        for record in records:
            if record.phase is Phase.WAITING:
                self._life.end_unheard(record, Phase.SKIPPED, why)
