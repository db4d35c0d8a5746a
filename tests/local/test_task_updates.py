"""Updates, acknowledgements, kills and reconciliation (facts 2.4, 2.5, 3)."""

from __future__ import annotations

import base64

import pytest
from local.framework_messages import capabilities, launch, task

from mesos_batch.protocol.codec import ContentType

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(params=list(ContentType), ids=lambda kind: kind.name)
def content_type(request):
    return request.param


@pytest.fixture
def running(world, content_type):
    return launched(world, world.framework(content_type, failover_timeout=60))


def launched(world, client, *names):
    """An agent on which the client's tasks were launched."""
    agent = world.agent()
    (offer,) = client.offers()
    names = names or ("t",)
    client.accept(offer, operations=[launch(*(task(name, agent.agent_id) for name in names))])
    for _ in names:
        agent.heard("run_task")
    return agent, client


def test_an_update_is_forwarded_as_it_is(running):
    agent, client = running
    uuid = agent.update(client.framework_id, "t", "TASK_RUNNING")
    status = client.status()
    assert status["uuid"] == base64.b64encode(uuid).decode()
    assert status["state"] == "TASK_RUNNING"
    assert status["source"] == "SOURCE_EXECUTOR"
    assert status["container_status"]["container_id"] == {"value": "container"}
    client.acknowledge(status)
    assert agent.heard("acknowledge") == (client.framework_id, "t", uuid)


def test_an_acknowledgement_of_what_was_never_forwarded_is_dropped(running):
    agent, client = running
    client.call(
        "ACKNOWLEDGE",
        acknowledge={
            "agent_id": {"value": agent.agent_id},
            "task_id": {"value": "t"},
            "uuid": base64.b64encode(b"0123456789abcdef").decode(),
        },
    )
    client.call(
        "ACKNOWLEDGE",
        acknowledge={
            "agent_id": {"value": "nobody"},
            "task_id": {"value": "t"},
            "uuid": base64.b64encode(b"0123456789abcdef").decode(),
        },
    )
    agent.update(client.framework_id, "t", "TASK_RUNNING")
    client.acknowledge(client.status())
    agent.heard("acknowledge")
    assert agent.calls.empty()


def test_a_task_is_known_until_its_last_update_is_acknowledged(running):
    agent, client = running
    agent.update(client.framework_id, "t", "TASK_FINISHED")
    ended = client.status()
    client.call("RECONCILE", reconcile={"tasks": [{"task_id": {"value": "t"}}]})
    known = client.status()
    assert (known["state"], known["message"]) == (
        "TASK_FINISHED",
        "Reconciliation: Latest task state",
    )
    client.acknowledge(ended)
    client.call("RECONCILE", reconcile={"tasks": [{"task_id": {"value": "t"}}]})
    assert client.status()["state"] == "TASK_UNKNOWN"


def test_the_latest_state_frees_resources_before_its_update_arrives(world):
    agent, client = launched(world, world.framework())
    (rest,) = client.offers()
    client.decline(rest, 3600)
    report = agent.tasks[client.framework_id, "t"]
    status = type(report.latest)()
    status.task_id.value = "t"
    status.state = 0  # TASK_STARTING, while the task has already finished
    status.uuid = b"0123456789abcdef"
    status.timestamp = 1.0
    finished = 2
    world.do(world.master.status_update, agent.agent_id, client.framework_id, status, finished)
    assert client.status()["state"] == "TASK_STARTING"
    (offer,) = client.offers()
    assert offer["resources"][1]["scalar"]["value"] == 4.0
    (shown,) = world.get("/tasks").json()["tasks"]
    assert shown["state"] == "TASK_FINISHED"


def test_updates_for_a_scheduler_that_is_away_are_not_forwarded(world, running):
    agent, client = running
    client.disconnect()
    while world.get("/frameworks").json()["frameworks"][0]["connected"]:
        pass
    agent.update(client.framework_id, "t", "TASK_FINISHED")
    again = world.framework(failover_timeout=60, id={"value": client.framework_id})
    again.call("RECONCILE", reconcile={})
    status = again.status()
    # What the master was told counts, although nobody was there to hear it.
    assert (status["state"], status["reason"]) == ("TASK_FINISHED", "REASON_RECONCILIATION")
    assert "uuid" not in status


def test_implicit_reconciliation_tells_all_tasks_and_nothing_else(world, content_type):
    _, client = launched(world, world.framework(content_type), "a", "b")
    client.call("RECONCILE", reconcile={})
    told = [client.status() for _ in range(2)]
    assert [(status["task_id"]["value"], status["state"]) for status in told] == [
        ("a", "TASK_STAGING"),
        ("b", "TASK_STAGING"),
    ]
    assert "UPDATE" not in client.before_two_heartbeats()


def test_explicit_reconciliation(world, content_type):
    agent, client = launched(world, world.framework(content_type), "known")
    agent.update(client.framework_id, "known", "TASK_RUNNING")
    client.status()
    gone, away = world.agent(), world.agent()
    world.do(world.master.agent_unreachable, away.agent_id)
    client.until("FAILURE")
    assert (
        world.operator(
            "MARK_AGENT_GONE", mark_agent_gone={"agent_id": {"value": gone.agent_id}}
        ).status_code
        == 200
    )
    asked = [
        ("known", None),
        ("x", agent.agent_id),
        ("x", away.agent_id),
        ("x", gone.agent_id),
        ("x", "never-seen"),
        ("x", None),
    ]
    client.call(
        "RECONCILE",
        reconcile={
            "tasks": [
                {"task_id": {"value": name}, **({"agent_id": {"value": where}} if where else {})}
                for name, where in asked
            ]
        },
    )
    told = [client.status() for _ in asked]
    assert [(status["state"], status["message"]) for status in told] == [
        ("TASK_RUNNING", "Reconciliation: Latest task state"),
        ("TASK_GONE", "Reconciliation: Task is unknown to the agent"),
        ("TASK_UNREACHABLE", "Reconciliation: Task is unreachable"),
        ("TASK_GONE_BY_OPERATOR", "Reconciliation: Task is gone"),
        ("TASK_UNKNOWN", "Reconciliation: Task is unknown"),
        ("TASK_UNKNOWN", "Reconciliation: Task is unknown"),
    ]
    assert {(status["source"], status["reason"]) for status in told} == {
        ("SOURCE_MASTER", "REASON_RECONCILIATION")
    }
    assert not any("uuid" in status for status in told)
    assert told[0]["container_status"]["container_id"] == {"value": "container"}
    assert "executor_id" not in told[0]
    assert ["unreachable_time" in status for status in told] == [False, False, True] + [False] * 3
    assert ["agent_id" in status for status in told] == [True] * 5 + [False]


def test_a_framework_without_partition_awareness_is_told_lost(world):
    agent = world.agent()
    client = world.framework(capabilities=capabilities("MULTI_ROLE"))
    asked = [{"task_id": {"value": "x"}, "agent_id": {"value": agent.agent_id}}]
    client.call("RECONCILE", reconcile={"tasks": asked})
    assert client.status()["state"] == "TASK_LOST"


def test_kill(running):
    agent, client = running
    client.call("KILL", kill={"task_id": {"value": "t"}, "agent_id": {"value": "another"}})
    client.call(
        "KILL",
        kill={
            "task_id": {"value": "t"},
            "agent_id": {"value": agent.agent_id},
            "kill_policy": {"grace_period": {"nanoseconds": 7}},
        },
    )
    framework_id, task_id, policy = agent.heard("kill_task")
    assert (framework_id, task_id, policy.grace_period.nanoseconds) == (client.framework_id, "t", 7)
    assert agent.calls.empty()
    client.call("KILL", kill={"task_id": {"value": "t"}})
    assert agent.heard("kill_task") == (client.framework_id, "t", None)


def test_a_kill_of_an_unknown_task_is_a_reconciliation(running):
    agent, client = running
    client.call("KILL", kill={"task_id": {"value": "nobody"}})
    status = client.status()
    assert (status["state"], status["message"], status["reason"]) == (
        "TASK_UNKNOWN",
        "Reconciliation: Task is unknown",
        "REASON_RECONCILIATION",
    )
    where = {"agent_id": {"value": agent.agent_id}}
    client.call("KILL", kill={"task_id": {"value": "nobody"}, **where})
    assert client.status()["state"] == "TASK_GONE"


def test_exits_of_unknown_executors_are_ignored(world, running):
    agent, client = running
    for agent_id in (agent.agent_id, "nobody"):
        world.do(world.master.executor_exited, agent_id, client.framework_id, "t", 0)
    assert "FAILURE" not in client.before_two_heartbeats()


def test_updates_of_unknown_agents_and_tasks_change_nothing(world, running):
    agent, client = running
    uuid = agent.update(client.framework_id, "t", "TASK_RUNNING")
    status = agent.tasks[client.framework_id, "t"].latest
    world.do(world.master.status_update, "nobody", client.framework_id, status, status.state)
    assert client.status()["uuid"] == base64.b64encode(uuid).decode()
    assert "UPDATE" not in client.before_two_heartbeats()


def test_of_equal_states_the_last_status_is_kept_and_no_data(world, running):
    agent, client = running
    agent.update(client.framework_id, "t", "TASK_RUNNING", message="first")
    agent.update(client.framework_id, "t", "TASK_RUNNING", message="second", data=b"x")
    assert [client.status().get("data") for _ in range(2)] == [None, "eA=="]
    (shown,) = world.operator("GET_TASKS").json()["get_tasks"]["tasks"]
    (status,) = shown["statuses"]
    assert (status["message"], "data" in status) == ("second", False)
