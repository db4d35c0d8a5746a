"""Executor pools: short tasks of one agent share a default executor instead of one each.

A command task brings an executor of its own, whose start costs more than a short task runs. In a
pool the tasks are containers inside one executor (LAUNCH_GROUP). An anchor, a task that sleeps,
keeps the executor alive between tasks; it ends by itself, so that nothing is left behind when
nobody drives the run any more. A pool that lost its anchor takes no further task.

Source: ``src/launcher/default_executor.cpp``, ``src/slave/slave.cpp`` (when a launch is dropped)
and ``src/master/validation.cpp`` (the least resources of an executor).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesos_batch.engine import commands as do
from mesos_batch.engine.lifecycle import ALIVE
from mesos_batch.engine.policy import ExecutorUse
from mesos_batch.model.resources import Resources
from mesos_batch.model.state import TaskState

if TYPE_CHECKING:
    from mesos_batch.engine.books import Books
    from mesos_batch.engine.bundle import Bundle
    from mesos_batch.engine.tasks import TaskRecord
    from mesos_batch.model.status import TaskStatus
    from mesos_batch.model.task import TaskSpec

# The least a master lets an executor have; its disk may be any.
EXECUTOR = Resources.scalars(cpus=0.01, mem=32, disk=1)
ANCHOR = Resources.scalars(disk=1)
# What a task may lack of its cpus: the executor's, which counts into the same container.
SLACK = 10
# A task is only shaved when it does not notice.
LEAST_SHAVED = 100
# After so many finished tasks it is known whether pooling pays, and from which share on it does.
ENOUGH_KNOWN = 8
SHARE_THAT_PAYS = 0.1
# Where executors start faster than this nobody waits for them: on the embedded cluster.
LEAST_START = 0.1
# Before that, of so many tasks or more, what they say of themselves is believed, and what it
# takes a command executor to start.
MANY = 50
USUAL_START = 0.5
# How often a task is launched in pools that end under it before it gets an executor of its own.
TRIES = 3
KILL_AGAIN = 5.0

# The executor is gone, or was never there: the launch never took place.
ENDED_BEFORE = frozenset({"REASON_EXECUTOR_TERMINATED"})
# A new executor could not be had; the next one on this agent could not either.
CANNOT_START = frozenset(
    {
        "REASON_EXECUTOR_TERMINATED",
        "REASON_EXECUTOR_REGISTRATION_TIMEOUT",
        "REASON_CONTAINER_LAUNCH_FAILED",
    }
)
_LIMITATION = "REASON_CONTAINER_LIMITATION"
# An executor whose agent was away may not learn how a task ended, and says that it failed.
_LOST_TRACK = frozenset(
    {
        "Unable to retrieve command's termination information",
        "Command terminated with unknown status",
    }
)
_PREFIX = "mesos-batch-pool"


@dataclass(slots=True, eq=False)
class Pool:
    """The shared executor of one agent.

    ``executor`` and ``anchor`` are the pieces of offers they hold. It is ``announced`` once the
    master was told of it, and ``began`` once its anchor ran. ``tasks`` are the ids of the
    attempts in it, ``shaved`` those that lack some cpus.
    """

    agent_id: str
    executor_id: str
    anchor_id: str
    executor: Resources
    anchor: Resources
    announced: bool = False
    began: bool = False
    retired: bool = False
    killed_at: float = -math.inf
    tasks: set[str] = field(default_factory=set)
    shaved: set[str] = field(default_factory=set)

    def launch(self) -> do.SharedExecutor:
        """What a launch says of the executor; the first one brings the anchor along."""
        anchor = None if self.announced else do.Anchor(self.anchor_id, self.anchor)
        self.announced = True
        return do.SharedExecutor(self.executor_id, self.executor, anchor)


class Pools:
    """The pools of a run, at most one that takes tasks on each agent."""

    def __init__(self, books: Books, specs: Sequence[TaskSpec]) -> None:
        self._books = books
        self._prefix = _prefix(specs)
        self._open: dict[str, Pool] = {}
        self._anchors: dict[str, Pool] = {}
        self._unable: set[str] = set()
        self._known = 0
        self._seconds_to_start = 0.0
        self._seconds_to_run = 0.0
        self._made = 0
        self._wanted = False

    def equip(self, bundles: Iterable[Bundle]) -> None:
        """Let the tasks that are placed on these offers join the pools there are."""
        self._wanted = self._are_wanted()
        self._kill_again({group.agent_id for group in bundles})
        for group in bundles:
            pool = self._open.get(group.agent_id)
            if pool is not None and not group.resting:
                group.pool = pool
                group.slack = 0 if pool.shaved else SLACK

    def make(self, group: Bundle) -> Pool | None:
        """Make a pool of the tasks placed on these offers, if they may share and there is room.

        The executor's cpus may come off one of the tasks: they are limited together.
        """
        if group.pool is not None or group.agent_id in self._unable or not self._wanted:
            return None
        if not group.share_executor(EXECUTOR + ANCHOR, SLACK, LEAST_SHAVED):
            return None
        executor, anchor = group.take(EXECUTOR), group.take(ANCHOR)
        assert executor is not None, "there is room"
        assert anchor is not None, "there is room"
        self._made += 1
        name = f"{self._prefix}-{int(self._books.now * 1000):x}-{self._made}"
        pool = Pool(group.agent_id, name, f"{name}-anchor", executor, anchor)
        self._open[group.agent_id] = pool
        self._anchors[pool.anchor_id] = pool
        self._books.agents.use(group.agent_id, pool.anchor_id, executor + anchor)
        group.pool = pool
        return pool

    def join(self, record: TaskRecord, attempt_id: str, pool: Pool, *, shaved: bool) -> None:
        """Note that an attempt is launched in a pool."""
        record.pool = pool
        pool.tasks.add(attempt_id)
        if shaved:
            pool.shaved.add(attempt_id)

    def leave(self, record: TaskRecord, attempt_id: str) -> None:
        """Note that an attempt is over."""
        pool = record.pool
        if pool is None:
            return
        pool.tasks.discard(attempt_id)
        pool.shaved.discard(attempt_id)
        if not pool.began:
            # Nobody knows whether there is an executor.
            self.retire(pool)
        self._settle_account(pool)

    def runs(self, record: TaskRecord) -> None:
        """Note that an attempt runs, and with it the executor it is in."""
        if record.pool is not None:
            record.pool.began = True

    def learn(self, seconds_to_start: float, seconds_to_run: float) -> None:
        """Note how long an executor of its own took to start a task, and how long that ran."""
        self._known += 1
        self._seconds_to_start += max(0.0, seconds_to_start)
        self._seconds_to_run += max(0.0, seconds_to_run)

    def is_anchor(self, task_id: str) -> bool:
        """Whether a task of the cluster is an anchor, of this process or of one before."""
        return task_id.startswith(self._prefix)

    def update(self, status: TaskStatus) -> None:
        """Take in a status of an anchor."""
        pool = self._anchors.get(status.task_id)
        if pool is None or pool.retired:
            # What a process before us began is not used again.
            if status.state in ALIVE:
                self._books.send(do.Kill(status.task_id, status.agent_id))
            elif pool is not None and status.state.is_terminal:
                self._forget(pool)
            return
        if status.state is TaskState.TASK_RUNNING:
            pool.began = True
        elif status.state not in ALIVE:
            refused = status.state is TaskState.TASK_ERROR or status.reason in CANNOT_START
            if refused and not pool.began:
                self._unable.add(pool.agent_id)
            self.retire(pool)
            if status.state.is_terminal:
                self._forget(pool)

    def executor_ended(self, agent_id: str, executor_id: str) -> None:
        """Note that an executor is gone."""
        pool = self._open.get(agent_id)
        if pool is not None and pool.executor_id == executor_id:
            self.retire(pool)

    def agent_failed(self, agent_id: str) -> None:
        """Note that an agent is gone, for a while or for good."""
        pool = self._open.get(agent_id)
        if pool is not None:
            self.retire(pool)

    def retire(self, pool: Pool) -> None:
        """Launch nothing more in a pool, whose anchor is killed when its agent makes offers."""
        pool.retired = True
        if self._open.get(pool.agent_id) is pool:
            del self._open[pool.agent_id]

    def begin_anew(self) -> None:
        """After a break nobody knows what became of the pools; their tasks are asked about."""
        for pool in list(self._open.values()):
            self.close(pool)

    def retire_all(self) -> None:
        """The cluster holds nothing of us any more."""
        for pool in list(self._anchors.values()):
            self.retire(pool)
            self._forget(pool)

    def close(self, pool: Pool) -> None:
        """End an idle pool, so that others can have what its executor holds."""
        self.retire(pool)
        self._kill(pool)

    def close_unused(self, bundles: Iterable[Bundle]) -> None:
        """End the idle pools that were of no use to what waits: they may be in its way."""
        for group in bundles:
            pool = group.pool
            if pool is not None and not pool.tasks and not group.placed and not pool.retired:
                self.close(pool)

    def settle(self) -> None:
        """When nothing waits any more, end the pools that hold no task."""
        if not self._anchors or len(self._books.waiting) or not self._books.connected:
            return
        for pool in self._anchors.values():
            if not pool.tasks and self._may_kill(pool):
                self.close(pool)

    def takes_blame(self, record: TaskRecord, status: TaskStatus) -> bool:
        """Whether it was the pool that came to grief, and not the task in it.

        Such an attempt counts for nothing; what broke a pool gets an executor of its own next.
        """
        if not self.holds(record, status):
            return False
        reason = status.reason or ""
        never_began = record.view.started_at is None
        match status.state:
            case TaskState.TASK_DROPPED | TaskState.TASK_LOST:
                if reason not in ENDED_BEFORE:
                    return False
                record.pool_losses += 1
                record.alone = record.pool_losses >= TRIES
            case TaskState.TASK_ERROR:
                # If it is the task's own fault, the master says so again.
                record.alone = True
            case TaskState.TASK_FAILED if reason.startswith(_LIMITATION):
                # Which of them used too much cannot be told.
                record.alone = True
            case TaskState.TASK_FAILED if status.message in _LOST_TRACK:
                record.alone = True
                return True
            case TaskState.TASK_FAILED if reason in CANNOT_START:
                # It may be what the executor came to grief on, or cannot do at all.
                record.alone = never_began
                if never_began and record.pool is not None and not record.pool.began:
                    self._unable.add(record.pool.agent_id)
            case _:
                return False
        if record.pool is not None:
            self.retire(record.pool)
        return True

    def holds(self, record: TaskRecord, status: TaskStatus) -> bool:
        """Whether an attempt runs in a pool, which after a resumption only its status tells."""
        if record.pool is not None:
            return True
        return (status.executor_id or "").startswith(self._prefix)

    def _are_wanted(self) -> bool:
        match self._books.policy.executor:
            case ExecutorUse.COMMAND:
                return False
            case ExecutorUse.POOL:
                return True
            case ExecutorUse.AUTO:
                return self._pays()

    def _pays(self) -> bool:
        """Whether starting executors has cost a good part of the time, and nothing else waits."""
        starts, runs = self._seconds_to_start, self._seconds_to_run
        if self._known < ENOUGH_KNOWN:
            starts, runs = self._expected()
        elif starts < LEAST_START * self._known:
            return False
        if not starts or starts < SHARE_THAT_PAYS * (starts + runs):
            return False
        return all(shape.poolable for shape in self._books.waiting)

    def _expected(self) -> tuple[float, float]:
        """How long many tasks whose runtimes are known would start and run; else nothing."""
        waiting = self._books.waiting
        if len(waiting) < MANY:
            return 0.0, 0.0
        runs = 0.0
        for shape in waiting:
            runtime = shape.scheduling.expected_runtime
            if runtime is None:
                return 0.0, 0.0
            runs += runtime * len(shape)
        return USUAL_START * len(waiting), runs

    def _kill_again(self, agents: Collection[str]) -> None:
        """A kill is lost when its agent is away; one that makes offers is back."""
        for pool in self._anchors.values():
            if pool.retired and self._may_kill(pool) and pool.agent_id in agents:
                self._kill(pool)

    def _may_kill(self, pool: Pool) -> bool:
        return pool.killed_at + KILL_AGAIN <= self._books.now

    def _kill(self, pool: Pool) -> None:
        pool.killed_at = self._books.now
        self._books.send(do.Kill(pool.anchor_id, pool.agent_id))

    def _settle_account(self, pool: Pool) -> None:
        """What an executor held is free when its anchor and its last task have ended."""
        if pool.anchor_id not in self._anchors and not pool.tasks:
            self._books.agents.release(pool.agent_id, pool.anchor_id)

    def _forget(self, pool: Pool) -> None:
        self._anchors.pop(pool.anchor_id, None)
        self._settle_account(pool)


def _prefix(specs: Sequence[TaskSpec]) -> str:
    """How the ids of pools begin: no task of the list has one that looks so."""
    prefix = _PREFIX
    while any(spec.task_id.startswith(prefix) for spec in specs):
        prefix += "~"
    return prefix
