"""Rules for commands, environments and checks: a change of a good task and what is said."""

from __future__ import annotations

from typing import Any

import pytest
from task_lists import container, docker, group, task, told, variable

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no shell value": ({"command": {}}, "command.value", "a shell command needs a value"),
    "no program": (
        {"command": {"shell": False, "arguments": ["a"]}},
        "command.value",
        "a command needs the path of a program",
    ),
    "image shell": (dict(command={}, **docker()), "command.value", "a shell command needs a value"),
    "env value": (
        variable(),
        "command.environment.variables[0].value",
        "the variable 'A' needs a value",
    ),
    "env secret beside": (
        variable(value="v", secret={"type": "VALUE", "value": {"data": "YQ=="}}),
        "command.environment.variables[0].secret",
        "does not go with type VALUE",
    ),
    "env unknown": (
        variable(type="UNKNOWN"),
        "command.environment.variables[0].type",
        "UNKNOWN is no type of variable",
    ),
    "env no secret": (
        variable(type="SECRET"),
        "command.environment.variables[0].secret",
        "the variable 'A' needs a secret",
    ),
    "env secret value": (
        variable(type="SECRET", value="x", secret={"type": "VALUE", "value": {"data": "YQ=="}}),
        "command.environment.variables[0].value",
        "does not go with type SECRET",
    ),
    "env zero": (
        variable(type="SECRET", secret={"type": "VALUE", "value": {"data": "AA=="}}),
        "command.environment.variables[0].secret.value.data",
        "a zero byte cannot be in an environment variable",
    ),
    "env reference": (
        variable(type="SECRET", secret={"type": "REFERENCE"}),
        "command.environment.variables[0].secret.reference",
        "a secret of type REFERENCE needs it",
    ),
    "env two": (
        variable(
            type="SECRET",
            secret={"type": "VALUE", "value": {"data": "YQ=="}, "reference": {"name": "n"}},
        ),
        "command.environment.variables[0].secret.reference",
        "does not go with a secret of type VALUE",
    ),
    "check type": ({"check": {}}, "check.type", "a check needs a type"),
    "check unknown": ({"check": {"type": "UNKNOWN"}}, "check.type", "a check needs a type"),
    "check http": ({"check": {"type": "HTTP"}}, "check.http", "a check of type HTTP needs it"),
    "check path": (
        {"check": {"type": "HTTP", "http": {"port": 1, "path": "x"}}},
        "check.http.path",
        "'x' does not start with a slash",
    ),
    "check command": (
        {"check": {"type": "COMMAND", "command": {"command": {}}}},
        "check.command.command.value",
        "a shell command needs a value",
    ),
    "check time": (
        {"check": {"type": "TCP", "tcp": {"port": 1}, "delay_seconds": -1}},
        "check.delay_seconds",
        "a time must not be negative",
    ),
    "health type": ({"health_check": {}}, "health_check.type", "a health check needs a type"),
    "health derived": (
        {"health_check": {"http": {"port": 1}}},
        "health_check.type",
        "a health check without type is deprecated",
    ),
    "health both": (
        {"health_check": {"http": {"port": 1}, "command": {"value": "x"}}},
        "health_check.type",
        "a health check needs a type",
    ),
    "health tcp": (
        {"health_check": {"type": "TCP"}},
        "health_check.tcp",
        "a health check of type TCP needs it",
    ),
    "health scheme": (
        {"health_check": {"type": "HTTP", "http": {"port": 1, "scheme": "ftp"}}},
        "health_check.http.scheme",
        "'ftp' is no scheme of a health check",
    ),
    "health path": (
        {"health_check": {"type": "HTTP", "http": {"port": 1, "path": "x"}}},
        "health_check.http.path",
        "'x' does not start with a slash",
    ),
    "health command": (
        {"health_check": {"type": "COMMAND", "command": {"shell": False}}},
        "health_check.command.value",
        "a command needs the path of a program",
    ),
    "health grace": (
        {"health_check": {"type": "TCP", "tcp": {"port": 1}, "grace_period_seconds": -0.5}},
        "health_check.grace_period_seconds",
        "a time must not be negative",
    ),
}
ACCEPTED: dict[str, dict[str, Any]] = {
    "program": {"command": {"shell": False, "value": "/bin/echo", "arguments": ["echo", "a"]}},
    "program of the image": {"command": {"shell": False}, **docker()},
    "program of a mesos image": {
        "command": {"shell": False},
        **container(type="MESOS", mesos={"image": {"type": "DOCKER", "docker": {"name": "a"}}}),
    },
    "checks": {
        "check": {"type": "TCP", "tcp": {"port": 1}},
        "health_check": {"type": "COMMAND", "command": {"value": "true"}, "delay_seconds": 0},
    },
    "secret": variable(type="SECRET", secret={"type": "VALUE", "value": {"data": "YQ=="}}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    changes, field, message = REFUSED[name]

    assert told(group(task(**changes))) == [f"tasks[0].{field}: {message}"]


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    assert told(group(task(**ACCEPTED[name]))) == []


def test_secrets_are_not_repeated() -> None:
    wrong = variable(type="SECRET", secret={"type": "VALUE", "value": {"data": "geheim!"}})

    assert told(group(task(**wrong))) == [
        "tasks[0].command.environment.variables[0].secret.value.data: is not valid base64"
    ]
