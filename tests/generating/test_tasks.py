"""Rows to tasks: each is one that a task list takes, or the row is named that makes none."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesos_batch.errors import TaskListError, UsageError
from mesos_batch.generating import Row, TaskWish, generate, prefetch_wish
from mesos_batch.spec.load import load_task_list


def rows(*lines: str) -> list[Row]:
    return [Row({"line": it, "index": n}, f"line {n + 1} of t") for n, it in enumerate(lines)]


def made(wish: TaskWish, *lines: str) -> list[dict[str, Any]]:
    return list(generate(wish, rows(*lines)))


def wish(**more: Any) -> TaskWish:
    return TaskWish(**{"command": "echo {{ line | quote }}", "name": "line", "cpus": 0.5, **more})


def test_all_that_is_wished_of_a_task() -> None:
    (task,) = made(
        wish(
            name="tile {{ line }}",
            task_id="t-{{ line }}",
            mem=64.0,
            disk=1.5,
            environment={"A": "{{ index }}", "B": "b"},
            container={"type": "DOCKER", "docker": {"image": "img:{{ line }}"}},
        ),
        "x",
    )
    amounts = {it["name"]: it["scalar"]["value"] for it in task["resources"]}
    assert amounts == {"cpus": 0.5, "mem": 64, "disk": 1.5}
    assert isinstance(amounts["mem"], int)
    assert (task["name"], task["task_id"]) == ("tile x", {"value": "t-x"})
    assert task["command"]["value"] == "echo x"
    assert task["command"]["environment"]["variables"] == [
        {"name": "A", "value": "0"},
        {"name": "B", "value": "b"},
    ]
    assert task["container"]["docker"]["image"] == "img:x"
    assert task["agent_id"] == {"value": ""}
    assert list(task) == ["name", "task_id", "agent_id", "resources", "command", "container"]


def test_ids_are_made_of_name_and_index() -> None:
    assert [it["task_id"]["value"] for it in made(wish(), "a", "b")] == ["line-0", "line-1"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), max_size=3))
def test_any_line_makes_a_task_and_is_one_word_of_its_command(lines: list[str]) -> None:
    tasks = made(wish(), *lines)
    assert [shlex.split(it["command"]["value"])[1:] for it in tasks] == [[it] for it in lines]
    read = load_task_list(json.dumps({"tasks": tasks}).encode(), "t")
    assert [it.task_id for it in read.tasks] == [it["task_id"]["value"] for it in tasks]


@pytest.mark.parametrize(
    ("wished", "said", "hint"),
    [
        ({"command": "{{ lin }}"}, "command.value: there is no 'lin' here", "Did you mean line?"),
        ({"task_id": "{{ line }}"}, "task_id.value: '/' is not allowed in an id", None),
        (
            {"environment": {"A": "{{ row.x }}"}},
            "command.environment.variables[0].value: there is no 'row' here",
            "There are line, index.",
        ),
        ({"cpus": 0.0}, "resources", None),
    ],
)
def test_a_row_that_makes_no_task_is_named(
    wished: dict[str, Any], said: str, hint: str | None
) -> None:
    with pytest.raises(TaskListError) as told:
        made(wish(**wished), "a/b")
    assert told.value.message.startswith(f"line 1 of t: {said}")
    if hint is not None:
        assert told.value.hint == hint


def test_two_tasks_with_one_id_are_told() -> None:
    with pytest.raises(TaskListError) as told:
        made(wish(task_id="{{ line }}"), "a", "b", "a")
    assert told.value.message == ("line 3 of t: 'a' is already the id of the task of line 1 of t")


@pytest.mark.parametrize(
    "wished",
    [
        {"command": "{{ line"},
        {"name": "{% for %}"},
        {"task_id": "{{ }}"},
        {"environment": {"A": "{{ line | no_such_filter }}"}},
    ],
)
def test_a_wrong_template_is_told_before_any_row_is_asked_for(wished: dict[str, str]) -> None:
    def nobody() -> Any:
        raise AssertionError
        yield

    with pytest.raises(UsageError):
        generate(wish(**wished), nobody())


@pytest.mark.parametrize(
    ("containerizer", "container"),
    [
        ("none", None),
        ("docker", {"type": "DOCKER", "docker": {"image": "i:1", "force_pull_image": True}}),
        (
            "mesos",
            {
                "type": "MESOS",
                "mesos": {"image": {"type": "DOCKER", "docker": {"name": "i:1"}, "cached": False}},
            },
        ),
    ],
)
def test_who_pulls_an_image(containerizer: str, container: object) -> None:
    wished = prefetch_wish(
        containerizer=containerizer, force_pull=True, command=None, cpus=1, mem=32
    )
    (task,) = generate(wished, [Row({"image": "i:1", "agent_id": "m-S0", "index": 0}, "agent")])
    assert task.get("container") == container
    expected = "docker pull i:1" if containerizer == "none" else "true"
    assert task["command"] == {"value": expected}
    assert task["agent_id"] == {"value": "m-S0"}
    assert (task["name"], task["task_id"]["value"]) == ("fetch-m-S0", "fetcherm-S0")
