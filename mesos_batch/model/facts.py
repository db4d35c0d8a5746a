"""What happened in a run, in the order it happened: the only thing the faces listen to.

Times are seconds since the epoch. Facts are immutable and mean something on their own; a face
that joins late starts from a snapshot instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesos_batch.errors import ExitCode
    from mesos_batch.model.change import ChangeView, OperationView
    from mesos_batch.model.state import TaskState


class Phase(Enum):
    """Where a task of the batch is, in our words; every one but the first four is an end."""

    WAITING = "waiting"
    LAUNCHED = "launched"
    RUNNING = "running"
    UNREACHABLE = "unreachable"
    FINISHED = "finished"
    FAILED = "failed"
    KILLED = "killed"
    LOST = "lost"
    ERROR = "error"
    UNPLACEABLE = "unplaceable"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"

    @property
    def is_end(self) -> bool:
        """Whether nothing more will happen to the task."""
        return self not in (Phase.WAITING, Phase.LAUNCHED, Phase.RUNNING, Phase.UNREACHABLE)

    @property
    def is_active(self) -> bool:
        """Whether the cluster holds the task."""
        return self in (Phase.LAUNCHED, Phase.RUNNING, Phase.UNREACHABLE)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened at ``at``."""

    at: float


@dataclass(frozen=True, slots=True)
class RunResumed(Fact):
    """A run goes on from its journal: how many tasks had ended, are active, wait.

    ``changes`` are those of reservations and volumes that are not done.
    """

    ended: int
    active: int
    waiting: int
    changes: int = 0


@dataclass(frozen=True, slots=True)
class Subscribed(Fact):
    """The master accepted the framework (again, when ``again`` is true)."""

    master: str
    framework_id: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Disconnected(Fact):
    """The subscription ended; the next try is in ``retry_in`` seconds."""

    reason: str
    retry_in: float


@dataclass(frozen=True, slots=True)
class OffersSeen(Fact):
    """Offers arrived: how many, of how many agents, and what they led to."""

    offers: int
    launched: int
    declined: int


@dataclass(frozen=True, slots=True)
class TaskLaunched(Fact):
    """A launch was sent to the master."""

    task_id: str
    agent_id: str
    hostname: str


@dataclass(frozen=True, slots=True)
class TaskUpdated(Fact):
    """The cluster said something new about a task that has not ended."""

    task_id: str
    phase: Phase
    state: TaskState
    message: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TaskRequeued(Fact):
    """An attempt came to nothing; the task waits for another offer, at least ``delay`` seconds.

    ``attempt`` is the number of the attempt that ended; ``counted`` says whether it used up one
    of the attempts the user allows. ``phase`` is how the attempt ended.
    """

    task_id: str
    phase: Phase
    state: TaskState | None
    attempt: int
    delay: float
    counted: bool
    message: str | None = None


@dataclass(frozen=True, slots=True)
class AttemptSuperseded(Fact):
    """An attempt that was given up came back; it is killed and counts for nothing."""

    task_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class AgentRested(Fact):
    """Attempts keep failing on an agent while others do well: it gets no task for a while."""

    agent_id: str
    hostname: str
    seconds: float
    failures: int


@dataclass(frozen=True, slots=True)
class TaskEnded(Fact):
    """A task has its final phase; exactly one such fact comes for each task."""

    task_id: str
    phase: Phase
    state: TaskState | None
    message: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TaskUnplaceable(Fact):
    """No agent seen so far could ever hold the task; it fails at ``deadline``."""

    task_id: str
    explanation: str
    deadline: float


@dataclass(frozen=True, slots=True)
class TaskPlaceable(Fact):
    """A task told unplaceable before would fit an agent seen since."""

    task_id: str


@dataclass(frozen=True, slots=True)
class KillSent(Fact):
    """A kill was sent; ``why`` says for what reason."""

    task_id: str
    why: str


@dataclass(frozen=True, slots=True)
class OperationsSent(Fact):
    """Operations of a change were sent to the master; ``position`` counts changes from 0."""

    position: int
    agent_id: str
    hostname: str
    operations: tuple[OperationView, ...]


@dataclass(frozen=True, slots=True)
class OperationUpdated(Fact):
    """The cluster said something new about an operation."""

    position: int
    agent_id: str
    hostname: str
    operation: OperationView


@dataclass(frozen=True, slots=True)
class ChangeWaits(Fact):
    """A change has waited for an offer for a while; ``why`` says what for."""

    position: int
    why: str


@dataclass(frozen=True, slots=True)
class ChangeEnded(Fact):
    """A change is done, or will not be; ``view`` says what of it is done."""

    position: int
    view: ChangeView


@dataclass(frozen=True, slots=True)
class Warned(Fact):
    """Something the user should know that stops nothing."""

    message: str


@dataclass(frozen=True, slots=True)
class RunEnded(Fact):
    """The last fact of a run."""

    exit_code: ExitCode
    message: str | None = None
