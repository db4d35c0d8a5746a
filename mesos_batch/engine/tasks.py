"""The books of a run: one record per task, and where each task id of the cluster belongs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mesos_batch.model.facts import Phase
from mesos_batch.model.saved import AttemptEntry, TaskEntry
from mesos_batch.model.snapshot import TaskView

if TYPE_CHECKING:
    from mesos_batch.engine.pools import Pool
    from mesos_batch.model.status import TaskStatus
    from mesos_batch.model.task import TaskSpec

# Bytes of a task id; src/common/validation.cpp has NAME_MAX.
LONGEST_ID = 255
_EXIT_STATUS = re.compile(r"(?:Command|Container) exited with status (\d+)")
_SIGNAL = re.compile(r"(?:Command|Container) terminated with signal (.+?)(?: \(core dumped\))?$")


@dataclass(slots=True, eq=False)
class TaskRecord:
    """One task of the batch and its latest attempt, whose number is ``launches``.

    ``failures`` are attempts that counted, ``losses`` those that did not. ``over`` is the
    latest attempt as it ended while the task itself went on. ``avoid`` are agents on which
    it came to grief, ``kill_why`` is why we killed the attempt, ``heard`` what was counted of it,
    ``hearsay`` a failure the master knows of before its agent has told us how it came. ``pool`` is
    where the attempt was launched; a task that is to be ``alone`` goes to none, ``pool_losses``
    counts those that ended under it. ``ran_at`` is when we heard that the attempt runs.
    """

    position: int
    view: TaskView
    launches: int = 0
    failures: int = 0
    losses: int = 0
    over: AttemptEntry | None = None
    retry_at: float | None = None
    avoid: frozenset[str] = frozenset()
    kill_why: str | None = None
    hearsay: TaskStatus | None = None
    unplaceable: bool = False
    pool: Pool | None = None
    pool_losses: int = 0
    alone: bool = False
    ran_at: float | None = None
    # Most tasks wait most of the time, and a set takes more memory than the rest of a record.
    heard: set[bytes] | None = None

    @property
    def spec(self) -> TaskSpec:
        """What the task list says."""
        return self.view.spec

    @property
    def phase(self) -> Phase:
        """Where the task is."""
        return self.view.phase

    def hears(self, uuid: bytes) -> bool:
        """Count a status update of the latest attempt; whether it is the first time."""
        if self.heard is None:
            self.heard = set()
        if uuid in self.heard:
            return False
        self.heard.add(uuid)
        return True

    def task_entry(self) -> TaskEntry:
        """The task as the journal keeps it."""
        view = self.view
        return TaskEntry(
            position=self.position,
            phase=view.phase,
            launches=self.launches,
            failures=self.failures,
            losses=self.losses,
            retry_at=self.retry_at,
            state=view.state,
            message=view.message,
            reason=view.reason,
            ended_at=view.ended_at,
        )

    def attempt_entry(self) -> AttemptEntry:
        """The latest attempt as the journal keeps it."""
        if self.over is not None:
            return self.over
        view = self.view
        return AttemptEntry(
            position=self.position,
            number=self.launches,
            phase=view.phase,
            agent_id=view.agent_id or "",
            hostname=view.hostname or "",
            launched_at=view.launched_at or 0.0,
            state=view.state,
            message=view.message,
            reason=view.reason,
            started_at=view.started_at,
            ended_at=view.ended_at,
            exit_status=view.exit_status,
            signal=view.signal,
            sandbox_url=view.sandbox_url,
            sandbox_path=view.sandbox_path,
        )


class Tasks:
    """All tasks of the run, with counts that need no scan."""

    def __init__(self, specs: Sequence[TaskSpec]) -> None:
        self.records = [
            TaskRecord(position, TaskView(spec=spec, phase=Phase.WAITING))
            for position, spec in enumerate(specs)
        ]
        self._views = [record.view for record in self.records]
        self._attempts: dict[str, tuple[TaskRecord, int]] = {}
        self._active: dict[int, TaskRecord] = {}
        self._ended: dict[Phase, int] = {}
        self._separator = _separator(specs)

    def views(self) -> tuple[TaskView, ...]:
        """The present view of each task; safe from any thread."""
        return tuple(self._views)

    @property
    def all_ended(self) -> bool:
        """Whether every task has its final phase."""
        return sum(self._ended.values()) == len(self.records)

    def ended(self, *phases: Phase) -> int:
        """How many tasks ended in one of these phases."""
        return sum(self._ended.get(phase, 0) for phase in phases)

    def active(self) -> list[TaskRecord]:
        """The tasks the cluster holds."""
        return list(self._active.values())

    @property
    def active_count(self) -> int:
        """How many tasks the cluster holds."""
        return len(self._active)

    def find(self, attempt_id: str) -> tuple[TaskRecord, int] | None:
        """The record and the number of the attempt that a task id of the cluster stands for."""
        return self._attempts.get(attempt_id)

    def attempt_id(self, record: TaskRecord) -> str:
        """The task id of the latest attempt: the task's own, then ``id~2``, ``id~3``.

        Each attempt has one of its own, since an agent refuses an id whose executor lingers.
        """
        return self._attempt_id(record, record.launches)

    def next_attempt(self, record: TaskRecord) -> str:
        """Begin another attempt and give its task id."""
        record.launches += 1
        record.over = None
        record.retry_at = None
        record.kill_why = None
        record.hearsay = None
        record.pool = None
        record.ran_at = None
        record.heard = None
        attempt_id = self.attempt_id(record)
        self._attempts[attempt_id] = record, record.launches
        return attempt_id

    def restore(self, record: TaskRecord, saved: TaskEntry, attempt: AttemptEntry | None) -> None:
        """Take a task and its latest attempt from the journal."""
        record.launches, record.failures = saved.launches, saved.failures
        record.losses, record.retry_at = saved.losses, saved.retry_at
        for number in range(1, record.launches + 1):
            self._attempts[self._attempt_id(record, number)] = record, number
        if attempt is None:
            self._show(record, _view_of_task(record, saved))
            return
        if not saved.phase.is_active and attempt.phase.is_end:
            record.over = attempt
        self._show(record, _view_of_attempt(record, saved, attempt))

    def change(self, record: TaskRecord, **values: Any) -> None:
        """Change the view of a task."""
        self._show(record, record.view.changed(values))

    def _show(self, record: TaskRecord, view: TaskView) -> None:
        before, after = record.view.phase, view.phase
        record.view = view
        self._views[record.position] = view
        if before is after:
            return
        if after.is_active:
            self._active[record.position] = record
        else:
            self._active.pop(record.position, None)
        if after.is_end:
            self._ended[after] = self._ended.get(after, 0) + 1

    def _attempt_id(self, record: TaskRecord, number: int) -> str:
        own = record.spec.task_id
        if number <= 1:
            return own
        attempt_id = f"{own}{self._separator}{number}"
        if len(attempt_id.encode()) <= LONGEST_ID:
            return attempt_id
        # The position keeps what was cut apart from others that begin alike.
        suffix = f"{self._separator}{record.position}{self._separator}{number}"
        kept = own.encode()[: LONGEST_ID - len(suffix)].decode(errors="ignore")
        return kept + suffix


def _view_of_task(record: TaskRecord, saved: TaskEntry) -> TaskView:
    return TaskView(
        spec=record.view.spec,
        phase=saved.phase,
        state=saved.state,
        message=saved.message,
        reason=saved.reason,
        ended_at=saved.ended_at,
    )


def _view_of_attempt(record: TaskRecord, saved: TaskEntry, attempt: AttemptEntry) -> TaskView:
    return TaskView(
        spec=record.view.spec,
        phase=saved.phase,
        state=saved.state,
        agent_id=attempt.agent_id,
        hostname=attempt.hostname,
        message=saved.message,
        reason=saved.reason,
        launches=saved.launches,
        failures=saved.failures,
        launched_at=attempt.launched_at,
        started_at=attempt.started_at,
        ended_at=saved.ended_at,
        exit_status=attempt.exit_status,
        signal=attempt.signal,
        sandbox_url=attempt.sandbox_url,
        sandbox_path=attempt.sandbox_path,
    )


def _separator(specs: Sequence[TaskSpec]) -> str:
    """What stands between a task id and the number of an attempt: no id of the list looks so."""
    separator = "~"
    while any(
        separator in spec.task_id and spec.task_id.rpartition(separator)[2].isdigit()
        for spec in specs
    ):
        separator += "~"
    return separator


def how_it_ended(message: str | None) -> tuple[int | None, str | None]:
    """Read the exit status or the signal out of a status message; Mesos tells it nowhere else."""
    if message is None:
        return None, None
    status = _EXIT_STATUS.search(message)
    if status is not None:
        return int(status[1]), None
    signal = _SIGNAL.search(message)
    return None, signal[1] if signal is not None else None
