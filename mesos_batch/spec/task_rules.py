"""Rules for one task, apart from its resources.

Each is a reason for the master to answer TASK_ERROR (``src/master/validation.cpp``,
``task::internal``), judged without a cluster.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.spec.command_rules import check_findings, command_findings, health_check_findings
from mesos_batch.spec.container_rules import container_findings, has_image
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.names import id_fault
from mesos_batch.spec.problems import Severity
from mesos_batch.spec.reservation_rules import innermost_role
from mesos_batch.spec.resource_rules import resource_findings
from mesos_batch.spec.volume_rules import Purpose, same_volume

_LIMITED = ("cpus", "mem")
_EXECUTOR_MINIMUM = {"cpus": 0.01, "mem": 32.0}


def task_findings(task: pb.TaskInfo) -> Iterator[Finding]:
    """Everything wrong with a task but its own resources."""
    yield from _ids(task)
    if not task.resources:
        hint = "name at least cpus and mem"
        yield Finding(("resources",), "a task needs resources", hint)
    yield from _command_or_executor(task)
    if task.HasField("container"):
        yield from _container(task)
    yield from _times(task)
    if task.HasField("check"):
        for finding in check_findings(task.check):
            yield finding.under("check")
    if task.HasField("health_check"):
        for finding in health_check_findings(task.health_check):
            yield finding.under("health_check")
    if task.limits:
        yield from _limits(task)


def _ids(task: pb.TaskInfo) -> Iterator[Finding]:
    fault = id_fault(task.task_id.value)
    if fault is not None:
        yield Finding(("task_id", "value"), fault)
    agent = task.agent_id.value
    if agent and (fault := id_fault(agent)) is not None:
        yield Finding(("agent_id", "value"), fault)


def _times(task: pb.TaskInfo) -> Iterator[Finding]:
    grace = ("kill_policy", "grace_period", "nanoseconds")
    if task.HasField("kill_policy") and task.kill_policy.grace_period.nanoseconds < 0:
        yield Finding(grace, "a time must not be negative")
    longest = ("max_completion_time", "nanoseconds")
    if task.HasField("max_completion_time") and task.max_completion_time.nanoseconds < 0:
        yield Finding(longest, "a time must not be negative")


def _command_or_executor(task: pb.TaskInfo) -> Iterator[Finding]:
    if task.HasField("command"):
        for finding in command_findings(task.command, has_image=has_image(task.container)):
            yield finding.under("command")
        if task.HasField("executor"):
            message = "a task has a command or an executor, not both"
            yield Finding(("executor",), message, "remove one of them")
    elif not task.HasField("executor"):
        hint = 'add "command": {"value": ...}'
        yield Finding(("command",), "a task needs a command or an executor", hint)
    if task.HasField("executor"):
        for finding in _executor(task.executor):
            yield finding.under("executor")
        yield from _executor_beside_task(task)


def _container(task: pb.TaskInfo) -> Iterator[Finding]:
    for finding in container_findings(task.container, task.resources):
        yield finding.under("container")
    linux = task.container.linux_info
    if linux.HasField("share_cgroups") and not linux.share_cgroups:
        path = ("container", "linux_info", "share_cgroups")
        message = "only tasks of a task group can have cgroups of their own"
        yield Finding(path, message, "remove it")


def _executor(executor: pb.ExecutorInfo) -> Iterator[Finding]:
    fault = id_fault(executor.executor_id.value)
    if fault is not None:
        yield Finding(("executor_id", "value"), fault)
    if executor.HasField("type") and executor.type != pb.ExecutorInfo.CUSTOM:
        yield Finding(("type",), "the executor of a task must be CUSTOM", "or leave type out")
    if executor.HasField("framework_id"):
        hint = "remove it; the master fills it in"
        yield Finding(("framework_id",), "the framework gets its id when it subscribes", hint)
    if not executor.HasField("command"):
        yield Finding(("command",), "an executor needs a command")
    else:
        image = has_image(executor.container)
        for finding in command_findings(executor.command, has_image=image):
            yield finding.under("command")
    if executor.shutdown_grace_period.nanoseconds < 0:
        path = ("shutdown_grace_period", "nanoseconds")
        yield Finding(path, "a time must not be negative")
    for finding in resource_findings(executor.resources, Purpose.EXECUTOR):
        yield finding.under("resources")
    yield from _executor_container(executor)
    yield from _executor_resources(executor)


def _executor_container(executor: pb.ExecutorInfo) -> Iterator[Finding]:
    if not executor.HasField("container"):
        return
    for finding in container_findings(executor.container, executor.resources):
        yield finding.under("container")
    if executor.container.linux_info.share_cgroups and executor.container.linux_info.HasField(
        "share_cgroups"
    ):
        path = ("container", "linux_info", "share_cgroups")
        yield Finding(path, "an executor cannot share cgroups", "remove it")


def _executor_resources(executor: pb.ExecutorInfo) -> Iterator[Finding]:
    for index, resource in enumerate(executor.resources):
        if resource.HasField("shared"):
            message = "an executor cannot use shared resources"
            yield Finding(("resources", index, "shared"), message)
    for name, least in _EXECUTOR_MINIMUM.items():
        amount = _amount(executor, name)
        if amount is None or 0 < amount < least:
            message = f"an executor should have at least {least:g} {name}"
            hint = "later versions of Mesos will insist"
            yield Finding(("resources",), message, hint, severity=Severity.WARNING)


def _executor_beside_task(task: pb.TaskInfo) -> Iterator[Finding]:
    """What the resources of a task and of its executor must not have in common."""
    volumes = [item for item in task.resources if item.disk.HasField("persistence")]
    revocable = {resource.name: resource.HasField("revocable") for resource in task.resources}
    for index, resource in enumerate(task.executor.resources):
        path = ("executor", "resources", index)
        if any(_overlap(resource, other) for other in task.resources):
            yield Finding(path, f"{resource.name} overlap those of the task itself")
        if resource.disk.HasField("persistence") and any(
            same_volume(resource, volume) for volume in volumes
        ):
            message = f"the volume '{resource.disk.persistence.id}' is used by the task itself"
            yield Finding((*path, "disk", "persistence", "id"), message)
        mixed = resource.HasField("revocable")
        if revocable.get(resource.name, mixed) != mixed:
            message = f"revocable and other {resource.name} cannot be used together"
            yield Finding((*path, "revocable"), message)


def _overlap(one: pb.Resource, other: pb.Resource) -> bool:
    if one.name != other.name or innermost_role(one) != innermost_role(other):
        return False
    if set(one.set.item) & set(other.set.item):
        return True
    return any(
        mine.begin <= theirs.end and theirs.begin <= mine.end
        for mine in one.ranges.range
        for theirs in other.ranges.range
    )


def _amount(holder: pb.TaskInfo | pb.ExecutorInfo, name: str) -> float | None:
    """The sum of a scalar; ``None`` when there is none of it."""
    amounts = [item.scalar.value for item in holder.resources if item.name == name]
    return math.fsum(amounts) if amounts else None


def _limits(task: pb.TaskInfo) -> Iterator[Finding]:
    for name in task.limits:
        path = ("limits", name)
        if name not in _LIMITED:
            yield Finding(path, "only cpus and mem can be limited", "remove it", at_key=True)
            continue
        limit, request = task.limits[name].value, _amount(task, name)
        if request is None:
            message = f"a limit of {name} needs {name} among the resources"
            yield Finding(path, message, at_key=True)
        elif not limit >= request:
            message = f"the limit {limit:g} is below the {request:g} the task asks for"
            yield Finding((*path, "value"), message, '"Infinity" means no limit')
