"""The frameworks an agent has run something for, and their executors."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesos_batch.local.agent import sandbox
from mesos_batch.local.agent.executor import NEVER_RAN, Executor

if TYPE_CHECKING:
    from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
    from mesos_batch.local.agent.checkpoint import AgentCheckpoint
    from mesos_batch.local.agent.files import Files

log = logging.getLogger(__name__)
MAX_COMPLETED_EXECUTORS = 150
_STOP_TIMEOUT = 10.0


@dataclass(slots=True)
class FrameworkRecord:
    """A framework this agent has run something for."""

    info: pb.FrameworkInfo
    executors: dict[str, Executor] = field(default_factory=dict)
    completed: deque[Executor] = field(
        default_factory=lambda: deque(maxlen=MAX_COMPLETED_EXECUTORS)
    )
    terminating: bool = False


class AgentExecutors:
    """Frameworks by their id, and the executors that run."""

    def __init__(
        self,
        files: Files,
        checkpoint: AgentCheckpoint | None,
        ready: Callable[[], Awaitable[None]],
    ) -> None:
        """Keep executors; each waits until the agent is ``ready`` for it."""
        self.frameworks: dict[str, FrameworkRecord] = {}
        self._files = files
        self._checkpoint = checkpoint
        self._ready = ready
        self._running: dict[asyncio.Task[None], Executor] = {}

    def live(self) -> list[Executor]:
        """The executors that run."""
        return [it for record in self.frameworks.values() for it in record.executors.values()]

    def framework(self, info: pb.FrameworkInfo) -> FrameworkRecord:
        """A framework, from now on with this FrameworkInfo."""
        record = self.frameworks.setdefault(info.id.value, FrameworkRecord(info))
        record.info = info
        return record

    def update_framework(self, info: pb.FrameworkInfo) -> None:
        """Take the new FrameworkInfo of a framework that is known."""
        record = self.framework(info)
        for executor in record.executors.values():
            executor.framework = info
        if any(executor.record is not None for executor in record.executors.values()):
            self._note(lambda checkpoint: checkpoint.framework(info))

    def note(self, executor: Executor) -> None:
        """Let another process of the agent know a new executor, if it may."""
        if executor.framework.checkpoint:

            def note(checkpoint: AgentCheckpoint) -> None:
                executor.record = checkpoint.executor(executor)

            self._note(note)

    def run(self, executor: Executor) -> None:
        """Run an executor, new or recovered."""
        self.frameworks[executor.framework_id].executors[executor.id] = executor
        short = sandbox.virtual_directory(executor.framework_id, executor.id)
        self._files.attach_sandbox(executor.directory, short)
        task = asyncio.get_running_loop().create_task(self._run(executor))
        self._running[task] = executor
        task.add_done_callback(lambda task: self._running.pop(task, None))

    def ended(self, executor: Executor) -> FrameworkRecord:
        """Move an executor to the completed ones; gives its framework."""
        record = self.frameworks[executor.framework_id]
        record.executors.pop(executor.id, None)
        record.completed.append(executor)
        if executor.record is not None:
            executor.record.ended()
        executor.ended.set()
        return record

    def leave(self) -> None:
        """Let those go whose tasks go on without us."""
        for task, executor in list(self._running.items()):
            if executor.leave():
                task.cancel()
                del self._running[task]
                self.frameworks[executor.framework_id].executors.pop(executor.id, None)

    async def stop(self) -> None:
        """Kill all tasks and wait for the executors."""
        for executor in self.live():
            executor.stop(0)
        if self._running:
            await asyncio.wait(self._running, timeout=_STOP_TIMEOUT)

    def close(self) -> None:
        """Follow nothing any more."""
        for task in list(self._running):
            task.cancel()

    def _note(self, write: Callable[[AgentCheckpoint], None]) -> None:
        if self._checkpoint is not None:
            try:
                write(self._checkpoint)
            except OSError as error:
                log.warning("A restart of the agent will not know everything: %s", error)

    async def _run(self, executor: Executor) -> None:
        try:
            await self._ready()
            await executor.run()
        except Exception as error:
            log.exception("Executor %s of framework %s", executor.id, executor.framework_id)
            for task_id, task in executor.tasks.items():
                if not task.terminal:
                    executor.abnormal_termination(task_id, f"{type(error).__name__}: {error}")
            executor.host.executor_ended(executor, NEVER_RAN)
