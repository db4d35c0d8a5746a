"""What each field of a job file comes to in a ``TaskInfo``."""

from __future__ import annotations

from typing import Any

import pytest
from jobs.job_files import entry, tasks


def labels(task: dict[str, Any]) -> list[tuple[str, str]]:
    return [(label["key"], label["value"]) for label in task["labels"]["labels"]]


def scalar(name: str, value: float) -> dict[str, Any]:
    return {"name": name, "type": "SCALAR", "scalar": {"value": value}}


def test_a_task_has_its_name_id_command_and_resources() -> None:
    (task,) = tasks("tasks: [{name: one, command: 'echo {1}', cpus: 0.5, mem: 64}]")

    assert task == {
        "name": "one",
        "task_id": {"value": "one"},
        "agent_id": {"value": ""},
        "resources": [scalar("cpus", 0.5), scalar("mem", 64.0)],
        "command": {"shell": True, "value": "echo {1}"},
    }


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("task_id: other", "task_id", {"value": "other"}),
        ("agent_id: S1", "agent_id", {"value": "S1"}),
        ("timeout: 1.5mins", "max_completion_time", {"nanoseconds": 90_000_000_000}),
        ("kill_grace: 5secs", "kill_policy", {"grace_period": {"nanoseconds": 5_000_000_000}}),
        (
            "command: [printf, '%s', 3]",
            "command",
            {"shell": False, "value": "printf", "arguments": ["printf", "%s", "3"]},
        ),
        ("user: alice", "command", {"shell": True, "value": "run", "user": "alice"}),
        (
            "environment: {A: 1, B: x, C: true}",
            "command",
            {
                "shell": True,
                "value": "run",
                "environment": {
                    "variables": [
                        {"name": "A", "type": "VALUE", "value": "1"},
                        {"name": "B", "type": "VALUE", "value": "x"},
                        {"name": "C", "type": "VALUE", "value": "true"},
                    ]
                },
            },
        ),
        (
            "uris: [http://a/b, {value: http://c, extract: false, output_file: d}]",
            "command",
            {
                "shell": True,
                "value": "run",
                "uris": [
                    {"value": "http://a/b", "extract": True},
                    {"value": "http://c", "extract": False, "output_file": "d"},
                ],
            },
        ),
    ],
)
def test_a_field_comes_to(line: str, field: str, value: object) -> None:
    (task,) = entry(line)

    assert task[field] == value


def test_an_image_runs_in_the_containerizer_of_mesos_too() -> None:
    (task,) = entry("image: alpine\ncontainerizer: mesos\ncommand: [ls, /]")

    assert task["container"]["type"] == "MESOS"
    assert task["container"]["mesos"]["image"]["docker"] == {"name": "alpine"}
    assert task["command"]["arguments"] == ["ls", "/"]


def test_docker_runs_images_and_gets_the_program_once() -> None:
    (task,) = entry("image: alpine\ncommand: [ls, /]")

    assert task["container"]["type"] == "DOCKER"
    assert task["container"]["docker"]["image"] == "alpine"
    assert task["command"] == {"shell": False, "value": "ls", "arguments": ["/"]}


def test_an_image_without_a_command_runs_what_it_is_made_for() -> None:
    (task,) = tasks("tasks: [{name: t, cpus: 1, mem: 32, image: alpine}]")

    assert task["command"] == {"shell": False}


def test_resources_of_every_kind() -> None:
    (task,) = entry(
        "disk: 10\ngpus: 2\n"
        "resources: ['ports:[31000-31005,31010-31010]', 'disk(role):5']\n"
        "volumes: [{id: v, path: in, size: 100}, {id: w}]"
    )

    assert task["resources"] == [
        scalar("cpus", 1.0),
        scalar("mem", 32.0),
        scalar("disk", 10.0),
        scalar("gpus", 2.0),
        {
            **scalar("disk", 100.0),
            "disk": {
                "persistence": {"id": "v"},
                "volume": {"mode": "RW", "container_path": "in"},
            },
        },
        {"name": "disk", "type": "SCALAR", "disk": {"persistence": {"id": "w"}}},
        {
            "name": "ports",
            "type": "RANGES",
            "ranges": {"range": [{"begin": 31000, "end": 31005}, {"begin": 31010, "end": 31010}]},
        },
        {**scalar("disk", 5.0), "reservations": [{"type": "STATIC", "role": "role"}]},
    ]


def test_how_a_task_is_scheduled_is_in_labels() -> None:
    task, *_ = entry(
        "priority: -3\nexpected_runtime: 90secs\nretries: 2\nalways: true\n"
        "constraints: ['rack:in:a,b', 'hostname:unique']\ndepends_on: [x, y]\n"
        "labels: {team: red}",
        others="xy",
    )

    assert labels(task) == [
        ("team", "red"),
        ("mesos_batch.priority", "-3"),
        ("mesos_batch.expected_runtime", "90secs"),
        ("mesos_batch.max_attempts", "3"),
        ("mesos_batch.always", "true"),
        ("mesos_batch.constraint", "rack:in:a,b"),
        ("mesos_batch.constraint", "hostname:unique"),
        ("mesos_batch.depends_on", "x"),
        ("mesos_batch.depends_on", "y"),
    ]


def test_one_is_a_list_of_one() -> None:
    task, *_ = entry(
        "constraints: hostname:unique\ndepends_on: x\nresources: 'ports:[1-2]'", others="x"
    )

    assert labels(task) == [
        ("mesos_batch.constraint", "hostname:unique"),
        ("mesos_batch.depends_on", "x"),
    ]
    assert task["resources"][-1]["name"] == "ports"


def test_defaults_are_what_a_task_does_not_say() -> None:
    first, second, third = tasks(
        """
        defaults:
          cpus: 1
          mem: 32
          command: run
          priority: 5
          environment: {A: a, B: b}
          labels: {x: '1'}
        tasks:
        - name: first
        - {name: second, mem: 64, environment: {B: c}, labels: {y: '2'}, priority: 6}
        - {name: third, environment: null, labels: null, priority: null}
        """
    )

    def variables(task: dict[str, Any]) -> dict[str, str]:
        found = task["command"].get("environment", {"variables": []})["variables"]
        return {variable["name"]: variable["value"] for variable in found}

    assert variables(first) == {"A": "a", "B": "b"}
    assert variables(second) == {"A": "a", "B": "c"}
    assert variables(third) == {}
    assert labels(first) == [("x", "1"), ("mesos_batch.priority", "5")]
    assert labels(second) == [("x", "1"), ("y", "2"), ("mesos_batch.priority", "6")]
    assert "labels" not in third
    assert second["resources"][1] == scalar("mem", 64.0)


def test_task_info_adds_what_job_files_have_no_field_for() -> None:
    (task,) = entry(
        "matrix: {port: [8080]}\n"
        "resources: 'ports:[1-2]'\n"
        "task_info:\n"
        "  command: {user: alice, environment: {variables: [{name: P, value: '{{ port }}'}]}}\n"
        "  resources: [{name: tokens, type: SCALAR, scalar: {value: 3}}]\n"
        "  discovery: {visibility: CLUSTER, name: 'web-{{ port }}'}\n"
        "  health_check: {type: TCP, tcp: {port: '{{ port }}'}}\n"
    )

    assert task["command"]["value"] == "run"
    assert task["command"]["user"] == "alice"
    assert task["command"]["environment"]["variables"][0]["value"] == "8080"
    assert [item["name"] for item in task["resources"]] == ["cpus", "mem", "ports", "tokens"]
    assert task["discovery"]["name"] == "web-8080"
    assert task["health_check"]["tcp"]["port"] == 8080


def test_task_info_may_be_all_there_is_of_a_command() -> None:
    (task,) = tasks(
        """
        tasks:
        - name: custom
          cpus: 1
          task_info:
            executor:
              executor_id: {value: mine}
              command: {value: ./executor}
              resources: [{name: mem, type: SCALAR, scalar: {value: 32}},
                          {name: cpus, type: SCALAR, scalar: {value: 0.1}}]
        """
    )

    assert "command" not in task
    assert task["executor"]["command"]["value"] == "./executor"
