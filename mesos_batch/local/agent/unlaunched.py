"""Tasks that never get an executor: what became of them is told all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent.task_run import has_capability, new_status

if TYPE_CHECKING:
    from mesos_batch.local.agent.agent_tasks import AgentTasks
    from mesos_batch.local.agent.executor import Host


class Unlaunched:
    """Gives tasks their only state."""

    def __init__(self, host: Host, tasks: AgentTasks) -> None:
        self._host = host
        self._tasks = tasks

    def drop(
        self,
        framework: pb.FrameworkInfo,
        task: pb.TaskInfo,
        reason: pb.TaskStatus.Reason,
        message: str,
    ) -> None:
        """Report a task that cannot be given to an executor."""
        self._end(framework, task, None, or_lost(pb.TASK_DROPPED, framework), reason, message)

    def drop_unknown(self, framework: pb.FrameworkInfo, task_id: str, agent_id: str) -> None:
        """Report a task that is to be killed and nobody knows."""
        task = pb.TaskInfo(
            name="", task_id=pb.TaskID(value=task_id), agent_id=pb.AgentID(value=agent_id)
        )
        reason = pb.TaskStatus.REASON_EXECUTOR_TERMINATED
        self.drop(framework, task, reason, "Cannot find executor")

    def refuse_custom_executor(
        self, framework: pb.FrameworkInfo, task: pb.TaskInfo, executor_id: str
    ) -> None:
        """Report a task of an executor that does not come with Mesos."""
        message = (
            "Failed to launch container: the local cluster runs tasks with a command and task "
            f"groups on the DEFAULT executor; '{executor_id}' is a custom executor"
        )
        reason = pb.TaskStatus.REASON_CONTAINER_LAUNCH_FAILED
        self._end(framework, task, executor_id, pb.TASK_FAILED, reason, message)

    def _end(
        self,
        framework: pb.FrameworkInfo,
        task: pb.TaskInfo,
        executor_id: str | None,
        state: pb.TaskState,
        reason: pb.TaskStatus.Reason,
        message: str,
    ) -> None:
        self._tasks.expect_unlaunched(framework.id.value, task)
        status = new_status(
            task.task_id.value,
            executor_id,
            state,
            pb.TaskStatus.SOURCE_AGENT,
            reason=reason,
            message=message,
        )
        self._host.update(framework.id.value, status)


def or_lost(state: pb.TaskState, framework: pb.FrameworkInfo) -> pb.TaskState:
    """The state, or LOST for a framework that does not know it."""
    aware = has_capability(framework, pb.FrameworkInfo.Capability.PARTITION_AWARE)
    return state if aware else pb.TASK_LOST
