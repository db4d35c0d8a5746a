"""POST /api/v1: the operator calls, in JSON and protobuf (facts 9.6)."""

from __future__ import annotations

import json

import pytest
from local.framework_messages import default_executor, launch_group, reservation, scalar, task
from local.master_world import run_task

from mesos_batch._pb.mesos.v1.master import master_pb2

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize("encoded", ["JSON", "PROTOBUF"])
def test_operator_calls(world, encoded):
    world.agent()
    client = world.framework()
    agent = run_task(world, client)
    client.call("REVIVE")
    client.offers()
    binary = "application/x-protobuf"

    def ask(kind):
        if encoded == "JSON":
            answer = world.operator(kind)
            assert answer.headers["Content-Type"] == "application/json"
            return answer.json()
        call = master_pb2.Call(type=master_pb2.Call.Type.Value(kind))
        headers = {"Content-Type": binary, "Accept": binary}
        answer = world.post("/master/api/v1", call.SerializeToString(), headers=headers)
        assert answer.headers["Content-Type"] == binary
        from mesos_batch.protocol import json_dialect

        return json_dialect.to_value(master_pb2.Response.FromString(answer.content))

    assert ask("GET_HEALTH") == {"type": "GET_HEALTH", "get_health": {"healthy": True}}
    version = ask("GET_VERSION")["get_version"]["version_info"]
    assert version["version"] == "1.12.0"
    assert ask("GET_MASTER")["get_master"]["master_info"]["id"] == world.master.master_id
    (shown,) = ask("GET_AGENTS")["get_agents"]["agents"]
    assert shown["agent_info"]["id"] == {"value": agent.agent_id}
    assert (shown["active"], shown["deactivated"], shown["version"]) == (True, False, "1.12.0")
    assert shown["allocated_resources"][0]["scalar"]["value"] == 0.1
    assert shown["offered_resources"][1]["scalar"]["value"] == 3.9
    assert len(shown["total_resources"]) == 4
    (framework,) = ask("GET_FRAMEWORKS")["get_frameworks"]["frameworks"]
    assert framework["framework_info"]["id"] == {"value": client.framework_id}
    assert (framework["active"], framework["connected"], framework["recovered"]) == (
        True,
        True,
        False,
    )
    assert len(framework["offers"]) == 1
    tasks = ask("GET_TASKS")["get_tasks"]
    (shown,) = tasks["tasks"]
    assert (shown["state"], shown["status_update_state"]) == ("TASK_RUNNING", "TASK_RUNNING")
    assert shown["statuses"][0]["source"] == "SOURCE_EXECUTOR"
    assert [item["name"] for item in ask("GET_ROLES")["get_roles"]["roles"]] == ["*"]
    assert ask("GET_EXECUTORS") == {"type": "GET_EXECUTORS", "get_executors": {}}
    assert ask("GET_OPERATIONS") == {"type": "GET_OPERATIONS", "get_operations": {}}
    state = ask("GET_STATE")["get_state"]
    assert state["get_tasks"] == tasks
    assert set(state) == {"get_tasks", "get_executors", "get_frameworks", "get_agents"}


def test_tasks_tell_messages_and_reasons(world):
    agent = world.agent()
    client = world.framework()
    run_task(world, client)
    world.do(world.master.agent_unreachable, agent.agent_id)
    client.until("FAILURE")
    (shown,) = world.operator("GET_TASKS").json()["get_tasks"]["unreachable_tasks"]
    assert shown["statuses"][-1]["message"] == "health check timed out"
    assert shown["statuses"][-1]["reason"] == "REASON_AGENT_REMOVED"


def test_operations_and_executors_are_listed(world):
    agent = world.agent()
    client = world.framework(roles=["test"])
    (offer,) = client.offers()
    reserve = {"resources": [scalar("disk", 128, reservations=reservation("test"))]}
    group = launch_group(default_executor(client.framework_id), task("g", agent.agent_id))
    client.accept(offer, operations=[{"type": "RESERVE", "reserve": reserve}, group])
    agent.heard("run_task_group")
    (operation,) = world.operator("GET_OPERATIONS").json()["get_operations"]["operations"]
    assert operation["latest_status"]["state"] == "OPERATION_PENDING"
    assert operation["info"]["type"] == "RESERVE"
    (executor,) = world.operator("GET_EXECUTORS").json()["get_executors"]["executors"]
    assert executor["agent_id"] == {"value": agent.agent_id}
    assert executor["executor_info"]["executor_id"] == {"value": "pool"}


def test_operator_calls_that_are_refused(world):
    validate = "Failed to validate master::Call: Expecting"
    for call, status, text in [
        ({}, 400, f"{validate} 'type' to be present"),
        ({"type": "TEARDOWN"}, 400, f"{validate} 'teardown' to be present"),
        ({"type": "MARK_AGENT_GONE"}, 400, f"{validate} 'mark_agent_gone' to be present"),
        (
            {"type": "TEARDOWN", "teardown": {"framework_id": {"value": "x"}}},
            400,
            "No framework found with specified ID",
        ),
        ({"type": "MARK_AGENT_GONE", "mark_agent_gone": {"agent_id": {"value": "x"}}}, 404, ""),
        ({"type": "GET_QUOTA"}, 501, "501 Not Implemented."),
    ]:
        headers = {"Content-Type": "application/json"}
        answer = world.post("/api/v1", json.dumps(call), headers=headers)
        assert (answer.status_code, answer.text) == (status, text)
    assert world.get("/api/v1").status_code == 405
    headers = {"Content-Type": "text/plain"}
    assert world.post("/api/v1", b"", headers=headers).status_code == 415
    headers = {"Content-Type": "application/json", "Accept": "text/html"}
    assert world.post("/api/v1", '{"type":"GET_HEALTH"}', headers=headers).status_code == 406


def test_an_operator_ends_a_framework(world):
    client = world.framework(failover_timeout=60)
    teardown = {"teardown": {"framework_id": {"value": client.framework_id}}}
    assert world.operator("TEARDOWN", **teardown).status_code == 200
    while client.event() is not None:
        pass
    (completed,) = world.operator("GET_FRAMEWORKS").json()["get_frameworks"]["completed_frameworks"]
    assert completed["unregistered_time"]["nanoseconds"] > 0
