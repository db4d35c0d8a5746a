"""LAUNCH: what the master refuses of a task, in its words and order (facts 4.3 to 4.5)."""

from __future__ import annotations

import pytest
from local.framework_messages import launch, reservation, scalar, task, volume

from mesos_batch.protocol.codec import ContentType

pytestmark = pytest.mark.timeout(60)
CPUS, MEM = scalar("cpus", 0.1), scalar("mem", 32)
SOME = [CPUS, MEM]


def env(**variable):
    return {"value": "true", "environment": {"variables": [{"name": "X", **variable}]}}


def container(**more):
    return {"type": "MESOS", **more}


def mounted(**more):
    return container(volumes=[{"mode": "RW", "container_path": "/x", **more}])


def custom(**more):
    """A CUSTOM executor in place of the command."""
    executor = {
        "type": "CUSTOM",
        "executor_id": {"value": "e"},
        "command": {"value": "run"},
        "resources": [scalar("cpus", 0.1)],
        **more,
    }
    return {
        "command": None,
        "executor": {name: value for name, value in executor.items() if value is not None},
    }


def limits(**values):
    return {"limits": {name: {"value": value} for name, value in values.items()}}


TASK_ERRORS = [
    ({"task_id": {"value": ""}}, "ID must not be empty"),
    ({"task_id": {"value": "x" * 300}}, "ID must not be greater than 255 characters"),
    ({"task_id": {"value": "a/b"}}, "'a/b' contains invalid characters"),
    ({"task_id": {"value": "a\\b"}}, "'a\\b' contains invalid characters"),
    ({"task_id": {"value": "a\nb"}}, "'a\nb' contains invalid characters"),
    ({"task_id": {"value": ".."}}, "'..' is disallowed"),
    (
        {"agent_id": {"value": "no-such-agent"}},
        "Task uses invalid agent no-such-agent while agent {agent} is expected",
    ),
    (
        {"kill_policy": {"grace_period": {"nanoseconds": -1}}},
        "Task's 'kill_policy.grace_period' must be non-negative",
    ),
    (
        {"max_completion_time": {"nanoseconds": -1}},
        "Task's `max_completion_time` must be non-negative",
    ),
    ({"check": {}}, "Task uses invalid check: CheckInfo must specify 'type'"),
    (
        {"check": {"type": "COMMAND"}},
        "Task uses invalid check: Expecting 'command' to be set for COMMAND check",
    ),
    (
        {"check": {"type": "COMMAND", "command": {"command": {"shell": False}}}},
        "Task uses invalid check: Command check must contain 'executable path'",
    ),
    (
        {"check": {"type": "COMMAND", "command": {"command": env()}}},
        (
            "Task uses invalid check: Check's `CommandInfo` is invalid: "
            "Environment variable 'X' of type 'VALUE' must have a value set"
        ),
    ),
    (
        {"check": {"type": "HTTP"}},
        "Task uses invalid check: Expecting 'http' to be set for HTTP check",
    ),
    (
        {"check": {"type": "HTTP", "http": {"port": 1, "path": "x"}}},
        "Task uses invalid check: The path 'x' of HTTP check must start with '/'",
    ),
    (
        {"check": {"type": "TCP"}},
        "Task uses invalid check: Expecting 'tcp' to be set for TCP check",
    ),
    (
        {"check": {"type": "UNKNOWN"}},
        "Task uses invalid check: 'UNKNOWN' is not a valid check type",
    ),
    (
        {"check": {"type": "TCP", "tcp": {"port": 1}, "delay_seconds": -1}},
        "Task uses invalid check: Expecting 'delay_seconds' to be non-negative",
    ),
    (
        {"health_check": {}},
        "Task uses invalid health check: HealthCheck must specify 'type'",
    ),
    (
        {"health_check": {"command": {"shell": True}}},
        "Task uses invalid health check: Command health check must contain 'shell command'",
    ),
    (
        {"health_check": {"http": {"port": 1, "scheme": "ftp"}}},
        "Task uses invalid health check: Unsupported HTTP health check scheme: 'ftp'",
    ),
    (
        {"health_check": {"http": {"port": 1, "path": "x"}}},
        "Task uses invalid health check: The path 'x' of HTTP health check must start with '/'",
    ),
    (
        {"health_check": {"type": "HTTP"}},
        "Task uses invalid health check: Expecting 'http' to be set for HTTP health check",
    ),
    (
        {"health_check": {"type": "TCP"}},
        "Task uses invalid health check: Expecting 'tcp' to be set for TCP health check",
    ),
    (
        {"health_check": {"type": "COMMAND"}},
        "Task uses invalid health check: Expecting 'command' to be set for COMMAND health check",
    ),
    (
        {"health_check": {"type": "UNKNOWN"}},
        "Task uses invalid health check: 'UNKNOWN' is not a valid health check type",
    ),
    (
        {"health_check": {"type": "TCP", "tcp": {"port": 1}, "grace_period_seconds": -1}},
        "Task uses invalid health check: Expecting 'grace_period_seconds' to be non-negative",
    ),
    ({"resources": []}, "Task uses no resources"),
    (
        {"resources": [*SOME, scalar("gpus", 0.5)]},
        (
            "Task uses invalid resources: Invalid 'gpus' resource: "
            "The 'gpus' resource must be an unsigned integer"
        ),
    ),
    (
        {"resources": [*SOME, scalar("disk", 1, disk={})]},
        "Task uses invalid resources: Invalid DiskInfo: DiskInfo is set but empty",
    ),
    (
        {
            "resources": [
                *SOME,
                scalar("disk", 1, disk={"volume": {"container_path": "x", "mode": "RW"}}),
            ]
        },
        "Task uses invalid resources: Invalid DiskInfo: Non-persistent volume not supported",
    ),
    (
        {"resources": [*SOME, {**volume(1, "v"), "reservations": []}]},
        (
            "Task uses invalid resources: Invalid DiskInfo: "
            "Persistent volumes cannot be created from unreserved resources"
        ),
    ),
    (
        {"resources": [*SOME, {**volume(1, "v"), "disk": {"persistence": {"id": "v"}}}]},
        (
            "Task uses invalid resources: Invalid DiskInfo: "
            "Expecting 'volume' to be set for persistent volume"
        ),
    ),
    (
        {"resources": [*SOME, volume(1, "a/b")]},
        (
            "Task uses invalid resources: Invalid DiskInfo: "
            "Invalid persistence ID for persistent volume: 'a/b' contains invalid characters"
        ),
    ),
    (
        {"resources": [*SOME, scalar("cpus", 1, reservations=reservation("test"), revocable={})]},
        (
            "Task uses invalid resources: Invalid ReservationInfo: Dynamically reserved resource "
            "cpus(allocated: *)(reservations: [(DYNAMIC,test,tester)]){REV}:1"
            " cannot be created from revocable resources"
        ),
    ),
    (
        {"resources": [*SOME, volume(1, "v"), volume(2, "v")]},
        "Task uses duplicate persistence ID: Persistence ID 'v' is not unique",
    ),
    (
        {"resources": [CPUS, {**MEM, "allocation_info": {"role": "x"}}]},
        (
            "Invalid task resources: The resources have multiple allocation roles ('x' and '*')"
            " but only one allocation role is allowed"
        ),
    ),
    (
        {"resources": [*SOME, scalar("cpus", 1, revocable={})]},
        (
            "Task mixes revocable and non-revocable resources: "
            "Cannot use both revocable and non-revocable 'cpus' at the same time"
        ),
    ),
    (
        {"command": env()},
        (
            "Task's `CommandInfo` is invalid: "
            "Environment variable 'X' of type 'VALUE' must have a value set"
        ),
    ),
    (
        {"command": env(type="UNKNOWN")},
        "Task's `CommandInfo` is invalid: Environment variable of type 'UNKNOWN' is not allowed",
    ),
    (
        {"command": env(value="x", secret={"type": "UNKNOWN"})},
        (
            "Task's `CommandInfo` is invalid: "
            "Environment variable 'X' of type 'VALUE' must not have a secret set"
        ),
    ),
    (
        {"command": env(type="SECRET")},
        (
            "Task's `CommandInfo` is invalid: "
            "Environment variable 'X' of type 'SECRET' must have a secret set"
        ),
    ),
    (
        {"command": env(type="SECRET", value="x", secret={"type": "VALUE"})},
        (
            "Task's `CommandInfo` is invalid: "
            "Environment variable 'X' of type 'SECRET' must not have a value set"
        ),
    ),
    (
        {"command": env(type="SECRET", secret={"type": "VALUE"})},
        (
            "Task's `CommandInfo` is invalid: Environment variable 'X' specifies an invalid"
            " secret: "
            "Secret of type VALUE must have the 'value' field set"
        ),
    ),
    (
        {"command": env(type="SECRET", secret={"type": "REFERENCE"})},
        (
            "Task's `CommandInfo` is invalid: Environment variable 'X' specifies an invalid"
            " secret: "
            "Secret of type REFERENCE must have the 'reference' field set"
        ),
    ),
    (
        {"command": env(type="SECRET", secret={"type": "VALUE", "value": {"data": "AAA="}})},
        (
            "Task's `CommandInfo` is invalid: Environment variable 'X' specifies a secret"
            " containing null bytes, which is not allowed in the environment"
        ),
    ),
    (
        {"container": mounted()},
        (
            "Task's `ContainerInfo` is invalid: Invalid volume: "
            "Only one of them should be set: 'host_path', 'image' and 'source'"
        ),
    ),
    (
        {"container": mounted(source={"type": "UNKNOWN"})},
        "Task's `ContainerInfo` is invalid: Invalid volume: 'source.type' is unknown",
    ),
    (
        {"container": mounted(source={"type": "SANDBOX_PATH"})},
        (
            "Task's `ContainerInfo` is invalid: Invalid volume: "
            "'source.sandbox_path' is not set for SANDBOX_PATH volume"
        ),
    ),
    (
        {"container": mounted(source={"type": "CSI_VOLUME"})},
        (
            "Task's `ContainerInfo` is invalid: Invalid volume: "
            "'source.csi_volume' is not set for CSI volume"
        ),
    ),
    (
        {"container": {"type": "DOCKER"}},
        (
            "Task's `ContainerInfo` is invalid: "
            "DockerInfo 'docker' is not set for DOCKER typed ContainerInfo"
        ),
    ),
    (
        {
            "container": {
                "type": "DOCKER",
                "docker": {"image": "i", "parameters": [{"key": "name", "value": "x"}]},
            }
        },
        "Task's `ContainerInfo` is invalid: Parameter in DockerInfo must not be 'name'",
    ),
    (
        limits(disk=1),
        "Only cpus and mem may be included in a task's resource limits",
    ),
    (
        {**limits(cpus=1), "resources": [MEM]},
        "When a CPU limit is specified, a CPU request must also be specified",
    ),
    (limits(cpus=0.01), "The cpu limit must be greater than or equal to the cpu request"),
    (
        {**limits(mem=1), "resources": [CPUS]},
        "When a memory limit is specified, a memory request must also be specified",
    ),
    (limits(mem=1), "The memory limit must be greater than or equal to the memory request"),
    (
        {"command": None},
        "Task should have at least one (but not both) of CommandInfo or ExecutorInfo present",
    ),
    (
        {**custom(), "command": {"value": "true"}},
        "Task should have at least one (but not both) of CommandInfo or ExecutorInfo present",
    ),
    (
        custom(type="DEFAULT"),
        "'ExecutorInfo.command' must not be set for 'DEFAULT' executor",
    ),
    (custom(command=None), "'ExecutorInfo.command' must be set for 'CUSTOM' executor"),
    (custom(type="DEFAULT", command=None), "'ExecutorInfo.type' must be 'CUSTOM'"),
    (custom(type=None, command=None), "'ExecutorInfo.command' must be set"),
    (custom(executor_id={"value": "a/b"}), "'a/b' contains invalid characters"),
    (
        custom(shutdown_grace_period={"nanoseconds": -1}),
        "ExecutorInfo's 'shutdown_grace_period' must be non-negative",
    ),
    (
        custom(command=env()),
        (
            "Executor's `CommandInfo` is invalid: "
            "Environment variable 'X' of type 'VALUE' must have a value set"
        ),
    ),
    (
        custom(container={"type": "DOCKER"}),
        (
            "Executor's `ContainerInfo` is invalid: "
            "DockerInfo 'docker' is not set for DOCKER typed ContainerInfo"
        ),
    ),
    (
        custom(framework_id={"value": "other"}),
        "ExecutorInfo has an invalid FrameworkID (Actual: other vs Expected: {framework})",
    ),
    (
        custom(resources=[scalar("gpus", 0.5)]),
        (
            "Executor uses invalid resources: Invalid 'gpus' resource: "
            "The 'gpus' resource must be an unsigned integer"
        ),
    ),
    (
        custom(container=container(linux_info={"share_cgroups": True})),
        "The 'share_cgroups' field cannot be set to 'true' on executor containers",
    ),
    (
        {
            **custom(resources=[volume(1, "v")]),
            "resources": [*SOME, volume(2, "v")],
        },
        "Task and its executor use duplicate persistence ID: Persistence ID 'v' is not unique",
    ),
    (
        {"resources": [scalar("cpus", 9999), MEM]},
        (
            "Total resources cpus(allocated: *):9999; mem(allocated: *):32 required by task and its"
            " executor is more than available {offered}"
        ),
    ),
    (
        {"resources": [{**CPUS, "role": "other"}, MEM]},
        (
            "Total resources cpus(allocated: *)(reservations: [(STATIC,other)]):0.1;"
            " mem(allocated: *):32 required by task and its executor is more than available"
            " {offered}"
        ),
    ),
    (
        {"container": container(linux_info={"share_cgroups": False})},
        "Only tasks in a task group may have 'share_cgroups' set to 'false'",
    ),
]
OFFERED = (
    "ports(allocated: *):[31000-32000]; cpus(allocated: *):4;"
    " mem(allocated: *):4096; disk(allocated: *):10000"
)


@pytest.mark.parametrize("content_type", list(ContentType), ids=lambda kind: kind.name)
def test_tasks_that_are_not_valid(world, content_type):
    agent = world.agent()
    client = world.framework(content_type)
    (offer,) = client.offers()
    operations = [
        launch(task(f"t{number}", agent.agent_id, **more))
        for number, (more, _) in enumerate(TASK_ERRORS)
    ]
    client.accept(offer, operations=operations)
    for more, text in TASK_ERRORS:
        expected = (
            text.replace("{agent}", agent.agent_id)
            .replace("{framework}", client.framework_id)
            .replace("{offered}", OFFERED)
        )
        status = client.status()
        assert status["message"] == expected, more
        assert status["state"] == "TASK_ERROR"
        assert status["source"] == "SOURCE_MASTER"
        assert status["reason"] == "REASON_TASK_INVALID"
        assert status["agent_id"] == more.get("agent_id", {"value": agent.agent_id})
        assert "uuid" not in status
    assert agent.calls.empty()
