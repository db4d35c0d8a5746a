"""Operations on reservations and volumes: as calls, as they were recorded, and their statuses."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.model.operation import Operation, OperationState, OperationStatus, OperationType
from mesos_batch.model.resource import Disk, Reservation, ReservationType, Resource, Volume
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.protocol.calls import Framework, call_for, subscribe
from mesos_batch.protocol.codec import ContentType
from mesos_batch.protocol.decode import decode_event

RECORDINGS = Path(__file__).parents[1] / "recordings" / "json"
STACK = (Reservation(ReservationType.DYNAMIC, "test", "tester"),)
CPUS = Resource("cpus", Scalar.of(1), STACK)
VOLUME = Resource(
    "disk", Scalar.of(128), STACK, disk=Disk("vol-1", "tester", Volume("volume")), shared=True
)
REFINED = {"reservations": [{"type": "DYNAMIC", "role": "test", "principal": "tester"}]}
OLDER = {"role": "test", "reservation": {"principal": "tester"}}
UUID = bytes(range(240, 256))


def requests(recording: str, kind: str) -> list[dict[str, Any]]:
    """The calls of a kind that a real master was sent."""
    lines = (RECORDINGS / f"{recording}.jsonl").read_text(encoding="utf-8").splitlines()
    bodies = [
        json.loads(line["body"]["text"])
        for line in map(json.loads, lines)
        if line["kind"] == "request" and line.get("body", {}).get("text", "").startswith("{")
    ]
    return [body for body in bodies if body["type"] == kind]


def sent(command: do.Command, content_type: ContentType, *, refined: bool = True) -> Any:
    """What is sent for a command, read again as JSON whatever it was sent as."""
    body = content_type.encode(call_for(command, "F", refined=refined))
    call = content_type.decode(body, scheduler_pb2.Call)
    return json.loads(ContentType.JSON.encode(call))


def operate(*operations: Operation) -> do.Operate:
    return do.Operate(("O1", "O2"), "A", operations, 60.0)


both = pytest.mark.parametrize("content_type", ContentType)


@both
@pytest.mark.parametrize(("refined", "form"), [(True, REFINED), (False, OLDER)])
def test_operations_of_one_accept(
    refined: bool, form: dict[str, Any], content_type: ContentType
) -> None:
    wanted = operate(
        Operation(OperationType.RESERVE, Resources([CPUS]), "R"),
        Operation(OperationType.CREATE, Resources([VOLUME]), "C"),
        Operation(OperationType.DESTROY, Resources([VOLUME])),
        Operation(OperationType.UNRESERVE, Resources([CPUS]), "U"),
    )
    cpus = {"name": "cpus", "type": "SCALAR", "scalar": {"value": 1.0}, **form}
    disk = {
        "name": "disk",
        "type": "SCALAR",
        "scalar": {"value": 128.0},
        "disk": {
            "persistence": {"id": "vol-1", "principal": "tester"},
            "volume": {"container_path": "volume", "mode": "RW"},
        },
        "shared": {},
        **form,
    }
    assert sent(wanted, content_type, refined=refined) == {
        "type": "ACCEPT",
        "framework_id": {"value": "F"},
        "accept": {
            "offer_ids": [{"value": "O1"}, {"value": "O2"}],
            "operations": [
                {"type": "RESERVE", "id": {"value": "R"}, "reserve": {"resources": [cpus]}},
                {"type": "CREATE", "id": {"value": "C"}, "create": {"volumes": [disk]}},
                {"type": "DESTROY", "destroy": {"volumes": [disk]}},
                {"type": "UNRESERVE", "id": {"value": "U"}, "unreserve": {"resources": [cpus]}},
            ],
            "filters": {"refuse_seconds": 60.0},
        },
    }


def test_operations_are_written_as_a_real_master_takes_them() -> None:
    recorded = requests("operation_errors", "ACCEPT")
    with_id = next(it for it in recorded if "id" in it["accept"]["operations"][0])
    older = next(it for it in recorded if "reservation" in json.dumps(it).replace("ations", ""))
    for call, refined in ((with_id, True), (older, False)):
        (operation,) = call["accept"]["operations"]
        (given,) = operation["reserve"]["resources"]
        value = given["scalar"]["value"]
        item = Resource("cpus", Scalar.of(value), STACK)
        name = operation.get("id", {}).get("value")
        ours = sent(
            operate(Operation(OperationType.RESERVE, Resources([item]), name)),
            ContentType.JSON,
            refined=refined,
        )
        assert ours["accept"]["operations"] == [operation]


def test_the_whole_life_of_a_volume_is_written_as_it_was_recorded() -> None:
    accepts = requests("reserve_create_use_destroy", "ACCEPT")
    kinds = [[operation["type"] for operation in call["accept"]["operations"]] for call in accepts]
    assert kinds[0] == ["RESERVE", "CREATE"]
    assert kinds[-1] == ["DESTROY", "UNRESERVE"]
    unshared = Resource("disk", VOLUME.value, STACK, disk=VOLUME.disk)
    parts = [CPUS, Resource("mem", Scalar.of(64), STACK), unshared.without_volume()]
    plain, volumes = Resources(parts), Resources([unshared])
    for call, types in (
        (accepts[0], (OperationType.RESERVE, OperationType.CREATE)),
        (accepts[-1], (OperationType.DESTROY, OperationType.UNRESERVE)),
    ):
        on_volumes = (OperationType.CREATE, OperationType.DESTROY)
        wanted = [Operation(it, volumes if it in on_volumes else plain) for it in types]
        ours = sent(operate(*wanted), ContentType.JSON)
        assert ours["accept"]["operations"] == call["accept"]["operations"]


@both
def test_the_uuid_is_plain_bytes_when_it_is_acknowledged(content_type: ContentType) -> None:
    (recorded,) = requests("operation_errors", "ACKNOWLEDGE_OPERATION_STATUS")
    payload = recorded["acknowledge_operation_status"]
    command = do.AcknowledgeOperation(
        payload["agent_id"]["value"],
        payload["operation_id"]["value"],
        base64.b64decode(payload["uuid"]),
    )
    assert sent(command, content_type) == {**recorded, "framework_id": {"value": "F"}}


@both
def test_reconciliation_names_operations_and_their_agents(content_type: ContentType) -> None:
    command = do.ReconcileOperations((("R-0-0", "S0"), ("C-0-1", "S1")))
    assert sent(command, content_type) == {
        "type": "RECONCILE_OPERATIONS",
        "framework_id": {"value": "F"},
        "reconcile_operations": {
            "operations": [
                {"operation_id": {"value": "R-0-0"}, "agent_id": {"value": "S0"}},
                {"operation_id": {"value": "C-0-1"}, "agent_id": {"value": "S1"}},
            ]
        },
    }


def test_a_question_about_nothing_is_still_a_question() -> None:
    call = call_for(do.ReconcileOperations(()), "F", refined=True)
    assert call.HasField("reconcile_operations")


def status_record(content_type: ContentType, **status: Any) -> bytes:
    text = json.dumps(
        {"type": "UPDATE_OPERATION_STATUS", "update_operation_status": {"status": status}}
    )
    return content_type.encode(ContentType.JSON.decode(text.encode(), scheduler_pb2.Event))


@both
def test_the_uuid_is_a_message_in_a_status(content_type: ContentType) -> None:
    record = status_record(
        content_type,
        operation_id={"value": "R"},
        state="OPERATION_FINISHED",
        uuid={"value": base64.b64encode(UUID).decode()},
        agent_id={"value": "S0"},
    )
    assert decode_event(record, content_type) == ev.OperationUpdateArrived(
        OperationStatus("R", OperationState.OPERATION_FINISHED, None, UUID, "S0")
    )


@both
def test_a_status_without_uuid_and_agent_is_not_acknowledged(content_type: ContentType) -> None:
    record = status_record(
        content_type, operation_id={"value": "R"}, state="OPERATION_ERROR", message="no"
    )
    assert decode_event(record, content_type) == ev.OperationUpdateArrived(
        OperationStatus("R", OperationState.OPERATION_ERROR, "no")
    )


@pytest.mark.parametrize("state", OperationState)
def test_every_state_is_read(state: OperationState) -> None:
    record = status_record(ContentType.JSON, operation_id={"value": "R"}, state=state.name)
    decoded = decode_event(record, ContentType.JSON)
    assert isinstance(decoded, ev.OperationUpdateArrived)
    assert decoded.status.state is state


@pytest.mark.parametrize("any_size", [True, False])
def test_offers_of_any_size_are_asked_for_where_a_volume_may_be_all_there_is(
    any_size: bool,
) -> None:
    call = subscribe(Framework("f", "u", "test", any_size=any_size), None)
    filters = call.subscribe.framework_info.offer_filters
    assert list(filters) == (["test"] if any_size else [])
    if any_size:
        assert filters["test"].HasField("min_allocatable_resources")
