"""Everything the engine may want done; each is one call to the master but the last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesos_batch.model.operation import Operation
    from mesos_batch.model.resources import Resources
    from mesos_batch.model.task import TaskSpec


@dataclass(frozen=True, slots=True)
class TaskLaunch:
    """One task of a launch: the id of this attempt and the resources taken from the offers.

    ``position`` is the task's in the task list, ``attempt`` counts from 1. A ``pooled`` task is
    a group of its own in the shared executor of the launch.
    """

    task_id: str
    spec: TaskSpec
    resources: Resources
    position: int = 0
    attempt: int = 1
    pooled: bool = False


@dataclass(frozen=True, slots=True)
class Anchor:
    """A task that sleeps, so that the executor it is launched in does not end."""

    task_id: str
    resources: Resources


@dataclass(frozen=True, slots=True)
class SharedExecutor:
    """The default executor of pooled tasks; with an ``anchor`` this launch starts it."""

    executor_id: str
    resources: Resources
    anchor: Anchor | None = None


@dataclass(frozen=True, slots=True)
class Launch:
    """ACCEPT with a LAUNCH, and a LAUNCH_GROUP for the anchor and each pooled task.

    All offers are of one agent; what is left is refused a while.
    """

    offer_ids: tuple[str, ...]
    agent_id: str
    tasks: tuple[TaskLaunch, ...]
    refuse_seconds: float
    executor: SharedExecutor | None = None


@dataclass(frozen=True, slots=True)
class Operate:
    """ACCEPT with operations on reservations and volumes of one agent, carried out in order."""

    offer_ids: tuple[str, ...]
    agent_id: str
    operations: tuple[Operation, ...]
    refuse_seconds: float


@dataclass(frozen=True, slots=True)
class Decline:
    """DECLINE."""

    offer_ids: tuple[str, ...]
    refuse_seconds: float


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """ACKNOWLEDGE."""

    agent_id: str
    task_id: str
    uuid: bytes


@dataclass(frozen=True, slots=True)
class AcknowledgeOperation:
    """ACKNOWLEDGE_OPERATION_STATUS."""

    agent_id: str
    operation_id: str
    uuid: bytes


@dataclass(frozen=True, slots=True)
class Kill:
    """KILL; the kill policy is the task's own."""

    task_id: str
    agent_id: str | None


@dataclass(frozen=True, slots=True)
class Reconcile:
    """RECONCILE of these ``(task id, agent id)``; none of them means all the master knows."""

    tasks: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class ReconcileOperations:
    """RECONCILE_OPERATIONS of these ``(operation id, agent id)``."""

    operations: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Suppress:
    """SUPPRESS: nothing waits."""


@dataclass(frozen=True, slots=True)
class Revive:
    """REVIVE: tasks wait and filters or suppression may be in their way."""


@dataclass(frozen=True, slots=True)
class Teardown:
    """TEARDOWN: the batch has ended."""


@dataclass(frozen=True, slots=True)
class ListAgents:
    """Ask the master which agents it has; the answer, if any, is an ``AgentsListed``.

    The answer carries the ``number`` of its question: it may be older than what was done since.
    """

    number: int = 0


Command = (
    Launch
    | Operate
    | Decline
    | Acknowledge
    | AcknowledgeOperation
    | Kill
    | Reconcile
    | ReconcileOperations
    | Suppress
    | Revive
    | Teardown
    | ListAgents
)
