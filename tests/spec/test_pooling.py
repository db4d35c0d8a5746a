"""Which tasks of a list may share an executor."""

from __future__ import annotations

import json
from typing import Any

import pytest
from task_lists import scalar

from mesos_batch.spec.load import load_task_list


def poolable(**more: Any) -> bool:
    task = {
        "name": "t",
        "task_id": {"value": "t"},
        "command": {"value": "true"},
        "resources": [scalar("cpus", 1), scalar("mem", 32)],
        **more,
    }
    (spec,) = load_task_list(json.dumps({"tasks": [task]}).encode(), "list").tasks
    return spec.poolable


def test_a_plain_command_may() -> None:
    assert poolable()
    assert poolable(labels={"labels": [{"key": "a", "value": "b"}]})
    assert poolable(command={"value": "true", "uris": [{"value": "http://a/b"}]})
    assert poolable(kill_policy={"grace_period": {"nanoseconds": 1}})


VOLUME = {
    **scalar("disk", 10),
    "disk": {"persistence": {"id": "v"}, "volume": {"container_path": "v", "mode": "RW"}},
    "reservations": [{"type": "DYNAMIC", "role": "r", "principal": "p"}],
}


@pytest.mark.parametrize(
    "more",
    [
        {"command": {"value": "true", "user": "alice"}},
        {"container": {"type": "DOCKER", "docker": {"image": "debian"}}},
        {"container": {"type": "MESOS"}},
        {"resources": [scalar("cpus", 1), scalar("mem", 32), scalar("gpus", 1)]},
        {"resources": [scalar("cpus", 1), scalar("mem", 32), VOLUME]},
        {"health_check": {"type": "COMMAND", "command": {"value": "true"}}},
        {"check": {"type": "COMMAND", "command": {"command": {"value": "true"}}}},
    ],
)
def test_what_needs_something_of_its_own_may_not(more: dict[str, Any]) -> None:
    assert not poolable(**more)
