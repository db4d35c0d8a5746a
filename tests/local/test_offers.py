"""Offers: their form, filters, suppression, constraints (facts 2.6, 5.3, 7)."""

from __future__ import annotations

import pytest
from local.framework_messages import (
    capabilities,
    default_executor,
    launch,
    launch_group,
    reservation,
    scalar,
    task,
)
from local.master_world import running_world

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.protocol.codec import ContentType
from mesos_batch.protocol.values import resources_from

pytestmark = pytest.mark.timeout(60)
ROLE = {"allocation_info": {"role": "*"}}


def amount(offer, name):
    return sum(item["scalar"]["value"] for item in offer["resources"] if item["name"] == name)


@pytest.mark.parametrize("content_type", list(ContentType), ids=lambda kind: kind.name)
def test_the_form_of_an_offer(world, content_type):
    agent = world.agent(attributes=[("rack", "r1")])
    client = world.framework(content_type)
    (offer,) = client.offers()
    master_id = world.master.master_id
    assert offer == {
        "id": {"value": f"{master_id}-O0"},
        "framework_id": {"value": client.framework_id},
        "agent_id": {"value": f"{master_id}-S0"},
        "hostname": "127.0.0.1",
        "url": {
            "scheme": "http",
            "address": {"hostname": "127.0.0.1", "ip": "127.0.0.1", "port": agent.info.port},
            "path": "/slave(1)",
        },
        "resources": [
            {
                "name": "ports",
                "type": "RANGES",
                "ranges": {"range": [{"begin": 31000, "end": 32000}]},
                **ROLE,
            },
            scalar("cpus", 4.0, **ROLE),
            scalar("mem", 4096.0, **ROLE),
            scalar("disk", 10000.0, **ROLE),
        ],
        "attributes": [{"name": "rack", "type": "TEXT", "text": {"value": "r1"}}],
        **ROLE,
    }


def test_all_offers_of_an_allocation_are_one_event(world):
    for _ in range(3):
        world.agent()
    assert len(world.framework().offers()) == 3


def test_a_framework_without_multi_role_sees_no_allocation(world):
    world.agent()
    client = world.framework(roles=None, role="test", capabilities=[])
    (offer,) = client.offers()
    assert "allocation_info" not in offer
    assert offer["resources"][1] == scalar("cpus", 4.0, role="*")


def test_a_framework_without_refinement_sees_the_old_reservations(world):
    agent = world.agent()
    new = world.framework(roles=["test"], failover_timeout=60)
    (offer,) = new.offers()
    reserve = {"resources": [scalar("cpus", 1, reservations=reservation("test"))]}
    new.accept(offer, operations=[{"type": "RESERVE", "reserve": reserve}])
    agent.heard("apply_operation")
    (offer,) = new.offers()
    assert offer["resources"][1] == scalar(
        "cpus",
        1.0,
        allocation_info={"role": "test"},
        reservations=reservation("test"),
    )
    new.call("TEARDOWN")
    old = world.framework(roles=None, role="test", capabilities=[])
    (offer,) = old.offers()
    assert offer["resources"][1] == scalar(
        "cpus", 1.0, role="test", reservation={"principal": "tester"}
    )


def test_a_declined_offer_stays_away_as_long_as_its_filter(world):
    world.agent()
    client = world.framework()
    (offer,) = client.offers()
    client.decline(offer, 3600)
    assert client.before_two_heartbeats() == []
    client.call("REVIVE")
    (offer,) = client.offers()
    client.decline(offer, 0)
    (offer,) = client.offers()
    client.decline(offer, 0.001)
    assert len(client.offers()) == 1


def test_a_decline_without_filters_holds_for_five_seconds(world):
    world.agent()
    client = world.framework()
    (offer,) = client.offers()
    client.decline(offer)
    assert client.before_two_heartbeats() == []


def test_an_offer_of_more_comes_in_spite_of_a_filter(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    client.accept(offer, operations=[launch(task("t", agent.agent_id))], refuse=3600)
    agent.heard("run_task")
    assert client.before_two_heartbeats() == []
    agent.update(client.framework_id, "t", "TASK_FINISHED")
    (offer,) = client.offers()
    assert amount(offer, "cpus") == 4


def test_what_an_accept_leaves_is_refused_with_its_filters(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    client.accept(offer, operations=[launch(task("t", agent.agent_id))], refuse=0)
    (offer,) = client.offers()
    assert amount(offer, "cpus") == 3.9
    client.accept(offer, operations=[], refuse=3600)
    assert client.before_two_heartbeats() == []


def test_suppressed_roles_are_not_offered_but_held_offers_stay(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    client.call("SUPPRESS")
    client.accept(offer, operations=[launch(task("t", agent.agent_id))])
    agent.heard("run_task")
    assert client.before_two_heartbeats() == []
    client.call("REVIVE")
    assert amount(client.offers()[0], "cpus") == 3.9


def test_an_unknown_role_drops_the_whole_revive_or_suppress(world):
    world.agent()
    client = world.framework(roles=["a", "b"], subscribe={"suppressed_roles": ["a", "b"]})
    client.call("REVIVE", revive={"roles": ["a", "other"]})
    assert client.before_two_heartbeats() == []
    client.call("REVIVE", revive={"roles": ["b"]})
    (offer,) = client.offers()
    assert offer["allocation_info"] == {"role": "b"}
    client.call("SUPPRESS", suppress={"roles": ["b", "other"]})
    client.decline(offer, 0)
    assert client.offers()


def test_two_frameworks_share_agents(world):
    for _ in range(4):
        world.agent()
    first = world.framework()
    first.call("SUPPRESS")
    for offer in first.offers():
        first.decline(offer, 0)
    second = world.framework()
    second.call("SUPPRESS")
    for offer in second.offers():
        second.decline(offer, 0)

    def revive():
        for client in (first, second):
            world.master.allocator.revive(client.framework_id, [])
        world.master.allocate_soon()

    world.do(revive)
    assert (len(first.offers()), len(second.offers())) == (2, 2)


def test_executors_of_the_framework_are_named(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    group = launch_group(default_executor(client.framework_id), task("g", agent.agent_id))
    client.accept(offer, operations=[group])
    (offer,) = client.offers()
    assert offer["executor_ids"] == [{"value": "pool"}]


def test_gpus_are_for_those_who_can_use_them(world):
    world.agent(cpus=4, mem=1024, gpus=2)
    assert world.framework().before_two_heartbeats() == []
    able = world.framework(capabilities=capabilities("MULTI_ROLE", "GPU_RESOURCES"))
    assert amount(able.offers()[0], "gpus") == 2


def test_the_smallest_offer(world):
    agent = world.agent(cpus=4, mem=64)
    client = world.framework()
    (offer,) = client.offers()
    resources = [scalar("cpus", 4), scalar("mem", 32.001)]
    client.accept(offer, operations=[launch(task("t", agent.agent_id, resources=resources))])
    # 31.999 MB are less than 32, and there are no cpus.
    assert client.before_two_heartbeats() == []
    anything = {"*": {"min_allocatable_resources": {}}}
    assert amount(world.framework(offer_filters=anything).offers()[0], "mem") == 31.999
    little = [{"quantities": {"mem": {"value": 31.5}}}]
    other = world.framework(
        offer_filters={"*": {"min_allocatable_resources": {"quantities": little}}}
    )
    assert other.before_two_heartbeats() == []


def reserved_agent(world, *roles):
    reservations = [
        pb.Resource.ReservationInfo(type=pb.Resource.ReservationInfo.STATIC, role=roles[0]),
        *(
            pb.Resource.ReservationInfo(type=pb.Resource.ReservationInfo.DYNAMIC, role=role)
            for role in roles[1:]
        ),
    ]
    message = pb.Resource(name="cpus", type=pb.Value.SCALAR, reservations=reservations)
    message.scalar.value = 2
    agent = world.agent(cpus=1, mem=64)
    world.do(world.master.agent_unreachable, agent.agent_id)
    agent.total = Resources([Resource("cpus", Scalar(1000))]) + resources_from([message])
    agent.register()
    return agent


@pytest.mark.parametrize(
    ("role", "cpus"),
    [("eng", 3), ("eng/dev", 3), ("ops", 1), ("engine", 1), ("*", 1)],
)
def test_reserved_resources_go_to_the_role_and_those_below(world, role, cpus):
    reserved_agent(world, "eng")
    assert amount(world.framework(roles=[role]).offers()[0], "cpus") == cpus


def test_refined_reservations_need_the_capability(world):
    reserved_agent(world, "eng", "eng/dev")
    old = world.framework(roles=["eng/dev"], capabilities=capabilities("MULTI_ROLE"))
    assert amount(old.offers()[0], "cpus") == 1
    old.call("TEARDOWN")
    assert amount(world.framework(roles=["eng/dev"]).offers()[0], "cpus") == 3


def test_what_is_reserved_below_a_role_is_not_offered_to_it(world):
    reserved_agent(world, "eng", "eng/dev")
    assert amount(world.framework(roles=["eng"]).offers()[0], "cpus") == 1


def constraints(*groups):
    return {
        "offer_constraints": {
            "role_constraints": {
                "*": {"groups": [{"attribute_constraints": list(group)} for group in groups]}
            }
        }
    }


def on(name, **predicate):
    return {"selector": {"attribute_name": name}, "predicate": predicate}


HOST = {"pseudoattribute_type": "HOSTNAME"}
ZONE = {"pseudoattribute_type": "ZONE"}


@pytest.mark.parametrize(
    ("groups", "racks"),
    [
        ([[on("rack", text_equals={"value": "r1"})]], ["r1"]),
        ([[on("rack", text_not_equals={"value": "r1"})]], ["r2", None]),
        ([[on("rack", exists={})]], ["r1", "r2"]),
        ([[on("rack", not_exists={})]], [None]),
        ([[on("rack", text_matches={"regex": "r[13]"})]], ["r1"]),
        ([[on("rack", text_not_matches={"regex": "r.*"})]], [None]),
        (
            [[on("rack", exists={}), on("rack", text_not_equals={"value": "r1"})]],
            ["r2"],
        ),
        (
            [[on("rack", text_equals={"value": "r1"})], [on("rack", not_exists={})]],
            ["r1", None],
        ),
        (
            [[{"selector": HOST, "predicate": {"text_equals": {"value": "127.0.0.1"}}}]],
            ["r1", "r2", None],
        ),
        ([[{"selector": ZONE, "predicate": {"not_exists": {}}}]], ["r1", "r2", None]),
    ],
)
def test_offer_constraints(world, groups, racks):
    for rack in ("r1", "r2", None):
        world.agent(attributes=[("rack", rack)] if rack else [])
    client = world.framework(subscribe=constraints(*groups))
    offered = [
        offer["attributes"][0]["text"]["value"] if "attributes" in offer else None
        for offer in client.offers()
    ]
    assert sorted(offered, key=str) == sorted(racks, key=str)


@pytest.mark.parametrize(
    ("group", "text"),
    [
        (
            [],
            (
                "'OfferConstraints::RoleConstraints::groups' for role *"
                "contains an empty RoleConstraints::Group"
            ),
        ),
        (
            [{"selector": {}, "predicate": {"exists": {}}}],
            (
                "A role * has an invalid 'AttributeConstraint': "
                "Exactly one of 'AttributeConstraint::Selector::name' or"
                " 'AttributeConstraint::Selector::pseudoattribute_type' must be set"
            ),
        ),
        (
            [{"selector": {"pseudoattribute_type": "UNKNOWN"}, "predicate": {"exists": {}}}],
            "A role * has an invalid 'AttributeConstraint': Unknown pseudoattribute type",
        ),
        (
            [on("rack")],
            "A role * has an invalid 'AttributeConstraint': Unknown predicate type",
        ),
        (
            [on("rack", text_matches={"regex": "("})],
            (
                "A role * has an invalid 'AttributeConstraint': "
                "Failed to construct regex from pattern '('"
            ),
        ),
    ],
)
def test_invalid_offer_constraints(world, group, text):
    client = world.client(subscribe=constraints(group))
    message = client.until("ERROR")["message"]
    assert message.startswith(f"Offer constraints are not valid: {text}")


def test_offers_of_frameworks_that_left_are_for_others(world):
    world.agent()
    first = world.framework()
    first.offers()
    second = world.framework()
    first.disconnect()
    assert amount(second.offers()[0], "cpus") == 4


def test_what_is_allocated_at_once_and_what_waits_for_the_next_batch():
    with running_world(allocation_interval=3600) as slow:
        first = slow.agent()
        client = slow.framework()
        # A subscription,
        (offer,) = client.offers()
        client.decline(offer, 0)
        client.accept(offer, operations=[launch(task("t", first.agent_id))])
        assert client.status()["state"] == "TASK_DROPPED"
        assert "OFFERS" not in client.before_two_heartbeats()
        # a REVIVE,
        client.call("REVIVE")
        (offer,) = client.offers()
        client.accept(offer, operations=[launch(task("t", first.agent_id))])
        first.heard("run_task")
        first.update(client.framework_id, "t", "TASK_FINISHED")
        assert "OFFERS" not in client.before_two_heartbeats()
        # and a new agent, but of that only itself.
        second = slow.agent()
        (offer,) = client.offers()
        assert offer["agent_id"]["value"] == second.agent_id
