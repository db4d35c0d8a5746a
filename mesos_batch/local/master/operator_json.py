"""The master's state as its GET endpoints print it.

Source: ``src/master/readonly_handler.cpp`` and ``src/common/http.cpp``; shapes as recorded.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local import VERSION
from mesos_batch.local.endpoint_json import (
    Json,
    attributes_json,
    labels_json,
    reserved_full_json,
    reserved_json,
    resources_full_json,
    resources_json,
    task_json,
    version_json,
)
from mesos_batch.local.master.framework import Capability
from mesos_batch.local.master.sharing import quantities
from mesos_batch.local.records import AGENT_CAPABILITIES
from mesos_batch.local.rules import is_subrole
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import MILLI
from mesos_batch.protocol import json_dialect
from mesos_batch.protocol.values import resources_from

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mesos_batch.local.master.framework import Framework
    from mesos_batch.local.master.master import Master
    from mesos_batch.local.records import Agent, Offer, Task

COUNTED_STATES = (
    "TASK_STAGING",
    "TASK_STARTING",
    "TASK_RUNNING",
    "TASK_KILLING",
    "TASK_FINISHED",
    "TASK_KILLED",
    "TASK_FAILED",
    "TASK_LOST",
    "TASK_ERROR",
    "TASK_UNREACHABLE",
)


def agent_json(agent: Agent) -> Json:
    """An agent with its amounts."""
    info = agent.info
    shown: Json = {
        "id": agent.agent_id,
        "hostname": info.hostname,
        "port": info.port,
        "attributes": attributes_json(info.attributes),
        "pid": agent.pid,
        "registered_time": agent.registered_time,
    }
    if agent.reregistered_time is not None:
        shown["reregistered_time"] = agent.reregistered_time
    return shown | {
        "resources": resources_json(agent.total),
        "used_resources": resources_json(agent.used()),
        "offered_resources": resources_json(agent.offered()),
        "reserved_resources": reserved_json(agent.total),
        "unreserved_resources": resources_json(agent.total.unreserved()),
        "active": agent.connected,
        "deactivated": False,
        "version": VERSION,
        "capabilities": [pb.AgentInfo.Capability.Type.Name(kind) for kind in AGENT_CAPABILITIES],
    }


def agent_full_json(agent: Agent) -> Json:
    """An agent with its resources one by one, as in /slaves."""
    return agent_json(agent) | {
        "reserved_resources_full": reserved_full_json(agent.total),
        "unreserved_resources_full": resources_full_json(agent.total.unreserved()),
        "used_resources_full": resources_full_json(agent.used()),
        "offered_resources_full": resources_full_json(agent.offered()),
    }


def slaves_json(master: Master, agent_id: str | None) -> Json:
    """/slaves: the registered agents, or one of them."""
    return {
        "slaves": [
            agent_full_json(agent)
            for agent in master.agents.values()
            if agent_id in (None, agent.agent_id)
        ],
        "recovered_slaves": [
            _recovered_json(info)
            for known_id, info in master.recovered_agents.items()
            if agent_id in (None, known_id)
        ],
    }


def _recovered_json(info: pb.AgentInfo) -> Json:
    return {
        "id": info.id.value,
        "hostname": info.hostname,
        "port": info.port,
        "attributes": attributes_json(info.attributes),
    }


def framework_json(framework: Framework) -> Json:
    """A framework with its tasks and offers."""
    info = framework.info
    used, offered = framework.used(), framework.offered()
    shown: Json = {
        "id": framework.framework_id,
        "name": info.name,
        "used_resources": resources_json(used),
        "offered_resources": resources_json(offered),
        "capabilities": [
            Capability.Type.Name(item.type) for item in info.capabilities if item.HasField("type")
        ],
        "hostname": info.hostname,
        "webui_url": info.webui_url,
        "active": framework.connected,
        "connected": framework.connected,
        "recovered": framework.recovered,
        "user": info.user,
        "failover_timeout": info.failover_timeout,
        "checkpoint": info.checkpoint,
        "registered_time": framework.registered_time,
        "unregistered_time": framework.unregistered_time or 0.0,
        "resources": resources_json(used + offered),
    }
    if info.HasField("principal"):
        shown["principal"] = info.principal
    if framework.reregistered_time is not None:
        shown["reregistered_time"] = framework.reregistered_time
    if Capability.MULTI_ROLE in framework.capabilities:
        shown["roles"] = list(info.roles)
    else:
        shown["role"] = info.role
    shown |= {
        "tasks": _tasks_json(framework.tasks.values()),
        "unreachable_tasks": _tasks_json(framework.unreachable_tasks.values()),
        "completed_tasks": _tasks_json(framework.completed_tasks),
        "offers": [_offer_json(offer) for offer in framework.offers.values()],
        "executors": [
            _executor_json(executor, agent_id)
            for agent_id, executors in framework.executors.items()
            for executor in executors.values()
        ],
        "offer_constraints": (
            json_dialect.to_value(framework.offer_constraints)
            if framework.offer_constraints is not None
            else {}
        ),
    }
    if info.HasField("labels"):
        shown["labels"] = labels_json(info.labels)
    return shown


def _tasks_json(tasks: Iterable[Task]) -> list[Json]:
    return [task_json(task.message) for task in tasks]


def _offer_json(offer: Offer) -> Json:
    return {
        "id": offer.offer_id,
        "framework_id": offer.framework_id,
        "allocation_info": {"role": offer.role},
        "slave_id": offer.agent_id,
        "resources": resources_json(offer.resources),
    }


def _executor_json(executor: pb.ExecutorInfo, agent_id: str) -> Json:
    shown: Json = {
        "executor_id": executor.executor_id.value,
        "name": executor.name,
        "framework_id": executor.framework_id.value,
        "command": json_dialect.to_value(executor.command),
        "resources": resources_json(resources_from(executor.resources)),
    }
    if executor.resources:
        shown["role"] = executor.resources[0].allocation_info.role
    if executor.HasField("labels"):
        shown["labels"] = labels_json(executor.labels)
    if executor.HasField("type"):
        shown["type"] = pb.ExecutorInfo.Type.Name(executor.type)
    return shown | {"slave_id": agent_id}


def frameworks_json(master: Master, framework_id: str | None) -> Json:
    """/frameworks: the known and the completed ones, or one of them."""

    def shown(frameworks: Iterable[Framework]) -> list[Json]:
        return [
            framework_json(framework)
            for framework in frameworks
            if framework_id in (None, framework.framework_id)
        ]

    return {
        "frameworks": shown(master.frameworks.values()),
        "completed_frameworks": shown(master.completed_frameworks.values()),
        "unregistered_frameworks": [],
    }


def all_tasks(master: Master) -> Iterable[Task]:
    """Active, unreachable and completed tasks of all frameworks."""
    for framework in (*master.frameworks.values(), *master.completed_frameworks.values()):
        yield from framework.tasks.values()
        yield from framework.unreachable_tasks.values()
        yield from framework.completed_tasks


def state_json(master: Master) -> Json:
    """/state: everything."""
    info = master.info
    leader = master.leader
    frameworks = frameworks_json(master, None)
    agents = master.agents.values()
    shown: Json = version_json() | {
        "start_time": master.start_time,
        "elected_time": master.elected_time,
        "id": master.master_id,
        "pid": info.pid,
        "hostname": info.hostname,
        "capabilities": [
            pb.MasterInfo.Capability.Type.Name(item.type) for item in info.capabilities
        ],
        "activated_slaves": float(sum(agent.connected for agent in agents)),
        "deactivated_slaves": float(sum(not agent.connected for agent in agents)),
        "unreachable_slaves": float(len(master.registry.unreachable)),
        "flags": {},
        "slaves": [agent_full_json(agent) for agent in agents],
        "recovered_slaves": slaves_json(master, None)["recovered_slaves"],
        "orphan_tasks": [],
    }
    if leader is not None:
        shown["leader"] = leader.pid
        shown["leader_info"] = {
            "id": leader.id,
            "pid": leader.pid,
            "port": leader.port,
            "hostname": leader.hostname,
        }
    return shown | frameworks


def summary_json(master: Master) -> Json:
    """/state-summary: counts of tasks by agent and by framework."""
    by_agent: dict[str, Counter[str]] = {}
    frameworks_of: dict[str, set[str]] = {}
    frameworks: list[Json] = []
    for framework in master.frameworks.values():
        counted: Counter[str] = Counter()
        agents: set[str] = set()
        for task in (
            *framework.tasks.values(),
            *framework.unreachable_tasks.values(),
            *framework.completed_tasks,
        ):
            state = pb.TaskState.Name(task.message.state)
            counted[state] += 1
            by_agent.setdefault(task.agent_id, Counter())[state] += 1
            frameworks_of.setdefault(task.agent_id, set()).add(framework.framework_id)
            agents.add(task.agent_id)
        frameworks.append(
            _without_lists(framework_json(framework))
            | _counts(counted)
            | {"slave_ids": sorted(agents)}
        )
    return {
        "hostname": master.info.hostname,
        "cluster": "",
        "slaves": [
            agent_json(agent)
            | _counts(by_agent.get(agent.agent_id, Counter()))
            | {"framework_ids": sorted(frameworks_of.get(agent.agent_id, ()))}
            for agent in master.agents.values()
        ],
        "frameworks": frameworks,
    }


def _without_lists(framework: Json) -> Json:
    lists = ("tasks", "unreachable_tasks", "completed_tasks", "offers", "executors")
    return {name: value for name, value in framework.items() if name not in lists}


def _counts(counted: Counter[str]) -> Json:
    return {state: counted[state] for state in COUNTED_STATES}


def known_roles(master: Master) -> list[str]:
    """Roles with a framework or a reservation, sorted."""
    roles = {role for framework in master.frameworks.values() for role in framework.roles}
    for agent in master.agents.values():
        roles.update(agent.total.roles())
    return sorted(roles)


def roles_json(master: Master) -> Json:
    """/roles: what each role has and uses, with its children's."""
    return {"roles": [_role_json(master, role) for role in known_roles(master)]}


def _role_json(master: Master, role: str) -> Json:
    def held(resources: Resources) -> Resources:
        return resources.filter(lambda item: _is_of(item.allocation_role, role))

    allocated = offered = reserved = Resources()
    for agent in master.agents.values():
        allocated += held(agent.used())
        offered += held(agent.offered())
        reserved += agent.total.filter(lambda item: _is_of(item.reservation_role, role))
    return {
        "name": role,
        "weight": 1.0,
        "quota": {
            "role": role,
            "guarantee": {},
            "limit": {},
            "consumed": _amounts(allocated.unreserved().allocated_to(None) + reserved),
        },
        "resources": _amounts(allocated + offered),
        "allocated": _amounts(allocated),
        "offered": _amounts(offered),
        "reserved": _amounts(reserved),
        "frameworks": [
            framework.framework_id
            for framework in master.frameworks.values()
            if role in framework.roles
        ],
    }


def _is_of(held_by: str | None, role: str) -> bool:
    return held_by is not None and (held_by == role or is_subrole(held_by, role))


def _amounts(resources: Resources) -> Json:
    """Amounts by name; of ranges and sets how many there are."""
    shown: Json = {name: milli / MILLI for name, milli in quantities(resources).items()}
    for name in resources.names():
        if name not in shown:
            shown[name] = float(resources.ranges(name).size)
    return dict(sorted(shown.items()))
