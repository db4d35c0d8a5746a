"""What a run wants on disk, and what it is restored from.

An entry is written before the calls that follow from it are sent: a launch before its ACCEPT, an
update before its ACKNOWLEDGE. A later entry of the same task or attempt replaces the earlier one.
Times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesos_batch.errors import ExitCode
    from mesos_batch.model.change import ChangePhase
    from mesos_batch.model.facts import Phase
    from mesos_batch.model.operation import OperationState, OperationType
    from mesos_batch.model.resources import Resources
    from mesos_batch.model.state import TaskState


@dataclass(frozen=True, slots=True)
class FrameworkEntry:
    """The framework id we hold, ``None`` when the cluster has removed it; a sign of life too."""

    at: float
    framework_id: str | None


@dataclass(frozen=True, slots=True)
class AttemptEntry:
    """One launch of a task; ``number`` counts from 1, ``position`` is that of the task list.

    ``phase`` is where this attempt is or how it ended, whatever became of the task afterwards.
    """

    position: int
    number: int
    phase: Phase
    agent_id: str
    hostname: str
    launched_at: float
    state: TaskState | None = None
    message: str | None = None
    reason: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    exit_status: int | None = None
    signal: str | None = None
    sandbox_url: str | None = None
    sandbox_path: str | None = None


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """Where a task is. ``launches`` is the number of its latest attempt.

    ``failures`` are the attempts that counted against ``--max_attempts``, ``losses`` those that
    did not. ``retry_at`` is when a waiting task may be launched again.
    """

    position: int
    phase: Phase
    launches: int
    failures: int = 0
    losses: int = 0
    retry_at: float | None = None
    state: TaskState | None = None
    message: str | None = None
    reason: str | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """How much of an agent the run can have, as far as is known: cpus, and memory in MB."""

    agent_id: str
    hostname: str
    cpus: float
    mem: float


@dataclass(frozen=True, slots=True)
class CancelEntry:
    """The run is being cancelled and will end with this code, also when it is resumed."""

    at: float
    exit_code: ExitCode
    message: str | None = None


@dataclass(frozen=True, slots=True)
class EndEntry:
    """The run is over and its framework torn down; or, not ``final``, it stopped and can go on."""

    at: float
    exit_code: ExitCode
    message: str | None = None
    final: bool = True


@dataclass(frozen=True, slots=True)
class ChangeEntry:
    """Where a change of the run is; ``position`` counts the changes from 0.

    ``reserved`` and ``volumes`` are as they are on the agent once one is chosen.
    """

    position: int
    phase: ChangePhase
    agent_id: str | None
    hostname: str | None
    reserved: Resources
    volumes: Resources
    message: str | None = None


@dataclass(frozen=True, slots=True)
class OperationEntry:
    """One operation of a change; written before it is sent and before its status is acknowledged.

    ``number`` counts the operations of the change from 0. ``operation_id`` is ``None`` when no
    feedback was asked for, or nobody can be asked any more.
    """

    position: int
    number: int
    type: OperationType
    agent_id: str
    resources: Resources
    state: OperationState
    sent_at: float
    operation_id: str | None = None
    message: str | None = None


Entry = (
    FrameworkEntry
    | AttemptEntry
    | AgentEntry
    | TaskEntry
    | ChangeEntry
    | OperationEntry
    | CancelEntry
    | EndEntry
)


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a run that goes on: the latest entry of everything.

    A task without an entry was never launched. ``attempts`` come in any order, ``operations`` as
    they were sent. ``touched_at`` is when the run last wrote anything, ``began_at`` when it began.
    """

    framework_id: str | None = None
    began_at: float | None = None
    touched_at: float = 0.0
    tasks: Sequence[TaskEntry] = ()
    attempts: Sequence[AttemptEntry] = ()
    changes: Sequence[ChangeEntry] = ()
    operations: Sequence[OperationEntry] = ()
    cancelled: CancelEntry | None = None
