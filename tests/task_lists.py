"""Task lists for tests, and short ways to ask what is wrong with one."""

from __future__ import annotations

import json
from typing import Any

from mesos_batch.spec.load import load_task_list
from mesos_batch.spec.problems import InvalidTaskListError, Problem


def scalar(name: str, value: object, **more: Any) -> dict[str, Any]:
    """A scalar resource."""
    return {"name": name, "type": "SCALAR", "scalar": {"value": value}, **more}


def ports(*spans: tuple[int, int], **more: Any) -> dict[str, Any]:
    """The resource ports."""
    pairs = [{"begin": begin, "end": end} for begin, end in spans]
    return {"name": "ports", "type": "RANGES", "ranges": {"range": pairs}, **more}


def task(**changes: Any) -> dict[str, Any]:
    """A task that is valid but for ``changes``; ``None`` takes a field away."""
    whole = {
        "name": "t",
        "task_id": {"value": "t"},
        "resources": [scalar("cpus", 0.5), scalar("mem", 32)],
        "command": {"value": "true"},
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def group(*tasks: object) -> bytes:
    """A task list as JSON."""
    return json.dumps({"tasks": tasks}).encode()


def problems_of(data: bytes, name: str = "list") -> tuple[Problem, ...]:
    """All problems of a task list, warnings too."""
    try:
        return load_task_list(data, name).warnings
    except InvalidTaskListError as error:
        return error.problems


def lines_of(data: bytes) -> list[str]:
    """The problems as they are printed, under the name ``list``."""
    return [problem.format() for problem in problems_of(data)]


def told(data: bytes) -> list[str]:
    """The problems without positions: ``field: message``."""
    return [f"{problem.field}: {problem.message}" for problem in problems_of(data)]


DYNAMIC = {"reservations": [{"type": "DYNAMIC", "role": "r", "principal": "p"}]}
VOLUME = {"persistence": {"id": "v"}, "volume": {"container_path": "data", "mode": "RW"}}
EXECUTOR = {
    "executor_id": {"value": "e"},
    "command": {"value": "x"},
    "resources": [scalar("cpus", 0.1), scalar("mem", 32)],
}


def disk(description: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The resource disk with a description."""
    return scalar("disk", 10, disk=description, **more)


def uses(*resources: dict[str, Any]) -> dict[str, Any]:
    """A change of a task: its resources."""
    return {"resources": list(resources)}


def container(**fields: Any) -> dict[str, Any]:
    """A change of a task: its container."""
    return {"container": fields}


def docker(**fields: Any) -> dict[str, Any]:
    """A change of a task: its container is run by Docker."""
    return container(type="DOCKER", docker={"image": "a", **fields})


def executor(**changes: Any) -> dict[str, Any]:
    """A change of a task: an executor in the place of the command."""
    return {"command": None, "executor": {**EXECUTOR, **changes}}


def variable(**fields: Any) -> dict[str, Any]:
    """A change of a task: a variable in the environment of its command."""
    return {
        "command": {"value": "x", "environment": {"variables": [{"name": "A", **fields}]}},
    }
