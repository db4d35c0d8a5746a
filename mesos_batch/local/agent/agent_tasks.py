"""The tasks an agent answers for: those that run, and those whose end nobody acknowledged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent.executor import ExecutorTask
from mesos_batch.local.agent.updates import Sending, UpdateManager
from mesos_batch.local.links import TaskReport

if TYPE_CHECKING:
    from mesos_batch.local.agent.executor import Executor

TaskKey = tuple[str, str]


class AgentTasks:
    """Tasks by framework and task id, and their updates on the way to the master."""

    def __init__(
        self, retry_interval: float, send: Callable[[str, pb.TaskStatus, int], None]
    ) -> None:
        self._send = send
        self._tasks: dict[TaskKey, tuple[Executor | None, ExecutorTask]] = {}
        self._updates: UpdateManager[TaskKey, pb.TaskStatus] = UpdateManager(
            retry_interval, self._deliver
        )

    def expect(self, executor: Executor) -> None:
        """Answer for the tasks of an executor."""
        for task_id, task in executor.tasks.items():
            if not task.terminal:
                if executor.record is not None and task.record is None:
                    task.record = executor.record.task(task.info)
                self._tasks[executor.framework_id, task_id] = (executor, task)

    def expect_unlaunched(self, framework_id: str, task: pb.TaskInfo) -> None:
        """Answer for a task that never got an executor."""
        self._tasks[framework_id, task.task_id.value] = (None, ExecutorTask(task))

    def recover(
        self,
        framework_id: str,
        executor: Executor | None,
        task: ExecutorTask,
        unacknowledged: list[pb.TaskStatus],
    ) -> None:
        """Answer for a task the agent's last process has left."""
        key = (framework_id, task.info.task_id.value)
        self._tasks[key] = (executor, task)
        for status in unacknowledged:
            self._updates.add(key, status.uuid, status)
        self._forget_if_done(key)

    def find(self, framework_id: str, task_id: str) -> tuple[Executor | None, ExecutorTask] | None:
        """A task with its executor."""
        return self._tasks.get((framework_id, task_id))

    def update(self, framework_id: str, status: pb.TaskStatus) -> None:
        """Queue a status of a task we answer for."""
        key = (framework_id, status.task_id.value)
        if key in self._tasks:
            self._tasks[key][1].note(status)
            self._updates.add(key, status.uuid, status)

    def acknowledge(self, framework_id: str, task_id: str, uuid: bytes) -> None:
        """Forget an update; with the terminal one goes the task."""
        key = (framework_id, task_id)
        known = self._tasks.get(key)
        if known is not None and known[1].record is not None:
            known[1].record.acknowledge(uuid)
        self._updates.acknowledge(key, uuid)
        self._forget_if_done(key)

    def forget_framework(self, framework_id: str) -> None:
        """Answer for nothing of a framework any more."""
        for key in [key for key in self._tasks if key[0] == framework_id]:
            self._updates.forget(key)
            self._forget(key)

    def concerns(self, framework_id: str) -> bool:
        """Whether we answer for anything of a framework."""
        return any(key[0] == framework_id for key in self._tasks)

    def is_unacknowledged(self, framework_id: str, task_id: str) -> bool:
        """Whether an update of a task waits for its acknowledgement."""
        return self._updates.pending((framework_id, task_id))

    def reports(self, framework: Callable[[str], pb.FrameworkInfo]) -> list[TaskReport]:
        """What a master is told when we register; ``framework`` finds the FrameworkInfo."""
        return [
            TaskReport(
                framework(framework_id),
                task.info,
                None if executor is None or executor.generated else executor.info,
                task.statuses[-1]
                if task.statuses
                else pb.TaskStatus(task_id=task.info.task_id, state=pb.TASK_STAGING),
            )
            for (framework_id, _), (executor, task) in self._tasks.items()
        ]

    def flush(self) -> None:
        """Send the heads of all queues again."""
        self._updates.flush()

    def stop(self) -> None:
        """Send nothing again."""
        self._updates.stop()

    def _forget_if_done(self, key: TaskKey) -> None:
        known = self._tasks.get(key)
        if known is not None and known[1].terminal and not self._updates.pending(key):
            self._forget(key)

    def _forget(self, key: TaskKey) -> None:
        _, task = self._tasks.pop(key)
        if task.record is not None:
            task.record.remove()
            task.record = None

    def _deliver(self, sending: Sending[TaskKey, pb.TaskStatus]) -> None:
        framework_id, _ = sending.key
        self._send(framework_id, sending.head, sending.latest.state)
