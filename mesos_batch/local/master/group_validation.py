"""A task group in a LAUNCH_GROUP: all of it is valid or none of it is launched.

Source: ``task::group`` in ``src/master/validation.cpp``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.master.resource_validation import (
    overlap,
    validate_revocable,
    validate_unique_persistence,
)
from mesos_batch.local.master.task_validation import (
    Launch,
    minimum_is_met,
    validate_executor,
    validate_task,
)
from mesos_batch.local.rules import ValidationError, told
from mesos_batch.model.resources import CPUS, DISK, MEM, Resources
from mesos_batch.model.scalar import format_milli

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mesos_batch.local.master.framework import Framework
    from mesos_batch.local.records import Agent

MIN_CPUS = 0.01
MIN_MEM_MB = 32
_NETWORK_CHECKS = (pb.HealthCheck.HTTP, pb.HealthCheck.TCP)


def validate_group(
    launches: Sequence[Launch],
    executor: pb.ExecutorInfo,
    executor_resources: Resources,
    framework: Framework,
    agent: Agent,
    available: Resources,
) -> None:
    """Check a group and its executor against what is left of the offers.

    Raises:
        ValidationError: the first thing that is wrong.
    """
    for launch in launches:
        with told(f"Task '{launch.task.task_id.value}' is invalid: "):
            _validate_group_task(launch)
    validate_executor(executor, executor_resources, framework, agent)
    _validate_group_executor(launches, executor)
    _validate_minimum(executor, executor_resources)
    _validate_together(launches, executor_resources)
    total = Resources()
    for launch in launches:
        total += launch.resources
    if not agent.has_executor(framework.framework_id, executor.executor_id.value):
        total += executor_resources
    if not available.contains(total):
        raise ValidationError(
            f"Total resources {total} required by task group and its executor"
            f" are more than available {available}"
        )
    _validate_share_cgroups(launches, executor, framework, agent)


def _validate_group_task(launch: Launch) -> None:
    validate_task(launch)
    task = launch.task
    if task.HasField("container"):
        if (
            task.container.network_infos
            and task.HasField("health_check")
            and task.health_check.type in _NETWORK_CHECKS
        ):
            raise ValidationError(
                "HTTP and TCP health checks are not supported for nested containers"
                " not joining parent's network"
            )
        if task.container.type == pb.ContainerInfo.DOCKER:
            raise ValidationError("Docker ContainerInfo is not supported on the task")
    if task.limits and _shares_cgroups(task.container):
        raise ValidationError(
            "Resource limits may only be set for tasks within a task group when"
            " the 'share_cgroups' field is set to 'false'."
        )


def _validate_group_executor(launches: Sequence[Launch], executor: pb.ExecutorInfo) -> None:
    if not executor.HasField("type"):
        raise ValidationError("'ExecutorInfo.type' must be set")
    if executor.type == pb.ExecutorInfo.UNKNOWN:
        raise ValidationError("Unknown executor type")
    if executor.container.type == pb.ContainerInfo.DOCKER and executor.HasField("container"):
        raise ValidationError("Docker ContainerInfo is not supported on the executor")
    for launch in launches:
        if launch.task.executor != executor:
            raise ValidationError(
                f"The `ExecutorInfo` of task '{launch.task.task_id.value}' is different"
                f" from executor '{executor.executor_id.value}'"
            )


def _validate_minimum(executor: pb.ExecutorInfo, resources: Resources) -> None:
    name = f"Executor '{executor.executor_id.value}'"
    held = resources.names()
    if not minimum_is_met(resources, CPUS, MIN_CPUS):
        used = format_milli(resources.milli(CPUS)) if CPUS in held else "None"
        raise ValidationError(
            f"{name} uses less CPUs ({used}) than the minimum required ({MIN_CPUS})"
        )
    if not minimum_is_met(resources, MEM, MIN_MEM_MB):
        used = f"{format_milli(resources.milli(MEM))}MB" if MEM in held else "None"
        raise ValidationError(
            f"{name} uses less memory ({used}) than the minimum required ({MIN_MEM_MB}MB)"
        )
    if DISK not in held:
        raise ValidationError(f"{name} uses no disk")


def _validate_together(launches: Sequence[Launch], executor_resources: Resources) -> None:
    parts = [*(launch.resources for launch in launches), executor_resources]
    total = Resources()
    for part in parts:
        total += part
    with told("Task group and executor use duplicate persistence ID: "):
        validate_unique_persistence(resource for part in parts for resource in part)
    with told("Task group and executor mix revocable and non-revocable resources: "):
        validate_revocable(total)
    if overlap(parts):
        tasks = ", ".join(str(launch.resources) for launch in launches)
        raise ValidationError(
            "There are overlapping resources in the task group's task resources"
            f" [ {tasks} ] and/or executor resources {executor_resources}"
        )


def _validate_share_cgroups(
    launches: Sequence[Launch], executor: pb.ExecutorInfo, framework: Framework, agent: Agent
) -> None:
    info = executor.container.linux_info
    if info.HasField("share_cgroups") and info.share_cgroups:
        raise ValidationError(
            "The 'share_cgroups' field cannot be set to 'true' on executor containers"
        )
    containers = [
        *(launch.task.container for launch in launches),
        *_containers_under(executor.executor_id.value, framework, agent),
    ]
    if len({_shares_cgroups(container) for container in containers}) > 1:
        raise ValidationError(
            "If set, the value of 'share_cgroups' must be the same for all"
            " tasks in each task group and under a single executor"
        )


def _containers_under(
    executor_id: str, framework: Framework, agent: Agent
) -> Iterable[pb.ContainerInfo]:
    if not agent.has_executor(framework.framework_id, executor_id):
        return []
    return [
        task.message.container
        for task in (*framework.tasks.values(), *framework.unreachable_tasks.values())
        if task.agent_id == agent.agent_id and task.executor_id == executor_id
    ]


def _shares_cgroups(container: pb.ContainerInfo) -> bool:
    """Sharing the executor's cgroups is the default."""
    info = container.linux_info
    return info.share_cgroups if info.HasField("share_cgroups") else True
