"""GET_AGENTS and GET_STATE: agents, frameworks and tasks in every condition."""

from __future__ import annotations

import pytest

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.master import master_pb2
from mesos_batch.model.inventory import AgentStatus, FrameworkStatus, Inventory
from mesos_batch.model.resources import Resources
from mesos_batch.model.state import TaskState
from mesos_batch.protocol.codec import CodecError, ContentType
from mesos_batch.protocol.inventory import agents_from, inventory_from
from mesos_batch.protocol.values import resources_to

Response = master_pb2.Response
SECOND = 1_000_000_000


def agents_of(*agents: Response.GetAgents.Agent) -> Inventory:
    response = Response(type=Response.GET_AGENTS)
    response.get_agents.agents.extend(agents)
    return agents_from("http://m", response.SerializeToString())


def agent(**fields: object) -> Response.GetAgents.Agent:
    message = Response.GetAgents.Agent(**{"active": True, "version": "1.12.0", **fields})
    message.agent_info.id.value = "m-S0"
    message.agent_info.hostname = "node-1"
    return message


def draining(state: int) -> Response.GetAgents.Agent:
    message = agent(deactivated=True, active=False)
    message.drain_info.state = state
    message.drain_info.config.SetInParent()
    return message


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (agent(), AgentStatus.ACTIVE),
        (agent(active=False), AgentStatus.DISCONNECTED),
        (agent(active=False, deactivated=True), AgentStatus.DEACTIVATED),
        (draining(pb.DRAINING), AgentStatus.DRAINING),
        (draining(pb.DRAINED), AgentStatus.DRAINED),
    ],
)
def test_what_an_agent_is_called_that_makes_no_offers(
    message: Response.GetAgents.Agent, status: AgentStatus
) -> None:
    (entry,) = agents_of(message).agents
    assert entry.status is status
    assert entry.agent.active is (status is AgentStatus.ACTIVE)


def test_all_an_agent_says_of_itself() -> None:
    message = agent()
    message.total_resources.extend(resources_to(Resources.scalars(cpus=4, mem=64), endpoint=True))
    held = Resources.scalars(cpus=1.5).allocated_to("web")
    message.allocated_resources.extend(resources_to(held, endpoint=True))
    message.offered_resources.extend(resources_to(Resources.scalars(mem=32), endpoint=True))
    message.agent_info.attributes.add(name="rack", type=pb.Value.TEXT).text.value = "r1"
    domain = message.agent_info.domain.fault_domain
    domain.region.name, domain.zone.name = "eu", "a"
    message.registered_time.nanoseconds = 5 * SECOND
    (entry,) = agents_of(message).agents
    assert (entry.agent.agent_id, entry.agent.hostname) == ("m-S0", "node-1")
    assert entry.agent.attributes == {"rack": "r1"}
    assert entry.free == Resources.scalars(cpus=2.5, mem=64)
    assert entry.agent.offered == Resources.scalars(mem=32)
    assert (entry.version, entry.domain) == ("1.12.0", "eu/a")
    assert (entry.registered_at, entry.reregistered_at) == (5.0, None)


def test_agents_a_new_master_waits_for() -> None:
    response = Response(type=Response.GET_AGENTS)
    info = response.get_agents.recovered_agents.add(hostname="node-2")
    info.id.value = "m-S1"
    found = agents_from("http://m", response.SerializeToString())
    assert found.recovering == {"m-S1": "node-2"}
    assert [it.status for it in found.agents] == [AgentStatus.RECOVERING]


def state() -> Response.GetState:
    made = Response.GetState()
    made.get_agents.agents.append(agent())
    return made


def read(made: Response.GetState) -> Inventory:
    response = Response(type=Response.GET_STATE, get_state=made)
    return inventory_from("http://m", response.SerializeToString())


def framework(made: Response.GetState, framework_id: str, **fields: bool) -> pb.FrameworkInfo:
    flags = {"active": True, "connected": True, "recovered": False, **fields}
    entry = made.get_frameworks.frameworks.add(**flags)
    info = entry.framework_info
    info.name, info.user, info.id.value = "spark", "alice", framework_id
    return info


def test_frameworks_in_every_condition() -> None:
    made = state()
    framework(made, "m-0000").role = "web"
    framework(made, "m-0001", active=False)
    framework(made, "m-0002", active=False, connected=False)
    framework(made, "m-0003", active=False, connected=False, recovered=True)
    info = framework(made, "m-0004")
    info.roles.extend(["a", "b"])
    info.capabilities.add(type=pb.FrameworkInfo.Capability.MULTI_ROLE)
    completed = made.get_frameworks.completed_frameworks.add()
    completed.CopyFrom(made.get_frameworks.frameworks[0])
    completed.framework_info.id.value = "m-0005"
    found = read(made).frameworks
    assert [it.status.value for it in found] == [
        "active", "inactive", "disconnected", "recovered", "active", "completed",
    ]  # fmt: skip
    assert [it.roles for it in found[:2]] == [("web",), ("*",)]
    assert found[4].roles == ("a", "b")
    assert found[5].status is FrameworkStatus.COMPLETED
    assert (found[0].name, found[0].user, found[0].principal) == ("spark", "alice", None)


def task(task_id: str, state_of_it: int, framework_id: str = "m-0000") -> pb.Task:
    made = pb.Task(name=f"name of {task_id}", state=state_of_it)
    made.task_id.value, made.framework_id.value = task_id, framework_id
    made.agent_id.value = "m-S0"
    held = Resources.scalars(cpus=1).allocated_to("web")
    made.resources.extend(resources_to(held, endpoint=True))
    return made


def test_tasks_that_run_that_are_out_of_reach_and_that_are_over() -> None:
    made = state()
    framework(made, "m-0000")
    running = task("a", pb.TASK_RUNNING)
    for moment, at in ((pb.TASK_STARTING, 1.0), (pb.TASK_RUNNING, 2.0)):
        status = running.statuses.add(state=moment, timestamp=at, message="hello")
        status.task_id.value = "a"
    made.get_tasks.tasks.append(running)
    made.get_tasks.unreachable_tasks.append(task("b", pb.TASK_UNREACHABLE))
    made.get_tasks.completed_tasks.extend([task("c", pb.TASK_FAILED), task("e", pb.TASK_KILLED)])
    lost = task("d", pb.TASK_STAGING)
    lost.agent_id.value = "m-S7"
    made.get_tasks.tasks.append(lost)
    found = read(made)
    by_id = {it.task_id: it for it in found.tasks}
    assert {name: it.state.name for name, it in by_id.items()} == {
        "a": "TASK_RUNNING", "b": "TASK_UNREACHABLE", "c": "TASK_FAILED", "d": "TASK_STAGING",
        "e": "TASK_KILLED",
    }  # fmt: skip
    first = by_id["a"]
    assert (first.name, first.framework_name, first.hostname) == ("name of a", "spark", "node-1")
    assert (first.since, first.message, first.role) == (2.0, "hello", "web")
    assert first.resources == Resources.scalars(cpus=1)
    assert (by_id["c"].since, by_id["d"].hostname) == (None, "")
    # What is over is held by nobody.
    assert found.frameworks[0].tasks == 3
    assert by_id["c"].state is TaskState.TASK_FAILED


def test_json_tells_the_same() -> None:
    made = state()
    framework(made, "m-0000")
    made.get_tasks.completed_tasks.append(task("c", pb.TASK_FAILED))
    response = Response(type=Response.GET_STATE, get_state=made)
    body = ContentType.JSON.encode(response)
    assert inventory_from("http://m", body, ContentType.JSON) == read(made)


def test_offers_that_a_framework_has_not_answered() -> None:
    made = state()
    framework(made, "m-0000")
    offer = made.get_frameworks.frameworks[0].offers.add(hostname="node-1")
    offer.id.value, offer.agent_id.value = "m-O7", "m-S0"
    offer.framework_id.value = "m-0000"
    offer.domain.fault_domain.region.name = "eu"
    offer.domain.fault_domain.zone.name = "a"
    held = Resources.scalars(cpus=1).allocated_to("web")
    offer.resources.extend(resources_to(held, endpoint=True))
    (found,) = read(made).frameworks[0].offers
    assert found.resources == Resources.scalars(cpus=1)
    assert (found.offer_id, found.agent_id, found.domain) == ("m-O7", "m-S0", "eu/a")


@pytest.mark.parametrize("body", [b"<html>", b"", Response(type=1).SerializeToString()])
def test_what_is_no_answer_is_told(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"answer|Wire format"):
        agents_from("http://m", body)
    with pytest.raises(ValueError, match=r"answer|Wire format"):
        inventory_from("http://m", body)
    with pytest.raises(CodecError):
        inventory_from("http://m", body, ContentType.JSON)
