"""JSON as operator endpoints print it, which is not the JSON of the V1 messages.

Source: ``src/common/http.cpp``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local import VERSION
from mesos_batch.model.items import Items
from mesos_batch.model.ranges import Ranges
from mesos_batch.model.resources import CPUS, DISK, GPUS, MEM, Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.protocol import json_dialect, values

if TYPE_CHECKING:
    from mesos_batch.model.resource import Resource

Json = dict[str, Any]


def version_json() -> Json:
    """The version of Mesos whose behaviour this is; a local cluster was never built."""
    return {"build_date": "", "build_time": 0.0, "build_user": "", "version": VERSION}


def resources_json(resources: Resources) -> Json:
    """Amounts by name; cpus, gpus, mem and disk are there even when they are 0."""
    shown: Json = {DISK: 0.0, MEM: 0.0, GPUS: 0.0, CPUS: 0.0}
    for name, first in _by_name(resources).items():
        shown[name] = _total(resources, first)
    return shown


def reserved_json(resources: Resources) -> Json:
    """Reserved amounts by role."""
    return {role: resources_json(resources.reserved(role)) for role in resources.roles()}


def resources_full_json(resources: Resources) -> list[Json]:
    """Resources one by one, in both reservation formats."""
    return [json_dialect.to_value(item) for item in values.resources_to(resources, endpoint=True)]


def reserved_full_json(resources: Resources) -> Json:
    """Reserved resources one by one, by role."""
    return {role: resources_full_json(resources.reserved(role)) for role in resources.roles()}


def attributes_json(attributes: Iterable[pb.Attribute]) -> Json:
    """Attributes by name."""
    shown: Json = {}
    for attribute in attributes:
        if attribute.type == pb.Value.TEXT:
            shown[attribute.name] = attribute.text.value
        elif attribute.type == pb.Value.SCALAR:
            shown[attribute.name] = attribute.scalar.value
        else:
            shown[attribute.name] = str(values.value_from(attribute))
    return shown


def task_json(task: pb.Task) -> Json:
    """A task with its statuses; neither command nor messages nor reasons are shown."""
    shown: Json = {
        "id": task.task_id.value,
        "name": task.name,
        "framework_id": task.framework_id.value,
        "executor_id": task.executor_id.value,
        "slave_id": task.agent_id.value,
        "state": pb.TaskState.Name(task.state),
        "resources": resources_json(values.resources_from(task.resources)),
    }
    if task.limits:
        shown["limits"] = {name: limit.value for name, limit in task.limits.items()}
    if task.resources:
        shown["role"] = task.resources[0].allocation_info.role
    shown["statuses"] = [status_json(status) for status in task.statuses]
    if task.HasField("user"):
        shown["user"] = task.user
    if task.HasField("labels"):
        shown["labels"] = labels_json(task.labels)
    for name in ("discovery", "container", "health_check"):
        if task.HasField(name):
            shown[name] = json_dialect.to_value(getattr(task, name))
    return shown


def status_json(status: pb.TaskStatus) -> Json:
    """A status of a task."""
    shown: Json = {
        "state": pb.TaskState.Name(status.state),
        "timestamp": status.timestamp,
    }
    if status.HasField("labels"):
        shown["labels"] = labels_json(status.labels)
    if status.HasField("container_status"):
        container = json_dialect.to_value(status.container_status)
        container.pop("executor_pid", None)
        shown["container_status"] = container
    if status.HasField("healthy"):
        shown["healthy"] = status.healthy
    return shown


def labels_json(labels: pb.Labels) -> list[Json]:
    """Labels, one object each."""
    return [json_dialect.to_value(label) for label in labels.labels]


def queued_task_json(task: pb.TaskInfo) -> Json:
    """A task its executor has not got yet: the one place where a command is shown."""
    shown: Json = {
        "id": task.task_id.value,
        "name": task.name,
        "slave_id": task.agent_id.value,
        "resources": resources_json(values.resources_from(task.resources)),
    }
    if task.resources:
        shown["role"] = task.resources[0].allocation_info.role
    if task.HasField("command"):
        shown["command"] = _command_json(task.command)
    if task.HasField("executor"):
        shown["executor_id"] = task.executor.executor_id.value
    if task.HasField("discovery"):
        shown["discovery"] = json_dialect.to_value(task.discovery)
    return shown


def _command_json(command: pb.CommandInfo) -> Json:
    shown: Json = {}
    if command.HasField("shell"):
        shown["shell"] = command.shell
    if command.HasField("value"):
        shown["value"] = command.value
    shown["argv"] = list(command.arguments)
    if command.HasField("environment"):
        plain = pb.Environment()
        plain.CopyFrom(command.environment)
        for variable in plain.variables:
            variable.ClearField("secret")
        shown["environment"] = json_dialect.to_value(plain)
    shown["uris"] = [{"value": uri.value, "executable": uri.executable} for uri in command.uris]
    return shown


def _by_name(resources: Resources) -> dict[str, Resource]:
    found: dict[str, Resource] = {}
    for resource in resources:
        found.setdefault(resource.name, resource)
    return found


def _total(resources: Resources, first: Resource) -> float | str:
    if isinstance(first.value, Scalar):
        return resources.amount(first.name)
    if isinstance(first.value, Ranges):
        return str(resources.ranges(first.name))
    names = Items()
    for resource in resources:
        if resource.name == first.name and isinstance(resource.value, Items):
            names += resource.value
    return str(names)
