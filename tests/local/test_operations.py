"""Reservations and volumes, and what is told about them (facts 6)."""

from __future__ import annotations

import base64

import pytest
from local.framework_messages import capabilities, launch, scalar, task, volume
from local.master_world import running_world
from local.operation_messages import (
    DISK,
    SILENT,
    VOLUME,
    create,
    destroy,
    dynamic,
    operation,
    reserve,
    unreserve,
)

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb

pytestmark = pytest.mark.timeout(60)


def test_a_dropped_operation_without_an_id_is_dropped_in_silence(world):
    world.agent()
    client = world.framework(roles=["test"])
    (offer,) = client.offers()
    client.accept(offer, operations=[reserve(dynamic("cpus", 9999), **SILENT)])
    assert "UPDATE_OPERATION_STATUS" not in client.before_two_heartbeats()


def test_operations_with_invalid_offers(world):
    client = world.framework()
    client.accept({"id": {"value": "x"}}, operations=[reserve(dynamic("cpus", 1))])
    assert client.operation_status()["message"] == (
        "Operation attempted with invalid offers: Offer x is no longer valid"
    )


def test_feedback_of_an_operation_and_its_acknowledgement(world):
    agent = world.agent()
    client = world.framework(roles=["test"])
    (offer,) = client.offers()
    client.accept(offer, operations=[reserve(dynamic("cpus", 1))])
    framework_id, _, operation_uuid, total = agent.heard("apply_operation")
    assert str(total) == (
        "cpus:3; mem:4096; disk:10000; ports:[31000-32000];"
        " cpus(reservations: [(DYNAMIC,test,tester)]):1"
    )
    known = {"operation_id": {"value": "op"}}
    client.call("RECONCILE_OPERATIONS", reconcile_operations={"operations": [known]})
    assert client.operation_status()["state"] == "OPERATION_PENDING"
    uuid = agent.finish_operation(framework_id, operation_uuid)
    status = client.operation_status()
    assert status == {
        "operation_id": {"value": "op"},
        "state": "OPERATION_FINISHED",
        "uuid": {"value": base64.b64encode(uuid).decode()},
        "agent_id": {"value": agent.agent_id},
    }
    # Until it is acknowledged the operation is known, also without being asked for by name.
    client.call("RECONCILE_OPERATIONS", reconcile_operations={})
    told = client.operation_status()
    assert (told["state"], "uuid" in told) == ("OPERATION_FINISHED", False)
    client.call(
        "ACKNOWLEDGE_OPERATION_STATUS",
        acknowledge_operation_status={
            "agent_id": status["agent_id"],
            "operation_id": status["operation_id"],
            "uuid": status["uuid"]["value"],
        },
    )
    assert agent.heard("acknowledge_operation") == uuid
    asked = [known, {"operation_id": {"value": "never-seen"}}]
    client.call("RECONCILE_OPERATIONS", reconcile_operations={"operations": asked})
    for name in ("op", "never-seen"):
        assert client.operation_status() == {
            "operation_id": {"value": name},
            "state": "OPERATION_UNKNOWN",
            "message": "Reconciliation: Operation is unknown and no 'agent_id' was provided",
        }


def test_the_master_acknowledges_operations_without_an_id(world):
    agent = world.agent()
    client = world.framework(roles=["test"])
    (offer,) = client.offers()
    client.accept(offer, operations=[reserve(dynamic("cpus", 1), **SILENT)])
    framework_id, _, operation_uuid, _ = agent.heard("apply_operation")
    uuid = agent.finish_operation(framework_id, operation_uuid)
    assert agent.heard("acknowledge_operation") == uuid
    assert "UPDATE_OPERATION_STATUS" not in client.before_two_heartbeats()


def test_reconciliation_of_operations_on_agents(world):
    known, away, gone = world.agent(), world.agent(), world.agent()
    client = world.framework()
    world.do(world.master.agent_unreachable, away.agent_id)
    world.operator("MARK_AGENT_GONE", mark_agent_gone={"agent_id": {"value": gone.agent_id}})
    wanted = [known.agent_id, away.agent_id, gone.agent_id, "never-seen"]
    client.call(
        "RECONCILE_OPERATIONS",
        reconcile_operations={
            "operations": [
                {"operation_id": {"value": "o"}, "agent_id": {"value": agent_id}}
                for agent_id in wanted
            ]
        },
    )
    told = [client.operation_status() for _ in wanted]
    assert [(status["state"], status["message"]) for status in told] == [
        ("OPERATION_UNKNOWN", "Reconciliation: Operation is unknown"),
        ("OPERATION_UNREACHABLE", "Reconciliation: Agent is unreachable"),
        ("OPERATION_GONE_BY_OPERATOR", "Reconciliation: Agent marked gone by operator"),
        ("OPERATION_UNKNOWN", "Reconciliation: Both operation and agent are unknown"),
    ]
    assert [status["agent_id"]["value"] for status in told] == wanted


def resources(offer):
    return [
        (
            item["name"],
            item.get("scalar", {}).get("value"),
            "reservations" in item,
            item.get("disk", {}).get("persistence", {}).get("id"),
        )
        for item in offer["resources"]
    ]


def test_reserve_create_use_and_destroy(world):
    agent = world.agent()
    client = world.framework(roles=["test"])
    (offer,) = client.offers()
    held = [dynamic("cpus", 1), dynamic("mem", 64), DISK]
    client.accept(
        offer,
        operations=[reserve(*held, **SILENT), create(VOLUME, **SILENT)],
        refuse=3600,
    )
    agent.heard("apply_operation")
    agent.heard("apply_operation")
    # What was made comes back without a filter, and with it all there is, in Mesos' order.
    (offer,) = client.offers()
    assert resources(offer) == [
        ("ports", None, False, None),
        ("cpus", 1, True, None),
        ("mem", 64, True, None),
        ("disk", 128, True, "v"),
        ("cpus", 3, False, None),
        ("mem", 4032, False, None),
        ("disk", 9872, False, None),
    ]
    mine = [dynamic("cpus", 0.5), dynamic("mem", 32), VOLUME]
    client.accept(offer, operations=[launch(task("t", agent.agent_id, resources=mine))])
    agent.heard("run_task")
    (offer,) = client.offers()
    assert resources(offer) == [
        ("ports", None, False, None),
        ("cpus", 0.5, True, None),
        ("mem", 32, True, None),
        ("cpus", 3, False, None),
        ("mem", 4032, False, None),
        ("disk", 9872, False, None),
    ]
    client.accept(offer, operations=[destroy(VOLUME)])
    assert client.operation_status()["message"].startswith("Persistent volumes in use; on agent")
    agent.update(client.framework_id, "t", "TASK_FINISHED")
    whole = {("disk", 128, True, "v"), ("cpus", 1, True, None), ("mem", 64, True, None)}
    offer = client.offer_that(lambda offer: whole <= set(resources(offer)))
    client.accept(offer, operations=[destroy(VOLUME, **SILENT), unreserve(*held, **SILENT)])
    offer = client.offer_that(lambda offer: ("cpus", 4, False, None) in resources(offer))
    assert resources(offer) == [
        ("ports", None, False, None),
        ("cpus", 4, False, None),
        ("mem", 4096, False, None),
        ("disk", 10000, False, None),
    ]


def test_a_launch_may_use_what_the_same_accept_made(world):
    agent = world.agent()
    client = world.framework(roles=["test"])
    (offer,) = client.offers()
    mine = [dynamic("cpus", 1), scalar("mem", 32), VOLUME]
    client.accept(
        offer,
        operations=[
            reserve(dynamic("cpus", 1), DISK, **SILENT),
            create(VOLUME, **SILENT),
            launch(task("t", agent.agent_id, resources=mine)),
        ],
    )
    assert agent.heard("run_task")[1].name == "t"


def test_a_failed_reservation_fails_the_launch_that_wanted_it(world):
    agent = world.agent()
    client = world.framework(roles=["test"])
    (offer,) = client.offers()
    mine = [dynamic("cpus", 99), scalar("mem", 32)]
    client.accept(
        offer,
        operations=[
            reserve(dynamic("cpus", 99)),
            launch(task("t", agent.agent_id, resources=mine)),
        ],
    )
    assert client.operation_status()["state"] == "OPERATION_ERROR"
    assert " is more than available " in client.status()["message"]


def test_the_older_format_is_understood(world):
    agent = world.agent()
    client = world.framework(roles=["test"])
    (offer,) = client.offers()
    old = scalar("cpus", 1, role="test", reservation={"principal": "tester"})
    client.accept(offer, operations=[reserve(old, **SILENT)])
    _, _, _, total = agent.heard("apply_operation")
    assert "cpus(reservations: [(DYNAMIC,test,tester)]):1" in str(total)


def test_grow_and_shrink(world):
    agent = world.agent()
    client = world.framework(roles=["test"])
    (offer,) = client.offers()
    client.accept(
        offer,
        operations=[
            reserve(dynamic("disk", 200), **SILENT),
            create(VOLUME, **SILENT),
            operation("GROW_VOLUME", {"volume": VOLUME, "addition": dynamic("disk", 72)}),
            # What was resized is not for the operations after it.
            destroy(volume(200, "v")),
        ],
    )
    totals = [agent.heard("apply_operation")[3] for _ in range(3)]
    assert "[v:data]:200" in str(totals[-1])
    message = client.operation_status()["message"]
    assert " does not contain " in message
    (offer,) = client.offers()
    assert ("disk", 200, True, "v") in resources(offer)
    shrink = {"volume": volume(200, "v"), "subtract": {"value": 50}}
    client.accept(offer, operations=[operation("SHRINK_VOLUME", shrink)])
    (offer,) = client.offers()
    assert ("disk", 150, True, "v") in resources(offer)
    assert ("disk", 50, True, None) in resources(offer)


SHARED = {**VOLUME, "shared": {}}


def test_a_shared_volume_serves_several_tasks(world):
    agent = world.agent()
    able = capabilities("MULTI_ROLE", "RESERVATION_REFINEMENT", "SHARED_RESOURCES")
    client = world.framework(roles=["test"], capabilities=able)
    (offer,) = client.offers()
    mine = [scalar("cpus", 1), scalar("mem", 32), SHARED]
    tasks = [task(name, agent.agent_id, resources=mine) for name in ("a", "b")]
    client.accept(
        offer,
        operations=[reserve(DISK, **SILENT), create(SHARED, **SILENT), launch(*tasks)],
    )
    assert {agent.heard("run_task")[1].name for _ in range(2)} == {"a", "b"}
    (offer,) = client.offers()
    assert ("disk", 128, True, "v") in resources(offer)
    client.accept(offer, operations=[destroy(SHARED)], refuse=3600)
    assert client.operation_status()["message"].startswith("Persistent volumes in use")
    # Frameworks that cannot share do not see it.
    other = world.framework(roles=["test"])
    assert all(item[3] is None for offer in other.offers() for item in resources(offer))


def test_without_a_principal_any_principal_may_be_written():
    with running_world(authenticate=False) as open_world:
        agent = open_world.agent()
        client = open_world.framework(roles=["test"], auth=None)
        (offer,) = client.offers()
        for held in (dynamic("cpus", 1, principal="x"), dynamic("mem", 1, principal=None)):
            client.accept(offer, operations=[reserve(held, **SILENT)])
            agent.heard("apply_operation")
            (offer,) = client.offers()


def test_operations_of_a_lost_agent(world):
    agent, other = world.agent(), world.agent()
    client = world.framework(roles=["test"])
    for name, offer in enumerate(client.offers()):
        held = reserve(dynamic("cpus", 1), operation_id=f"op-{name}")
        client.accept(offer, operations=[held])
    agent.heard("apply_operation")
    other.heard("apply_operation")
    world.do(world.master.agent_unreachable, agent.agent_id)
    status = client.operation_status()
    assert (status["state"], status["message"], status["agent_id"]["value"]) == (
        "OPERATION_UNREACHABLE",
        "Agent was marked unreachable",
        agent.agent_id,
    )
    world.operator("MARK_AGENT_GONE", mark_agent_gone={"agent_id": {"value": other.agent_id}})
    status = client.operation_status()
    assert (status["state"], status["message"]) == (
        "OPERATION_GONE_BY_OPERATOR",
        "Agent has been marked gone",
    )
    # Nobody is left whom a late status could concern.
    late = pb.OperationStatus(state=pb.OPERATION_FINISHED)
    world.do(
        world.master.operation_status,
        agent.agent_id,
        client.framework_id,
        late,
        b"0123456789abcdef",
    )
    assert "UPDATE_OPERATION_STATUS" not in client.before_two_heartbeats()


def test_what_was_made_comes_back_whatever_the_filters_say(world):
    world.agent(cpus=1, mem=64)
    client = world.framework(roles=["test"])
    (offer,) = client.offers()
    everything = reserve(dynamic("cpus", 1), dynamic("mem", 64), **SILENT)
    client.accept(offer, operations=[everything], refuse=3600)
    (offer,) = client.offers()
    assert resources(offer) == [("cpus", 1, True, None), ("mem", 64, True, None)]


def test_offers_of_other_copies_of_a_destroyed_volume_are_rescinded(world):
    world.agent()
    able = capabilities("MULTI_ROLE", "RESERVATION_REFINEMENT", "SHARED_RESOURCES")
    client = world.framework(roles=["test"], capabilities=able)
    (offer,) = client.offers()
    client.accept(offer, operations=[reserve(DISK, **SILENT), create(SHARED, **SILENT)])
    (offer,) = client.offers()
    anything = {"test": {"min_allocatable_resources": {}}}
    other = world.framework(roles=["test"], capabilities=able, offer_filters=anything)
    (copy,) = other.offers()
    assert resources(copy) == [("disk", 128, True, "v")]
    client.accept(offer, operations=[destroy(SHARED, **SILENT)])
    assert other.until("RESCIND") == {"offer_id": copy["id"]}


def test_an_id_of_a_volume_is_unique_on_its_agent(world):
    world.agent()
    client = world.framework(roles=["test"])
    (offer,) = client.offers()
    held = dynamic("disk", 200)
    client.accept(offer, operations=[reserve(held, **SILENT), create(VOLUME, **SILENT)])
    (offer,) = client.offers()
    client.accept(offer, operations=[create(volume(72, "v"))])
    message = client.operation_status()["message"]
    assert message.startswith("Persistence ID 'v' is not unique; on agent ")
