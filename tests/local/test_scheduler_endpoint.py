"""POST /api/v1/scheduler: which check decides, and what it answers (facts 1.3)."""

from __future__ import annotations

import json

import pytest
import requests
from local.framework_client import AUTH, TIMEOUT, Client
from local.framework_messages import task
from local.master_world import running_world

from mesos_batch.protocol.codec import ContentType

JSON = "application/json"
PATHS = ("/api/v1/scheduler", "/master/api/v1/scheduler")


@pytest.fixture(params=list(ContentType), ids=lambda kind: kind.name)
def content_type(request):
    return request.param


def post(world, body, path=PATHS[0], auth=AUTH, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Content-Type": JSON, "Accept": JSON, **named}
    return requests.post(
        world.url + path,
        data=data,
        headers={name: value for name, value in given.items() if value is not None},
        auth=auth,
        timeout=TIMEOUT,
    )


@pytest.mark.parametrize("path", PATHS)
def test_both_paths_answer(world, path):
    answer = post(world, {"type": "REVIVE", "framework_id": {"value": "nope"}}, path)
    assert (answer.status_code, answer.text) == (400, "Framework cannot be found")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("Basic dGVzdGVyOndyb25n", 401),  # tester:wrong
        ("Bearer dGVzdGVyOndyb25n", 401),
        ("Basic", 401),
        ("Basic !", 401),
    ],
)
def test_without_the_credential_nobody_gets_in(world, authorization, status):
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = post(world, {"type": "REVIVE"}, auth=None, **headers)
    assert (answer.status_code, answer.text) == (status, "401 Unauthorized.")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="mesos-master-scheduler"'


def test_a_cluster_without_authentication_ignores_credentials():
    with running_world(authenticate=False) as open_world:
        client = open_world.framework(auth=None)
        client.call("REVIVE")
        other = open_world.framework(auth=("who", "ever"), principal="somebody")
        other.call("REVIVE")


def test_another_method(world):
    answer = world.get("/api/v1/scheduler")
    text = "405 Method Not Allowed. Expecting one of { 'POST' }, but received 'GET'."
    assert (answer.status_code, answer.text, answer.headers["Allow"]) == (405, text, "POST")


@pytest.mark.parametrize(
    ("body", "headers", "status", "text"),
    [
        ({}, {"Content_Type": None}, 400, "Expecting 'Content-Type' to be present"),
        (
            {"type": "REVIVE"},
            {"Content_Type": "application/json; charset=utf-8"},
            415,
            "Expecting 'Content-Type' of application/json or application/x-protobuf",
        ),
        (
            b"garbage",
            {},
            400,
            "Failed to parse body into JSON: syntax error at line 1 near: garbage",
        ),
        (
            b'{"type":\n  x}',
            {},
            400,
            "Failed to parse body into JSON: syntax error at line 2 near: x}",
        ),
        (
            b"\xff\xff",
            {"Content_Type": "application/x-protobuf"},
            400,
            "Failed to parse body into Call protobuf",
        ),
        (
            {"type": "KILL", "kill": {"task_id": "x"}, "framework_id": {"value": "f"}},
            {},
            400,
            (
                "Failed to convert JSON into Call protobuf: "
                "Not expecting a JSON string for field 'task_id'"
            ),
        ),
        (b"[]", {}, 400, "Failed to convert JSON into Call protobuf: Expecting a JSON object"),
    ],
)
def test_a_body_that_cannot_be_read(world, body, headers, status, text):
    answer = post(world, body, **headers)
    assert (answer.status_code, answer.text) == (status, text)


F = {"framework_id": {"value": "f"}}
INFO = {"user": "u", "name": "n"}


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ({"type": "NOPE", **F}, "Expecting 'type' to be present"),
        ({"type": "SUBSCRIBE"}, "Expecting 'subscribe' to be present"),
        (
            {"type": "SUBSCRIBE", "subscribe": {"framework_info": INFO}, **F},
            "'framework_id' differs from 'subscribe.framework_info.id'",
        ),
        (
            {
                "type": "SUBSCRIBE",
                "subscribe": {"framework_info": {**INFO, "principal": "other"}},
            },
            (
                "Authenticated principal 'tester' does not match principal 'other'"
                " set in `FrameworkInfo`"
            ),
        ),
        ({"type": "TEARDOWN"}, "Expecting 'framework_id' to be present"),
        ({"type": "KILL", **F}, "Expecting 'kill' to be present"),
        ({"type": "RECONCILE", **F}, "Expecting 'reconcile' to be present"),
        (
            {"type": "ACCEPT_INVERSE_OFFERS", **F},
            "Expecting 'accept_inverse_offers' to be present",
        ),
        (
            {
                "type": "ACKNOWLEDGE",
                "acknowledge": {
                    "agent_id": {"value": "a"},
                    "task_id": {"value": "t"},
                    "uuid": "YQ==",
                },
                **F,
            },
            "Not a valid UUID",
        ),
        (
            {
                "type": "ACKNOWLEDGE_OPERATION_STATUS",
                "acknowledge_operation_status": {
                    "operation_id": {"value": "o"},
                    "uuid": "AAAAAAAAAAAAAAAAAAAAAA==",
                },
                **F,
            },
            "Expecting 'agent_id' to be present",
        ),
        (
            {"type": "UPDATE_FRAMEWORK", "update_framework": {"framework_info": INFO}, **F},
            "'framework_id' differs from 'update_framework.framework_info.id'",
        ),
    ],
)
def test_a_call_without_what_its_type_needs(world, call, text):
    answer = post(world, call)
    assert (answer.status_code, answer.text) == (
        400,
        f"Failed to validate scheduler::Call: {text}",
    )


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*;q=0.5", JSON),
        (JSON, JSON),
        ("application/x-protobuf", "application/x-protobuf"),
        ("application/x-protobuf, application/json", JSON),
        ("application/json;q=0, application/x-protobuf", "application/x-protobuf"),
    ],
)
def test_json_is_answered_when_it_is_acceptable(world, accept, answered):
    body = {"type": "SUBSCRIBE", "subscribe": {"framework_info": INFO}}
    # ``requests`` adds its own Accept unless told b"" here.
    given = {"Accept": accept} if accept is not None else {"Accept": None}
    with requests.Session() as session:
        session.headers.clear()
        headers = {"Content-Type": JSON, **{k: v for k, v in given.items() if v is not None}}
        answer = session.post(
            world.url + PATHS[0],
            data=json.dumps(body),
            headers=headers,
            auth=AUTH,
            stream=True,
            timeout=TIMEOUT,
        )
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == answered
        assert answer.headers["Transfer-Encoding"] == "chunked"
        answer.close()


def test_nothing_acceptable_matters_only_where_something_is_answered(world):
    body = {"type": "SUBSCRIBE", "subscribe": {"framework_info": INFO}}
    answer = post(world, body, Accept="text/html")
    assert answer.status_code == 406
    text = "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'"
    assert answer.text == text
    client = world.framework()
    revive = {"type": "REVIVE", "framework_id": {"value": client.framework_id}}
    assert client.post(revive, Accept="text/html").status_code == 202


def test_the_stream_id(world, content_type):
    client = world.framework(content_type)
    revive = {"type": "REVIVE", "framework_id": {"value": client.framework_id}}
    answer = client.post(revive, Mesos_Stream_Id=None)
    text = "All non-subscribe calls should include the 'Mesos-Stream-Id' header"
    assert (answer.status_code, answer.text) == (400, text)
    wrong = "5ab6e5d7-0000-0000-0000-000000000000"
    answer = client.post(revive, Mesos_Stream_Id=wrong)
    assert (answer.status_code, answer.text) == (
        400,
        (
            f"The stream ID '{wrong}' included in this request didn't match the stream ID"
            f" currently associated with framework ID {client.framework_id}"
        ),
    )
    subscribe = {"type": "SUBSCRIBE", "subscribe": {"framework_info": INFO}}
    answer = client.post(subscribe)
    text = "Subscribe calls should not include the 'Mesos-Stream-Id' header"
    assert (answer.status_code, answer.text) == (400, text)


def test_an_accepted_call_has_no_body_and_unknown_fields_do_not_matter(world):
    client = world.framework()
    revive = {"type": "REVIVE", "framework_id": {"value": client.framework_id}, "unknown": 1}
    answer = client.post(revive)
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["Content-Length"] == "0"


def test_a_call_of_a_framework_that_is_away(world):
    client = world.framework(failover_timeout=60)
    client.disconnect()
    revive = {"type": "REVIVE", "framework_id": {"value": client.framework_id}}
    answer = client.post(revive)
    while answer.status_code == 202:
        answer = client.post(revive)
    assert (answer.status_code, answer.text) == (403, "Framework is not subscribed")


@pytest.mark.parametrize(
    "call",
    [
        {"type": "REQUEST", "request": {}},
        {"type": "ACCEPT_INVERSE_OFFERS", "accept_inverse_offers": {}},
        {"type": "DECLINE_INVERSE_OFFERS", "decline_inverse_offers": {}},
        {
            "type": "MESSAGE",
            "message": {
                "agent_id": {"value": "a"},
                "executor_id": {"value": "e"},
                "data": "",
            },
        },
        {"type": "DECLINE", "decline": {"offer_ids": [{"value": "old"}]}},
    ],
)
def test_calls_without_an_effect_are_accepted(world, call):
    client = world.framework()
    answer = client.post({**call, "framework_id": {"value": client.framework_id}})
    assert answer.status_code == 202


def test_an_unknown_call(world):
    client = world.framework()
    answer = client.post({"type": "UNKNOWN", "framework_id": {"value": client.framework_id}})
    assert answer.status_code == 501


def test_one_stale_offer_spoils_an_accept(world, content_type):
    world.agent()
    client = world.framework(content_type)
    (offer,) = client.offers()
    stale = {"id": {"value": "no-such-offer"}}
    client.accept(
        offer,
        stale,
        operations=[{"type": "LAUNCH", "launch": {"task_infos": [task("lost", "no-agent")]}}],
    )
    status = client.status()
    assert status["state"] == "TASK_DROPPED"
    assert status["message"] == (
        "Task launched with invalid offers: Offer no-such-offer is no longer valid"
    )
    assert (status["source"], status["reason"]) == ("SOURCE_MASTER", "REASON_INVALID_OFFERS")
    assert status["agent_id"] == {"value": "no-agent"}
    assert "uuid" not in status
    # The good offer went back without a filter.
    (again,) = client.offers()
    assert again["resources"] == offer["resources"]


def test_a_framework_without_partition_awareness_loses_such_tasks(world):
    client = world.framework(capabilities=[], roles=None)
    client.accept(
        {"id": {"value": "x"}},
        operations=[{"type": "LAUNCH", "launch": {"task_infos": [task("t", "a")]}}],
    )
    assert client.status()["state"] == "TASK_LOST"


@pytest.mark.parametrize("twice", [True, False])
def test_offers_of_an_accept_must_be_different_and_there(world, twice):
    world.agent()
    client = world.framework()
    (offer,) = client.offers()
    offers = [offer, offer] if twice else []
    client.accept(
        *offers, operations=[{"type": "LAUNCH", "launch": {"task_infos": [task("t", "a")]}}]
    )
    why = (
        f"Duplicate offer {offer['id']['value']} in offer list" if twice else "No offers specified"
    )
    assert client.status()["message"] == f"Task launched with invalid offers: {why}"


def test_offers_of_an_accept_are_of_one_agent_one_role_one_framework(world):
    world.agent()
    world.agent()
    client = world.framework()
    first, second = client.offers()
    operations = [{"type": "LAUNCH", "launch": {"task_infos": [task("t", "a")]}}]
    client.accept(first, second, operations=operations)
    a, b = first["agent_id"]["value"], second["agent_id"]["value"]
    assert client.status()["message"].endswith(
        "Aggregated offers must belong to one single agent. Offer"
        f" {second['id']['value']} uses agent {b} and agent {a}"
    )
    other = world.framework()
    mine = client.offers()[0]
    other.accept(mine, operations=operations)
    assert other.status()["message"].endswith(
        f"Offer {mine['id']['value']} has invalid framework {client.framework_id}"
        f" while framework {other.framework_id} is expected"
    )


def test_a_big_body_is_read(world):
    client: Client = world.framework()
    world.agent()
    (offer,) = client.offers()
    tasks = [
        task(f"t{number}", offer["agent_id"]["value"], command={"value": "x" * 1000})
        for number in range(3000)
    ]
    client.accept(offer, operations=[{"type": "LAUNCH", "launch": {"task_infos": tasks}}])
    # 40 fit into 4 cpus.
    assert client.status()["task_id"] == {"value": "t40"}
