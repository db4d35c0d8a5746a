"""Whole task lists: what is in them, or all that is wrong with them."""

from __future__ import annotations

import gc
import json
from pathlib import Path

import pytest
from google.protobuf import text_format
from task_lists import (
    DYNAMIC,
    VOLUME,
    container,
    disk,
    docker,
    executor,
    group,
    lines_of,
    problems_of,
    scalar,
    task,
    uses,
)

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.resource import Reservation, ReservationType
from mesos_batch.model.resources import Resources
from mesos_batch.protocol import json_dialect
from mesos_batch.spec.load import load_task_list
from mesos_batch.spec.problems import InvalidTaskListError, Severity

FIVE_MISTAKES = Path(__file__).with_name("five_mistakes.json")


def test_five_mistakes_are_told_at_once() -> None:
    with pytest.raises(InvalidTaskListError, match=r"^jobs/five\.json has 5 errors$") as raised:
        load_task_list(FIVE_MISTAKES.read_bytes(), "jobs/five.json")

    assert [problem.format() for problem in raised.value.problems] == [
        (
            "jobs/five.json:7:64: error: tasks[0].resources[0].scalar.value: 0 cpus asks for"
            " nothing (leave the resource out if the task needs none)"
        ),
        (
            'jobs/five.json:8:33: error: tasks[0].resources[1].type: "SCALER" is not known'
            " (did you mean SCALAR? allowed: SCALAR, RANGES, SET, TEXT)"
        ),
        "jobs/five.json:10:7: error: tasks[0].comand: unknown field (did you mean command?)",
        (
            "jobs/five.json:14:28: error: tasks[1].task_id.value: 'scene' is already the id of"
            " tasks[0] in line 5 (every task needs an id of its own)"
        ),
        (
            "jobs/five.json:16:67: error: tasks[1].resources: a comma must not stand in front of"
            " ']' (remove it)"
        ),
    ]


def test_a_task_says_what_placement_needs() -> None:
    (spec,) = load_task_list(
        group(task(agent_id={"value": "S1"}, command={"value": "echo  a\n echo b"})), "list"
    ).tasks

    assert spec.task_id == "t"
    assert spec.name == "t"
    assert spec.resources == Resources.scalars(cpus=0.5, mem=32)
    assert spec.agent_id == "S1"
    assert spec.command == "echo a echo b"
    assert spec.executor_id is None
    assert pb.TaskInfo.FromString(spec.payload).command.value == "echo  a\n echo b"


@pytest.mark.parametrize("agent", [None, {}, {"value": ""}, {"value": None}])
def test_a_task_without_agent_is_pinned_to_none(agent: object) -> None:
    (spec,) = load_task_list(group(task(agent_id=agent)), "list").tasks

    assert spec.agent_id is None
    assert pb.TaskInfo.FromString(spec.payload).agent_id.value == ""


def test_the_form_of_the_original_is_read() -> None:
    older = scalar("cpus", 2.5, role="test", reservation={"principal": "test"})
    (spec,) = load_task_list(group(task(**uses(older))), "list").tasks

    (resource,) = spec.resources
    assert resource.reservations == (Reservation(ReservationType.DYNAMIC, "test", "test"),)


def test_resources_are_without_allocation() -> None:
    allocated = scalar("cpus", 1, allocation_info={"role": "r"})
    (spec,) = load_task_list(group(task(**uses(allocated))), "list").tasks

    assert spec.resources == Resources.scalars(cpus=1)


def test_an_executor_has_its_own_resources() -> None:
    (spec,) = load_task_list(group(task(**executor())), "list").tasks

    assert spec.executor_id == "e"
    assert spec.executor_resources == Resources.scalars(cpus=0.1, mem=32)
    assert spec.command == "x"


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"command": {"value": "x" * 200}}, "x" * 117 + "..."),
        (
            {"command": {"shell": False, "value": "/bin/echo", "arguments": ["echo", "a b"]}},
            "/bin/echo 'a b'",
        ),
        ({"command": {"shell": False, "arguments": ["a", "b c"]}, **docker()}, "a 'b c'"),
        ({"command": {"shell": False, "value": "a", "arguments": ["b"]}, **docker()}, "a b"),
    ],
)
def test_a_command_is_shown_in_one_line(changes: dict[str, object], shown: str) -> None:
    (spec,) = load_task_list(group(task(**changes)), "list").tasks

    assert spec.command == shown


def test_a_list_of_no_tasks_is_fine() -> None:
    assert load_task_list(b'{"tasks": []}', "list").tasks == ()
    assert load_task_list(b'{"tasks": [null]}', "list").tasks == ()


def test_warnings_do_not_stop_a_list() -> None:
    checked = task(health_check={"http": {"port": 80}, "consecutive_failures": 2.5})
    data = group(checked)
    type_column = data.index(b'{"http"') + 1
    failures_column = data.index(b"2.5") + 1

    loaded = load_task_list(data, "list")

    assert len(loaded.tasks) == 1
    assert [warning.format() for warning in loaded.warnings] == [
        (
            f"list:1:{type_column}: warning: tasks[0].health_check.type:"
            ' a health check without type is deprecated (add "type": "HTTP")'
        ),
        (
            f"list:1:{failures_column}: warning: tasks[0].health_check.consecutive_failures:"
            " 2.5 is cut to 2: the field is a whole number"
        ),
    ]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 'list:1:1: error: the task list is empty (a list of no tasks is {"tasks": []})'),
        (b" \n", 'list:1:1: error: the task list is empty (a list of no tasks is {"tasks": []})'),
        (b"{}", 'list:1:1: error: tasks: the field is missing (write {"tasks": [...]})'),
        (b'{"tasks": null}', "list:1:11: error: tasks: the field is missing"),
        (b'\n{"taks": []}', "list:2:2: error: taks: unknown field (did you mean tasks?)"),
        (b'{"jobs": []}', "list:1:2: error: jobs: unknown field (allowed here: tasks)"),
        (b"[{}]", "list:1:1: error: a task list is an object, not an array"),
        (b'{"task_id": {}}', "list:1:1: error: this is one task, not a task list"),
        (b'{"tasks": "a"}', "list:1:11: error: tasks[0]: expected an object, not text"),
        (b'{"tasks": [1]}', "list:1:12: error: tasks[0]: expected an object, not the number 1"),
        (b'{"tasks":\n "\xff"}', "list:2:3: error: byte 0xff is not valid UTF-8"),
        (b"hello\n", "list:1:1: error: this is not a task list"),
        (b'name: "a"', "list:1:1: error: this is one task, not a task list (write tasks { ... })"),
        (
            b"tasks {\n comand {}\n}",
            "list:2:2: error: unknown field comand (did you mean command?)",
        ),
        (b"tasks {\n name: 'a\n}", "list:2:"),
        (b"\x0a\x05abc", "list: error: this is not a TaskGroupInfo in protobuf"),
    ],
)
def test_what_is_no_task_list(data: bytes, line: str) -> None:
    (told,) = lines_of(data)

    assert told.startswith(line)


def test_one_task_in_binary_is_no_task_list() -> None:
    one = json_dialect.loads(json.dumps(task(agent_id={"value": ""})), pb.TaskInfo)

    (line,) = lines_of(one.SerializeToString())

    assert line == "list: error: this is one TaskInfo, not a task list (wrap it in a TaskGroupInfo)"


def test_text_format_has_positions() -> None:
    text = """# two tasks
tasks {
  name: "a" ; task_id { value: "a" 'b' },
  resources: [{ name: "cpus" type: SCALAR scalar < value: 0 > },
    { name: "ports" type: RANGES ranges { range { begin: 5 end: 3 } } }]
  command { value: "x" }
}
tasks {
  name: "}"
  task_id { value: "ab" }
  resources { name: "mem", type: SCALAR, scalar { value: 1 } }
  limits { key: "disk" value { value: 1 } }
}
"""

    problems = problems_of(text.encode())

    assert [(item.line, item.column, item.field) for item in problems] == [
        (4, 59, "tasks[0].resources[0].scalar.value"),
        (5, 49, "tasks[0].resources[1].ranges.range[0]"),
        (8, 7, "tasks[1].command"),
        (10, 20, "tasks[1].task_id.value"),
        (12, 10, "tasks[1].limits.disk"),
    ]
    assert problems[3].message == "'ab' is already the id of tasks[0] in line 3"


def test_binary_has_fields_only() -> None:
    message = pb.TaskGroupInfo()
    message.tasks.add(name="a")

    assert lines_of(message.SerializePartialToString()) == [
        "list: error: tasks[0].task_id: the field is missing",
        "list: error: tasks[0].resources: a task needs resources (name at least cpus and mem)",
        (
            "list: error: tasks[0].command: a task needs a command or an executor"
            ' (add "command": {"value": ...})'
        ),
    ]


@pytest.mark.parametrize("length", [34, 91, 123])
def test_binary_that_begins_like_json_is_binary(length: int) -> None:
    """The first tag of a list is a line feed, and the length after it may be a bracket."""
    message = pb.TaskGroupInfo()
    text_format.Parse(
        'name: "" task_id { value: "t" } agent_id { value: "" } command { value: "" }'
        'resources { name: "cpus" type: SCALAR scalar { value: 1 } }',
        message.tasks.add(),
    )
    task_info = message.tasks[0]
    if length == 34:
        task_info.name = "n" * 34
    while len(task_info.SerializeToString()) < 123:
        task_info.command.value += "x"
    if length == 91:
        task_info.command.value = "x" * (len(task_info.command.value) - 123 + 91)
    data = message.SerializeToString()
    assert data.startswith(b"\n{" if length != 91 else b"\n[")

    (spec,) = load_task_list(data, "list").tasks

    assert spec.task_id == "t"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "utf-8-sig"])
def test_other_encodings_are_read(encoding: str) -> None:
    text = group(task(name="Größe")).decode().encode().decode("unicode_escape")
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""

    loaded = load_task_list(mark + text.encode(encoding), "list")

    assert loaded.tasks[0].name == "Größe"
    told = [warning.message for warning in loaded.warnings]
    assert told == (
        [] if encoding == "utf-8-sig" else [f"the file is {encoding[:6].upper()}, read as such"]
    )


def test_columns_count_characters() -> None:
    text = '{"tasks": [{"name": "Größe", "task_ids": 1}]}'

    columns = {problem.field: problem.column for problem in problems_of(text.encode())}

    assert columns["tasks[0].task_ids"] == text.index('"task_ids"') + 1


def test_the_garbage_collector_is_left_as_it_was() -> None:
    load_task_list(b'{"tasks": []}', "list")
    assert gc.isenabled()

    gc.disable()
    try:
        load_task_list(b'{"tasks": []}', "list")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_volume_and_a_mesos_container_are_kept() -> None:
    whole = task(
        resources=[scalar("cpus", 1), disk(VOLUME, **DYNAMIC)],
        **container(type="MESOS", docker={"image": "a"}),
    )

    loaded = load_task_list(group(whole), "list")

    assert len(loaded.tasks[0].resources.persistent_volumes()) == 1
    assert [warning.severity for warning in loaded.warnings] == [Severity.WARNING]


def test_equal_parts_of_tasks_are_one_object() -> None:
    variables = [{"name": f"V{number}", "value": "x" * 40} for number in range(9)]
    same = executor(
        command={"value": "run", "environment": {"variables": variables}},
        resources=[scalar("cpus", 0.5), scalar("mem", 64)],
    )
    data = group(
        *(
            task(name=f"t{i}", task_id={"value": f"t{i}"}, agent_id={"value": "a" * 20}, **same)
            for i in range(3)
        )
    )

    _, one, other = load_task_list(data, "list").tasks

    for part in ("resources", "agent_id", "command", "executor_id", "executor_resources", "like"):
        assert getattr(one, part) is getattr(other, part)
    assert one.name is one.task_id
    assert len(one.kept) < len(one.payload) / 4
    assert pb.TaskInfo.FromString(other.payload).task_id.value == "t2"
