"""JSON as the master reads and writes it, with the master's words (stout/protobuf.hpp)."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.protocol.json_dialect import (
    JsonDialectError,
    dumps,
    from_value,
    loads,
    merge,
    to_value,
)

RECORDINGS = Path(__file__).parents[1] / "recordings" / "json"
TASK = {"name": "n", "task_id": {"value": "t"}, "agent_id": {"value": "a"}}


def task(**fields: Any) -> pb.TaskInfo:
    return from_value({**TASK, **fields}, pb.TaskInfo)


# --- reading: what is let through -----------------------------------------------------------


def test_unknown_fields_are_ignored() -> None:
    assert task(taskId={"value": "other"}, surprise=[1]) == task()


def test_null_leaves_a_field_unset() -> None:
    assert task(command=None, resources=[None]) == task()


def test_an_unknown_name_of_an_optional_enum_is_skipped() -> None:
    call = from_value({"type": "NOPE", "framework_id": {"value": "f"}}, scheduler_pb2.Call)
    assert not call.HasField("type")
    info = from_value(
        {"user": "", "name": "", "capabilities": [{"type": "NEW_ONE"}, {"type": "MULTI_ROLE"}]},
        pb.FrameworkInfo,
    )
    assert [item.HasField("type") for item in info.capabilities] == [False, True]


@pytest.mark.parametrize(
    ("given_value", "read"), [("5", 5), ("1.5", 1.5), ("-1e3", -1000), (7, 7), (2.25, 2.25)]
)
def test_numbers_may_be_strings(given_value: object, read: float) -> None:
    assert from_value({"value": given_value}, pb.Value.Scalar).value == read


@pytest.mark.parametrize(
    ("given_value", "read"),
    [
        ("Infinity", math.inf),
        ("-Infinity", -math.inf),
        (10**400, math.inf),
        (-(10**400), -math.inf),
    ],
)
def test_doubles_may_be_infinite(given_value: object, read: float) -> None:
    assert from_value({"value": given_value}, pb.Value.Scalar).value == read


@pytest.mark.parametrize(
    ("given_value", "read"),
    [
        (1.9, 1),
        (-1.9, -1),
        ("7.8", 7),
        (2**70, 2**63 - 1),
        (-(2**70), -(2**63)),
        (1e400, 2**63 - 1),
        (10**400, 2**63 - 1),
    ],
)
def test_integers_are_truncated_and_stay_in_range(given_value: object, read: int) -> None:
    assert from_value({"nanoseconds": given_value}, pb.DurationInfo).nanoseconds == read


def test_unsigned_integers_do_not_go_below_zero() -> None:
    span = from_value({"begin": -1, "end": 2**64}, pb.Value.Range)
    assert (span.begin, span.end) == (0, 2**64 - 1)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False)])
def test_booleans_may_be_strings(text: str, value: bool) -> None:
    command = from_value({"shell": text}, pb.CommandInfo)
    assert command.HasField("shell")
    assert command.shell is value


@pytest.mark.parametrize(
    ("text", "data"),
    [("aGVsbG8=", b"hello"), ("aGVsbG8", b"hello"), ("aGVs\n bG8=", b"hello"), ("aGVsb", b"hel")],
)
def test_bytes_are_base64_and_padding_may_be_missing(text: str, data: bytes) -> None:
    assert task(data=text).data == data


def test_one_value_stands_for_a_list_of_one() -> None:
    listed = task(resources=[{"name": "cpus", "type": "SCALAR"}])
    assert task(resources={"name": "cpus", "type": "SCALAR"}) == listed
    assert from_value({"arguments": "x"}, pb.CommandInfo).arguments == ["x"]


def test_maps_are_objects() -> None:
    assert task(limits={"cpus": {"value": 1}}).limits["cpus"].value == 1
    volume = pb.Volume.Source.CSIVolume.StaticProvisioning()
    merge(volume, {"volume_context": {"key": "value", "nothing": None}})
    assert dict(volume.volume_context) == {"key": "value", "nothing": ""}


# --- reading: what is refused ---------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "{", "{} x", '{"a":1,}', "[" * 100_000, b"\xff\xfe\xff"])
def test_text_that_is_no_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(JsonDialectError):
        loads(text, pb.TaskInfo)


def test_nesting_beyond_all_reason_is_refused() -> None:
    depth = 20_000
    text = '{"parent":' * depth + "{}" + "}" * depth
    with pytest.raises(JsonDialectError, match="nested too deeply"):
        loads(text, pb.ContainerID)


@pytest.mark.parametrize("value", [[], "x", 1, None, True])
def test_only_an_object_is_a_message(value: object) -> None:
    with pytest.raises(JsonDialectError, match="Expecting a JSON object"):
        from_value(value, pb.TaskInfo)


def test_required_fields_are_named_with_their_path() -> None:
    with pytest.raises(JsonDialectError) as caught:
        from_value({"name": "n", "task_id": {}, "resources": [{"name": "x"}]}, pb.TaskInfo)
    head, _, names = str(caught.value).partition(": ")
    assert head == "Missing required fields"
    assert set(names.split(", ")) == {"task_id.value", "agent_id", "resources[0].type"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": 5}, "Not expecting a JSON number for field 'name'"),
        ({"name": True}, "Not expecting a JSON boolean for field 'name'"),
        ({"name": {}}, "Not expecting a JSON object for field 'name'"),
        ({"name": ["n"]}, "Not expecting a JSON array for field 'name'"),
        ({"task_id": "x"}, "Not expecting a JSON string for field 'task_id'"),
        ({"task_id": [{"value": "x"}]}, "Not expecting a JSON array for field 'task_id'"),
        ({"resources": ["cpus:1"]}, "Not expecting a JSON string for field 'resources'"),
        ({"resources": [{"type": "NOPE"}]}, "Failed to find enum for 'NOPE'"),
        ({"resources": [{"type": 0}]}, "Not expecting a JSON number for field 'type'"),
        ({"command": {"shell": 1}}, "Not expecting a JSON number for field 'shell'"),
        (
            {"command": {"shell": "yes"}},
            "Failed to parse 'yes' as a JSON boolean for field 'shell'",
        ),
        (
            {"resources": [{"scalar": {"value": "many"}}]},
            "Failed to parse 'many' as a JSON number for field 'value'",
        ),
        (
            {"resources": [{"scalar": {"value": "NaN"}}]},
            "Failed to parse 'NaN' as a JSON number for field 'value'",
        ),
        (
            {"resources": [{"scalar": {"value": "true"}}]},
            "Failed to parse 'true' as a JSON number for field 'value'",
        ),
        (
            {"max_completion_time": {"nanoseconds": "Infinity"}},
            "Failed to parse 'Infinity' as a JSON number for field 'nanoseconds'",
        ),
        ({"data": "a*b="}, "Failed to base64 decode bytes field 'data': Invalid character '*'"),
        ({"data": "é"}, "Failed to base64 decode bytes field 'data': Invalid character 'é'"),
        ({"limits": "x"}, "Not expecting a JSON string for field 'limits'"),
        ({"limits": {"cpus": 1}}, "Not expecting a JSON number for field 'value'"),
        ({"name": "\ud800"}, "The text of field 'name' is not valid Unicode"),
    ],
)
def test_wrong_types_are_refused_in_the_words_of_the_master(
    fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(JsonDialectError) as caught:
        task(**fields)
    assert str(caught.value) == words


def test_the_recorded_master_says_the_same() -> None:
    said = "Failed to convert JSON into Call protobuf: "
    calls: dict[str, str] = {}
    checked = 0
    lines = (RECORDINGS / "bad_calls.jsonl").read_text(encoding="utf-8").splitlines()
    for line in map(json.loads, lines):
        text = (line.get("body") or {}).get("text", "")
        if line["kind"] == "request":
            calls[line["conn"]] = text
        elif line["kind"] == "response" and text.startswith(said):
            with pytest.raises(JsonDialectError) as caught:
                loads(calls[line["conn"]], scheduler_pb2.Call)
            assert said + str(caught.value) == text
            checked += 1
    assert checked


# --- writing --------------------------------------------------------------------------------


def test_writes_names_numbers_and_base64_as_the_master_does() -> None:
    message = task(
        data="aGVsbG8=",
        max_completion_time={"nanoseconds": 2**60},
        resources=[{"name": "cpus", "type": "SCALAR", "scalar": {"value": 4}}],
    )
    assert dumps(message) == (
        '{"name":"n","task_id":{"value":"t"},"agent_id":{"value":"a"},'
        '"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":4.0}}],'
        '"data":"aGVsbG8=","max_completion_time":{"nanoseconds":1152921504606846976}}'
    )


def test_writes_explicit_defaults_but_no_deprecated_ones() -> None:
    assert to_value(pb.CommandInfo()) == {"shell": True}
    assert to_value(pb.Filters()) == {"refuse_seconds": 5.0}
    assert "role" not in to_value(pb.Resource(name="cpus", type=pb.Value.SCALAR))
    assert to_value(pb.CommandInfo(shell=False)) == {"shell": False}


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_infinity_survives(value: float) -> None:
    scalar = pb.Value.Scalar(value=value)
    assert loads(dumps(scalar), pb.Value.Scalar) == scalar


def test_leaves_empty_lists_out_and_keeps_text_readable() -> None:
    assert dumps(pb.TaskID(value="Zürich")) == '{"value":"Zürich"}'
    assert "resources" not in to_value(task())


# --- against google.protobuf.json_format ----------------------------------------------------

texts = st.text(st.characters(codec="utf-8"), max_size=8)
tasks = st.builds(
    pb.TaskInfo,
    name=texts,
    task_id=st.builds(pb.TaskID, value=texts),
    agent_id=st.builds(pb.AgentID, value=texts),
    data=st.binary(max_size=8),
    resources=st.lists(
        st.builds(
            pb.Resource,
            name=texts,
            type=st.sampled_from([0, 1, 2]),
            scalar=st.builds(
                pb.Value.Scalar, value=st.floats(allow_nan=False, allow_infinity=False)
            ),
            ranges=st.builds(
                pb.Value.Ranges,
                range=st.lists(
                    st.builds(
                        pb.Value.Range,
                        begin=st.integers(0, 2**64 - 1),
                        end=st.integers(0, 2**64 - 1),
                    ),
                    max_size=3,
                ),
            ),
        ),
        max_size=3,
    ),
    max_completion_time=st.builds(pb.DurationInfo, nanoseconds=st.integers(-(2**63), 2**63 - 1)),
    limits=st.dictionaries(
        texts, st.builds(pb.Value.Scalar, value=st.floats(-1e6, 1e6)), max_size=2
    ),
)


@given(tasks)
def test_what_is_written_is_read_back(message: pb.TaskInfo) -> None:
    assert loads(dumps(message), pb.TaskInfo) == message


@given(tasks)
def test_google_reads_what_we_write(message: pb.TaskInfo) -> None:
    assert json_format.Parse(dumps(message), pb.TaskInfo()) == message


@given(tasks)
def test_we_read_what_google_writes(message: pb.TaskInfo) -> None:
    text = json_format.MessageToJson(message, preserving_proto_field_name=True)
    assert loads(text, pb.TaskInfo) == message
