"""What the operator API of a master tells."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf.message import DecodeError

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.master import master_pb2
from mesos_batch.engine.events import AgentTotal
from mesos_batch.model.cluster import AgentState, VolumeUser
from mesos_batch.model.offer import attribute_text
from mesos_batch.model.resources import Resources
from mesos_batch.protocol import json_dialect
from mesos_batch.protocol.codec import ContentType
from mesos_batch.protocol.values import resource_from

OPERATOR_PATH = "/api/v1"
SLAVES_PATH = "/slaves"
Call = master_pb2.Call
Response = master_pb2.Response


def agents_from_slaves(body: bytes) -> tuple[AgentTotal, ...]:
    """Read ``GET /slaves``: every agent that can be offered, with all its resources.

    Raises:
        ValueError: the body is not what a master answers.
    """
    agents, _ = states_from_slaves(body)
    return tuple(
        AgentTotal(agent.agent_id, agent.hostname, agent.total, agent.attributes)
        for agent in agents
        if agent.active
    )


def states_from_slaves(body: bytes) -> tuple[tuple[AgentState, ...], Mapping[str, str]]:
    """Read ``GET /slaves``: the registered agents, and host names by id of those yet to return.

    Raises:
        ValueError: the body is not what a master answers.
    """
    try:
        answer = json.loads(body)
        agents = tuple(_state(slave) for slave in answer["slaves"])
        recovering = {it["id"]: it["hostname"] for it in answer.get("recovered_slaves", ())}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"/slaves cannot be read: {error!r}") from None
    return agents, recovering


def agent_ports(body: bytes) -> list[tuple[str, int, bool]]:
    """Read ``GET /slaves``: host name and port of each agent, and whether it is connected.

    Raises:
        ValueError: the body is not what a master answers.
    """
    try:
        slaves = json.loads(body)["slaves"]
        return [(it["hostname"], int(it["port"]), it.get("active", True)) for it in slaves]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"/slaves cannot be read: {error!r}") from None


def _state(slave: dict[str, Any]) -> AgentState:
    reserved = [item for part in slave.get("reserved_resources_full", {}).values() for item in part]
    return AgentState(
        agent_id=slave["id"],
        hostname=slave["hostname"],
        active=bool(slave.get("active", True)) and not slave.get("deactivated", False),
        total=_resources([*slave.get("unreserved_resources_full", []), *reserved]),
        used=_resources(slave.get("used_resources_full", [])),
        offered=_resources(slave.get("offered_resources_full", [])),
        attributes={
            name: attribute_text(value) for name, value in slave.get("attributes", {}).items()
        },
        # Processes of Mesos are called NAME@HOST:PORT.
        address=slave.get("pid", "").rpartition("@")[2] or None,
    )


def _resources(items: Iterable[dict[str, Any]]) -> Resources:
    return Resources(
        resource_from(json_dialect.from_value(item, pb.Resource)).allocated_to(None)
        for item in items
    )


def question(name: str, content_type: ContentType = ContentType.PROTOBUF) -> bytes:
    """The body of an operator call without a payload, such as ``GET_TASKS``."""
    return content_type.encode(Call(type=name))


def volume_users(tasks: bytes, frameworks: bytes) -> tuple[VolumeUser, ...]:
    """Read the answers to GET_TASKS and GET_FRAMEWORKS: who holds a volume now.

    Raises:
        ValueError: they are not what a master answers.
    """
    try:
        held = Response.FromString(tasks).get_tasks.tasks
        known = Response.FromString(frameworks).get_frameworks.frameworks
    except DecodeError as error:
        raise ValueError(f"an answer of the operator API cannot be read: {error}") from None
    names = {it.framework_info.id.value: it.framework_info.name for it in known}
    return tuple(
        VolumeUser(
            agent_id=task.agent_id.value,
            role=volume.reservation_role or "*",
            volume_id=volume.disk.persistence_id,
            framework_id=task.framework_id.value,
            framework_name=names.get(task.framework_id.value, ""),
            task_id=task.task_id.value,
        )
        for task in held
        if task.state not in _TERMINAL
        for volume in map(resource_from, task.resources)
        if volume.disk is not None and volume.disk.persistence_id is not None
    )


_TERMINAL = (
    pb.TASK_FINISHED,
    pb.TASK_FAILED,
    pb.TASK_KILLED,
    pb.TASK_ERROR,
    pb.TASK_LOST,
    pb.TASK_DROPPED,
    pb.TASK_GONE,
    pb.TASK_GONE_BY_OPERATOR,
)
