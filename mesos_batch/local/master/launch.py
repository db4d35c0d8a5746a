"""LAUNCH and LAUNCH_GROUP: valid tasks go to the agent, others get TASK_ERROR."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.master.group_validation import validate_group
from mesos_batch.local.master.resource_validation import normalise
from mesos_batch.local.master.statuses import Reason, master_status
from mesos_batch.local.master.task_validation import Launch, validate_launch
from mesos_batch.local.records import Task
from mesos_batch.local.rules import ValidationError
from mesos_batch.model.resources import Resources

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mesos_batch.local.master.accept import Accepted
    from mesos_batch.local.master.master import Master


def launch_tasks(master: Master, accepted: Accepted, tasks: Iterable[pb.TaskInfo]) -> None:
    """Launch tasks one by one, each against what those before it left."""
    framework, agent = accepted.framework, accepted.agent
    for task in tasks:
        _fill_in(accepted, task)
        launch = _prepare(accepted, task)
        try:
            validate_launch(launch, accepted.available)
        except ValidationError as error:
            _send_error(accepted, task, str(error), Reason.REASON_TASK_INVALID)
            continue
        consumed = launch.resources
        executor = task.executor if task.HasField("executor") else None
        if executor is not None and not agent.has_executor(
            framework.framework_id, executor.executor_id.value
        ):
            master.add_executor(agent, framework, executor)
            consumed += launch.executor_resources
        _add(master, accepted, launch)
        copies = consumed.filter(lambda item: item.shared).without(accepted.remaining)
        if copies:
            master.allocator.allocate_copies(framework.framework_id, agent.agent_id, copies)
        accepted.remaining = accepted.remaining.without(consumed)
        agent.link.run_task(framework.info, task, executor)


def launch_group(
    master: Master, accepted: Accepted, operation: pb.Offer.Operation.LaunchGroup
) -> None:
    """Launch a whole group on its executor, or none of it."""
    framework, agent = accepted.framework, accepted.agent
    executor, tasks = operation.executor, operation.task_group.tasks
    executor_resources = normalise(executor.resources, accepted.role)
    for task in tasks:
        if not task.HasField("executor"):
            task.executor.CopyFrom(executor)
    launches = [_prepare(accepted, task) for task in tasks]
    try:
        validate_group(launches, executor, executor_resources, framework, agent, accepted.remaining)
    except ValidationError as error:
        for task in tasks:
            _send_error(accepted, task, str(error), Reason.REASON_TASK_GROUP_INVALID)
        return
    consumed = Resources()
    if not agent.has_executor(framework.framework_id, executor.executor_id.value):
        master.add_executor(agent, framework, executor)
        consumed += executor_resources
    for launch in launches:
        consumed += launch.resources
        _add(master, accepted, launch)
    accepted.remaining = accepted.remaining.without(consumed)
    agent.link.run_task_group(framework.info, executor, list(tasks))


def _fill_in(accepted: Accepted, task: pb.TaskInfo) -> None:
    """Add what older frameworks leave out: the framework id, the type of a health check."""
    if task.HasField("executor") and not task.executor.HasField("framework_id"):
        task.executor.framework_id.value = accepted.framework.framework_id
    check = task.health_check
    if task.HasField("health_check") and not check.HasField("type"):
        if check.HasField("command") and not check.HasField("http"):
            check.type = pb.HealthCheck.COMMAND
        elif check.HasField("http") and not check.HasField("command"):
            check.type = pb.HealthCheck.HTTP


def _prepare(accepted: Accepted, task: pb.TaskInfo) -> Launch:
    executor_resources = Resources()
    if task.HasField("executor"):
        executor_resources = normalise(task.executor.resources, accepted.role)
    resources = normalise(task.resources, accepted.role)
    return Launch(task, resources, executor_resources, accepted.framework, accepted.agent)


def _add(master: Master, accepted: Accepted, launch: Launch) -> None:
    framework_id = accepted.framework.framework_id
    master.add_task(Task.launched(launch.task, framework_id, launch.resources, pb.TASK_STAGING))


def _send_error(accepted: Accepted, task: pb.TaskInfo, message: str, reason: int) -> None:
    accepted.framework.send_status(
        master_status(
            task.task_id.value,
            pb.TASK_ERROR,
            message,
            reason,
            agent_id=task.agent_id.value,
        )
    )
