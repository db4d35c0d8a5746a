"""What the master remembers of tasks, offers, operations and agents."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.resources import Resources
from mesos_batch.model.state import TERMINAL, TaskState
from mesos_batch.protocol.values import resources_from

if TYPE_CHECKING:
    import asyncio

    from mesos_batch.local.links import AgentLink

TERMINAL_STATES = frozenset(state.value for state in TERMINAL)
AGENT_CAPABILITIES = (
    pb.AgentInfo.Capability.MULTI_ROLE,
    pb.AgentInfo.Capability.HIERARCHICAL_ROLE,
    pb.AgentInfo.Capability.RESERVATION_REFINEMENT,
    pb.AgentInfo.Capability.RESOURCE_PROVIDER,
    pb.AgentInfo.Capability.RESIZE_VOLUME,
    pb.AgentInfo.Capability.AGENT_OPERATION_FEEDBACK,
    pb.AgentInfo.Capability.AGENT_DRAINING,
    pb.AgentInfo.Capability.TASK_RESOURCE_LIMITS,
)


@dataclass(slots=True)
class Task:
    """A task as operators see it, and its resources."""

    message: pb.Task
    resources: Resources

    @classmethod
    def launched(
        cls, task: pb.TaskInfo, framework_id: str, resources: Resources, state: int
    ) -> Task:
        """A task the master launches, or hears of from an agent.

        A command task has no executor id here: its executor is a matter of the agent.
        """
        message = pb.Task(
            name=task.name,
            task_id=task.task_id,
            agent_id=task.agent_id,
            state=state,  # type: ignore[arg-type]
            resources=task.resources,
        )
        message.framework_id.value = framework_id
        if task.HasField("executor"):
            message.executor_id.CopyFrom(task.executor.executor_id)
        for name in ("labels", "discovery", "container", "health_check", "kill_policy"):
            if task.HasField(name):
                getattr(message, name).CopyFrom(getattr(task, name))
        for name, limit in task.limits.items():
            message.limits[name].CopyFrom(limit)
        user = task.executor.command.user if message.HasField("executor_id") else task.command.user
        if user:
            message.user = user
        return cls(message, resources)

    @property
    def task_id(self) -> str:
        """Its id."""
        return self.message.task_id.value

    @property
    def framework_id(self) -> str:
        """The framework it belongs to."""
        return self.message.framework_id.value

    @property
    def agent_id(self) -> str:
        """The agent it was sent to."""
        return self.message.agent_id.value

    @property
    def executor_id(self) -> str | None:
        """Its executor, ``None`` for a command task."""
        message = self.message
        return message.executor_id.value if message.HasField("executor_id") else None

    @property
    def holds_resources(self) -> bool:
        """Whether the resources are in use: it is neither terminal nor unreachable."""
        state = self.message.state
        return state not in TERMINAL_STATES and state != TaskState.TASK_UNREACHABLE.value

    @property
    def told_state(self) -> int:
        """The state the scheduler heard last."""
        message = self.message
        if message.HasField("status_update_state"):
            return int(message.status_update_state)
        return int(message.state)

    def note(self, status: pb.TaskStatus, latest_state: int) -> bool:
        """Take a status and give whether it frees the resources.

        Of statuses with the same state only the last is kept.
        """
        message = self.message
        held = self.holds_resources
        if message.state not in TERMINAL_STATES:
            message.state = latest_state  # type: ignore[assignment]
        statuses = message.statuses
        if statuses and statuses[-1].state == status.state:
            del statuses[-1]
        statuses.add().CopyFrom(status)
        statuses[-1].ClearField("data")
        return held and not self.holds_resources


@dataclass(slots=True)
class Offer:
    """Resources of one agent on the way to one framework, allocated to one role."""

    offer_id: str
    framework_id: str
    agent_id: str
    role: str
    resources: Resources
    message: pb.Offer


@dataclass(slots=True)
class Operation:
    """An operation that was sent to an agent and is not acknowledged yet."""

    message: pb.Operation

    @property
    def operation_id(self) -> str | None:
        """The id the framework gave it, ``None`` when it wants no feedback."""
        info = self.message.info
        return info.id.value if info.HasField("id") else None

    @property
    def framework_id(self) -> str:
        """The framework it is of; empty when an operator asked for it."""
        return self.message.framework_id.value

    @property
    def uuid(self) -> bytes:
        """What master and agent call it."""
        return self.message.uuid.value


@dataclass(slots=True)
class Agent:
    """An agent that is registered with this master."""

    info: pb.AgentInfo
    link: AgentLink
    total: Resources
    registered_time: float
    reregistered_time: float | None = None
    connected: bool = True
    tasks: dict[str, dict[str, Task]] = field(default_factory=dict)
    executors: dict[str, dict[str, pb.ExecutorInfo]] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)
    operations: dict[bytes, Operation] = field(default_factory=dict)
    killed_tasks: dict[tuple[str, str], pb.KillPolicy | None] = field(default_factory=dict)
    unreachable_timer: asyncio.TimerHandle | None = None

    @property
    def agent_id(self) -> str:
        """Its id."""
        return self.info.id.value

    @property
    def pid(self) -> str:
        """Its address as libprocess writes it."""
        return f"slave(1)@127.0.0.1:{self.info.port}"

    @property
    def checkpointed(self) -> Resources:
        """What the agent writes down: dynamic reservations and persistent volumes."""
        return self.total.filter(
            lambda resource: resource.is_dynamically_reserved or resource.is_persistent_volume
        )

    def used_by(self, framework_id: str) -> Resources:
        """What tasks and executors of a framework use here."""
        used = Resources()
        for task in self.tasks.get(framework_id, {}).values():
            if task.holds_resources:
                used += task.resources
        for executor in self.executors.get(framework_id, {}).values():
            used += resources_from(executor.resources)
        return used

    def used(self) -> Resources:
        """What tasks and executors of all frameworks use here."""
        total = Resources()
        for framework_id in {*self.tasks, *self.executors}:
            total += self.used_by(framework_id)
        return total

    def offered(self) -> Resources:
        """What is in offers."""
        total = Resources()
        for offer in self.offers.values():
            total += offer.resources
        return total

    def has_executor(self, framework_id: str, executor_id: str) -> bool:
        """Whether the framework has such an executor here (command executors do not count)."""
        return executor_id in self.executors.get(framework_id, {})

    def __str__(self) -> str:
        return f"{self.agent_id} at {self.pid} ({self.info.hostname})"
