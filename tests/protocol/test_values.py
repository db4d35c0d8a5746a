"""Messages to values of the model and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from resource_strategies import any_resource

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.model.offer import Attribute, Unavailability
from mesos_batch.model.ranges import Ranges
from mesos_batch.model.resource import Reservation, ReservationType, Resource
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.model.state import TaskState
from mesos_batch.model.status import Source
from mesos_batch.protocol.json_dialect import from_value, loads, merge
from mesos_batch.protocol.values import (
    offer_from,
    resource_from,
    resource_to,
    resources_from,
    resources_to,
    status_from,
)

RECORDINGS = Path(__file__).parents[1] / "recordings" / "json"


@cache
def events(recording: str) -> list[scheduler_pb2.Event]:
    lines = (RECORDINGS / f"{recording}.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        loads(line["body"]["text"], scheduler_pb2.Event)
        for line in map(json.loads, lines)
        if line["kind"] == "record" and line["conn"].startswith("stream")
    ]


def offers(recording: str) -> Iterator[pb.Offer]:
    for event in events(recording):
        yield from event.offers.offers


def statuses(recording: str) -> Iterator[pb.TaskStatus]:
    for event in events(recording):
        if event.HasField("update"):
            yield event.update.status


# --- the three formats of a reservation -----------------------------------------------------

STATIC = Reservation(ReservationType.STATIC, "eo")
DYNAMIC = Reservation(ReservationType.DYNAMIC, "eo", "ann", (("k", "v"),))
LABELS = {"labels": [{"key": "k", "value": "v"}]}
OLD_STATIC = {"role": "eo"}
NEW_STATIC = {"reservations": [{"type": "STATIC", "role": "eo"}]}
OLD_DYNAMIC = {"role": "eo", "reservation": {"principal": "ann", "labels": LABELS}}
NEW_DYNAMIC = {
    "reservations": [{"type": "DYNAMIC", "role": "eo", "principal": "ann", "labels": LABELS}]
}
REFINED = {
    "reservations": [
        {"type": "STATIC", "role": "eo"},
        {"type": "DYNAMIC", "role": "eo/sentinel", "principal": "bob"},
    ]
}


def cpus(fields: dict[str, object]) -> pb.Resource:
    plain = {"name": "cpus", "type": "SCALAR", "scalar": {"value": 1}}
    return from_value({**plain, **fields}, pb.Resource)


@pytest.mark.parametrize(
    ("fields", "stack"),
    [
        ({}, ()),
        ({"role": "*"}, ()),
        (OLD_STATIC, (STATIC,)),
        (NEW_STATIC, (STATIC,)),
        ({**OLD_STATIC, **NEW_STATIC}, (STATIC,)),
        (OLD_DYNAMIC, (DYNAMIC,)),
        (NEW_DYNAMIC, (DYNAMIC,)),
        ({**OLD_DYNAMIC, **NEW_DYNAMIC}, (DYNAMIC,)),
        (
            {"role": "eo", "reservation": {}},
            (Reservation(ReservationType.DYNAMIC, "eo"),),
        ),
        (REFINED, (STATIC, Reservation(ReservationType.DYNAMIC, "eo/sentinel", "bob"))),
    ],
)
def test_each_format_is_read_as_the_stack_it_means(
    fields: dict[str, object], stack: tuple[Reservation, ...]
) -> None:
    assert resource_from(cpus(fields)).reservations == stack


@pytest.mark.parametrize(
    ("stack", "old", "new"),
    [
        ((), {"role": "*"}, {}),
        ((STATIC,), OLD_STATIC, NEW_STATIC),
        ((DYNAMIC,), OLD_DYNAMIC, NEW_DYNAMIC),
    ],
)
def test_each_format_is_written_where_it_is_asked_for(
    stack: tuple[Reservation, ...], old: dict[str, object], new: dict[str, object]
) -> None:
    resource = Resource("cpus", Scalar.of(1), reservations=stack)
    assert resource_to(resource) == cpus(new)
    assert resource_to(resource, refined=False) == cpus(old)
    assert resource_to(resource, endpoint=True) == cpus({**old, **new})


def test_endpoints_mirror_no_refined_reservation() -> None:
    refined = resource_from(cpus(REFINED))
    assert resource_to(refined, endpoint=True) == cpus(REFINED)


def test_the_order_of_labels_does_not_matter() -> None:
    one, other = (
        cpus({"role": "eo", "reservation": {"labels": {"labels": labels}}})
        for labels in (
            [{"key": "a"}, {"key": "b", "value": "1"}],
            [{"key": "b", "value": "1"}, {"key": "a"}],
        )
    )
    assert resource_from(one) == resource_from(other)


@given(any_resource)
def test_a_resource_survives_the_wire(resource: Resource) -> None:
    assert resource_from(resource_to(resource)) == resource
    assert resource_from(resource_to(resource, endpoint=True)) == resource
    if len(resource.reservations) <= 1:
        assert resource_from(resource_to(resource, refined=False)) == resource


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"type": "TEXT"}, "'x' has a value that is no scalar, ranges or set"),
        (
            {"type": "RANGES", "ranges": {"range": [{"begin": 2, "end": 1}]}},
            r"range \[2-1\] ends before it begins",
        ),
        ({"type": "SCALAR", "scalar": {"value": "Infinity"}}, "inf is not a finite amount"),
    ],
)
def test_values_no_resource_can_have_are_refused(fields: dict[str, object], words: str) -> None:
    message = pb.Resource(name="x")
    merge(message, fields)
    with pytest.raises(ValueError, match=words):
        resource_from(message)


# --- offers ---------------------------------------------------------------------------------


def test_an_offer_of_the_recordings() -> None:
    offer = offer_from(next(offers("launch_two_tasks")))
    message = next(offers("launch_two_tasks"))
    assert (offer.offer_id, offer.agent_id) == (message.id.value, message.agent_id.value)
    assert offer.role == "*"
    assert offer.resources == Resources(
        [
            Resource("ports", Ranges.of((31000, 32000))),
            *Resources.scalars(cpus=4, mem=4096, disk=10000),
        ]
    ).allocated_to("*")
    assert offer.agent_url == f"http://{message.url.address.ip}:{message.url.address.port}"
    assert [item.name for item in offer.attributes] == ["rack", "index"]
    assert offer.executor_ids == frozenset()
    assert offer.unavailability is None


WITH_OFFERS = sorted(
    path.stem
    for path in RECORDINGS.glob("*.jsonl")
    if r"\"type\":\"OFFERS\"" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("recording", WITH_OFFERS)
def test_offered_resources_come_back_as_they_were(recording: str) -> None:
    messages = list(offers(recording))
    assert messages
    for message in messages:
        refined = not any(item.HasField("role") for item in message.resources)
        resources = resources_from(message.resources)
        assert resources_to(resources, refined=refined) == list(message.resources)


def test_a_persistent_volume_of_the_recordings() -> None:
    volumes = [
        resource
        for message in offers("reserve_create_use_destroy")
        for resource in resources_from(message.resources).persistent_volumes()
    ]
    assert volumes
    for volume in volumes:
        assert volume.disk is not None
        assert volume.disk.volume is not None
        assert volume.is_dynamically_reserved


def test_attributes_and_maintenance() -> None:
    offer = offer_from(
        from_value(
            {
                "id": {"value": "o"},
                "framework_id": {"value": "f"},
                "agent_id": {"value": "a"},
                "hostname": "h",
                "url": {
                    "scheme": "https",
                    "address": {"hostname": "h", "ip": "::1", "port": 5051},
                    "path": "/slave(1)",
                },
                "attributes": [
                    {"name": "rack", "type": "TEXT", "text": {"value": "r1"}},
                    {"name": "level", "type": "SCALAR", "scalar": {"value": 2.5}},
                    {"name": "zones", "type": "SET", "set": {"item": ["a", "b"]}},
                    {
                        "name": "slots",
                        "type": "RANGES",
                        "ranges": {"range": [{"begin": 1, "end": 2}]},
                    },
                ],
                "executor_ids": [{"value": "e"}],
                "unavailability": {
                    "start": {"nanoseconds": 1_500_000_000},
                    "duration": {"nanoseconds": 2_000_000_000},
                },
            },
            pb.Offer,
        )
    )
    assert offer.agent_url == "https://[::1]:5051"
    assert offer.attributes == (
        Attribute("rack", "r1"),
        Attribute("level", 2.5),
        Attribute("zones", frozenset({"a", "b"})),
        Attribute("slots", Ranges.of((1, 2))),
    )
    assert offer.executor_ids == {"e"}
    assert offer.unavailability == Unavailability(1.5, 2.0)
    assert offer.role is None


# --- statuses -------------------------------------------------------------------------------


def test_updates_of_the_recordings() -> None:
    seen = [status_from(message) for message in statuses("launch_two_tasks")]
    finished = next(item for item in seen if item.state is TaskState.TASK_FINISHED)
    failed = next(item for item in seen if item.state is TaskState.TASK_FAILED)
    assert finished.source is failed.source is Source.SOURCE_EXECUTOR
    assert finished.reason is None
    assert failed.message == "Command exited with status 3"
    for item in seen:
        assert item.agent_id
        assert item.container_id
        assert item.uuid is not None
        assert len(item.uuid) == 16


def test_what_the_master_says_itself_needs_no_acknowledgement() -> None:
    refused = [status_from(message) for message in statuses("task_validation_errors")]
    errors = [item for item in refused if item.state is TaskState.TASK_ERROR]
    assert errors
    for item in errors:
        assert item.uuid is None
        assert item.source is Source.SOURCE_MASTER
        assert item.reason == "REASON_TASK_INVALID"
        assert item.message


def test_an_unreachable_task_says_since_when() -> None:
    times = [
        item.unreachable_time
        for item in map(status_from, statuses("agent_unreachable_then_back"))
        if item.state is TaskState.TASK_UNREACHABLE
    ]
    assert times
    assert all(time is not None and time > 1_500_000_000 for time in times)


def test_reason_zero_is_a_reason() -> None:
    status = pb.TaskStatus(task_id=pb.TaskID(value="t"), state=pb.TASK_FAILED)
    assert status_from(status).reason is None
    status.reason = pb.TaskStatus.REASON_COMMAND_EXECUTOR_FAILED
    assert status_from(status).reason == "REASON_COMMAND_EXECUTOR_FAILED"
