"""GET_AGENTS and GET_STATE of the operator API to values of the model.

Source: ``src/master/readonly_handler.cpp``; ``TimeInfo`` is nanoseconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.master import master_pb2
from mesos_batch.model.cluster import AgentState
from mesos_batch.model.inventory import (
    AgentEntry,
    AgentStatus,
    FrameworkEntry,
    FrameworkStatus,
    Inventory,
    TaskEntry,
)
from mesos_batch.model.offer import Offer, attribute_texts
from mesos_batch.model.resources import Resources
from mesos_batch.model.state import TaskState
from mesos_batch.protocol.codec import ContentType
from mesos_batch.protocol.values import (
    NANOSECONDS,
    attribute_from,
    domain_from,
    offer_from,
    resource_from,
    resources_from,
)

Response = master_pb2.Response
_DRAINS = {pb.DRAINING: AgentStatus.DRAINING, pb.DRAINED: AgentStatus.DRAINED}
_NOBODY = "*"


def agents_from(master: str, body: bytes) -> Inventory:
    """Read the answer to GET_AGENTS.

    Raises:
        ValueError: it is not what a master answers.
    """
    response = ContentType.PROTOBUF.decode(body, Response)
    if not response.HasField("get_agents"):
        raise ValueError("the answer has no agents")
    agents, recovering = _agents(response.get_agents)
    return Inventory(master, agents, recovering=recovering)


def inventory_from(
    master: str, body: bytes, content_type: ContentType = ContentType.PROTOBUF
) -> Inventory:
    """Read the answer to GET_STATE.

    Raises:
        ValueError: it is not what a master answers.
    """
    response = content_type.decode(body, Response)
    if not response.HasField("get_state"):
        raise ValueError("the answer has no state")
    state = response.get_state
    agents, recovering = _agents(state.get_agents)
    frameworks = _frameworks(state.get_frameworks, state.get_tasks)
    hostnames = {entry.agent.agent_id: entry.agent.hostname for entry in agents}
    names = {entry.framework_id: entry.name for entry in frameworks}
    tasks = tuple(_task(task, names, hostnames | recovering) for task in _all(state.get_tasks))
    return Inventory(master, agents, frameworks, tasks, recovering)


def _agents(message: Response.GetAgents) -> tuple[tuple[AgentEntry, ...], dict[str, str]]:
    known = [_agent(agent) for agent in message.agents]
    returning = [_recovering(info) for info in message.recovered_agents]
    return (
        (*known, *returning),
        {entry.agent.agent_id: entry.agent.hostname for entry in returning},
    )


def _agent(message: Response.GetAgents.Agent) -> AgentEntry:
    status = _agent_status(message)
    info = message.agent_info
    return AgentEntry(
        agent=AgentState(
            agent_id=info.id.value,
            hostname=info.hostname,
            active=status is AgentStatus.ACTIVE,
            total=_plain(message.total_resources),
            used=_plain(message.allocated_resources),
            offered=_plain(message.offered_resources),
            attributes=_attributes(info),
        ),
        status=status,
        version=message.version,
        registered_at=_time(message.registered_time),
        reregistered_at=_time(message.reregistered_time),
        domain=domain_from(info),
    )


def _agent_status(message: Response.GetAgents.Agent) -> AgentStatus:
    """Why it makes no offers: what an operator did comes before that it is disconnected."""
    if message.HasField("drain_info") and message.drain_info.state in _DRAINS:
        return _DRAINS[message.drain_info.state]
    if message.deactivated:
        return AgentStatus.DEACTIVATED
    return AgentStatus.ACTIVE if message.active else AgentStatus.DISCONNECTED


def _recovering(info: pb.AgentInfo) -> AgentEntry:
    agent = AgentState(
        agent_id=info.id.value,
        hostname=info.hostname,
        active=False,
        total=_plain(info.resources),
        used=Resources(),
        offered=Resources(),
        attributes=_attributes(info),
    )
    return AgentEntry(agent, AgentStatus.RECOVERING, domain=domain_from(info))


def _attributes(info: pb.AgentInfo) -> dict[str, str]:
    return attribute_texts(attribute_from(item) for item in info.attributes)


def _plain(messages: Iterable[pb.Resource]) -> Resources:
    """Resources whoever they are allocated to."""
    return Resources(resource_from(message).allocated_to(None) for message in messages)


def _time(message: pb.TimeInfo) -> float | None:
    """Seconds; the master has 0 for what has not happened."""
    return message.nanoseconds / NANOSECONDS or None


def _all(message: Response.GetTasks) -> list[pb.Task]:
    return [*message.tasks, *message.unreachable_tasks, *message.completed_tasks]


def _frameworks(
    message: Response.GetFrameworks, tasks: Response.GetTasks
) -> tuple[FrameworkEntry, ...]:
    counts = Counter(task.framework_id.value for task in (*tasks.tasks, *tasks.unreachable_tasks))
    return (
        *(_framework(item, _framework_status(item), counts) for item in message.frameworks),
        *(
            _framework(item, FrameworkStatus.COMPLETED, counts)
            for item in message.completed_frameworks
        ),
    )


def _framework_status(message: Response.GetFrameworks.Framework) -> FrameworkStatus:
    if message.recovered:
        return FrameworkStatus.RECOVERED
    if not message.connected:
        return FrameworkStatus.DISCONNECTED
    return FrameworkStatus.ACTIVE if message.active else FrameworkStatus.INACTIVE


def _framework(
    message: Response.GetFrameworks.Framework, status: FrameworkStatus, counts: Mapping[str, int]
) -> FrameworkEntry:
    info = message.framework_info
    multiple = any(
        item.type == pb.FrameworkInfo.Capability.MULTI_ROLE for item in info.capabilities
    )
    return FrameworkEntry(
        framework_id=info.id.value,
        name=info.name,
        roles=tuple(info.roles) if multiple else (info.role or _NOBODY,),
        status=status,
        principal=info.principal or None,
        user=info.user or None,
        hostname=info.hostname or None,
        registered_at=_time(message.registered_time),
        reregistered_at=_time(message.reregistered_time),
        unregistered_at=_time(message.unregistered_time),
        tasks=counts.get(info.id.value, 0),
        used=_plain(message.allocated_resources),
        offered=_plain(message.offered_resources),
        offers=tuple(_offer(offer) for offer in message.offers),
    )


def _offer(message: pb.Offer) -> Offer:
    """An offer; operators are told of each resource to whom it is allocated, frameworks are not."""
    offer = offer_from(message)
    return replace(offer, resources=offer.resources.allocated_to(None))


def _task(task: pb.Task, names: Mapping[str, str], hostnames: Mapping[str, str]) -> TaskEntry:
    resources = resources_from(task.resources)
    last = task.statuses[-1] if task.statuses else None
    return TaskEntry(
        task_id=task.task_id.value,
        name=task.name,
        framework_id=task.framework_id.value,
        framework_name=names.get(task.framework_id.value, ""),
        agent_id=task.agent_id.value,
        hostname=hostnames.get(task.agent_id.value, ""),
        state=TaskState(task.state),
        resources=resources.allocated_to(None),
        role=next((item.allocation_role for item in resources if item.allocation_role), None),
        since=last.timestamp if last is not None and last.HasField("timestamp") else None,
        message=(last.message or None) if last is not None else None,
    )
