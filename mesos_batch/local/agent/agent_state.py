"""What an agent tells about itself: its state, its containers and what they use.

Source: ``src/slave/http.cpp``; ``/containers`` and ``/monitor/statistics``.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psutil

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.agent import agent_pb2
from mesos_batch.local.agent.container import LOOPBACK
from mesos_batch.local.agent.task_run import has_capability
from mesos_batch.local.endpoint_json import (
    Json,
    attributes_json,
    labels_json,
    queued_task_json,
    reserved_full_json,
    reserved_json,
    resources_full_json,
    resources_json,
    task_json,
    version_json,
)
from mesos_batch.local.records import AGENT_CAPABILITIES, Task
from mesos_batch.model.resources import CPUS, MEM, Resources
from mesos_batch.protocol import values

if TYPE_CHECKING:
    from mesos_batch.local.agent.agent import LocalAgent
    from mesos_batch.local.agent.agent_executors import FrameworkRecord
    from mesos_batch.local.agent.executor import Executor, ExecutorTask

_MEGABYTE = 1 << 20
Container = agent_pb2.Response.GetContainers.Container


def flags_json(agent: LocalAgent) -> Json:
    """The flags an agent with our settings would have."""
    options = agent.options
    return {
        "work_dir": str(agent.work_dir),
        "ip": LOOPBACK,
        "hostname": LOOPBACK,
        "port": str(agent.port),
        "containerizers": ",".join(options.containerizers),
        "resources": str(agent.resources.total),
        "attributes": ";".join(options.attributes),
        "authenticate_http_readonly": "true" if agent.credential else "false",
        "authenticate_http_readwrite": "true" if agent.credential else "false",
    }


def state_json(agent: LocalAgent) -> Json:
    """The ``/state`` of an agent."""
    total = agent.resources.total
    allocated = Resources()
    for executor in agent.executors():
        allocated += _allocated(executor)
    active = [record for record in agent.frameworks.values() if agent.is_active(record)]
    ended = [record for record in agent.frameworks.values() if not agent.is_active(record)]
    return {
        **version_json(),
        "start_time": agent.started,
        "id": agent.id,
        "pid": agent.names.pid,
        "hostname": LOOPBACK,
        "capabilities": [pb.AgentInfo.Capability.Type.Name(kind) for kind in AGENT_CAPABILITIES],
        "resources": resources_json(total),
        "reserved_resources": reserved_json(total),
        "unreserved_resources": resources_json(total.unreserved()),
        "reserved_resources_full": reserved_full_json(total),
        "unreserved_resources_full": resources_full_json(total.unreserved()),
        "reserved_resources_allocated": reserved_json(allocated),
        "unreserved_resources_allocated": resources_json(allocated.unreserved()),
        "resource_providers": [],
        "attributes": attributes_json(agent.attributes),
        "master_hostname": LOOPBACK,
        "flags": flags_json(agent),
        "frameworks": [_framework_json(record) for record in active],
        "completed_frameworks": [_framework_json(record) for record in ended],
    }


def task_message(executor: Executor, task: ExecutorTask) -> pb.Task:
    """A task as operators see it; on an agent a command task has an executor id."""
    resources = values.resources_from(task.info.resources)
    message = Task.launched(task.info, executor.framework_id, resources, task.state).message
    message.executor_id.value = executor.id
    message.statuses.extend(task.statuses)
    return message


def statistics(executor: Executor) -> pb.ResourceStatistics:
    """What the processes of an executor use now. Blocks."""
    allocated = _allocated(executor)
    memory = int(allocated.amount(MEM)) * _MEGABYTE
    usage = pb.ResourceStatistics(
        timestamp=time.time(),
        cpus_soft_limit=allocated.amount(CPUS),
        mem_limit_bytes=memory,
        mem_soft_limit_bytes=memory,
        cpus_user_time_secs=0,
        cpus_system_time_secs=0,
        mem_rss_bytes=0,
    )
    for process in _processes(executor.pids):
        # A process may end between two looks at it.
        with contextlib.suppress(psutil.Error), process.oneshot():
            times = process.cpu_times()
            usage.mem_rss_bytes += process.memory_info().rss
            usage.cpus_user_time_secs += times.user + times.children_user
            usage.cpus_system_time_secs += times.system + times.children_system
    return usage


def _processes(roots: list[int]) -> Iterator[psutil.Process]:
    for pid in roots:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(pid)
            yield root
            yield from root.children(recursive=True)


def container(executor: Executor) -> Container:
    """The container of an executor, without statistics."""
    shown = Container(
        framework_id=pb.FrameworkID(value=executor.framework_id),
        executor_id=executor.info.executor_id,
        executor_name=executor.info.name,
        container_id=pb.ContainerID(value=executor.container_id),
    )
    shown.container_status.container_id.value = executor.container_id
    if executor.pids:
        shown.container_status.executor_pid = executor.pids[0]
    return shown


def _allocated(executor: Executor) -> Resources:
    """The executor's own resources and those of tasks that have not ended."""
    allocated = values.resources_from(executor.info.resources)
    for task in executor.tasks.values():
        if not task.terminal:
            allocated += values.resources_from(task.info.resources)
    return allocated


def _framework_json(record: FrameworkRecord) -> Json:
    info = record.info
    shown: Json = {
        "id": info.id.value,
        "name": info.name,
        "user": info.user,
        "failover_timeout": info.failover_timeout,
        "checkpoint": info.checkpoint,
        "hostname": info.hostname,
    }
    if info.HasField("principal"):
        shown["principal"] = info.principal
    if has_capability(info, pb.FrameworkInfo.Capability.MULTI_ROLE):
        shown["roles"] = list(info.roles)
    else:
        shown["role"] = info.role
    shown["executors"] = [_executor_json(executor) for executor in record.executors.values()]
    shown["completed_executors"] = [_executor_json(executor) for executor in record.completed]
    return shown


def _executor_json(executor: Executor) -> Json:
    info = executor.info
    shown: Json = {
        "id": executor.id,
        "name": info.name,
        "source": info.source,
        "container": executor.container_id,
        "directory": str(executor.directory),
        "resources": resources_json(_allocated(executor)),
    }
    if info.resources:
        shown["role"] = info.resources[0].allocation_info.role
    if info.HasField("labels"):
        shown["labels"] = labels_json(info.labels)
    if info.HasField("type"):
        shown["type"] = pb.ExecutorInfo.Type.Name(info.type)
    tasks = list(executor.tasks.values())
    live = [task for task in tasks if not task.terminal]
    shown["tasks"] = [task_json(task_message(executor, t)) for t in live if not t.queued]
    shown["queued_tasks"] = [queued_task_json(t.info) for t in live if t.queued]
    shown["completed_tasks"] = [task_json(task_message(executor, t)) for t in tasks if t.terminal]
    return shown
