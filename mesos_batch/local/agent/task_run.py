"""The life of one task in an executor: STARTING, RUNNING, perhaps KILLING, a terminal state.

The executors differ in how they launch a container; from then on they all do this.
Source: ``src/launcher/executor.cpp``, ``src/launcher/default_executor.cpp``,
``src/docker/executor.cpp``.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent import checks

if TYPE_CHECKING:
    from mesos_batch.local.agent.container import Container
    from mesos_batch.local.agent.process import Exit

NANOSECONDS = 1_000_000_000
KILL_GRACE_PERIOD = 3.0


def new_status(
    task_id: str,
    executor_id: str | None,
    state: pb.TaskState,
    source: pb.TaskStatus.Source,
    *,
    reason: pb.TaskStatus.Reason | None = None,
    message: str | None = None,
) -> pb.TaskStatus:
    """A status update with an id and the time of now."""
    status = pb.TaskStatus(
        task_id=pb.TaskID(value=task_id),
        state=state,
        source=source,
        timestamp=time.time(),
        uuid=uuid.uuid4().bytes,
    )
    if executor_id is not None:
        status.executor_id.value = executor_id
    if reason is not None:
        status.reason = reason
    if message is not None:
        status.message = message
    return status


def has_capability(framework: pb.FrameworkInfo, kind: pb.FrameworkInfo.Capability.Type) -> bool:
    """Whether a framework has declared a capability."""
    return any(capability.type == kind for capability in framework.capabilities)


class TaskRun:
    """One task with its timers and checks; ``report`` takes each status.

    ``noun`` begins the terminal message: ``Command`` or ``Container``. ``interrupt`` is called
    when the task is to end before it has a container.
    """

    def __init__(
        self,
        task: pb.TaskInfo,
        framework: pb.FrameworkInfo,
        executor_id: str,
        report: Callable[[pb.TaskStatus], None],
        *,
        noun: str = "Command",
        default_grace: float = KILL_GRACE_PERIOD,
        interrupt: Callable[[], None] | None = None,
    ) -> None:
        self.task = task
        self.task_id = task.task_id.value
        self.killing = False
        self.ended = False
        self.container: Container | None = None
        self._executor_id = executor_id
        self._report = report
        self._noun = noun
        self._default_grace = default_grace
        self._interrupt = interrupt
        self._says_killing = has_capability(
            framework, pb.FrameworkInfo.Capability.TASK_KILLING_STATE
        )
        self._asked_grace: float | None = None
        self._out_of_time = False
        self._unhealthy = False
        self._timer: asyncio.TimerHandle | None = None
        self._watchers: list[asyncio.Task[None]] = []
        self._last = pb.TaskStatus()

    def starting(self) -> None:
        """Report STARTING and let the completion time run."""
        self._send(self._status(pb.TASK_STARTING))
        self._limit_time(self._last)

    def running(self, container: Container, data: bytes | None = None) -> None:
        """Report RUNNING and begin the checks; a kill that came meanwhile happens now."""
        status = self._status(pb.TASK_RUNNING)
        if data is not None:
            status.data = data
        self.container = container
        self._send(status)
        self._begin_checks(container)
        if self._asked_grace is not None:
            self._stop(self._asked_grace)

    def resume(self, container: Container, statuses: Sequence[pb.TaskStatus]) -> None:
        """Go on after these statuses: the completion time runs on, checks and kills begin anew."""
        self._last = statuses[-1]
        self._limit_time(statuses[0])
        if self._last.state == pb.TASK_STARTING:
            self.running(container)
            return
        self.container = container
        if self._last.state == pb.TASK_KILLING:
            self.killing = True
            self.kill()
        else:
            self._begin_checks(container)

    def exited(self, ended: Exit | None) -> pb.TaskState:
        """Report the terminal state that follows from how the container ended."""
        if ended is None:
            return self.failed(f"Failed to get exit status for {self._noun}")
        if self._out_of_time:
            state = pb.TASK_FAILED
        elif self.killing:
            state = pb.TASK_KILLED
        else:
            state = pb.TASK_FINISHED if ended.ok else pb.TASK_FAILED
        return self._finish(state, f"{self._noun} {ended}")

    def failed(self, message: str) -> pb.TaskState:
        """Report FAILED: the container could not be launched."""
        return self._finish(pb.TASK_FAILED, message)

    def never_ran(self) -> pb.TaskState:
        """Report that the task ended, because it was to, before it had a container."""
        return self._finish(pb.TASK_FAILED if self._out_of_time else pb.TASK_KILLED, None)

    def kill(self, policy: pb.KillPolicy | None = None) -> None:
        """Kill the task; the policy of the call comes before that of the task."""
        grace = self._default_grace
        for candidate in (policy, self.task.kill_policy):
            if candidate is not None and candidate.HasField("grace_period"):
                grace = candidate.grace_period.nanoseconds / NANOSECONDS
                break
        self._cancel_timer()
        self.stop(grace)

    def stop(self, grace: float) -> None:
        """Kill the task within ``grace`` seconds."""
        if self.ended:
            return
        if self.container is None:
            asked = self._asked_grace
            self._asked_grace = grace if asked is None else min(asked, grace)
            if self._interrupt is not None:
                self._interrupt()
        else:
            self._stop(grace)

    def close(self) -> None:
        """Report nothing more."""
        self.ended = True
        self._cancel_timer()
        self._unwatch()

    def _stop(self, grace: float) -> None:
        assert self.container is not None
        if not self.killing:
            self.killing = True
            self._unwatch()
            if self._says_killing and not self._out_of_time:
                self._send(self._status(pb.TASK_KILLING))
        self.container.stop(grace)

    def _limit_time(self, starting: pb.TaskStatus) -> None:
        limit = self.task.max_completion_time.nanoseconds
        if limit > 0:
            rest = max(0.0, starting.timestamp + limit / NANOSECONDS - time.time())
            self._timer = asyncio.get_running_loop().call_later(rest, self._time_is_up)

    def _time_is_up(self) -> None:
        self._timer = None
        self._out_of_time = True
        self.stop(0)

    def _finish(self, state: pb.TaskState, message: str | None) -> pb.TaskState:
        if not self.ended:
            late = pb.TaskStatus.REASON_MAX_COMPLETION_TIME_REACHED if self._out_of_time else None
            status = self._status(state, reason=late, message=message)
            if self._unhealthy:
                status.healthy = False
            self.close()
            self._send(status)
        return state

    def _health_changed(self, health: checks.Health) -> None:
        status = self._again(pb.TaskStatus.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED)
        status.healthy = health.healthy
        self._send(status)
        if health.kill:
            self._unhealthy = True
            self.kill()

    def _check_changed(self, result: pb.CheckStatusInfo) -> None:
        status = self._again(pb.TaskStatus.REASON_TASK_CHECK_STATUS_UPDATED)
        status.check_status.CopyFrom(result)
        self._send(status)

    def _again(self, reason: pb.TaskStatus.Reason) -> pb.TaskStatus:
        # What earlier updates said, of the other check too, stays true.
        status = pb.TaskStatus()
        status.CopyFrom(self._last)
        status.reason = reason
        status.uuid = uuid.uuid4().bytes
        status.timestamp = time.time()
        return status

    def _status(
        self,
        state: pb.TaskState,
        *,
        reason: pb.TaskStatus.Reason | None = None,
        message: str | None = None,
    ) -> pb.TaskStatus:
        status = new_status(
            self.task_id,
            self._executor_id,
            state,
            pb.TaskStatus.SOURCE_EXECUTOR,
            reason=reason,
            message=message,
        )
        if self.task.HasField("check"):
            status.check_status.CopyFrom(checks.empty_status(self.task.check))
        return status

    def _send(self, status: pb.TaskStatus) -> None:
        self._last = status
        self._report(status)

    def _begin_checks(self, container: Container) -> None:
        if self.task.HasField("health_check"):
            check = self.task.health_check
            self._watch(checks.watch_health(check, container, self._health_changed))
        if self.task.HasField("check"):
            self._watch(checks.watch_check(self.task.check, container, self._check_changed))

    def _watch(self, watcher: Coroutine[Any, Any, None]) -> None:
        self._watchers.append(asyncio.get_running_loop().create_task(watcher))

    def _unwatch(self) -> None:
        current = asyncio.current_task()
        for watcher in self._watchers:
            # A health check that ends its task is the one that runs just now.
            if watcher is not current:
                watcher.cancel()
        self._watchers.clear()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
