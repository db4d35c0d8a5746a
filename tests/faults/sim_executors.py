"""The default executors of a simulated agent, which tasks share.

Follows ``src/slave/slave.cpp`` (which launches are dropped) and ``default_executor.cpp`` (it ends
with its last task).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from faults import messages as msg

from mesos_batch.model.state import TaskState
from mesos_batch.model.status import Source

if TYPE_CHECKING:
    from faults.sim_agent import Agent, Run

    from mesos_batch.model.resources import Resources

OUT_OF_MEMORY = "REASON_CONTAINER_LIMITATION_MEMORY"
TERMINATED = "REASON_EXECUTOR_TERMINATED"
NEVER_REGISTERED = "REASON_EXECUTOR_REGISTRATION_TIMEOUT"
# What ends a task of a pool by no fault of its own.
POOL_REASONS = (OUT_OF_MEMORY, TERMINATED, NEVER_REGISTERED)
# The longest filter of ours, and some.
IDLE_TOO_LONG = 300.0
_ANCHOR = "mesos-batch-pool"


def is_anchor(task_id: str) -> bool:
    """Whether this is the task that keeps an executor alive."""
    return task_id.startswith(_ANCHOR)


@dataclass(slots=True, eq=False)
class Shared:
    """A running executor."""

    executor_id: str
    framework_id: str
    resources: Resources
    terminating: bool = False
    busy_until: float = 0.0


class AgentExecutors:
    """The shared executors of one agent."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._world = agent.world
        self._shared: dict[str, Shared] = {}
        self.fail_next = 0

    def known(self) -> tuple[msg.AgentExecutor, ...]:
        """What is reported to a master."""
        return tuple(
            msg.AgentExecutor(it.executor_id, it.framework_id, it.resources)
            for it in self._shared.values()
        )

    def why_dropped(self, message: msg.RunTask) -> str | None:
        """Why a launch in an executor cannot be, if so; else there is an executor now."""
        wanted = message.executor
        if wanted is None:
            return None
        shared = self._shared.get(wanted.executor_id)
        if shared is None and not message.launches_executor:
            return "No executor is expected to launch and there is none running"
        if shared is not None and message.launches_executor:
            return "Master wants to launch executor, but one already exists"
        if shared is not None and shared.terminating:
            return "Executor terminating"
        if shared is None:
            shared = Shared(wanted.executor_id, message.framework_id, wanted.resources)
            self._shared[wanted.executor_id] = shared
            if self.fail_next:
                self.fail_next -= 1
                self._world.happened("executor_cannot_start", wanted.executor_id)
                self._world.clock.after(
                    0.0, self.die, shared, NEVER_REGISTERED, "Executor did not register"
                )
        return None

    def never_launched(self, message: msg.RunTask) -> None:
        """The master counts on an executor that a dropped launch was to bring."""
        if message.executor is not None and message.launches_executor:
            self._agent.to_master.send(
                msg.ExitedExecutor(
                    self._agent.agent_id, message.framework_id, message.executor.executor_id
                )
            )

    def left(self, run: Run) -> None:
        """A task of an executor has ended; with the last one the executor does."""
        shared = self._shared.get(run.executor_id or "")
        if shared is None or shared.terminating:
            return
        shared.busy_until = self._world.clock.now
        if not any(self._runs(shared)):
            shared.terminating = True
            self._world.clock.after(0.05 + self._world.rng.random(), self._exited, shared)

    def anchor_slept(self, run: Run) -> None:
        """An anchor ends by itself, which it must not have done for nothing."""
        shared = self._shared.get(run.executor_id or "")
        if shared is None or not is_anchor(run.task_id) or len(self._runs(shared)) > 1:
            return
        master = self._world.master
        known = master.agents.get(self._agent.agent_id) if master is not None else None
        if known is None or run.task_id not in known.tasks:
            # No kill reaches what the master does not know.
            return
        since = max(shared.busy_until, self._world.disturbed_at)
        if self._world.clock.now - since > IDLE_TOO_LONG:
            self._world.oracle.idle(shared.executor_id, since)

    def any_of(self, run: Run) -> Shared | None:
        """The executor of a task."""
        return self._shared.get(run.executor_id or "")

    def biggest(self) -> Shared | None:
        """The executor that has most tasks."""
        return max(self._shared.values(), key=lambda it: len(self._runs(it)), default=None)

    def die(self, shared: Shared, reason: str, text: str) -> None:
        """An executor ends and takes its tasks along."""
        if self._shared.get(shared.executor_id) is not shared or not self._agent.up:
            return
        shared.terminating = True
        for run in self._runs(shared):
            self._world.casualty(run.task_id)
            if run.process is not None and run.process.alive:
                self._world.exited(run.process, None)
            self._agent.say(run, TaskState.TASK_FAILED, text, reason, Source.SOURCE_AGENT)
        self._exited(shared)

    def forget_framework(self, framework_id: str) -> None:
        """A framework is gone."""
        self._shared = {
            key: it for key, it in self._shared.items() if it.framework_id != framework_id
        }

    def forget_unused(self) -> None:
        """What never got a task is not recovered after a restart."""
        self._shared = {key: it for key, it in self._shared.items() if self._runs(it)}

    def forget_all(self) -> None:
        """The agent ends, and what is not checkpointed with it."""
        self._shared.clear()

    def _runs(self, shared: Shared) -> list[Run]:
        return [
            run
            for run in self._agent.runs.values()
            if run.executor_id == shared.executor_id and not run.latest.is_terminal
        ]

    def _exited(self, shared: Shared) -> None:
        if self._shared.get(shared.executor_id) is not shared:
            return
        del self._shared[shared.executor_id]
        if self._agent.registered:
            self._agent.to_master.send(
                msg.ExitedExecutor(self._agent.agent_id, shared.framework_id, shared.executor_id)
            )
