"""Volume resources in all formats, and what is none."""

from __future__ import annotations

import json

import pytest
from google.protobuf import text_format
from spec.volume_resources import SEED, lines_of, load
from task_lists import group, task

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.protocol import json_dialect
from mesos_batch.protocol.values import resources_from


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 'file:1:1: error: the volume resource is empty (write {"resources": [...]})'),
        (b"[1]", "file:1:1: error: a volume resource is an object"),
        (group(task()), "file:1:1: error: this is a task list, not a volume resource"),
        (b"tasks {}", "file:1:1: error: this is a task list, not a volume resource"),
        (
            b"hello",
            (
                "file:1:1: error: this is not a volume resource (a volume resource is JSON, or a"
                " TaskInfo in protobuf binary or text format)"
            ),
        ),
        (b"resorces {}", "file:1:1: error: unknown field resorces (did you mean resources?)"),
        (b"\x0a\x05abc", "file: error: this is not a TaskInfo in protobuf"),
        (b'{"resources": [{"name": "cpus"}', "file:1:15: error: resources: '[' is never closed"),
    ],
)
def test_what_is_no_volume_resource(data: bytes, line: str) -> None:
    (only,) = lines_of(data)

    assert only.startswith(line)


def test_a_task_list_in_binary_is_no_volume_resource() -> None:
    message = pb.TaskGroupInfo()
    for name in ("a", "b"):
        one = json_dialect.loads(json.dumps(task(agent_id={"value": ""})), pb.TaskInfo)
        one.task_id.value = name
        message.tasks.append(one)

    assert lines_of(message.SerializeToString()) == [
        (
            "file: error: this is a task list, not a volume resource"
            " (a volume resource is one TaskInfo)"
        )
    ]


def test_a_task_in_binary_without_resources_is_no_list() -> None:
    message = pb.TaskInfo(name="")
    message.task_id.value = "t"

    (line,) = lines_of(message.SerializePartialToString())

    assert line.startswith("file: error: resources: no persistent volume is to be created")


def test_one_meaning_in_all_formats() -> None:
    message = json_dialect.loads(SEED.read_text(encoding="utf-8"), pb.TaskInfo)

    for data in (message.SerializeToString(), text_format.MessageToString(message).encode()):
        loaded = load(data, "test", "test")
        assert loaded.resources == resources_from(message.resources)
        assert loaded == load(SEED.read_bytes(), "test", "test")


def test_text_format_has_positions() -> None:
    text = 'resources {\n  name: "disk" type: SCALAR scalar { value: 0 }\n  role: "q"\n}\n'

    assert [line.split(" error")[0] for line in lines_of(text.encode())] == [
        "file:1:11:",
        "file:2:45:",
        "file:3:9:",
    ]
