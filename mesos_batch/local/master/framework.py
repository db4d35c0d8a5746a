"""What the master remembers of a framework."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.resources import Resources
from mesos_batch.protocol.values import resources_from

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
    from mesos_batch.local.master.stream import EventStream
    from mesos_batch.local.records import Offer, Operation, Task

MAX_COMPLETED_TASKS = 1000
MAX_UNREACHABLE_TASKS = 1000
Capability = pb.FrameworkInfo.Capability


def roles_of(info: pb.FrameworkInfo) -> tuple[str, ...]:
    """The roles a framework subscribes to: ``roles`` when it is MULTI_ROLE, else ``role``."""
    if any(item.type == Capability.MULTI_ROLE for item in info.capabilities):
        return tuple(info.roles)
    return (info.role,)


class Framework:
    """A framework: subscribed, disconnected, or known only from agents (recovered)."""

    def __init__(self, info: pb.FrameworkInfo, now: float) -> None:
        self.info = info
        self.capabilities: frozenset[int] = frozenset()
        self.roles: tuple[str, ...] = ()
        self.update(info)
        self.stream: EventStream | None = None
        self.recovered = False
        self.registered_time = now
        self.reregistered_time: float | None = None
        self.unregistered_time: float | None = None
        self.offer_constraints: scheduler_pb2.OfferConstraints | None = None
        self.failover_timer: asyncio.TimerHandle | None = None
        self.tasks: dict[str, Task] = {}
        self.unreachable_tasks: dict[str, Task] = {}
        self.completed_tasks: deque[Task] = deque(maxlen=MAX_COMPLETED_TASKS)
        self.executors: dict[str, dict[str, pb.ExecutorInfo]] = {}
        self.offers: dict[str, Offer] = {}
        self.operations: dict[str, Operation] = {}

    @property
    def framework_id(self) -> str:
        """Its id."""
        return self.info.id.value

    @property
    def connected(self) -> bool:
        """Whether a scheduler listens."""
        return self.stream is not None

    @property
    def partition_aware(self) -> bool:
        """Whether it knows the states of a partitioned cluster."""
        return Capability.PARTITION_AWARE in self.capabilities

    def update(self, info: pb.FrameworkInfo) -> None:
        """Take a new FrameworkInfo."""
        self.info = info
        self.capabilities = frozenset(item.type for item in info.capabilities)
        self.roles = roles_of(info)

    def state_for(self, aware: int) -> int:
        """``aware`` for a PARTITION_AWARE framework, TASK_LOST for others."""
        return aware if self.partition_aware else pb.TASK_LOST

    def send(self, event: scheduler_pb2.Event) -> None:
        """Send an event, if a scheduler listens."""
        if self.stream is not None:
            self.stream.send(event)

    def send_status(self, status: pb.TaskStatus) -> None:
        """Send an UPDATE event."""
        if self.stream is not None:
            self.stream.send_status(status)

    def add_unreachable(self, task: Task) -> None:
        """Remember a task of an unreachable agent; the oldest falls out of a full memory."""
        if len(self.unreachable_tasks) >= MAX_UNREACHABLE_TASKS:
            del self.unreachable_tasks[next(iter(self.unreachable_tasks))]
        self.unreachable_tasks[task.task_id] = task

    def used(self) -> Resources:
        """What its tasks and executors use."""
        total = _sum(task.resources for task in self.tasks.values() if task.holds_resources)
        for executors in self.executors.values():
            total += _sum(resources_from(item.resources) for item in executors.values())
        return total

    def offered(self) -> Resources:
        """What it holds in offers."""
        return _sum(offer.resources for offer in self.offers.values())


def _sum(parts: Iterable[Resources]) -> Resources:
    total = Resources()
    for part in parts:
        total += part
    return total
