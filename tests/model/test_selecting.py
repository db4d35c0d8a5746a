"""Which agents, frameworks and tasks are meant."""

from __future__ import annotations

from typing import Any

import pytest

from mesos_batch.model.cluster import AgentState
from mesos_batch.model.constraint_text import parse_constraint
from mesos_batch.model.inventory import (
    AgentEntry,
    AgentStatus,
    FrameworkEntry,
    FrameworkStatus,
    TaskEntry,
)
from mesos_batch.model.resource_text import parse_resources
from mesos_batch.model.resources import Resources
from mesos_batch.model.selecting import AgentSelector, FrameworkSelector, TaskSelector
from mesos_batch.model.state import TaskState


def resources(text: str) -> Resources:
    return Resources(parse_resources(text))


AGENT = AgentEntry(
    AgentState(
        agent_id="m-S1",
        hostname="Node-1.example.org",
        active=True,
        total=resources("cpus:4;cpus(web):2;mem:64"),
        used=resources("cpus:1"),
        offered=resources("cpus:3"),
        attributes={"rack": "r1"},
    ),
    AgentStatus.ACTIVE,
)


@pytest.mark.parametrize(
    ("chosen", "meant"),
    [
        ({}, True),
        ({"names": ("S1",)}, True),
        ({"names": ("m-S1",)}, True),
        ({"names": ("S2", "Node-1.example.org")}, True),
        ({"names": ("1",)}, False),
        ({"host": "NODE-*"}, True),
        ({"host": "*.example.com"}, False),
        ({"attributes": ("rack:r1",)}, True),
        ({"attributes": ("rack:r1", "zone:a")}, False),
        ({"constraints": (parse_constraint("rack:like:r.*"),)}, True),
        ({"constraints": (parse_constraint("rack:not:r1"),)}, False),
        # What others are offered may come back; what is reserved does not.
        ({"free": resources("cpus:3;mem:64")}, True),
        ({"free": resources("cpus:3.001")}, False),
        ({"free": resources("gpus:1")}, False),
        ({"statuses": frozenset({AgentStatus.DRAINING})}, False),
    ],
)
def test_agents(chosen: dict[str, Any], meant: bool) -> None:
    assert AgentSelector(**chosen).takes(AGENT) is meant


FRAMEWORK = FrameworkEntry("m-0003", "spark-7", ("a", "b"), FrameworkStatus.ACTIVE)


@pytest.mark.parametrize(
    ("chosen", "meant"),
    [
        ({}, True),
        ({"name": "spark-*"}, True),
        ({"name": "spark"}, False),
        ({"role": "b"}, True),
        ({"role": "c"}, False),
        ({"statuses": frozenset({FrameworkStatus.COMPLETED})}, False),
    ],
)
def test_frameworks(chosen: dict[str, Any], meant: bool) -> None:
    assert FrameworkSelector(**chosen).takes(FRAMEWORK) is meant


def task(state: TaskState = TaskState.TASK_RUNNING) -> TaskEntry:
    return TaskEntry(
        task_id="t-1",
        name="fmask",
        framework_id="m-0003",
        framework_name="spark-7",
        agent_id="m-S1",
        hostname="node-1",
        state=state,
        resources=Resources(),
        role="web",
    )


@pytest.mark.parametrize(
    ("chosen", "meant"),
    [
        ({}, True),
        ({"name": "t-*"}, True),
        ({"name": "fmas?"}, True),
        ({"name": "mask"}, False),
        ({"framework": "m-0003"}, True),
        ({"framework": "0003"}, True),
        ({"framework": "spark*"}, True),
        ({"framework": "0004"}, False),
        ({"agents": ("S1",)}, True),
        ({"agents": ("node-2",)}, False),
        ({"role": "web"}, True),
        ({"role": "*"}, False),
    ],
)
def test_tasks(chosen: dict[str, Any], meant: bool) -> None:
    assert TaskSelector(**chosen).takes(task()) is meant


def test_tasks_that_are_over_are_not_meant_unless_asked_for() -> None:
    for state in TaskState:
        assert TaskSelector().takes(task(state)) is not state.is_terminal
    assert TaskSelector(states=frozenset(TaskState)).takes(task(TaskState.TASK_FAILED))
