"""LAUNCH: resources that are malformed (facts 5.2)."""

from __future__ import annotations

import pytest
from local.framework_messages import launch, scalar, task

pytestmark = pytest.mark.timeout(60)
CPUS, MEM = scalar("cpus", 0.1), scalar("mem", 32)


def ranges(*spans):
    return {"range": [{"begin": begin, "end": end} for begin, end in spans]}


def reserved(*levels, **more):
    entries = [{"type": kind, "role": role, "principal": "tester"} for kind, role in levels]
    return scalar("cpus", 1, reservations=entries, **more)


FORMAT_ERRORS = [
    (scalar("cpus", -1), "cpus:-1", "Invalid scalar resource: value <= 0"),
    (scalar("cpus", 0.0004), "cpus:0", "Invalid scalar resource: value <= 0"),
    (scalar("", 1), ":1", "Empty resource name"),
    (
        {"name": "ports", "type": "RANGES", "ranges": ranges((5, 3))},
        "ports:[5-3]",
        "Invalid ranges resource: begin > end",
    ),
    (
        {"name": "ports", "type": "RANGES", "ranges": ranges((1, 5), (5, 7))},
        "ports:[1-7]",
        "Invalid ranges resource: overlapping ranges",
    ),
    ({"name": "ports", "type": "RANGES"}, "ports:[]", "Invalid ranges resource"),
    (
        {"name": "zones", "type": "SET", "set": {"item": ["a", "a"]}},
        "zones:{a}",
        "Invalid set resource: duplicated elements",
    ),
    ({"name": "zones", "type": "SET"}, "zones:{}", "Invalid set resource"),
    (
        {**scalar("cpus", 1), "ranges": ranges((1, 2))},
        "cpus:1",
        "Invalid scalar resource",
    ),
    (
        scalar("cpus", 1, disk={}),
        "cpus[]:1",
        "DiskInfo should not be set for cpus resource",
    ),
    (
        scalar("disk", 1, disk={"source": {"type": "RAW", "path": {"root": "/x"}}}),
        None,
        "Path should not be set for RAW disk source",
    ),
    (
        scalar("disk", 1, disk={"source": {"type": "BLOCK", "mount": {"root": "/x"}}}),
        None,
        "Mount should not be set for BLOCK disk source",
    ),
    (
        scalar("cpus", 1, role="a b"),
        None,
        "Role component 'a b' is invalid because it contains backspace or whitespace",
    ),
    (
        scalar("cpus", 1, reservation={"principal": "p"}),
        None,
        'Invalid reservation: role "*" cannot be dynamically reserved',
    ),
    (
        scalar("cpus", 1, role="r", reservation={"role": "r"}),
        None,
        "'Resource.ReservationInfo.role' must not be set for the 'Resource.reservation' field",
    ),
    (
        scalar("cpus", 1, reservations=[{"role": "r"}]),
        None,
        "Invalid reservation: 'Resource.ReservationInfo.type' field must be set.",
    ),
    (reserved(("STATIC", "*")), None, 'Invalid reservation: role "*" cannot be reserved'),
    (
        reserved(("DYNAMIC", "a"), ("STATIC", "a/b")),
        None,
        "Invalid refined reservation: A refined reservation cannot be STATIC",
    ),
    (
        reserved(("DYNAMIC", "a"), ("DYNAMIC", "ab")),
        None,
        "Invalid refined reservation: role 'ab' is not a refinement of 'a'",
    ),
    (
        reserved(("DYNAMIC", "a"), ("DYNAMIC", "a/b"), role="a/b"),
        None,
        (
            "Invalid resource format: 'Resource.role' must not be set if there is more than one"
            " reservation in 'Resource.reservations'"
        ),
    ),
    (
        reserved(("DYNAMIC", "a"), role="b"),
        None,
        (
            "Invalid resource format: 'Resource.role' field with 'b' does not match the role 'a'"
            " in 'Resource.reservations'"
        ),
    ),
    (
        reserved(("DYNAMIC", "a"), role="a"),
        None,
        (
            "Invalid resource format: 'Resource.role' and 'Resource.reservation' must either be"
            " both"
            " set or both not set if the single reservation in 'Resource.reservations' is DYNAMIC"
        ),
    ),
    (
        reserved(("DYNAMIC", "a"), role="a", reservation={"principal": "x"}),
        None,
        (
            "Invalid resource format: 'Resource.reservation.principal' field with 'x' does not"
            " match"
            " the principal 'tester' in 'Resource.reservations'"
        ),
    ),
    (
        reserved(("STATIC", "a"), reservation={"principal": "tester"}),
        None,
        (
            "Invalid resource format: 'Resource.reservation' must not be set if the single"
            " reservation"
            " in 'Resource.reservations' is STATIC"
        ),
    ),
    (scalar("cpus", 1, shared={}), None, "Resource cpus cannot be shared"),
    (scalar("disk", 1, shared={}), None, "Only persistent volumes can be shared"),
]


def test_one_malformed_resource_fails_all_tasks_of_its_operation(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    operations = [
        launch(
            task(f"good-{number}", agent.agent_id),
            task(f"bad-{number}", agent.agent_id, resources=[MEM, resource]),
        )
        for number, (resource, _, _) in enumerate(FORMAT_ERRORS)
    ]
    client.accept(offer, operations=operations)
    for resource, shown, text in FORMAT_ERRORS:
        for _ in range(2):
            status = client.status()
            assert (status["state"], status["reason"]) == ("TASK_ERROR", "REASON_TASK_INVALID")
            if shown is None:
                assert status["message"].endswith(f"' is invalid: {text}"), resource
            else:
                assert status["message"] == f"Resource '{shown}' is invalid: {text}"
    assert agent.calls.empty()
