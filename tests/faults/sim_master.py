"""A simulated master: agents come, go and come back; updates are passed on.

Follows ``src/master/master.cpp``; what a scheduler may call is in ``sim_calls``. A new master
knows nothing but the registry: which agents were admitted, unreachable or gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faults import messages as msg
from faults import sim_operations
from faults.sim_offers import Allocator, Wishes
from faults.sim_operations import MasterOperation

from mesos_batch.engine import events as ev
from mesos_batch.model.operation import OperationState
from mesos_batch.model.resources import Resources
from mesos_batch.model.state import TaskState
from mesos_batch.model.status import Source, TaskStatus

if TYPE_CHECKING:
    from faults.sim_agent import Agent
    from faults.stream import Stream
    from faults.world import World

PING_TIMEOUT = 75.0
REREGISTER_TIMEOUT = 600.0


@dataclass(slots=True)
class Registry:
    """What outlives a master."""

    admitted: set[str] = field(default_factory=set)
    unreachable: dict[str, float] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    draining: set[str] = field(default_factory=set)
    completed: set[str] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class MasterTask:
    """A task as the master has it; ``sent`` is the last update passed on, with its uuid."""

    task_id: str
    framework_id: str
    agent_id: str
    resources: Resources
    latest: TaskState = TaskState.TASK_STAGING
    sent: TaskState | None = None
    sent_uuid: bytes | None = None


@dataclass(slots=True, eq=False)
class KnownAgent:
    """A registered agent; ``killed`` are kills to repeat when it registers again.

    ``total`` is what the master believes the agent has, ``applied`` what it believes made it so.
    """

    agent: Agent
    total: Resources
    applied: frozenset[int]
    connected: bool = True
    disconnects: int = 0
    tasks: dict[str, MasterTask] = field(default_factory=dict)
    killed: set[str] = field(default_factory=set)
    operations: dict[int, MasterOperation] = field(default_factory=dict)
    executors: dict[str, msg.AgentExecutor] = field(default_factory=dict)

    @property
    def agent_id(self) -> str:
        return self.agent.agent_id


@dataclass(slots=True, eq=False)
class Framework:
    """A framework; without a stream it is disconnected, or recovered after a failover."""

    framework_id: str
    stream: Stream | None = None
    subscriptions: int = 0
    wishes: Wishes = field(default_factory=Wishes)
    tasks: dict[str, MasterTask] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)
    operations: dict[str, MasterOperation] = field(default_factory=dict)


class Master:
    """The leading master of its time."""

    def __init__(self, world: World, number: int, registry: Registry) -> None:
        self.world = world
        self.name = f"M{number}"
        self.registry = registry
        self.recovered = set(registry.admitted)
        self.agents: dict[str, KnownAgent] = {}
        self.frameworks: dict[str, Framework] = {}
        # Mesos forgets them; with operations under way that cannot end well, see the docs.
        self.completed = registry.completed if world.plan.changes else set[str]()
        self.allocator = Allocator(self)
        if self.recovered:
            world.clock.after(REREGISTER_TIMEOUT, self._recovery_timeout)

    # -- from agents --------------------------------------------------------------------------

    def receive(self, agent: Agent, message: object) -> None:
        if isinstance(message, msg.Register):
            self._register(agent, message)
        elif isinstance(message, msg.Update):
            self._update(message)
        elif isinstance(message, msg.UpdateAgent):
            sim_operations.agent_reports(self, message)
        elif isinstance(message, msg.OperationUpdate):
            sim_operations.agent_says(self, message)
        elif isinstance(message, msg.ExitedExecutor):
            self._executor_exited(message)

    def _register(self, agent: Agent, message: msg.Register) -> None:
        agent_id = agent.agent_id
        if agent_id in self.registry.gone:
            agent.from_master.send(msg.ShutdownAgent())
            return
        known = self.agents.get(agent_id)
        if known is None:
            self._admit(agent, message)
        else:
            self._reconcile_known(known, message)
        for framework_id in message.frameworks:
            if framework_id in self.completed:
                agent.from_master.send(msg.ShutdownFramework(framework_id))

    def _admit(self, agent: Agent, message: msg.Register) -> None:
        agent_id = agent.agent_id
        recovered = agent_id in self.recovered
        known = self.agents[agent_id] = KnownAgent(agent, message.total, message.applied)
        known.executors = self._living(message.executors)
        for task in message.tasks:
            if task.framework_id in self.completed:
                continue
            framework = self.framework(task.framework_id)
            framework.unreachable.pop(task.task_id, None)
            mine = MasterTask(
                task.task_id,
                task.framework_id,
                agent_id,
                task.resources,
                task.latest,
                task.sent,
                task.sent_uuid,
            )
            framework.tasks[task.task_id] = known.tasks[task.task_id] = mine
            if not recovered:
                self.tell(
                    framework,
                    self.status(
                        task.task_id,
                        task.latest,
                        "Unreachable agent re-reregistered",
                        "REASON_AGENT_REREGISTERED",
                        agent_id,
                    ),
                )
        for framework in self.frameworks.values():
            for task_id in [t for t, a in framework.unreachable.items() if a == agent_id]:
                del framework.unreachable[task_id]
        self.recovered.discard(agent_id)
        self.registry.unreachable.pop(agent_id, None)
        self.registry.admitted.add(agent_id)
        agent.from_master.send(msg.Registered())
        self.world.log(self.name, "admits %s with %d tasks", agent_id, len(message.tasks))
        self.allocator.allocate(agent_id)

    def _reconcile_known(self, known: KnownAgent, message: msg.Register) -> None:
        reported = {task.task_id for task in message.tasks}
        missing = tuple(
            (task.framework_id, task.task_id)
            for task in known.tasks.values()
            if task.task_id not in reported
        )
        known.executors = self._living(message.executors)
        sim_operations.registers_again(self, known, message)
        known.agent.from_master.send(msg.Registered(missing))
        for task in message.tasks:
            if not task.latest.is_terminal and task.task_id in known.killed:
                known.agent.from_master.send(msg.KillTask(task.framework_id, task.task_id))
        self.world.log(self.name, "%s registers again, lacks %s", known.agent_id, missing)
        known.connected = True
        self.allocator.wake()

    def _update(self, update: msg.Update) -> None:
        known = self.agents.get(update.agent_id)
        if known is None:
            return
        task = known.tasks.get(update.task_id)
        framework = self.frameworks.get(update.framework_id)
        if framework is not None and framework.stream is not None:
            if task is not None:
                task.sent, task.sent_uuid = update.state, update.uuid
            framework.stream.send(
                ev.UpdateArrived(
                    TaskStatus(
                        task_id=update.task_id,
                        state=update.state,
                        agent_id=update.agent_id,
                        executor_id=update.executor_id,
                        message=update.message or None,
                        source=update.source,
                        reason=update.reason,
                        uuid=update.uuid,
                        timestamp=update.timestamp,
                    )
                )
            )
        if task is not None:
            self.change(task, update.latest)

    def _living(self, executors: tuple[msg.AgentExecutor, ...]) -> dict[str, msg.AgentExecutor]:
        return {it.executor_id: it for it in executors if it.framework_id not in self.completed}

    def _executor_exited(self, message: msg.ExitedExecutor) -> None:
        known = self.agents.get(message.agent_id)
        if known is None or known.executors.pop(message.executor_id, None) is None:
            return
        self.allocator.wake()
        framework = self.frameworks.get(message.framework_id)
        if framework is not None and framework.stream is not None:
            framework.stream.send(ev.ExecutorFailed(message.agent_id, message.executor_id, 0))

    # -- agents that go -----------------------------------------------------------------------

    def socket_broke(self, agent_id: str) -> None:
        """The connection to an agent broke, and we noticed."""
        known = self.agents.get(agent_id)
        if known is None or not known.connected:
            return
        self.world.log(self.name, "%s disconnected", agent_id)
        known.connected = False
        known.disconnects += 1
        self.allocator.withdraw(agent_id=agent_id)
        if not self.world.plan.checkpoint:
            text = f"Agent {known.agent.hostname} disconnected"
            for task in list(known.tasks.values()):
                self._end(task, TaskState.TASK_LOST, text, "REASON_AGENT_DISCONNECTED")
        self.world.clock.after(REREGISTER_TIMEOUT, self._gave_up, known, known.disconnects)

    def _gave_up(self, known: KnownAgent, disconnects: int) -> None:
        if not known.connected and known.disconnects == disconnects:
            self.mark_unreachable(known.agent_id)

    def mark_unreachable(self, agent_id: str) -> None:
        """An agent missed its pings or did not come back."""
        known = self.agents.get(agent_id)
        if known is None or not self.leads:
            return
        now = self.world.clock.now
        self.world.clock.after(PING_TIMEOUT, known.agent.misses_pings)
        self.registry.unreachable[agent_id] = now
        sim_operations.tell_all(self, known, OperationState.OPERATION_UNREACHABLE)
        self._remove(known, "health check timed out", now)
        self.world.log(self.name, "%s is unreachable", agent_id)

    def mark_gone(self, agent_id: str) -> None:
        """An operator gives an agent up for good."""
        known = self.agents.get(agent_id)
        if known is None and agent_id not in self.registry.unreachable:
            return
        self.registry.gone.add(agent_id)
        self.registry.unreachable.pop(agent_id, None)
        if known is not None:
            known.agent.from_master.send(msg.ShutdownAgent())
            sim_operations.tell_all(self, known, OperationState.OPERATION_GONE_BY_OPERATOR)
            self._remove(known, "Agent has been marked gone", None)
        self.world.log(self.name, "%s is gone", agent_id)

    def unregister(self, agent_id: str) -> None:
        """An agent says good-bye; nothing remembers it."""
        known = self.agents.get(agent_id)
        if known is None:
            return
        for task in list(known.tasks.values()):
            text = f"Agent {known.agent.hostname} removed: agent unregistered"
            self._end(task, TaskState.TASK_LOST, text, "REASON_AGENT_REMOVED")
        self._forget_agent(known)

    def _remove(self, known: KnownAgent, message: str, unreachable_at: float | None) -> None:
        aware = self.world.plan.partition_aware
        state, reason = TaskState.TASK_UNREACHABLE, "REASON_AGENT_REMOVED"
        if not aware:
            state = TaskState.TASK_LOST
        elif unreachable_at is None:
            state, reason = TaskState.TASK_GONE_BY_OPERATOR, "REASON_AGENT_REMOVED_BY_OPERATOR"
        away = unreachable_at is not None or not aware
        for task in list(known.tasks.values()):
            if away:
                framework = self.frameworks[task.framework_id]
                framework.unreachable[task.task_id] = known.agent_id
            self._end(task, state, message, reason, unreachable_at)
        self._forget_agent(known)

    def _forget_agent(self, known: KnownAgent) -> None:
        for operation in list(known.operations.values()):
            sim_operations.forget(self, operation)
        del self.agents[known.agent_id]
        self.registry.admitted.discard(known.agent_id)
        self.allocator.withdraw(agent_id=known.agent_id)
        self._agent_lost(known.agent_id)

    def _recovery_timeout(self) -> None:
        if not self.leads:
            return
        for agent_id in sorted(self.recovered):
            self.recovered.discard(agent_id)
            self.registry.admitted.discard(agent_id)
            self.registry.unreachable[agent_id] = self.world.clock.now
            self._agent_lost(agent_id)
            self.world.log(self.name, "%s did not come back after the failover", agent_id)

    def _agent_lost(self, agent_id: str) -> None:
        for framework in self.frameworks.values():
            if framework.stream is not None:
                framework.stream.send(ev.AgentFailed(agent_id))

    def framework(self, framework_id: str) -> Framework:
        """The framework of this id, perhaps recovered from what agents know."""
        framework = self.frameworks.get(framework_id)
        if framework is None:
            framework = self.frameworks[framework_id] = Framework(framework_id)
            sim_operations.recover(self, framework)
        return framework

    @property
    def leads(self) -> bool:
        return self.world.master is self

    # -- tasks --------------------------------------------------------------------------------

    def change(self, task: MasterTask, latest: TaskState) -> None:
        """Note the latest state; what has ended frees its resources."""
        if not task.latest.is_terminal:
            task.latest = latest
            if latest.is_terminal:
                self.allocator.wake()

    def _end(
        self,
        task: MasterTask,
        state: TaskState,
        message: str,
        reason: str,
        unreachable_at: float | None = None,
    ) -> None:
        self.forget(task)
        framework = self.frameworks.get(task.framework_id)
        if framework is not None:
            self.tell(
                framework,
                self.status(task.task_id, state, message, reason, task.agent_id, unreachable_at),
            )

    def forget(self, task: MasterTask) -> None:
        """Take a task out of the active ones."""
        known = self.agents.get(task.agent_id)
        if known is not None:
            known.tasks.pop(task.task_id, None)
            known.killed.discard(task.task_id)
        framework = self.frameworks.get(task.framework_id)
        if framework is not None:
            framework.tasks.pop(task.task_id, None)
        self.allocator.wake()

    def tell(self, framework: Framework, status: TaskStatus) -> None:
        """Send an update of our own, once, to whoever is connected."""
        if framework.stream is not None:
            framework.stream.send(ev.UpdateArrived(status))

    def status(
        self,
        task_id: str,
        state: TaskState,
        message: str,
        reason: str,
        agent_id: str | None,
        unreachable_at: float | None = None,
    ) -> TaskStatus:
        """An update the master makes: no uuid, not to be acknowledged."""
        return TaskStatus(
            task_id=task_id,
            state=state,
            agent_id=agent_id,
            message=message,
            source=Source.SOURCE_MASTER,
            reason=reason,
            timestamp=self.world.clock.now,
            unreachable_time=unreachable_at,
        )
