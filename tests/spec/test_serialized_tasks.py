"""A serialised list that is parsed task by task means what protobuf says it means."""

from __future__ import annotations

from contextlib import suppress

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from task_lists import problems_of, task

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.protocol import json_dialect
from mesos_batch.spec.load import load_task_list
from mesos_batch.spec.serialized_tasks import SerializedTasks

UNKNOWN = b"\x12\x01x"  # field 2 of a list of tasks


def serialized(*names: str) -> bytes:
    """A list of tasks with these names and ids."""
    group = pb.TaskGroupInfo()
    tasks = [task(name=n, task_id={"value": n}, agent_id={"value": ""}) for n in names]
    json_dialect.merge(group, {"tasks": tasks})
    return group.SerializeToString()


WHOLE = serialized("a", "b" * 200, "c")


@pytest.mark.parametrize("data", [WHOLE + UNKNOWN, serialized("a") + UNKNOWN + serialized("c")])
def test_fields_nobody_knows_are_skipped(data: bytes) -> None:
    names = [spec.name for spec in load_task_list(data, "list").tasks]

    assert names[0] == "a"
    assert names[-1] == "c"


def test_each_task_is_parsed() -> None:
    tasks = SerializedTasks(WHOLE)

    assert list(tasks) == list(pb.TaskGroupInfo.FromString(WHOLE).tasks)
    assert tasks[1:] == list(tasks)[1:]


@given(st.integers(0, len(WHOLE)), st.binary(max_size=12), st.integers(0, 3))
def test_whatever_is_taken_is_what_protobuf_takes(at: int, new: bytes, cut: int) -> None:
    data = WHOLE[:at] + new + WHOLE[at + cut :]
    tasks: list[pb.TaskInfo] | None = None
    with suppress(ValueError, DecodeError):
        tasks = list(SerializedTasks(data))

    if tasks is not None:
        assert tasks == list(pb.TaskGroupInfo.FromString(data).tasks)


def test_what_is_cut_off_is_not_taken() -> None:
    between_tasks = [len(serialized("a")), len(serialized("a", "b" * 200))]

    for kept in range(1, len(WHOLE)):
        if kept not in between_tasks:
            with pytest.raises((ValueError, DecodeError)):
                SerializedTasks(WHOLE[:kept])


def test_a_list_that_is_cut_off_is_told() -> None:
    (problem,) = problems_of(WHOLE[:-1])

    assert problem.message == "this is not a TaskGroupInfo in protobuf"


def test_a_length_without_end_is_no_length() -> None:
    with pytest.raises(ValueError, match="so large"):
        SerializedTasks(b"\x0a" + b"\xff" * 1000)
