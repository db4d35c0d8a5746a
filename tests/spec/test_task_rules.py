"""Rules for tasks as a whole, and between tasks: a change of a good task and what is said."""

from __future__ import annotations

from typing import Any

import pytest
from task_lists import (
    DYNAMIC,
    EXECUTOR,
    VOLUME,
    disk,
    executor,
    group,
    lines_of,
    ports,
    problems_of,
    scalar,
    task,
    told,
    uses,
)

from mesos_batch.spec.problems import Severity

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "id empty": ({"task_id": {"value": ""}}, "task_id.value", "an id must not be empty"),
    "id slash": ({"task_id": {"value": "a/b"}}, "task_id.value", "'/' is not allowed in an id"),
    "id backslash": (
        {"task_id": {"value": "a\\b"}},
        "task_id.value",
        "'\\\\' is not allowed in an id",
    ),
    "id control": (
        {"task_id": {"value": "a\nb"}},
        "task_id.value",
        "'\\n' is not allowed in an id",
    ),
    "id dots": ({"task_id": {"value": ".."}}, "task_id.value", "'..' cannot be an id"),
    "id long": (
        {"task_id": {"value": "é" * 128}},
        "task_id.value",
        "an id has at most 255 bytes, this one 256",
    ),
    "agent id": ({"agent_id": {"value": "a/b"}}, "agent_id.value", "'/' is not allowed in an id"),
    "no name": ({"name": None}, "name", "the field is missing"),
    "no id": ({"task_id": None}, "task_id", "the field is missing"),
    "id without value": ({"task_id": {}}, "task_id.value", "the field is missing"),
    "no resources": ({"resources": []}, "resources", "a task needs resources"),
    "absent resources": ({"resources": None}, "resources", "a task needs resources"),
    "neither": ({"command": None}, "command", "a task needs a command or an executor"),
    "both": ({"executor": EXECUTOR}, "executor", "a task has a command or an executor, not both"),
    "grace": (
        {"kill_policy": {"grace_period": {"nanoseconds": -1}}},
        "kill_policy.grace_period.nanoseconds",
        "a time must not be negative",
    ),
    "longest": (
        {"max_completion_time": {"nanoseconds": -1}},
        "max_completion_time.nanoseconds",
        "a time must not be negative",
    ),
    "limit name": (
        {"limits": {"disk": {"value": 1}}},
        "limits.disk",
        "only cpus and mem can be limited",
    ),
    "limit low": (
        {"limits": {"cpus": {"value": 0.1}}},
        "limits.cpus.value",
        "the limit 0.1 is below the 0.5 the task asks for",
    ),
    "limit alone": (
        {"resources": [scalar("mem", 1)], "limits": {"cpus": {"value": 1}}},
        "limits.cpus",
        "a limit of cpus needs cpus among the resources",
    ),
    "limit null": ({"limits": {"cpus": None}}, "limits.cpus.value", "the field is missing"),
    "executor id": (
        executor(executor_id={"value": "a/b"}),
        "executor.executor_id.value",
        "'/' is not allowed in an id",
    ),
    "executor type": (
        executor(type="DEFAULT"),
        "executor.type",
        "the executor of a task must be CUSTOM",
    ),
    "executor framework": (
        executor(framework_id={"value": "f"}),
        "executor.framework_id",
        "the framework gets its id when it subscribes",
    ),
    "executor command": (executor(command=None), "executor.command", "an executor needs a command"),
    "executor grace": (
        executor(shutdown_grace_period={"nanoseconds": -1}),
        "executor.shutdown_grace_period.nanoseconds",
        "a time must not be negative",
    ),
    "executor zero": (
        executor(resources=[scalar("cpus", 0), scalar("mem", 32)]),
        "executor.resources[0].scalar.value",
        "0 cpus asks for nothing",
    ),
    "executor shared": (
        executor(
            resources=[scalar("cpus", 1), scalar("mem", 32), disk(VOLUME, shared={}, **DYNAMIC)]
        ),
        "executor.resources[2].shared",
        "an executor cannot use shared resources",
    ),
    "executor cgroups": (
        executor(container={"type": "MESOS", "linux_info": {"share_cgroups": True}}),
        "executor.container.linux_info.share_cgroups",
        "an executor cannot share cgroups",
    ),
    "executor ports": (
        dict(
            **executor(resources=[scalar("cpus", 1), scalar("mem", 32), ports((1, 3))]),
            resources=[scalar("cpus", 1), ports((3, 4))],
        ),
        "executor.resources[2]",
        "ports overlap those of the task itself",
    ),
    "executor volume": (
        dict(
            **executor(resources=[scalar("cpus", 1), scalar("mem", 32), disk(VOLUME, **DYNAMIC)]),
            resources=[scalar("cpus", 1), disk(VOLUME, **DYNAMIC)],
        ),
        "executor.resources[2].disk.persistence.id",
        "the volume 'v' is used by the task itself",
    ),
    "executor revocable": (
        executor(resources=[scalar("cpus", 1, revocable={}), scalar("mem", 32)]),
        "executor.resources[0].revocable",
        "revocable and other cpus cannot be used together",
    ),
}
ACCEPTED: dict[str, dict[str, Any]] = {
    "agent id empty": {"agent_id": {"value": ""}},
    "agent id without value": {"agent_id": {}},
    "agent id of an agent": {"agent_id": {"value": "b1876e1c-S0"}},
    "any name": {"name": ""},
    "id of spaces": {"task_id": {"value": "a b:c"}},
    "longest id": {"task_id": {"value": "x" * 255}},
    "executor": executor(),
    "executor with ports of another role": {
        **uses(scalar("cpus", 1), ports((1, 5))),
        **executor(resources=[scalar("cpus", 1), scalar("mem", 32), ports((1, 5), **DYNAMIC)]),
    },
    "no limit": {"limits": {"cpus": {"value": "Infinity"}, "mem": {"value": 32}}},
    "killed at once": {"kill_policy": {"grace_period": {"nanoseconds": 0}}},
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    changes, field, message = REFUSED[name]

    assert told(group(task(**changes))) == [f"tasks[0].{field}: {message}"]


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    assert told(group(task(**ACCEPTED[name]))) == []


def test_small_executors_are_warned_of() -> None:
    (problem,) = problems_of(group(task(**executor(resources=[scalar("mem", 32)]))))

    assert problem.severity is Severity.WARNING
    assert problem.message == "an executor should have at least 0.01 cpus"


def test_executors_of_one_id_are_the_same_in_all_tasks() -> None:
    first, second = task(**executor()), task(task_id={"value": "u"}, **executor(name="another"))

    assert told(group(first, second)) == [
        "tasks[1].executor: differs from the executor 'e' of tasks[0] in line 1"
    ]


def test_executors_of_one_id_on_two_agents_may_differ() -> None:
    first = task(agent_id={"value": "S0"}, **executor())
    second = task(task_id={"value": "u"}, agent_id={"value": "S1"}, **executor(name="another"))

    assert told(group(first, second)) == []


def test_a_task_id_is_used_once() -> None:
    data = group(task(), task(), task()).replace(b'}, {"name": "t"', b'},\n{"name": "t"')
    column = data.splitlines()[1].index(b'{"value": "t"') + len('{"value": ') + 1

    assert lines_of(data) == [
        f"list:{line}:{column}: error: tasks[{line - 1}].task_id.value:"
        " 't' is already the id of tasks[0] in line 1 (every task needs an id of its own)"
        for line in (2, 3)
    ]
