"""What the command executor and the docker executor share: the life of an executor of one task."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

from mesos_batch.local.agent.executor import ENDED, Executor, Host, command_executor_info
from mesos_batch.local.agent.preparation import KilledEarlyError, Preparation
from mesos_batch.local.agent.sandbox import LaunchError, NoContainerizerError

if TYPE_CHECKING:
    from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
    from mesos_batch.local.agent.task_run import TaskRun

PreparedT = TypeVar("PreparedT")


class SingleTaskExecutor(Executor, Generic[PreparedT]):
    """Prepares, runs and reports one task; a subclass makes ``_run`` and says how."""

    _run: TaskRun

    def __init__(
        self,
        host: Host,
        framework: pb.FrameworkInfo,
        task: pb.TaskInfo,
        container_id: str | None = None,
    ) -> None:
        super().__init__(host, framework, command_executor_info(framework, task), container_id)
        self.task = task
        self.expect(task)
        self._preparation = Preparation()

    async def run(self) -> None:
        """Prepare what the task needs, run it, report how it ended."""
        try:
            prepared = await self._preparation.run(self._prepare)
        except NoContainerizerError as error:
            await self.no_containerizer(error)
        except LaunchError as error:
            self.launch_failed(self.id, error)
        except KilledEarlyError:
            self.killed_during_launch(self.id)
        else:
            self.tasks[self.id].queued = False
            self._run.starting()
            await self._execute(prepared)
        self.host.executor_ended(self, ENDED)

    def kill_task(self, task_id: str, policy: pb.KillPolicy | None) -> None:
        """Kill the task, which may still be in preparation."""
        if self.tasks[self.id].queued:
            self._preparation.interrupt()
        elif task_id == self.id:
            self._run.kill(policy)

    def stop(self, grace: float) -> None:
        """Kill the task within ``grace`` seconds."""
        self._preparation.interrupt()
        self._run.stop(grace)

    @abstractmethod
    async def _prepare(self) -> PreparedT:
        """Make the sandbox and fetch what the task needs.

        Raises:
            LaunchError: that failed.
        """

    @abstractmethod
    async def _execute(self, prepared: PreparedT) -> None:
        """Run the task to its end."""
