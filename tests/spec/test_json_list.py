"""The JSON dialect of Mesos: what it tolerates is taken, what it would skip is told."""

from __future__ import annotations

import json

import pytest
from task_lists import group, lines_of, problems_of, scalar, task, told

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.protocol import json_dialect
from mesos_batch.spec.load import load_task_list

TOLERATED = {
    "number as text": {"resources": [scalar("cpus", "1.5")]},
    "whole number as text": {"max_completion_time": {"nanoseconds": "5000"}},
    "boolean as text": {"command": {"value": "x", "shell": "false"}},
    "object for an array": {"resources": scalar("cpus", 1)},
    "text for an array": {"command": {"value": "x", "arguments": "ab"}},
    "null for nothing": {"labels": None, "command": {"value": "x", "user": None}},
    "null in an array": {"resources": [None, scalar("cpus", 1), None]},
    "infinity as text": {"limits": {"cpus": {"value": "Infinity"}}},
    "bytes": {"data": "aGVsbG8="},
    "fraction that is whole": {"max_completion_time": {"nanoseconds": 5.0}},
}


@pytest.mark.parametrize("name", TOLERATED)
def test_tolerated(name: str) -> None:
    value = {**task(agent_id={"value": ""}), **TOLERATED[name]}
    expected = json_dialect.loads(json.dumps(value), pb.TaskInfo)

    (spec,) = load_task_list(group(value), "list").tasks

    assert pb.TaskInfo.FromString(spec.payload) == expected


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"healthCheck": {}}, "healthCheck: unknown field (did you mean health_check?)"),
        ({"uris": []}, "uris: unknown field (did you mean command.uris?)"),
        (
            {"docker": {}},
            "docker: unknown field (did you mean container.docker?)",
        ),
        ({"name": 5}, "name: expected text, not the number 5"),
        ({"name": ["a"]}, "name: expected text, not an array"),
        ({"task_id": "t"}, 'task_id: expected an object, not text (write {"value": ...})'),
        ({"command": "x"}, 'command: expected an object, not text (write {"value": ...})'),
        ({"command": True}, 'command: expected an object, not true (write {"value": ...})'),
        ({"limits": {"cpus": 2}}, "limits.cpus: expected an object, not the number 2"),
        ({"limits": 2}, "limits: expected an object, not the number 2"),
        ({"data": "?"}, "data: is not valid base64 (bytes are written in base64)"),
        ({"data": 1}, "data: expected base64 text, not the number 1"),
        (
            {"command": {"value": "x", "shell": 1}},
            "command.shell: expected true or false, not the number 1",
        ),
        (
            {"command": {"value": "x", "shell": "yes"}},
            'command.shell: expected true or false, not the text "yes"',
        ),
        (
            {"resources": [scalar("cpus", True)]},
            "resources[0].scalar.value: expected a number, not true",
        ),
        (
            {"resources": [scalar("cpus", "NaN")]},
            'resources[0].scalar.value: expected a number, not the text "NaN"',
        ),
        (
            {"resources": [None, scalar("cpus", "a")]},
            'resources[0].scalar.value: expected a number, not the text "a"',
        ),
        (
            {"resources": [scalar("cpus", 10**400)]},
            "resources[0].scalar.value: the number is too large",
        ),
        (
            {"max_completion_time": {"nanoseconds": 1 << 63}},
            (
                "max_completion_time.nanoseconds: the number must lie between"
                " -9223372036854775808 and 9223372036854775807"
            ),
        ),
        (
            {"container": {"type": 1}},
            "container.type: expected a name, not the number 1 (allowed: DOCKER, MESOS)",
        ),
        (
            {"container": {"type": "mesos"}},
            'container.type: "mesos" is not known (did you mean MESOS? allowed: DOCKER, MESOS)',
        ),
        (
            {"health_check": {"type": "PING"}},
            'health_check.type: "PING" is not known (allowed: COMMAND, HTTP, TCP)',
        ),
        ({"name": "\ud800"}, "name: half of a surrogate pair is no character"),
    ],
)
def test_told(changes: dict[str, object], line: str) -> None:
    (only,) = lines_of(group({**task(), **changes}))

    assert only.partition(" error: tasks[0].")[2].startswith(line)


def test_elements_are_counted_as_mesos_does() -> None:
    nulls = b'{"tasks": [null, null, {"name": 1}]}'
    single = b'{"tasks": {"name": 1}}'

    for data in (nulls, single):
        problem = next(item for item in problems_of(data) if item.field == "tasks[0].name")
        assert problem.column == data.index(b"1") + 1


VOLUME = {"container_path": "x", "mode": "RW"}


@pytest.mark.parametrize(
    "changes",
    [
        {"task_id": None, "taskId": {"value": "a/b"}},
        {"resources": None, "resource": [scalar("cpus", 1)]},
        {"resources": [{"name": "cpus", "type": "SCALAR", "scaler": {"value": 1}}]},
        {
            "resources": [
                {"name": "ports", "type": "RANGE", "ranges": {"range": [{"begin": 1, "end": 2}]}}
            ]
        },
        {"resources": [scalar("cpus", "-")]},
        {"resources": ["cpus:1"]},
        {"command": {"vaule": "x"}},
        {"container": {"type": "DOKCER", "docker": {"image": "a"}}},
        {"container": {"type": "mesos", "mesos": {}}},
        {"container": {"type": "?", "mesos": {}}},
        {"container": {"type": "MESOS", "volumes": [VOLUME | {"host_path": 1}]}},
        {"container": {"type": "MESOS", "volumes": [VOLUME | {"hostpath": "/x"}]}},
        {"resources": [{"name": "disk", "type": "SCALAR", "disk": {"persistance": {"id": "v"}}}]},
        {"resources": [scalar("disk", 1, disk={"persistance": {"id": "v"}, "volume": VOLUME})]},
        {"health_check": {"type": "HTPP", "http": {"port": 1}}},
        {"health_check": {"type": "PING", "http": {"port": 1}}},
        {"health_check": {"type": 1, "http": {"port": 1}}},
    ],
)
def test_one_mistake_is_told_once(changes: dict[str, object]) -> None:
    assert len(told(group(task(**changes)))) == 1
