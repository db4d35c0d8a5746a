"""The master: what it knows, and what agents may tell it.

The state and the small steps everybody needs are here; what happens on a call or a message is
in the module named for it.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import OrderedDict
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local import VERSION
from mesos_batch.local.master import offering, operation_updates, registration, task_updates
from mesos_batch.local.master.allocator import Allocator
from mesos_batch.local.server import LOOPBACK
from mesos_batch.protocol.values import resources_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mesos_batch.local.links import AgentLink, Registration
    from mesos_batch.local.master.framework import Framework
    from mesos_batch.local.master.registry import Registry
    from mesos_batch.local.options import LocalOptions
    from mesos_batch.local.records import Agent, Offer, Task

# 127.0.0.1 in network byte order, read as a little-endian number: so MasterInfo has it.
_LOOPBACK_IP = 16777343


class Master:
    """One master; it works while it is elected, else it knows who leads."""

    def __init__(self, options: LocalOptions, registry: Registry) -> None:
        self.options = options
        self.registry: Registry = registry
        self.master_id = str(uuid.uuid4())
        self.info = pb.MasterInfo()
        self.leader: pb.MasterInfo | None = None
        self.start_time = time.time()
        self.elected_time: float | None = None
        self.frameworks: dict[str, Framework] = {}
        self.completed_frameworks: OrderedDict[str, Framework] = OrderedDict()
        self.agents: dict[str, Agent] = {}
        self.recovered_agents: dict[str, pb.AgentInfo] = {}
        self.offers: dict[str, Offer] = {}
        self.allocator = Allocator(options.allocation_interval)
        self._counts = dict.fromkeys("FSO", 0)
        self._timers: set[asyncio.TimerHandle] = set()
        self._waiting: set[str] | None = set()
        self._allocation_due = False

    @property
    def elected(self) -> bool:
        """Whether this master leads."""
        return self.leader is not None and self.leader.id == self.master_id

    def bind(self, port: int) -> None:
        """Learn where this master answers."""
        info = self.info
        info.id = self.master_id
        info.ip = _LOOPBACK_IP
        info.port = port
        info.pid = f"master@{LOOPBACK}:{port}"
        info.hostname = LOOPBACK
        info.version = VERSION
        info.address.hostname = LOOPBACK
        info.address.ip = LOOPBACK
        info.address.port = port
        del info.capabilities[:]
        kinds = pb.MasterInfo.Capability
        for kind in (kinds.AGENT_UPDATE, kinds.AGENT_DRAINING, kinds.QUOTA_V2):
            info.capabilities.add(type=kind)

    def elect(self) -> None:
        """Begin to lead: the agents of the registry are expected to come back."""
        self.leader = self.info
        self.elected_time = time.time()
        self.recovered_agents = dict(self.registry.admitted)
        for agent_id in self.recovered_agents:
            self.later(
                self.options.agent_reregister_timeout,
                registration.give_up_recovered,
                self,
                agent_id,
            )
        self.later(self.options.allocation_interval, self._batch)

    def stop(self) -> None:
        """Do nothing more; streams are the server's to cut."""
        self.leader = None
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        for framework in self.frameworks.values():
            if framework.stream is not None:
                framework.stream.stop_heartbeats()

    # Small steps.

    def new_framework_id(self) -> str:
        """The next framework id."""
        return f"{self.master_id}-{self._next('F'):04d}"

    def new_agent_id(self) -> str:
        """The next agent id."""
        return f"{self.master_id}-S{self._next('S')}"

    def new_offer_id(self) -> str:
        """The next offer id."""
        return f"{self.master_id}-O{self._next('O')}"

    def _next(self, kind: str) -> int:
        number = self._counts[kind]
        self._counts[kind] = number + 1
        return number

    def later(
        self, seconds: float, do: Callable[..., None], *arguments: object
    ) -> asyncio.TimerHandle:
        """Do something in a while, unless the master stops before."""

        def run() -> None:
            self._timers.discard(timer)
            do(*arguments)

        timer = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(timer)
        return timer

    def cancel(self, timer: asyncio.TimerHandle | None) -> None:
        """Forget something that was to be done later."""
        if timer is not None:
            timer.cancel()
            self._timers.discard(timer)

    def recover(self, task_or_offer: Task | Offer, refuse_seconds: float | None = None) -> None:
        """Give the resources of a task or an offer back to the allocator."""
        self.allocator.recover(
            task_or_offer.framework_id,
            task_or_offer.agent_id,
            task_or_offer.resources,
            time.monotonic(),
            refuse_seconds,
        )

    def add_task(self, task: Task) -> None:
        """Track a task, also for its framework when that is known."""
        agent = self.agents[task.agent_id]
        agent.tasks.setdefault(task.framework_id, {})[task.task_id] = task
        framework = self.frameworks.get(task.framework_id)
        if framework is not None:
            framework.tasks[task.task_id] = task

    def update_task(self, task: Task, status: pb.TaskStatus, latest_state: int) -> None:
        """Note a status; resources come free as soon as the latest state is an end."""
        if task.note(status, latest_state):
            self.recover(task)

    def remove_task(self, task: Task, *, unreachable: bool = False) -> None:
        """Stop tracking a task; it stays in a list of the framework for operators."""
        agent = self.agents.get(task.agent_id)
        if agent is not None:
            tasks = agent.tasks.get(task.framework_id, {})
            tasks.pop(task.task_id, None)
            if not tasks:
                agent.tasks.pop(task.framework_id, None)
            agent.killed_tasks.pop((task.framework_id, task.task_id), None)
        framework = self.frameworks.get(task.framework_id)
        if framework is None:
            return
        framework.tasks.pop(task.task_id, None)
        if unreachable:
            framework.add_unreachable(task)
        else:
            framework.completed_tasks.append(task)

    def add_executor(self, agent: Agent, framework: Framework, executor: pb.ExecutorInfo) -> None:
        """Track an executor other than a command executor."""
        executor_id = executor.executor_id.value
        agent.executors.setdefault(framework.framework_id, {})[executor_id] = executor
        framework.executors.setdefault(agent.agent_id, {})[executor_id] = executor

    def remove_executor(self, agent: Agent, framework_id: str, executor_id: str) -> None:
        """Stop tracking an executor and free its resources."""
        executors = agent.executors[framework_id]
        resources = resources_from(executors.pop(executor_id).resources)
        if not executors:
            del agent.executors[framework_id]
        framework = self.frameworks.get(framework_id)
        if framework is not None:
            of_agent = framework.executors.get(agent.agent_id, {})
            of_agent.pop(executor_id, None)
            if not of_agent:
                framework.executors.pop(agent.agent_id, None)
        self.allocator.recover(framework_id, agent.agent_id, resources, time.monotonic())

    # Allocation: at once on some events, and in batches.

    def allocate_soon(self, agent_ids: Iterable[str] | None = None) -> None:
        """Allocate the given agents, or all, when what is going on now is through."""
        if agent_ids is None:
            self._waiting = None
        elif self._waiting is not None:
            self._waiting.update(agent_ids)
        if not self._allocation_due:
            self._allocation_due = True
            self.later(0, self._allocate)

    def _batch(self) -> None:
        self.allocate_soon()
        self.later(self.options.allocation_interval, self._batch)

    def _allocate(self) -> None:
        agent_ids, self._waiting = self._waiting, set()
        self._allocation_due = False
        offering.send_offers(self, self.allocator.allocate(time.monotonic(), agent_ids))

    # What agents tell (MasterLink), or their silence. A master that does not lead hears nothing.

    def register_agent(self, registration_message: Registration, agent: AgentLink) -> None:
        """Let an agent in, or in again."""
        if self.elected:
            registration.register(self, registration_message, agent)

    def agent_disconnected(self, agent_id: str) -> None:
        """Notice that the socket to an agent broke."""
        if self.elected:
            registration.disconnect(self, agent_id)

    def agent_unreachable(self, agent_id: str) -> None:
        """Notice that an agent answers no pings."""
        if self.elected:
            registration.mark_unreachable(self, agent_id, "health check timed out")

    def status_update(
        self, agent_id: str, framework_id: str, status: pb.TaskStatus, latest_state: int
    ) -> None:
        """Forward a status update of a task."""
        if self.elected:
            task_updates.status_update(self, agent_id, framework_id, status, latest_state)

    def executor_exited(
        self, agent_id: str, framework_id: str, executor_id: str, status: int
    ) -> None:
        """Tell the framework that an executor ended."""
        if self.elected:
            task_updates.executor_exited(self, agent_id, framework_id, executor_id, status)

    def operation_status(
        self,
        agent_id: str,
        framework_id: str,
        status: pb.OperationStatus,
        operation_uuid: bytes,
    ) -> None:
        """Forward the status of an operation."""
        if self.elected:
            operation_updates.status_update(self, agent_id, framework_id, status, operation_uuid)
