"""A simulated agent: it runs attempts, queues their updates, and survives or does not.

Follows ``src/slave/slave.cpp`` and ``task_status_update_manager.cpp``: one queue of updates per
task, only its head is sent, again after 10 s and then twice as long each time, until it is
acknowledged; a terminated task is reported at re-registration until its last update is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faults import messages as msg
from faults.clock import Pipe
from faults.sim_agent_operations import AgentOperations
from faults.sim_executors import TERMINATED, AgentExecutors

from mesos_batch.model.resources import Resources
from mesos_batch.model.state import TaskState
from mesos_batch.model.status import Source

if TYPE_CHECKING:
    from faults.plan import Machine
    from faults.world import World

FIRST_RESEND = 10.0
LONGEST_RESEND = 600.0


@dataclass(slots=True, eq=False)
class Run:
    """A task on its agent; ``process`` is there once it was forked; a stranger has no resources."""

    task_id: str
    framework_id: str
    resources: Resources | None = None
    latest: TaskState = TaskState.TASK_STAGING
    sent: TaskState | None = None
    sent_uuid: bytes | None = None
    process: msg.Process | None = None
    updates: deque[msg.Update] = field(default_factory=deque)
    pause: float = FIRST_RESEND
    sendings: int = 0
    killed: bool = False
    executor_id: str | None = None


class Agent:
    """One agent and its machine."""

    def __init__(self, world: World, agent_id: str, machine: Machine) -> None:
        self.world = world
        self.agent_id = agent_id
        self.hostname = f"host-{agent_id}"
        self.machine = machine
        self.operations = AgentOperations(self, machine.resources + machine.holds)
        self.executors = AgentExecutors(self)
        self.up = True
        self.dead = False
        self.registered = False
        self.registered_at = 0.0
        self.runs: dict[str, Run] = {}
        self.draining = False
        self.drop_launches = 0
        self.kill_next = 0
        self.send_twice = 0
        self.lose_launches: list[float] = []
        self._registering = 0
        slowest = world.plan.slowest_message
        self.to_master = Pipe(world.clock, world.rng, slowest, self._arrived_at_master)
        self.from_master = Pipe(world.clock, world.rng, slowest, self._receive)

    # -- the connection to the master ---------------------------------------------------------

    def register_soon(self, delay: float) -> None:
        """Register, and again until the master answers."""
        self.registered = False
        self._registering += 1
        self.world.clock.after(delay, self._register, self._registering)

    def break_socket(self) -> None:
        """Both directions lose what is under way."""
        self.to_master.cut()
        self.from_master.cut()

    def misses_pings(self) -> None:
        """The master has struck us off and pings us no more: register, should we be there."""
        master = self.world.master
        struck_off = master is not None and self.agent_id not in master.agents
        if self.up and self.registered and struck_off:
            self.register_soon(0.0)

    def register_again(self) -> None:
        """The master pings us as disconnected."""
        if self.up and self.registered:
            self.register_soon(0.0)

    def _register(self, turn: int) -> None:
        if turn != self._registering or not self.up or self.registered:
            return
        tasks = tuple(
            msg.AgentTask(r.task_id, r.framework_id, r.resources, r.latest, r.sent, r.sent_uuid)
            for r in self.runs.values()
            if r.resources is not None
        )
        frameworks = frozenset(run.framework_id for run in self.runs.values() if run.resources)
        holds = self.operations.total, frozenset(self.operations.applied)
        executors = self.executors.known()
        self.to_master.send(msg.Register(self.agent_id, tasks, frameworks, *holds, executors))
        self.world.clock.after(5.0 + self.world.rng.random() * 10.0, self._register, turn)

    def _arrived_at_master(self, message: object) -> None:
        master = self.world.master
        if master is not None:
            master.receive(self, message)

    def _receive(self, message: object) -> None:
        if not self.up:
            return
        match message:
            case msg.RunTask():
                self._run(message)
            case msg.KillTask():
                self._kill(message)
            case msg.AckUpdate():
                self._acknowledged(message)
            case msg.ShutdownFramework():
                self._shutdown_framework(message.framework_id)
            case msg.Registered():
                self._registered(message)
            case msg.ShutdownAgent():
                self.die()
            case _:
                self.operations.receive(message)

    def _registered(self, message: msg.Registered) -> None:
        self.registered = True
        self.registered_at = self.world.clock.now
        self.operations.registered()
        for run in list(self.runs.values()):
            self._send_head(run)
        for framework_id, task_id in message.reconcile:
            if task_id not in self.runs:
                self._stranger(
                    framework_id,
                    task_id,
                    "Reconciliation: task unknown to the agent",
                    "REASON_RECONCILIATION",
                )

    # -- tasks --------------------------------------------------------------------------------

    def _run(self, message: msg.RunTask) -> None:
        if self.lose_launches:
            # The connection broke under this message; the master finds out later, and then the
            # two of them compare what they know.
            self.world.clock.after(self.lose_launches.pop(), self.register_again)
            self.world.happened("agent_never_gets_launch", f"{message.task_id} never arrives")
            return
        if self.drop_launches or self.draining:
            self.executors.never_launched(message)
            self.drop_launches -= not self.draining
            self.world.happened("agent_drops_launch", f"{self.agent_id} drops {message.task_id}")
            reason = "REASON_AGENT_DRAINING" if self.draining else "REASON_GC_ERROR"
            self._stranger(message.framework_id, message.task_id, "the agent cannot", reason)
            return
        if message.task_id in self.runs:
            return
        if not self.operations.knows(message.resources):
            self.world.happened("resources_unknown_to_agent", message.task_id)
            text = "The checkpointed resources being used by the task are unknown to the agent"
            reason = "REASON_RESOURCES_UNKNOWN"
            self._stranger(message.framework_id, message.task_id, text, reason)
            return
        why = self.executors.why_dropped(message)
        if why is not None:
            self.world.happened("pool_drops_launch", f"{message.task_id}: {why}")
            self.world.casualty(message.task_id)
            self.executors.never_launched(message)
            self._stranger(message.framework_id, message.task_id, why, TERMINATED)
            return
        run = Run(message.task_id, message.framework_id, message.resources)
        if message.executor is not None:
            run.executor_id = message.executor.executor_id
        self.runs[run.task_id] = run
        self.world.clock.after(self._little(), self._start, run)

    def _start(self, run: Run) -> None:
        if self.runs.get(run.task_id) is not run or run.latest is not TaskState.TASK_STAGING:
            return
        self.say(run, TaskState.TASK_STARTING)
        run.process = self.world.fork(run.task_id, run.framework_id, self.agent_id)
        self.world.clock.after(self._little(), self._running, run)
        planned = self.world.attempt(run.task_id)
        self.world.clock.after(planned.seconds + 0.5, self._exit, run, planned.exit_status)
        if self.kill_next:
            self.kill_next -= 1
            when = self.world.rng.random() * (planned.seconds + 0.5)
            self.world.clock.after(when, self._killed_by_hand, run)

    def _running(self, run: Run) -> None:
        if run.process is not None and run.process.alive and not run.killed:
            self.say(run, TaskState.TASK_RUNNING)

    def _exit(self, run: Run, exit_status: int) -> None:
        process = run.process
        if process is None or not process.alive or run.killed:
            return
        self.world.exited(process, exit_status)
        self.executors.anchor_slept(run)
        if exit_status == 0:
            self.say(run, TaskState.TASK_FINISHED, "Command exited with status 0")
        else:
            self.say(run, TaskState.TASK_FAILED, f"Command exited with status {exit_status}")

    def _killed_by_hand(self, run: Run) -> None:
        """Somebody kills a process under Mesos's nose: its executor dies with it."""
        if run.process is not None and run.process.alive:
            self.world.happened("agent_kills_task", f"{run.task_id} dies on {self.agent_id}")
            shared = self.executors.any_of(run)
            if shared is not None:
                self.executors.die(shared, TERMINATED, "Executor terminated")
                return
            self.world.exited(run.process, None)
            reason = "REASON_EXECUTOR_TERMINATED"
            self.say(run, TaskState.TASK_FAILED, "Executor terminated", reason, Source.SOURCE_AGENT)

    def drain(self) -> None:
        """Kill everything for the operator."""
        self.draining = True
        for run in list(self.runs.values()):
            if run.resources is not None and not run.latest.is_terminal:
                self._kill(msg.KillTask(run.framework_id, run.task_id))

    def _kill(self, message: msg.KillTask) -> None:
        if not any(run.framework_id == message.framework_id for run in self.runs.values()):
            return
        run = self.runs.get(message.task_id)
        if run is None:
            self._stranger(
                message.framework_id,
                message.task_id,
                "Cannot find executor",
                "REASON_EXECUTOR_TERMINATED",
            )
        elif run.latest is TaskState.TASK_STAGING:
            run.killed = True
            self.say(
                run,
                TaskState.TASK_KILLED,
                "Killed before delivery to the executor",
                "REASON_TASK_KILLED_DURING_LAUNCH",
                Source.SOURCE_AGENT,
            )
        elif run.process is not None and run.process.alive and not run.killed:
            run.killed = True
            self.say(run, TaskState.TASK_KILLING)
            self.world.clock.after(self.world.rng.choice((0.0, 0.1, 3.0)), self._killed, run)

    def _killed(self, run: Run) -> None:
        if run.process is not None and run.process.alive:
            self.world.exited(run.process, None)
            self.say(run, TaskState.TASK_KILLED, "Command terminated with signal Terminated")

    def _shutdown_framework(self, framework_id: str) -> None:
        if not self.registered:
            return
        for run in [r for r in self.runs.values() if r.framework_id == framework_id]:
            self._forget(run)
        self.executors.forget_framework(framework_id)

    def _forget(self, run: Run) -> None:
        if run.process is not None and run.process.alive:
            self.world.exited(run.process, None)
        self.runs.pop(run.task_id, None)

    # -- updates ------------------------------------------------------------------------------

    def say(
        self,
        run: Run,
        state: TaskState,
        message: str = "",
        reason: str | None = None,
        source: Source = Source.SOURCE_EXECUTOR,
    ) -> None:
        if self.draining and state in (TaskState.TASK_KILLING, TaskState.TASK_KILLED):
            reason = "REASON_AGENT_DRAINING"
        run.latest = state
        uuid = self.world.uuid()
        now = self.world.clock.now
        run.updates.append(
            msg.Update(
                run.task_id,
                run.framework_id,
                self.agent_id,
                state,
                uuid,
                message,
                reason,
                source,
                now,
                state,
                run.executor_id,
            )
        )
        if state.is_terminal:
            self.executors.left(run)
        self.world.oracle.made(uuid, run.task_id, state)
        self.world.log(self.agent_id, "%s is %s", run.task_id, state)
        if len(run.updates) == 1:
            run.pause = FIRST_RESEND
            self._send_head(run)

    def _stranger(self, framework_id: str, task_id: str, message: str, reason: str) -> None:
        """Report a task that never was here."""
        run = self.runs[task_id] = Run(task_id, framework_id)
        dropped = self.world.plan.partition_aware
        state = TaskState.TASK_DROPPED if dropped else TaskState.TASK_LOST
        self.say(run, state, message, reason, Source.SOURCE_AGENT)

    def _send_head(self, run: Run) -> None:
        if not run.updates or not self.registered or not self.up:
            return
        head = run.updates[0]
        run.sent, run.sent_uuid = head.state, head.uuid
        if head.latest is not run.latest:
            head = msg.Update(
                head.task_id,
                head.framework_id,
                head.agent_id,
                head.state,
                head.uuid,
                head.message,
                head.reason,
                head.source,
                head.timestamp,
                run.latest,
                head.executor_id,
            )
        self.to_master.send(head)
        if self.send_twice:
            self.send_twice -= 1
            self.world.happened("agent_sends_update_twice", run.task_id)
            self.to_master.send(head)
        run.sendings += 1
        self.world.clock.after(run.pause, self._resend, run, run.sendings)
        run.pause = min(2 * run.pause, LONGEST_RESEND)

    def _resend(self, run: Run, sending: int) -> None:
        if sending == run.sendings and self.runs.get(run.task_id) is run and run.updates:
            self.world.happened("update_sent_again", run.task_id)
            self._send_head(run)

    def _acknowledged(self, message: msg.AckUpdate) -> None:
        if not self.registered:
            return
        run = self.runs.get(message.task_id)
        if run is None or not run.updates or run.updates[0].uuid != message.uuid:
            return
        run.updates.popleft()
        run.pause = FIRST_RESEND
        if run.updates:
            self._send_head(run)
        elif run.latest.is_terminal:
            self.runs.pop(run.task_id, None)

    # -- trouble ------------------------------------------------------------------------------

    def restart(self, checkpointed: bool, downtime: float) -> None:
        """The agent process ends and comes back; tasks live on where they are checkpointed."""
        self.up = False
        self.registered = False
        for run in list(self.runs.values()):
            if not checkpointed or run.latest is TaskState.TASK_STAGING:
                self._forget(run)
        if not checkpointed:
            self.executors.forget_all()
        self.executors.forget_unused()
        self.world.clock.after(downtime, self._up_again)

    def crash_and_restart(self) -> None:
        """The agent process meets what cannot be and ends itself."""
        self.break_socket()
        self.restart(self.world.plan.checkpoint, 1.0)

    def _up_again(self) -> None:
        if not self.dead:
            self.up = True
            self.register_soon(self._little())

    def die(self) -> None:
        """The machine ends and never comes back."""
        self.up = False
        self.dead = True
        self.registered = False
        for run in list(self.runs.values()):
            self._forget(run)
        self.executors.forget_all()

    def _little(self) -> float:
        return 0.05 + self.world.rng.random() * 0.5
