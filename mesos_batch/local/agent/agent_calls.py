"""The calls of the V1 agent API the local agent answers, in JSON and protobuf alike.

Source: ``agent.proto``, ``src/slave/http.cpp``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.agent import agent_pb2
from mesos_batch.local import VERSION
from mesos_batch.local.agent import agent_state

if TYPE_CHECKING:
    from mesos_batch.local.agent.agent import LocalAgent

Call = agent_pb2.Call
Response = agent_pb2.Response
_NANOSECONDS = 1_000_000_000


async def answer(agent: LocalAgent, call: Call) -> Response | None:
    """The response to a call, ``None`` for one the local agent does not know.

    Raises:
        FilesError: a file call asks for a path that cannot be served.
    """
    handler = _HANDLERS.get(call.type)
    return None if handler is None else await handler(agent, call)


async def _health(_: LocalAgent, __: Call) -> Response:
    health = Response.GetHealth(healthy=True)
    return Response(type=Response.GET_HEALTH, get_health=health)


async def _version(_: LocalAgent, __: Call) -> Response:
    response = Response(type=Response.GET_VERSION)
    response.get_version.version_info.version = VERSION
    return response


async def _flags(agent: LocalAgent, _: Call) -> Response:
    response = Response(type=Response.GET_FLAGS)
    response.get_flags.SetInParent()
    for name, value in agent_state.flags_json(agent).items():
        response.get_flags.flags.add(name=name, value=value)
    return response


async def _list_files(agent: LocalAgent, call: Call) -> Response:
    response = Response(type=Response.LIST_FILES)
    response.list_files.SetInParent()
    for entry in await asyncio.to_thread(agent.files.browse, call.list_files.path):
        response.list_files.file_infos.add(
            path=entry.path,
            nlink=entry.nlink,
            size=entry.size,
            mtime=pb.TimeInfo(nanoseconds=entry.mtime * _NANOSECONDS),
            mode=entry.mode,
            uid=entry.uid,
            gid=entry.gid,
        )
    return response


async def _read_file(agent: LocalAgent, call: Call) -> Response:
    wanted = call.read_file
    length = wanted.length if wanted.HasField("length") else None
    size, data = await asyncio.to_thread(agent.files.read, wanted.path, wanted.offset, length)
    return Response(type=Response.READ_FILE, read_file=Response.ReadFile(size=size, data=data))


async def _state(agent: LocalAgent, _: Call) -> Response:
    state = Response.GetState(
        get_tasks=_tasks(agent), get_executors=_executors(agent), get_frameworks=_frameworks(agent)
    )
    return Response(type=Response.GET_STATE, get_state=state)


async def _containers(agent: LocalAgent, call: Call) -> Response:
    response = Response(type=Response.GET_CONTAINERS)
    response.get_containers.SetInParent()
    for executor in agent.executors():
        shown = response.get_containers.containers.add()
        shown.CopyFrom(agent_state.container(executor))
        usage = await asyncio.to_thread(agent_state.statistics, executor)
        shown.resource_statistics.CopyFrom(usage)
        if call.get_containers.show_nested:
            for container_id in executor.nested():
                nested = response.get_containers.containers.add()
                nested.framework_id.CopyFrom(shown.framework_id)
                nested.executor_id.CopyFrom(shown.executor_id)
                nested.executor_name = shown.executor_name
                nested.container_id.CopyFrom(container_id)
    return response


async def _get_frameworks(agent: LocalAgent, _: Call) -> Response:
    return Response(type=Response.GET_FRAMEWORKS, get_frameworks=_frameworks(agent))


def _frameworks(agent: LocalAgent) -> Response.GetFrameworks:
    frameworks = Response.GetFrameworks()
    for record in agent.frameworks.values():
        active = agent.is_active(record)
        group = frameworks.frameworks if active else frameworks.completed_frameworks
        group.add(framework_info=record.info)
    return frameworks


async def _get_executors(agent: LocalAgent, _: Call) -> Response:
    return Response(type=Response.GET_EXECUTORS, get_executors=_executors(agent))


def _executors(agent: LocalAgent) -> Response.GetExecutors:
    executors = Response.GetExecutors()
    for record in agent.frameworks.values():
        for executor in record.executors.values():
            executors.executors.add(executor_info=executor.info)
        for executor in record.completed:
            executors.completed_executors.add(executor_info=executor.info)
    return executors


async def _get_tasks(agent: LocalAgent, _: Call) -> Response:
    return Response(type=Response.GET_TASKS, get_tasks=_tasks(agent))


def _tasks(agent: LocalAgent) -> Response.GetTasks:
    tasks = Response.GetTasks()
    for record in agent.frameworks.values():
        for executor in (*record.executors.values(), *record.completed):
            for task_id, task in executor.tasks.items():
                if task.terminal:
                    waiting = agent.is_unacknowledged(executor.framework_id, task_id)
                    group = tasks.terminated_tasks if waiting else tasks.completed_tasks
                else:
                    group = tasks.queued_tasks if task.queued else tasks.launched_tasks
                group.append(agent_state.task_message(executor, task))
    return tasks


async def _get_agent(agent: LocalAgent, _: Call) -> Response:
    info = Response.GetAgent(agent_info=agent.info())
    return Response(type=Response.GET_AGENT, get_agent=info)


_HANDLERS: dict[int, Callable[[LocalAgent, Call], Awaitable[Response]]] = {
    Call.GET_HEALTH: _health,
    Call.GET_VERSION: _version,
    Call.GET_FLAGS: _flags,
    Call.LIST_FILES: _list_files,
    Call.READ_FILE: _read_file,
    Call.GET_STATE: _state,
    Call.GET_CONTAINERS: _containers,
    Call.GET_FRAMEWORKS: _get_frameworks,
    Call.GET_EXECUTORS: _get_executors,
    Call.GET_TASKS: _get_tasks,
    Call.GET_AGENT: _get_agent,
}
