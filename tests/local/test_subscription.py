"""Frameworks: how they subscribe, fail over, disconnect and end (facts 2.2, 8)."""

from __future__ import annotations

import pytest
from local.framework_messages import CAPABILITIES, capabilities, launch, task
from local.master_world import running_world

from mesos_batch.protocol.codec import ContentType

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(params=list(ContentType), ids=lambda kind: kind.name)
def content_type(request):
    return request.param


def test_the_first_events(world, content_type):
    client = world.client(content_type)
    assert client.response.status_code == 200
    subscribed = client.event()
    master = world.master
    assert subscribed == {
        "type": "SUBSCRIBED",
        "subscribed": {
            "framework_id": {"value": f"{master.master_id}-0000"},
            "heartbeat_interval_seconds": 0.1,
            "master_info": {
                "id": master.master_id,
                "ip": 16777343,
                "port": master.info.port,
                "pid": f"master@127.0.0.1:{master.info.port}",
                "hostname": "127.0.0.1",
                "version": "1.12.0",
                "address": {
                    "hostname": "127.0.0.1",
                    "ip": "127.0.0.1",
                    "port": master.info.port,
                },
                "capabilities": [
                    {"type": "AGENT_UPDATE"},
                    {"type": "AGENT_DRAINING"},
                    {"type": "QUOTA_V2"},
                ],
            },
        },
    }
    # At once, and then again and again.
    assert [client.event(), client.event()] == [{"type": "HEARTBEAT"}] * 2


def test_ids_are_counted(world):
    assert world.framework().framework_id.endswith("-0000")
    assert world.framework().framework_id.endswith("-0001")


MULTI_ROLE = capabilities(*CAPABILITIES)


@pytest.mark.parametrize(
    ("info", "message"),
    [
        (
            {"role": "a"},
            "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable",
        ),
        (
            {"capabilities": capabilities("TASK_KILLING_STATE")},
            "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable",
        ),
        (
            {"roles": ["a b"]},
            (
                "'FrameworkInfo.roles' contains invalid role: Role component 'a b' is invalid"
                " because it contains backspace or whitespace"
            ),
        ),
        (
            {"roles": ["a", "b", "a"]},
            "'FrameworkInfo.roles' contains duplicate items: { a }",
        ),
        (
            {"roles": None, "capabilities": [], "role": "/x"},
            "'FrameworkInfo.role' is not a valid role: Role '/x' cannot start with a slash",
        ),
        (
            {"roles": ["x/"]},
            "'FrameworkInfo.roles' contains invalid role: Role 'x/' cannot end with a slash",
        ),
        (
            {"roles": ["x//y"]},
            (
                "'FrameworkInfo.roles' contains invalid role:"
                " Role 'x//y' cannot contain two adjacent slashes"
            ),
        ),
        (
            {"roles": [""]},
            "'FrameworkInfo.roles' contains invalid role: Role names cannot be the empty string",
        ),
        (
            {"roles": ["x/../y"]},
            (
                "'FrameworkInfo.roles' contains invalid role:"
                " Role 'x/../y' cannot include '..' as a component"
            ),
        ),
        (
            {"roles": ["x/-y"]},
            (
                "'FrameworkInfo.roles' contains invalid role:"
                " Role component '-y' is invalid because it starts with a dash"
            ),
        ),
        ({"id": {"value": "a/b"}}, "'a/b' contains invalid characters"),
        ({"failover_timeout": 1e300}, "The framework failover_timeout (1e+300) is invalid"),
        (
            {
                "offer_filters": {
                    "*": {"min_allocatable_resources": {"quantities": [{"quantities": {}}]}}
                }
            },
            "Resource quantities must contain at least one quantity",
        ),
    ],
)
def test_a_refused_subscription_is_an_error_event(world, info, message):
    client = world.client(**info)
    assert client.response.status_code == 200
    assert client.event() == {"type": "ERROR", "error": {"message": message}}
    assert client.event() is None


@pytest.mark.parametrize(
    ("subscribe", "message"),
    [
        (
            {"suppressed_roles": ["other"]},
            "Suppressed roles { other } are not contained in the set of roles",
        ),
        (
            {"offer_constraints": {"role_constraints": {"other": {}}}},
            (
                "Offer constraints specify `role_constraints` for a role 'other'"
                "not contained in the set of roles"
            ),
        ),
        (
            {"offer_constraints": {"role_constraints": {"*": {}}}},
            (
                "Offer constraints are not valid: 'OfferConstraints::role_constraints' has an empty"
                " 'RoleConstraints::groups' for role *"
            ),
        ),
    ],
)
def test_roles_of_a_subscription_must_be_the_frameworks(world, subscribe, message):
    client = world.client(subscribe=subscribe)
    assert client.event() == {"type": "ERROR", "error": {"message": message}}


def test_the_principal_is_filled_in(world):
    client = world.framework()
    (framework,) = world.get("/frameworks").json()["frameworks"]
    assert (framework["id"], framework["principal"]) == (client.framework_id, "tester")


def test_the_newest_subscriber_wins(world, content_type):
    agent = world.agent()
    first = world.framework(content_type, failover_timeout=60)
    first.offers()
    second = world.framework(content_type, failover_timeout=60, id={"value": first.framework_id})
    assert second.framework_id == first.framework_id
    assert first.until("ERROR") == {"message": "Framework failed over"}
    assert first.event() is None
    # The offers of the old stream are void, everything is offered again.
    (offer,) = second.offers()
    assert offer["agent_id"]["value"] == agent.agent_id
    assert agent.heard("update_framework").id.value == second.framework_id
    assert (
        first.post({"type": "REVIVE", "framework_id": {"value": first.framework_id}}).status_code
        == 400
    )


def test_a_framework_may_come_back_within_its_failover_timeout(world):
    agent = world.agent()
    first = world.framework(failover_timeout=60, checkpoint=True)
    (offer,) = first.offers()
    first.accept(offer, operations=[launch(task("t", agent.agent_id))])
    agent.heard("run_task")
    first.disconnect()
    second = world.framework(failover_timeout=60, user="other", id={"value": first.framework_id})
    second.call("RECONCILE", reconcile={"tasks": []})
    assert second.status()["state"] == "TASK_STAGING"
    # User and checkpoint are what they were.
    (framework,) = world.get("/frameworks").json()["frameworks"]
    assert (framework["user"], framework["checkpoint"]) == ("root", True)
    assert "reregistered_time" in framework


def test_without_a_failover_timeout_the_framework_ends_with_its_stream(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    client.accept(offer, operations=[launch(task("t", agent.agent_id))])
    agent.heard("run_task")
    client.disconnect()
    assert agent.heard("shutdown_framework") == client.framework_id
    (framework,) = world.get("/frameworks").json()["completed_frameworks"]
    (ended,) = framework["completed_tasks"]
    assert ended["state"] == "TASK_KILLED"
    assert framework["unregistered_time"] > 0
    again = world.client(id={"value": client.framework_id})
    assert again.event() == {
        "type": "ERROR",
        "error": {"message": "Framework has been removed"},
    }


def test_a_failover_timeout_passes(world):
    agent = world.agent()
    client = world.framework(failover_timeout=0.01)
    client.disconnect()
    assert agent.heard("shutdown_framework") == client.framework_id


def test_teardown_ends_the_stream_and_says_nothing_of_tasks(world, content_type):
    agent = world.agent()
    client = world.framework(content_type, failover_timeout=60)
    (offer,) = client.offers()
    client.accept(offer, operations=[launch(task("t", agent.agent_id))])
    agent.heard("run_task")
    client.call("TEARDOWN")
    kinds = []
    while (event := client.event()) is not None:
        kinds.append(event["type"])
    assert set(kinds) <= {"HEARTBEAT", "OFFERS"}
    assert agent.heard("shutdown_framework") == client.framework_id
    # What it held is free for others.
    (offer,) = world.framework().offers()
    assert offer["resources"][1]["scalar"]["value"] == 4.0


def test_an_id_nobody_knows_is_taken_on(world):
    client = world.framework(id={"value": "from-another-master"})
    assert client.framework_id == "from-another-master"


def test_the_principal_of_a_framework_cannot_change():
    with running_world(authenticate=False) as open_world:
        first = open_world.framework(principal="a", auth=None)
        second = open_world.client(principal="b", auth=None, id={"value": first.framework_id})
        assert second.event() == {
            "type": "ERROR",
            "error": {"message": "Changing framework's principal is not allowed."},
        }


def test_a_new_subscription_replaces_the_suppressed_roles(world):
    world.agent()
    first = world.framework(subscribe={"suppressed_roles": ["*"]}, failover_timeout=60)
    assert first.before_two_heartbeats() == []
    second = world.framework(failover_timeout=60, id={"value": first.framework_id})
    assert len(second.offers()) == 1


def update_call(client, info, **more):
    return {
        "type": "UPDATE_FRAMEWORK",
        "framework_id": {"value": client.framework_id},
        "update_framework": {"framework_info": info, **more},
    }


def test_update_framework(world):
    agent = world.agent()
    client = world.framework(subscribe={"suppressed_roles": ["*"]})
    info = {
        "user": "root",
        "name": "renamed",
        "roles": ["a"],
        "principal": "tester",
        "id": {"value": client.framework_id},
        "capabilities": MULTI_ROLE,
    }
    answer = client.post(update_call(client, info))
    assert (answer.status_code, answer.content) == (200, b"")
    assert agent.heard("update_framework").name == "renamed"
    (offer,) = client.offers()
    assert offer["allocation_info"] == {"role": "a"}
    for change, text in [
        ({"roles": ["a b"]}, "Supplied FrameworkInfo is not valid: "),
        ({"user": "other"}, "FrameworkInfo update is not valid: Updating 'FrameworkInfo.user'"),
        (
            {"checkpoint": True},
            (
                "FrameworkInfo update is not valid: Updating 'FrameworkInfo.checkpoint' is"
                " unsupported"
                "; attempted to update from '0' to '1'"
            ),
        ),
    ]:
        refused = client.post(update_call(client, {**info, **change}))
        assert refused.status_code == 400
        assert refused.text.startswith(text)
    refused = client.post(update_call(client, info, suppressed_roles=["x"]))
    assert refused.text == (
        "'UpdateFramework' call is not valid: "
        "Suppressed roles { x } are not contained in the set of roles"
    )


def test_only_so_many_completed_frameworks_are_remembered(world):
    first = world.framework()
    first.call("TEARDOWN")
    for _ in range(50):
        world.framework().call("TEARDOWN")
    completed = world.get("/frameworks").json()["completed_frameworks"]
    assert len(completed) == 50
    # The oldest is forgotten, and so its id is accepted again.
    assert world.framework(id={"value": first.framework_id})


def test_filters_end_with_the_subscription(world):
    world.agent()
    first = world.framework(failover_timeout=60)
    (offer,) = first.offers()
    first.decline(offer, 3600)
    first.disconnect()
    while world.get("/frameworks").json()["frameworks"][0]["connected"]:
        pass
    second = world.framework(failover_timeout=60, id={"value": first.framework_id})
    assert len(second.offers()) == 1


def test_a_framework_that_came_back_in_time_is_not_removed_later(world):
    first = world.framework(failover_timeout=1.5)
    first.disconnect()
    again = world.framework(failover_timeout=1.5, id={"value": first.framework_id})
    for _ in range(10):
        again.before_two_heartbeats()
    again.call("REVIVE")
