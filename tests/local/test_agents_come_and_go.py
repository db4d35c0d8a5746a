"""Agents: lost, unreachable, back, gone; and masters that fail over (facts 3.2, 8.7)."""

from __future__ import annotations

import pytest
from local.fake_agent import FakeAgent
from local.framework_messages import capabilities, default_executor, launch, launch_group, task
from local.master_world import running_world

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.protocol.codec import ContentType

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(params=list(ContentType), ids=lambda kind: kind.name)
def content_type(request):
    return request.param


def launched(world, client):
    """The agent on which the client's task t runs."""
    agent = world.agent()
    (offer,) = client.offers()
    client.accept(offer, operations=[launch(task("t", agent.agent_id))])
    agent.heard("run_task")
    agent.update(client.framework_id, "t", "TASK_RUNNING")
    client.acknowledge(client.status_and_no_more())
    agent.heard("acknowledge")
    return agent


def kinds(client, count):
    """The next events that are no heartbeats."""
    events = []
    while len(events) < count:
        event = client.event()
        if event["type"] != "HEARTBEAT":
            events.append(event)
    return events


def test_an_agent_that_comes_is_offered_at_once(world):
    client = world.framework()
    agent = world.agent()
    (offer,) = client.offers()
    assert offer["agent_id"]["value"] == agent.agent_id == f"{world.master.master_id}-S0"


def test_a_broken_socket_loses_the_tasks_of_frameworks_without_checkpoints(content_type):
    with running_world(agent_ping_timeout=3600) as slow:
        client = slow.framework(content_type)
        agent = launched(slow, client)
        (rest,) = client.offers()
        slow.do(slow.master.agent_disconnected, agent.agent_id)
        rescind, update = kinds(client, 2)
        assert rescind["rescind"] == {"offer_id": rest["id"]}
        status = update["update"]["status"]
        # Also for a PARTITION_AWARE framework.
        assert status["state"] == "TASK_LOST"
        assert status["message"] == "Agent 127.0.0.1 disconnected"
        assert (status["source"], status["reason"]) == (
            "SOURCE_MASTER",
            "REASON_AGENT_DISCONNECTED",
        )
        assert "uuid" not in status
        # The agent is still registered: the task is unknown to it.
        asked = {"task_id": {"value": "t"}, "agent_id": {"value": agent.agent_id}}
        client.call("RECONCILE", reconcile={"tasks": [asked]})
        assert client.status()["state"] == "TASK_GONE"
        (slave,) = slow.get("/slaves").json()["slaves"]
        assert slave["active"] is False


def test_a_broken_socket_is_followed_by_missed_pings():
    with running_world(agent_ping_timeout=0.01, max_agent_ping_timeouts=2) as quick:
        client = quick.framework()
        agent = launched(quick, client)
        quick.do(quick.master.agent_disconnected, agent.agent_id)
        assert client.status()["state"] == "TASK_LOST"
        assert client.until("FAILURE") == {"agent_id": {"value": agent.agent_id}}
        assert quick.get("/slaves").json() == {"slaves": [], "recovered_slaves": []}


def test_tasks_of_a_framework_with_checkpoints_outlive_a_broken_socket():
    with running_world(agent_ping_timeout=3600) as slow:
        client = slow.framework(checkpoint=True)
        agent = launched(slow, client)
        slow.do(slow.master.agent_disconnected, agent.agent_id)
        # A kill waits for the agent.
        client.call("KILL", kill={"task_id": {"value": "t"}})
        client.call("RECONCILE", reconcile={})
        assert client.status()["state"] == "TASK_RUNNING"
        assert agent.calls.empty()
        # Nothing is offered of an agent that is away.
        assert "OFFERS" not in client.before_two_heartbeats()
        agent.register()
        assert agent.heard("kill_task")[1] == "t"
        assert client.before_two_heartbeats() == ["OFFERS"]


def test_the_next_process_of_an_agent_has_its_own_port():
    with running_world(agent_ping_timeout=3600) as slow:
        agent = slow.agent()
        slow.do(slow.master.agent_disconnected, agent.agent_id)
        agent.info.port = 6001
        agent.register()
        (offer,) = slow.framework().offers()
        assert offer["agent_id"]["value"] == agent.agent_id
        assert offer["url"]["address"]["port"] == 6001
        assert slow.registry.admitted[agent.agent_id].port == 6001


def test_what_an_agent_has_forgotten_is_dropped():
    with running_world(agent_ping_timeout=3600) as slow:
        client = slow.framework(checkpoint=True)
        agent = launched(slow, client)
        slow.do(slow.master.agent_disconnected, agent.agent_id)
        agent.tasks.clear()
        agent.register()
        status = client.status()
        assert (status["state"], status["reason"]) == ("TASK_DROPPED", "REASON_RECONCILIATION")


def test_an_unreachable_agent_and_its_return(world, content_type):
    client = world.framework(content_type, checkpoint=True)
    agent = launched(world, client)
    (rest,) = client.offers()
    world.do(world.master.agent_unreachable, agent.agent_id)
    update, rescind, failure = kinds(client, 3)
    status = update["update"]["status"]
    assert status["state"] == "TASK_UNREACHABLE"
    assert status["message"] == "health check timed out"
    assert status["reason"] == "REASON_AGENT_REMOVED"
    assert status["unreachable_time"]["nanoseconds"] > 0
    assert rescind["rescind"] == {"offer_id": rest["id"]}
    assert failure["failure"] == {"agent_id": {"value": agent.agent_id}}
    client.call(
        "RECONCILE",
        reconcile={"tasks": [{"task_id": {"value": "t"}, "agent_id": {"value": agent.agent_id}}]},
    )
    told = client.status()
    assert told["message"] == "Reconciliation: Task is unreachable"
    assert told["unreachable_time"] == status["unreachable_time"]
    assert world.get("/state").json()["unreachable_slaves"] == 1.0

    agent.register()
    update, offers = kinds(client, 2)
    status = update["update"]["status"]
    assert status["state"] == "TASK_RUNNING"
    assert status["message"] == "Unreachable agent re-reregistered"
    assert (status["source"], status["reason"]) == ("SOURCE_MASTER", "REASON_AGENT_REREGISTERED")
    assert status["container_status"]["container_id"] == {"value": "container"}
    assert "uuid" not in status
    (offer,) = offers["offers"]["offers"]
    assert offer["agent_id"]["value"] == agent.agent_id
    assert offer["resources"][1]["scalar"]["value"] == 3.9
    assert [item["id"] for item in world.get("/tasks").json()["tasks"]] == ["t"]
    agent.update(client.framework_id, "t", "TASK_FINISHED")
    assert client.status()["state"] == "TASK_FINISHED"


def test_an_id_of_an_unreachable_task_is_not_free(world):
    client = world.framework()
    agent = launched(world, client)
    world.do(world.master.agent_unreachable, agent.agent_id)
    other = world.agent()
    client.until("FAILURE")
    (offer,) = client.offers()
    client.accept(offer, operations=[launch(task("t", other.agent_id))])
    assert client.status()["message"] == "Task reuses the ID of an unreachable task: t"


def test_without_partition_awareness_an_unreachable_task_is_lost(world):
    client = world.framework(capabilities=capabilities("MULTI_ROLE"))
    agent = launched(world, client)
    world.do(world.master.agent_unreachable, agent.agent_id)
    status = client.status()
    assert (status["state"], "unreachable_time" in status) == ("TASK_LOST", True)
    agent.register()
    assert client.status()["state"] == "TASK_RUNNING"


def test_all_frameworks_hear_of_a_lost_agent(world):
    agent = world.agent()
    clients = [world.framework(), world.framework()]
    world.do(world.master.agent_unreachable, agent.agent_id)
    for client in clients:
        assert client.until("FAILURE") == {"agent_id": {"value": agent.agent_id}}


def test_executors_of_a_lost_agent_are_forgotten(world):
    client = world.framework()
    agent = world.agent()
    (offer,) = client.offers()
    group = launch_group(default_executor(client.framework_id), task("g", agent.agent_id))
    client.accept(offer, operations=[group])
    agent.heard("run_task_group")
    world.do(world.master.agent_unreachable, agent.agent_id)
    assert client.status()["executor_id"] == {"value": "pool"}
    assert world.get("/frameworks").json()["frameworks"][0]["executors"] == []
    agent.register()
    (offer,) = client.offers()
    assert offer["executor_ids"] == [{"value": "pool"}]
    # Task and executor are charged again.
    assert offer["resources"][1]["scalar"]["value"] == 3.8


@pytest.mark.parametrize("was_unreachable", [False, True])
def test_an_agent_marked_gone_never_comes_back(world, was_unreachable):
    client = world.framework()
    agent = launched(world, client)
    if was_unreachable:
        world.do(world.master.agent_unreachable, agent.agent_id)
        client.status()
    gone = {"mark_agent_gone": {"agent_id": {"value": agent.agent_id}}}
    assert world.operator("MARK_AGENT_GONE", **gone).status_code == 200
    status = client.status()
    assert status["state"] == "TASK_GONE_BY_OPERATOR"
    assert status["message"] == "Agent has been marked gone"
    assert status["reason"] == "REASON_AGENT_REMOVED_BY_OPERATOR"
    if not was_unreachable:
        agent.heard("shutdown")
    agent.register()
    agent.heard("shutdown")
    assert world.get("/slaves").json()["slaves"] == []
    assert [item["state"] for item in world.get("/tasks").json()["tasks"]] == [
        "TASK_GONE_BY_OPERATOR"
    ]


def test_tasks_of_a_framework_that_ended_meanwhile_are_shut_down(world):
    client = world.framework()
    agent = launched(world, client)
    world.do(world.master.agent_unreachable, agent.agent_id)
    client.until("FAILURE")
    client.call("TEARDOWN")
    (framework,) = world.get("/frameworks").json()["completed_frameworks"]
    assert [item["state"] for item in framework["completed_tasks"]] == ["TASK_KILLED"]
    agent.register()
    assert agent.heard("shutdown_framework") == client.framework_id
    (offer,) = world.framework().offers()
    assert offer["resources"][1]["scalar"]["value"] == 4.0


def test_filters_end_with_their_agent(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    client.decline(offer, 3600)
    world.do(world.master.agent_unreachable, agent.agent_id)
    agent.register()
    assert len(client.offers()) == 1


# Masters that fail over.


@pytest.fixture
def two(content_type):
    """A world whose leader has a task running, and a standby master."""
    with running_world(agent_reregister_timeout=3600) as made:
        client = made.framework(content_type, failover_timeout=3600, checkpoint=True)
        agent = launched(made, client)
        standby = made.new_master()
        standby.leader = made.master.info
        yield made, client, agent, standby


def test_a_standby_master_sends_everybody_to_the_leader(two):
    made, _client, _, standby = two
    leader = f"//127.0.0.1:{made.master.info.port}"
    made.master = standby
    refused = made.client()
    assert refused.response.status_code == 307
    assert refused.response.headers["Location"] == f"{leader}/master/api/v1/scheduler"
    for path, location in [
        ("/redirect", leader),
        ("/master/redirect", leader),
        ("/state", f"{leader}/master/state"),
        ("/master/state", f"{leader}/master/state"),
        ("/tasks?limit=1&order=asc", f"{leader}/master/tasks?limit=1&order=asc"),
    ]:
        answer = made.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (307, location), path
        assert answer.content == b""
    assert made.post("/teardown").headers["Location"] == f"{leader}/master/teardown"
    assert made.operator("GET_STATE").headers["Location"] == f"{leader}/master/api/v1"
    assert made.get("/health").status_code == 200
    assert made.get("/version").json()["version"] == "1.12.0"
    assert made.get("/state", auth=None).status_code == 401


def test_without_a_leader_nobody_is_sent_anywhere(world):
    lonely = world.new_master()
    world.do(world.master.stop)
    world.master = lonely
    for path in ("/redirect", "/state"):
        answer = world.get(path)
        assert (answer.status_code, answer.text) == (503, "No leader elected")


def test_the_leader_redirects_to_itself(world):
    answer = world.get("/redirect", auth=None)
    assert (answer.status_code, answer.headers["Location"]) == (
        307,
        world.url.removeprefix("http:"),
    )


def test_a_new_leader_recovers_frameworks_and_tasks(two, content_type):
    made, client, agent, standby = two
    made.fail_over(standby)
    again = made.framework(
        content_type,
        failover_timeout=3600,
        checkpoint=True,
        id={"value": client.framework_id},
    )
    assert again.framework_id == client.framework_id
    # The agent is on its way: nothing is said about its tasks.
    asked = {"task_id": {"value": "t"}}
    again.call("RECONCILE", reconcile={})
    again.call("RECONCILE", reconcile={"tasks": [asked]})
    again.call(
        "RECONCILE",
        reconcile={"tasks": [{**asked, "agent_id": {"value": agent.agent_id}}]},
    )
    assert "UPDATE" not in again.before_two_heartbeats()
    operation = {"operation_id": {"value": "o"}, "agent_id": {"value": agent.agent_id}}
    again.call("RECONCILE_OPERATIONS", reconcile_operations={"operations": [operation]})
    assert again.operation_status()["state"] == "OPERATION_RECOVERING"
    (recovered,) = made.get("/slaves").json()["recovered_slaves"]
    assert recovered["id"] == agent.agent_id

    agent.register()
    (offer,) = again.offers()
    assert offer["id"]["value"] == f"{standby.master_id}-O0"
    assert offer["resources"][1]["scalar"]["value"] == 3.9
    again.call("RECONCILE", reconcile={})
    status = again.status()
    assert (status["state"], status["message"]) == (
        "TASK_RUNNING",
        "Reconciliation: Latest task state",
    )
    agent.update(client.framework_id, "t", "TASK_FINISHED")
    again.acknowledge(again.status())
    assert agent.heard("acknowledge")[1] == "t"


def test_a_framework_is_recovered_from_its_agents(two):
    made, client, agent, standby = two
    made.fail_over(standby)
    agent.register()
    (framework,) = made.get("/frameworks").json()["frameworks"]
    assert (framework["recovered"], framework["connected"]) == (True, False)
    again = made.framework(failover_timeout=3600, id={"value": client.framework_id})
    (offer,) = again.offers()
    assert offer["resources"][1]["scalar"]["value"] == 3.9
    (framework,) = made.get("/frameworks").json()["frameworks"]
    assert (framework["recovered"], framework["connected"]) == (False, True)


def test_an_operator_may_end_a_framework_that_never_came_back(two):
    made, client, agent, standby = two
    made.fail_over(standby)
    agent.register()
    answer = made.post("/teardown", f"frameworkId={client.framework_id}")
    assert answer.status_code == 200
    assert agent.heard("shutdown_framework") == client.framework_id
    (framework,) = made.get("/frameworks").json()["completed_frameworks"]
    assert framework["recovered"] is False


def test_a_master_that_dies_takes_no_framework_with_it():
    with running_world() as made:
        client = made.framework(failover_timeout=0)
        agent = launched(made, client)
        made.fail_over(made.new_master())
        again = made.framework(id={"value": client.framework_id})
        agent.register()
        again.offers()
        again.call("RECONCILE", reconcile={})
        assert again.status()["state"] == "TASK_RUNNING"
        assert "shutdown_framework" not in [name for name, _ in agent.calls.queue]


def test_an_agent_that_does_not_come_to_the_new_leader_is_unreachable():
    with running_world(agent_reregister_timeout=0.01) as made:
        agent = made.agent()
        made.fail_over(made.new_master())
        client = made.framework()
        asked = {"task_id": {"value": "t"}, "agent_id": {"value": agent.agent_id}}
        while True:
            client.call("RECONCILE", reconcile={"tasks": [asked]})
            if "UPDATE" in client.before_two_heartbeats():
                break
        assert made.get("/slaves").json() == {"slaves": [], "recovered_slaves": []}
        assert made.get("/state").json()["unreachable_slaves"] == 1.0


def test_a_master_that_does_not_lead_hears_nothing(world):
    agent = FakeAgent(world, world.agent().total, 5099)
    world.do(world.master.stop)
    agent.register()
    status = pb.TaskStatus(task_id=pb.TaskID(value="t"), state=pb.TASK_RUNNING)
    world.do(world.master.status_update, "a", "f", status, status.state)
    assert agent.agent_id == ""
