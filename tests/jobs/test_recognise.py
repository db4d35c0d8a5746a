"""Which texts are job files, and that a task list never is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from hypothesis import given, settings
from hypothesis import strategies as st
from task_lists import docker, executor, group, task, variable

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.jobs.document import Syntax
from mesos_batch.jobs.recognise import recognise
from mesos_batch.protocol.json_dialect import from_value

EXAMPLES = Path(__file__).parents[2] / "examples"
# Names and values that job files have too, at home in a TaskInfo.
LOOKALIKES: list[dict[str, Any]] = [
    {},
    docker(),
    executor(),
    variable(value="foreach: [1]\ndefaults:\ntasks:\n"),
    {"name": "tasks:\n- defaults:"},
    {"labels": {"labels": [{"key": "foreach", "value": '"matrix": 1'}]}},
    {"command": {"value": '"defaults": {}'}},
]


@pytest.mark.parametrize("name", ["job.yaml", "job.yml", "JOB.YAML", "a.b.yaml"])
def test_the_ending_of_a_name_decides(name: str) -> None:
    assert recognise(b'{"tasks": []}', name) is Syntax.YAML


def test_toml_has_an_ending_too() -> None:
    assert recognise(b"", "job.toml") is Syntax.TOML


@pytest.mark.parametrize(
    ("text", "syntax"),
    [
        ("tasks:\n- {name: a}\n", Syntax.YAML),
        ("\n# a comment\n  \ntasks:   # all of them\n", Syntax.YAML),
        ("tasks:\r\n- {name: a}\r\n", Syntax.YAML),
        ("\ufeffdefaults: {cpus: 1}\n", Syntax.YAML),
        ("vars:\n  a: 1\n", Syntax.YAML),
        ("---\ntasks: []\n", Syntax.YAML),
        ("%YAML 1.2\n---\n", Syntax.YAML),
        ("# x\n[defaults]\ncpus = 1\n", Syntax.TOML),
        ("[[tasks]]\nname = 'a'\n", Syntax.TOML),
        ("[ vars ]\n", Syntax.TOML),
        ('{"defaults": {}, "tasks": []}', Syntax.JSON),
        ('{"tasks": [{"name": "a"}], "vars": {}}', Syntax.JSON),
        ('{"tasks": [{"name": "a", "command": "x"}]}', Syntax.JSON),
        ('{"tasks": [{"name": "a", "command": ["x"]}]}', Syntax.JSON),
        ('{"tasks": [{"name": "a"}, {"name": "b", "foreach": [1]}]}', Syntax.JSON),
        ('{"tasks": [{"name": "a", "task_id": "x", "matrix": {}}]}', Syntax.JSON),
        ('{"tasks": [{"name": "a", "task_info": {}}]}', Syntax.JSON),
        ('{"defaults": {,}', Syntax.JSON),
        ('{"tasks": [{"name": "a", "foreach": [1,]}]}', Syntax.JSON),
    ],
)
def test_a_job_file_by_its_text(text: str, syntax: Syntax) -> None:
    assert recognise(text.encode(), "<stdin>") is syntax


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "{}",
        "[]",
        '{"tasks": []}',
        '{"tasks": [{"name": "a", "cpus": 1}]}',
        '{"tasks": {"name": "a"}}',
        '{"tasks": [{]}',
        '[{"defaults": 1}]',
        '["tasks"]',
        "tasks { name: 'a' }",
        "tasks: { name: 'a' }",
        "tasks: [{ name: 'a' }]",
        "tasks: <\n name: 'a'\n>",
        "# defaults:\ntasks {\n}",
        "name: 'a'",
        "taskss:\n- 1",
    ],
)
def test_what_is_a_task_list_or_a_mistake_in_one(text: str) -> None:
    assert recognise(text.encode(), "<stdin>") is None


@settings(max_examples=40)
@given(st.lists(st.sampled_from(LOOKALIKES), min_size=1, max_size=3))
def test_a_task_group_is_never_taken_for_a_job_file(changes: list[dict[str, Any]]) -> None:
    data = group(*(task(**change) for change in changes))
    value = json.loads(data)
    message = from_value(
        {"tasks": [{**item, "agent_id": {"value": ""}} for item in value["tasks"]]},
        pb.TaskGroupInfo,
    )

    assert recognise(data, "list.json") is None
    assert recognise(json.dumps(value, indent=2).encode(), "list") is None
    assert recognise(message.SerializeToString(), "list") is None
    assert recognise(text_format.MessageToString(message).encode(), "list") is None


def test_a_task_group_in_protobuf_may_look_like_yaml() -> None:
    listed = pb.TaskInfo(
        name="---abcdefg", task_id=pb.TaskID(value="x" * 12), agent_id=pb.AgentID(value="")
    )
    data = pb.TaskGroupInfo(tasks=[listed]).SerializeToString()

    assert data.startswith(b"\n \n\n---")
    assert recognise(data, "list") is None


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.name)
def test_no_task_list_of_the_examples_is_one(path: Path) -> None:
    assert recognise(path.read_bytes(), path.name) is None
