"""POST /api/v1: the operator calls a local cluster answers, in JSON and protobuf."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from aiohttp import web

from mesos_batch._pb.mesos.v1.master import master_pb2
from mesos_batch.local import VERSION
from mesos_batch.local.master.operator_json import known_roles
from mesos_batch.local.master.registration import mark_gone
from mesos_batch.local.master.statuses import NANOSECONDS
from mesos_batch.local.master.subscription import remove_framework
from mesos_batch.local.records import AGENT_CAPABILITIES
from mesos_batch.local.request_body import BadRequest, accepted_or_refuse, read_call
from mesos_batch.local.server import (
    empty_response,
    message_response,
    method_not_allowed,
    text_response,
)
from mesos_batch.model.resources import Resources
from mesos_batch.protocol.values import resources_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from mesos_batch.local.master.framework import Framework
    from mesos_batch.local.master.master import Master
    from mesos_batch.local.records import Agent

Call = master_pb2.Call
Response = master_pb2.Response
# Calls whose payload has required contents.
_PAYLOADS = {Call.TEARDOWN: "teardown", Call.MARK_AGENT_GONE: "mark_agent_gone"}


def _health(_master: Master, response: Response) -> None:
    response.type = Response.GET_HEALTH
    response.get_health.healthy = True


def _version(_master: Master, response: Response) -> None:
    response.type = Response.GET_VERSION
    response.get_version.version_info.version = VERSION


def _get_master(master: Master, response: Response) -> None:
    response.type = Response.GET_MASTER
    response.get_master.master_info.CopyFrom(master.info)
    response.get_master.start_time = master.start_time
    if master.elected_time is not None:
        response.get_master.elected_time = master.elected_time


def _agents(master: Master, response: Response) -> None:
    response.type = Response.GET_AGENTS
    _fill_agents(master, response.get_agents)


def _frameworks(master: Master, response: Response) -> None:
    response.type = Response.GET_FRAMEWORKS
    _fill_frameworks(master, response.get_frameworks)


def _tasks(master: Master, response: Response) -> None:
    response.type = Response.GET_TASKS
    _fill_tasks(master, response.get_tasks)


def _executors(master: Master, response: Response) -> None:
    response.type = Response.GET_EXECUTORS
    _fill_executors(master, response.get_executors)


def _state(master: Master, response: Response) -> None:
    response.type = Response.GET_STATE
    _fill_tasks(master, response.get_state.get_tasks)
    _fill_executors(master, response.get_state.get_executors)
    _fill_frameworks(master, response.get_state.get_frameworks)
    _fill_agents(master, response.get_state.get_agents)


def _operations(master: Master, response: Response) -> None:
    response.type = Response.GET_OPERATIONS
    response.get_operations.SetInParent()
    for agent in master.agents.values():
        response.get_operations.operations.extend(
            operation.message for operation in agent.operations.values()
        )


def _roles(master: Master, response: Response) -> None:
    response.type = Response.GET_ROLES
    response.get_roles.SetInParent()
    for name in known_roles(master):
        role = response.get_roles.roles.add(name=name, weight=1.0)
        held = Resources()
        for framework in master.frameworks.values():
            if name in framework.roles:
                role.frameworks.add(value=framework.framework_id)
            held += framework.used() + framework.offered()
        mine = Resources(item for item in held if item.allocation_role == name)
        role.resources.extend(resources_to(mine.allocated_to(None), endpoint=True))


_READS: dict[int, Callable[[Master, Response], None]] = {
    Call.GET_HEALTH: _health,
    Call.GET_VERSION: _version,
    Call.GET_MASTER: _get_master,
    Call.GET_AGENTS: _agents,
    Call.GET_FRAMEWORKS: _frameworks,
    Call.GET_EXECUTORS: _executors,
    Call.GET_OPERATIONS: _operations,
    Call.GET_TASKS: _tasks,
    Call.GET_ROLES: _roles,
    Call.GET_STATE: _state,
}


class OperatorCalls:
    """The endpoint."""

    def __init__(self, master: Master) -> None:
        self._master = master

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        if request.method != "POST":
            return method_not_allowed("POST", request.method)
        try:
            call = await read_call(request, Call)
            _validate(call)
            content_type = accepted_or_refuse(request)
        except BadRequest as error:
            return text_response(error.status, error.text)
        read = _READS.get(call.type)
        if read is not None:
            response = Response()
            read(self._master, response)
            return message_response(response, content_type)
        if call.type == Call.TEARDOWN:
            return self._teardown(call.teardown.framework_id.value)
        if call.type == Call.MARK_AGENT_GONE:
            known = mark_gone(self._master, call.mark_agent_gone.agent_id.value)
            return empty_response(200 if known else 404)
        return text_response(501, "501 Not Implemented.")

    def _teardown(self, framework_id: str) -> web.Response:
        framework = self._master.frameworks.get(framework_id)
        if framework is None:
            return text_response(400, "No framework found with specified ID")
        remove_framework(self._master, framework)
        return empty_response(200)


def _validate(call: Call) -> None:
    missing: list[str] = cast("Any", call).FindInitializationErrors()
    why = None
    if missing:
        why = f"Not initialized: {', '.join(missing)}"
    elif not call.HasField("type"):
        why = "Expecting 'type' to be present"
    elif call.type in _PAYLOADS and not call.HasField(cast("Any", _PAYLOADS[call.type])):
        why = f"Expecting '{_PAYLOADS[call.type]}' to be present"
    if why is not None:
        raise BadRequest(400, f"Failed to validate master::Call: {why}")


def _fill_agents(master: Master, into: Response.GetAgents) -> None:
    into.SetInParent()
    for agent in master.agents.values():
        _fill_agent(agent, into.agents.add())
    into.recovered_agents.extend(master.recovered_agents.values())


def _fill_agent(agent: Agent, into: Response.GetAgents.Agent) -> None:
    into.agent_info.CopyFrom(agent.info)
    into.active = agent.connected
    into.deactivated = False
    into.version = VERSION
    into.pid = agent.pid
    into.registered_time.nanoseconds = int(agent.registered_time * NANOSECONDS)
    if agent.reregistered_time is not None:
        into.reregistered_time.nanoseconds = int(agent.reregistered_time * NANOSECONDS)
    into.total_resources.extend(resources_to(agent.total, endpoint=True))
    into.allocated_resources.extend(resources_to(agent.used(), endpoint=True))
    into.offered_resources.extend(resources_to(agent.offered(), endpoint=True))
    for kind in AGENT_CAPABILITIES:
        into.capabilities.add(type=kind)


def _fill_frameworks(master: Master, into: Response.GetFrameworks) -> None:
    into.SetInParent()
    for framework in master.frameworks.values():
        _fill_framework(framework, into.frameworks.add())
    for framework in master.completed_frameworks.values():
        _fill_framework(framework, into.completed_frameworks.add())


def _fill_framework(framework: Framework, into: Response.GetFrameworks.Framework) -> None:
    into.framework_info.CopyFrom(framework.info)
    into.active = framework.connected
    into.connected = framework.connected
    into.recovered = framework.recovered
    into.registered_time.nanoseconds = int(framework.registered_time * NANOSECONDS)
    if framework.reregistered_time is not None:
        into.reregistered_time.nanoseconds = int(framework.reregistered_time * NANOSECONDS)
    if framework.unregistered_time is not None:
        into.unregistered_time.nanoseconds = int(framework.unregistered_time * NANOSECONDS)
    into.offers.extend(offer.message for offer in framework.offers.values())
    into.allocated_resources.extend(resources_to(framework.used(), endpoint=True))
    into.offered_resources.extend(resources_to(framework.offered(), endpoint=True))
    if framework.offer_constraints is not None:
        into.offer_constraints.CopyFrom(framework.offer_constraints)


def _fill_tasks(master: Master, into: Response.GetTasks) -> None:
    into.SetInParent()
    for framework in (*master.frameworks.values(), *master.completed_frameworks.values()):
        into.tasks.extend(task.message for task in framework.tasks.values())
        into.unreachable_tasks.extend(task.message for task in framework.unreachable_tasks.values())
        into.completed_tasks.extend(task.message for task in framework.completed_tasks)


def _fill_executors(master: Master, into: Response.GetExecutors) -> None:
    into.SetInParent()
    for framework in master.frameworks.values():
        for agent_id, executors in framework.executors.items():
            for executor in executors.values():
                entry = into.executors.add(executor_info=executor)
                entry.agent_id.value = agent_id
