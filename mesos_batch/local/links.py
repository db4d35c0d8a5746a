"""What the local master and its agents say to each other.

Mesos uses libprocess messages here; ours are method calls on one event loop, or the same calls
over a wire (``wire.py``). No call blocks and none returns a result: like messages, they may be
lost when the other side is gone. Messages are mesos.v1 protobufs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
    from mesos_batch.model.resources import Resources


@dataclass(frozen=True, slots=True)
class TaskReport:
    """A task a (re-)registering agent still holds: running, or ended and not acknowledged."""

    framework: pb.FrameworkInfo
    task: pb.TaskInfo
    executor: pb.ExecutorInfo | None
    latest: pb.TaskStatus


@dataclass(frozen=True, slots=True)
class Registration:
    """What an agent tells a master when it comes.

    ``agent`` has hostname, port, resources, attributes and, after the first time, the id. ``total``
    are its resources with all reservations and volumes. ``operations`` are those that nobody has
    acknowledged.
    """

    agent: pb.AgentInfo
    total: Resources
    tasks: list[TaskReport] = field(default_factory=list)
    operations: list[pb.Operation] = field(default_factory=list)


class AgentLink(Protocol):
    """What a master may ask of an agent."""

    def registered(self, agent_id: str, master: MasterLink) -> None:
        """Accept the agent under this id; pending status updates are sent again."""

    def run_task(
        self, framework: pb.FrameworkInfo, task: pb.TaskInfo, executor: pb.ExecutorInfo | None
    ) -> None:
        """Launch one task with the command executor, or with ``executor`` when it is given."""

    def run_task_group(
        self, framework: pb.FrameworkInfo, executor: pb.ExecutorInfo, tasks: list[pb.TaskInfo]
    ) -> None:
        """Launch a group of tasks on a default executor, new or already running."""

    def kill_task(self, framework_id: str, task_id: str, kill_policy: pb.KillPolicy | None) -> None:
        """Kill one task; repeated calls may only shorten the grace period."""

    def shutdown_executor(self, framework_id: str, executor_id: str) -> None:
        """End an executor and its tasks."""

    def shutdown_framework(self, framework_id: str) -> None:
        """End every executor of a framework; its updates are sent to nobody any more."""

    def update_framework(self, framework: pb.FrameworkInfo) -> None:
        """Learn the FrameworkInfo of a framework that came back; pending updates are sent again."""

    def acknowledge(self, framework_id: str, task_id: str, uuid: bytes) -> None:
        """Forget the update with this uuid; the next one of the task follows."""

    def apply_operation(
        self,
        framework_id: str,
        operation: pb.Offer.Operation,
        operation_uuid: bytes,
        total: Resources,
    ) -> None:
        """Apply a reserve, unreserve, create, destroy, grow or shrink operation.

        ``total`` are the agent's resources after it; the agent checkpoints them, makes and
        removes volume directories, and answers with :meth:`MasterLink.operation_status`.
        """

    def acknowledge_operation(self, status_uuid: bytes) -> None:
        """Forget the operation status with this uuid."""

    def reconcile_operations(self, operation_uuids: list[bytes]) -> None:
        """Tell which of these operations never came; the agent did not name them."""

    def shutdown(self) -> None:
        """End the agent: it was marked gone."""


class MasterLink(Protocol):
    """What an agent may tell a master."""

    def register_agent(self, registration: Registration, agent: AgentLink) -> None:
        """Come, or come back after a loss of connection."""

    def status_update(
        self, agent_id: str, framework_id: str, status: pb.TaskStatus, latest_state: int
    ) -> None:
        """Forward the head of a task's update queue; ``latest_state`` frees resources early."""

    def executor_exited(
        self, agent_id: str, framework_id: str, executor_id: str, status: int
    ) -> None:
        """Tell that an executor other than a command executor ended, with its wait status."""

    def operation_status(
        self, agent_id: str, framework_id: str, status: pb.OperationStatus, operation_uuid: bytes
    ) -> None:
        """Tell the state of an operation; resent until acknowledged, if it has a uuid.

        ``framework_id`` is empty for an operation that was lost, or is of an operator.
        """
