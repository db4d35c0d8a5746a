"""A task in a LAUNCH: what is checked, in the order and the words of the master.

Source: ``src/master/validation.cpp``. Each check may take for granted what those before it
found in order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.master.container_validation import (
    validate_check,
    validate_command,
    validate_container,
    validate_health_check,
)
from mesos_batch.local.master.resource_validation import (
    overlap,
    validate_meaning,
    validate_revocable,
    validate_single_role,
    validate_unique_persistence,
)
from mesos_batch.local.rules import ValidationError, told, validate_id
from mesos_batch.model.resources import CPUS, MEM, Resources
from mesos_batch.model.scalar import to_milli

if TYPE_CHECKING:
    from collections.abc import Callable

    from mesos_batch.local.master.framework import Framework
    from mesos_batch.local.records import Agent

_MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Launch:
    """A task on its way to an agent; resources are allocated and in post-refinement form."""

    task: pb.TaskInfo
    resources: Resources
    executor_resources: Resources
    framework: Framework
    agent: Agent


def validate_task(launch: Launch) -> None:
    """Check everything about a task but its executor.

    Raises:
        ValidationError: the first thing that is wrong.
    """
    for check in _CHECKS:
        check(launch)


def validate_launch(launch: Launch, available: Resources) -> None:
    """Check a task of a LAUNCH and its executor against what is left of the offers.

    Raises:
        ValidationError: the first thing that is wrong.
    """
    validate_task(launch)
    task = launch.task
    if task.HasField("executor") == task.HasField("command"):
        raise ValidationError(
            "Task should have at least one (but not both) of CommandInfo or ExecutorInfo present"
        )
    total = launch.resources
    if task.HasField("executor"):
        _validate_task_executor(launch)
        executor_id = task.executor.executor_id.value
        if not launch.agent.has_executor(launch.framework.framework_id, executor_id):
            total += launch.executor_resources
    _validate_together(launch)
    if not available.contains(total):
        raise ValidationError(
            f"Total resources {total} required by task and its executor"
            f" is more than available {available}"
        )
    info = task.container.linux_info
    if info.HasField("share_cgroups") and not info.share_cgroups:
        raise ValidationError("Only tasks in a task group may have 'share_cgroups' set to 'false'")


def _task_id(launch: Launch) -> None:
    validate_id(launch.task.task_id.value)


def _unique_id(launch: Launch) -> None:
    task_id = launch.task.task_id.value
    if task_id in launch.framework.tasks:
        raise ValidationError(f"Task has duplicate ID: {task_id}")
    if task_id in launch.framework.unreachable_tasks:
        raise ValidationError(f"Task reuses the ID of an unreachable task: {task_id}")


def _agent(launch: Launch) -> None:
    if launch.task.agent_id.value != launch.agent.agent_id:
        raise ValidationError(
            f"Task uses invalid agent {launch.task.agent_id.value}"
            f" while agent {launch.agent.agent_id} is expected"
        )


def _kill_policy(launch: Launch) -> None:
    if launch.task.kill_policy.grace_period.nanoseconds < 0:
        raise ValidationError("Task's 'kill_policy.grace_period' must be non-negative")


def _max_completion_time(launch: Launch) -> None:
    if launch.task.max_completion_time.nanoseconds < 0:
        raise ValidationError("Task's `max_completion_time` must be non-negative")


def _check(launch: Launch) -> None:
    if launch.task.HasField("check"):
        with told("Task uses invalid check: "):
            validate_check(launch.task.check)


def _health_check(launch: Launch) -> None:
    if launch.task.HasField("health_check"):
        with told("Task uses invalid health check: "):
            validate_health_check(launch.task.health_check)


def _resources(launch: Launch) -> None:
    if not launch.task.resources:
        raise ValidationError("Task uses no resources")
    with told("Task uses invalid resources: "):
        validate_meaning(launch.resources)
    with told("Task uses duplicate persistence ID: "):
        validate_unique_persistence(launch.resources)
    with told("Invalid task resources: "):
        validate_single_role(launch.resources)
    with told("Task mixes revocable and non-revocable resources: "):
        validate_revocable(launch.resources)


def _command(launch: Launch) -> None:
    if launch.task.HasField("command"):
        with told("Task's `CommandInfo` is invalid: "):
            validate_command(launch.task.command)


def _container(launch: Launch) -> None:
    if launch.task.HasField("container"):
        with told("Task's `ContainerInfo` is invalid: "):
            validate_container(launch.task.container)


def _limits(launch: Launch) -> None:
    limits = launch.task.limits
    if not limits:
        return
    if set(limits) - {CPUS, MEM}:
        raise ValidationError("Only cpus and mem may be included in a task's resource limits")
    names = launch.resources.names()
    if CPUS in limits:
        if CPUS not in names:
            raise ValidationError(
                "When a CPU limit is specified, a CPU request must also be specified"
            )
        if limits[CPUS].value < launch.resources.amount(CPUS):
            raise ValidationError("The cpu limit must be greater than or equal to the cpu request")
    if MEM in limits:
        if MEM not in names:
            raise ValidationError(
                "When a memory limit is specified, a memory request must also be specified"
            )
        limit = limits[MEM].value
        if not math.isinf(limit) and limit * _MEGABYTE < launch.resources.amount(MEM) * _MEGABYTE:
            raise ValidationError(
                "The memory limit must be greater than or equal to the memory request"
            )


_CHECKS: tuple[Callable[[Launch], None], ...] = (
    _task_id,
    _unique_id,
    _agent,
    _kill_policy,
    _max_completion_time,
    _check,
    _health_check,
    _resources,
    _command,
    _container,
    _limits,
)


def _validate_task_executor(launch: Launch) -> None:
    executor = launch.task.executor
    validate_executor(executor, launch.executor_resources, launch.framework, launch.agent)
    if executor.HasField("type") and executor.type != pb.ExecutorInfo.CUSTOM:
        raise ValidationError("'ExecutorInfo.type' must be 'CUSTOM'")
    if not executor.HasField("command"):
        raise ValidationError("'ExecutorInfo.command' must be set")
    if any(resource.shared for resource in launch.executor_resources):
        raise ValidationError(
            f"Executor resources {launch.executor_resources}"
            " should not contain any shared resources"
        )
    if executor.container.linux_info.share_cgroups and executor.container.linux_info.HasField(
        "share_cgroups"
    ):
        raise ValidationError(
            "The 'share_cgroups' field cannot be set to 'true' on executor containers"
        )


def _validate_together(launch: Launch) -> None:
    total = launch.resources + launch.executor_resources
    with told("Task and its executor use invalid resources: "):
        validate_meaning(total)
    if launch.executor_resources and overlap([launch.resources, launch.executor_resources]):
        raise ValidationError(
            f"There are overlapping resources in the task resources {launch.resources}"
            f" and executor resources {launch.executor_resources}"
        )
    with told("Task and its executor use duplicate persistence ID: "):
        validate_unique_persistence(total)
    with told("Task and its executor mix revocable and non-revocable resources: "):
        validate_revocable(total)


def validate_executor(
    executor: pb.ExecutorInfo, resources: Resources, framework: Framework, agent: Agent
) -> None:
    """Check an executor of any kind.

    Raises:
        ValidationError: the first thing that is wrong.
    """
    _validate_executor_type(executor)
    validate_id(executor.executor_id.value)
    if executor.shutdown_grace_period.nanoseconds < 0:
        raise ValidationError("ExecutorInfo's 'shutdown_grace_period' must be non-negative")
    with told("Executor's `CommandInfo` is invalid: "):
        validate_command(executor.command)
    if executor.HasField("container"):
        with told("Executor's `ContainerInfo` is invalid: "):
            validate_container(executor.container)
    _validate_framework_id(executor, framework)
    with told("Executor uses invalid resources: "):
        validate_meaning(resources)
    with told("Executor uses duplicate persistence ID: "):
        validate_unique_persistence(resources)
    with told("Invalid executor resources: "):
        validate_single_role(resources)
    with told("Executor mixes revocable and non-revocable resources: "):
        validate_revocable(resources)
    _validate_compatible(executor, framework, agent)


def _validate_executor_type(executor: pb.ExecutorInfo) -> None:
    if executor.type == pb.ExecutorInfo.DEFAULT:
        if executor.HasField("command"):
            raise ValidationError("'ExecutorInfo.command' must not be set for 'DEFAULT' executor")
        if not executor.HasField("container"):
            return
        if executor.container.type != pb.ContainerInfo.MESOS:
            raise ValidationError(
                "'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor"
            )
        if executor.container.mesos.HasField("image"):
            raise ValidationError(
                "'ExecutorInfo.container.mesos.image' must not be set for 'DEFAULT' executor"
            )
    elif executor.type == pb.ExecutorInfo.CUSTOM and not executor.HasField("command"):
        raise ValidationError("'ExecutorInfo.command' must be set for 'CUSTOM' executor")


def _validate_framework_id(executor: pb.ExecutorInfo, framework: Framework) -> None:
    if not executor.HasField("framework_id"):
        raise ValidationError("'ExecutorInfo.framework_id' must be set")
    if executor.framework_id.value != framework.framework_id:
        raise ValidationError(
            f"ExecutorInfo has an invalid FrameworkID (Actual: {executor.framework_id.value}"
            f" vs Expected: {framework.framework_id})"
        )


def _validate_compatible(executor: pb.ExecutorInfo, framework: Framework, agent: Agent) -> None:
    executors = agent.executors.get(framework.framework_id, {})
    existing = executors.get(executor.executor_id.value)
    if existing is None or existing == executor:
        return
    line = "-" * 60
    raise ValidationError(
        "ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.\n"
        f"{line}\nExisting ExecutorInfo:\n{existing}\n"
        f"{line}\nExecutorInfo:\n{executor}\n{line}\n"
    )


def minimum_is_met(resources: Resources, name: str, least: float) -> bool:
    """Whether there is at least ``least`` of a scalar."""
    return resources.milli(name) >= to_milli(least)
