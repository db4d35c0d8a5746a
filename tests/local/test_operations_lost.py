"""Operations whose agent or master is away, at a master with agents that do as told (facts 6.5)."""

from __future__ import annotations

import pytest
from local.master_world import running_world
from local.operation_messages import SILENT, dynamic, reserve

from mesos_batch.local.master import operation_updates

pytestmark = pytest.mark.timeout(60)
KNOWN = {"operation_id": {"value": "op"}}
RESERVE = reserve(dynamic("cpus", 1))


def given(world, client, agent, *operations):
    """Let the agent be given operations (RESERVE of one cpu); their uuids."""
    (offer,) = client.offers()
    client.accept(offer, operations=list(operations or [RESERVE]))
    return [agent.heard("apply_operation")[2] for _ in operations or [RESERVE]]


def operations_of(world):
    got = world.operator("GET_OPERATIONS").json()["get_operations"]
    return [
        (item["info"].get("id", {}).get("value"), item["latest_status"]["state"])
        for item in got.get("operations", [])
    ]


def reconciled(client, **more):
    client.call("RECONCILE_OPERATIONS", reconcile_operations={"operations": [{**KNOWN, **more}]})
    return client.operation_status()


def acknowledge(client, status):
    client.call(
        "ACKNOWLEDGE_OPERATION_STATUS",
        acknowledge_operation_status={
            "agent_id": status["agent_id"],
            "operation_id": status["operation_id"],
            "uuid": status["uuid"]["value"],
        },
    )


@pytest.mark.parametrize("noticed", [True, False], ids=["noticed", "unnoticed"])
def test_an_operation_that_did_not_reach_its_agent_is_dropped(world, noticed):
    agent = world.agent()
    client = world.framework(roles=["test"])
    before = agent.total
    [lost] = given(world, client, agent)
    (offer,) = client.offers()
    assert reconciled(client)["state"] == "OPERATION_PENDING"
    if noticed:
        world.do(world.master.agent_disconnected, agent.agent_id)
    agent.operations.clear()
    agent.total = before
    agent.register()
    # Offers of what there is not are taken back, and what there is is offered.
    assert client.until("RESCIND") == {"offer_id": offer["id"]}
    (offer,) = client.offers()
    assert all("reservations" not in item for item in offer["resources"])
    assert agent.heard("reconcile_operations") == [lost]
    agent.drop_operation(lost)
    assert client.operation_status() == {
        "operation_id": {"value": "op"},
        "state": "OPERATION_DROPPED",
        "agent_id": {"value": agent.agent_id},
    }
    (slave,) = world.get("/slaves").json()["slaves"]
    assert (slave["reserved_resources"], slave["resources"]["cpus"]) == ({}, 4)
    assert operations_of(world) == []
    assert reconciled(client)["state"] == "OPERATION_UNKNOWN"


def test_an_operation_without_an_id_is_dropped_in_silence(world):
    agent = world.agent()
    client = world.framework(roles=["test"])
    [lost] = given(world, client, agent, reserve(dynamic("cpus", 1), **SILENT))
    agent.operations.clear()
    agent.register()
    agent.heard("reconcile_operations")
    assert operations_of(world) == [(None, "OPERATION_PENDING")]
    agent.drop_operation(lost)
    assert "UPDATE_OPERATION_STATUS" not in client.before_two_heartbeats()
    assert operations_of(world) == []


def test_what_an_agent_knows_is_not_lost(world):
    agent = world.agent()
    client = world.framework(roles=["test"])
    [known] = given(world, client, agent)
    world.do(world.master.agent_disconnected, agent.agent_id)
    agent.register()
    assert operations_of(world) == [("op", "OPERATION_PENDING")]
    agent.finish_operation(client.framework_id, known)
    assert client.operation_status()["state"] == "OPERATION_FINISHED"
    assert "reconcile_operations" not in [name for name, _ in agent.calls.queue]


def test_what_an_unreachable_agent_has_finished_is_told_when_it_is_back(world):
    agent = world.agent()
    client = world.framework(roles=["test"])
    [known] = given(world, client, agent)
    world.do(world.master.agent_unreachable, agent.agent_id)
    assert client.operation_status()["state"] == "OPERATION_UNREACHABLE"
    where = {"agent_id": {"value": agent.agent_id}}
    assert reconciled(client, **where)["state"] == "OPERATION_UNREACHABLE"
    assert operations_of(world) == []
    agent.register()
    assert reconciled(client, **where)["state"] == "OPERATION_PENDING"
    agent.finish_operation(client.framework_id, known)
    status = client.operation_status()
    assert status["state"] == "OPERATION_FINISHED"
    acknowledge(client, status)
    agent.heard("acknowledge_operation")
    assert operations_of(world) == []


def test_a_new_master_hears_of_operations_from_their_agents():
    with running_world(agent_reregister_timeout=3600) as world:
        agent = world.agent()
        client = world.framework(roles=["test"], failover_timeout=3600)
        pending, finished = given(
            world, client, agent, RESERVE, reserve(dynamic("mem", 1), operation_id="done")
        )
        agent.finish_operation(client.framework_id, finished)
        assert client.operation_status()["operation_id"] == {"value": "done"}
        world.fail_over(world.new_master())
        # The framework is not there yet: its operations wait for it.
        where = {"agent_id": {"value": agent.agent_id}}
        other = world.framework(roles=["test"])
        assert reconciled(other, **where)["state"] == "OPERATION_RECOVERING"
        agent.register()
        states = [("op", "OPERATION_PENDING"), ("done", "OPERATION_FINISHED")]
        assert sorted(operations_of(world)) == sorted(states)
        assert reconciled(other, **where)["state"] == "OPERATION_UNKNOWN"
        agent.tell_operation(
            client.framework_id, finished, agent.operations[finished].latest_status
        )
        assert sorted(operations_of(world)) == sorted(states)
        again = world.framework(
            roles=["test"], failover_timeout=3600, id={"value": client.framework_id}
        )
        again.call("RECONCILE_OPERATIONS", reconcile_operations={})
        told = [again.operation_status() for _ in states]
        assert sorted((it["operation_id"]["value"], it["state"]) for it in told) == sorted(states)
        agent.finish_operation(client.framework_id, pending)
        status = again.operation_status()
        assert (status["operation_id"], "uuid" in status) == ({"value": "op"}, True)
        acknowledge(again, status)
        assert agent.heard("acknowledge_operation") is not None
        assert operations_of(world) == [("done", "OPERATION_FINISHED")]


@pytest.mark.parametrize("ended", ["torn down", "never back"])
def test_operations_nobody_listens_to_any_more_are_acknowledged_by_the_master(
    world, ended, monkeypatch
):
    agent = world.agent()
    client = world.framework(roles=["test"])
    [known] = given(world, client, agent)
    if ended == "torn down":
        agent.register()
        client.call("TEARDOWN")
    else:
        monkeypatch.setattr(operation_updates, "ORPHAN_SECONDS", 0)
        world.fail_over(world.new_master())
        agent.register()
    assert operations_of(world) == [("op", "OPERATION_PENDING")]
    status_uuid = agent.finish_operation(client.framework_id, known)
    assert agent.heard("acknowledge_operation") == status_uuid
    assert operations_of(world) == []


def test_an_acknowledgement_of_another_status_changes_nothing(world):
    agent = world.agent()
    client = world.framework(roles=["test"])
    [known] = given(world, client, agent)
    uuid = agent.finish_operation(client.framework_id, known)
    status = client.operation_status()
    wrong = {"uuid": {"value": "AAAAAAAAAAAAAAAAAAAAAA=="}}
    elsewhere = {"agent_id": {"value": world.agent().agent_id}}
    for changed in (wrong, elsewhere):
        acknowledge(client, {**status, **changed})
    assert reconciled(client)["state"] == "OPERATION_FINISHED"
    acknowledge(client, status)
    assert agent.heard("acknowledge_operation") == uuid


def test_a_status_that_is_sent_again_is_told_again_and_kept_once(world):
    agent = world.agent()
    client = world.framework(roles=["test"])
    [known] = given(world, client, agent)
    agent.finish_operation(client.framework_id, known)
    agent.tell_operation(client.framework_id, known, agent.operations[known].latest_status)
    assert client.operation_status() == client.operation_status()
    (kept,) = world.operator("GET_OPERATIONS").json()["get_operations"]["operations"]
    assert len(kept["statuses"]) == 1


def test_the_id_of_an_operation_may_be_used_again(world):
    agent = world.agent()
    client = world.framework(roles=["test"])
    first, second = given(world, client, agent, RESERVE, reserve(dynamic("mem", 1)))
    agent.drop_operation(first)
    assert client.operation_status()["state"] == "OPERATION_DROPPED"
    # The id stands for the newer one.
    assert reconciled(client)["state"] == "OPERATION_PENDING"
    agent.finish_operation(client.framework_id, second)
    acknowledge(client, client.operation_status())
    assert reconciled(client)["state"] == "OPERATION_UNKNOWN"
