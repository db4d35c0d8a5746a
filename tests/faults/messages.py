"""What masters and agents tell each other, and the truth about processes."""

from __future__ import annotations

from dataclasses import dataclass

from mesos_batch.model.operation import Operation
from mesos_batch.model.resources import Resources
from mesos_batch.model.state import TaskState
from mesos_batch.model.status import Source


@dataclass(slots=True, eq=False)
class Process:
    """The truth about one attempt on one agent: did it run, and how did it end?

    ``exit_status`` stays ``None`` while it runs and when it did not end by itself.
    """

    attempt_id: str
    framework_id: str
    agent_id: str
    alive: bool = True
    exit_status: int | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """A status update on its way from an agent to the scheduler."""

    task_id: str
    framework_id: str
    agent_id: str
    state: TaskState
    uuid: bytes
    message: str
    reason: str | None
    source: Source
    timestamp: float
    latest: TaskState
    executor_id: str | None = None


@dataclass(frozen=True, slots=True)
class AgentTask:
    """A task as an agent reports it when it registers again."""

    task_id: str
    framework_id: str
    resources: Resources
    latest: TaskState
    sent: TaskState | None
    sent_uuid: bytes | None


@dataclass(frozen=True, slots=True)
class AgentExecutor:
    """An executor that tasks share, as launches and agents tell of it."""

    executor_id: str
    framework_id: str
    resources: Resources


@dataclass(frozen=True, slots=True)
class RunTask:
    """Master to agent: launch this, by itself or in an executor, which is new or there."""

    framework_id: str
    task_id: str
    resources: Resources
    executor: AgentExecutor | None = None
    launches_executor: bool = False


@dataclass(frozen=True, slots=True)
class ExitedExecutor:
    """Agent to master: an executor is no more."""

    agent_id: str
    framework_id: str
    executor_id: str


@dataclass(frozen=True, slots=True)
class KillTask:
    """Master to agent."""

    framework_id: str
    task_id: str


@dataclass(frozen=True, slots=True)
class AckUpdate:
    """Master to agent: the scheduler has seen this update."""

    task_id: str
    uuid: bytes


@dataclass(frozen=True, slots=True)
class ShutdownFramework:
    """Master to agent: the framework is gone."""

    framework_id: str


@dataclass(frozen=True, slots=True)
class ShutdownAgent:
    """Master to agent: you have been marked gone."""


@dataclass(frozen=True, slots=True)
class Registered:
    """Master to agent; ``reconcile`` are tasks the master has for it and it did not report."""

    reconcile: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Register:
    """Agent to master, for the first time or again.

    ``total`` is what it has, ``applied`` are the operations that made it so.
    """

    agent_id: str
    tasks: tuple[AgentTask, ...]
    frameworks: frozenset[str]
    total: Resources
    applied: frozenset[int]
    executors: tuple[AgentExecutor, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplyOperation:
    """Master to agent: carry this out; ``uuid`` is the master's own name for it."""

    uuid: int
    framework_id: str
    operation: Operation


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Master to an agent that is too old for the above: this is what you have from now on."""

    total: Resources
    applied: frozenset[int]


@dataclass(frozen=True, slots=True)
class AckOperation:
    """Master to agent: the scheduler has seen this status."""

    uuid: int
    status_uuid: bytes


@dataclass(frozen=True, slots=True)
class ReconcileAgent:
    """Master to agent: which of these operations do you not know?"""

    uuids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UpdateAgent:
    """Agent to master once it is registered: what it did and nobody has acknowledged yet."""

    agent_id: str
    operations: tuple[tuple[ApplyOperation, bytes], ...]
    total: Resources
    applied: frozenset[int]


@dataclass(frozen=True, slots=True)
class OperationUpdate:
    """Agent to master: done; or, without ``status_uuid``, never heard of it."""

    agent_id: str
    uuid: int
    framework_id: str | None = None
    operation_id: str | None = None
    status_uuid: bytes | None = None
