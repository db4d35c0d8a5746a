"""LAUNCH: what the master refuses of a task, in its words and order (facts 4.3 to 4.5, 5.2)."""

from __future__ import annotations

import pytest
from local.master_world import launch, reservation, scalar, task, volume

from mesos_batch.protocol.codec import ContentType

pytestmark = pytest.mark.timeout(60)
CPUS, MEM = scalar("cpus", 0.1), scalar("mem", 32)
SOME = [CPUS, MEM]
HOUR = {"nanoseconds": 3600 * 10**9}


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


def ranges(*spans):
    return {"range": [{"begin": begin, "end": end} for begin, end in spans]}


def reserved(*levels, **more):
    entries = [{"type": kind, "role": role, "principal": "tester"} for kind, role in levels]
    return scalar("cpus", 1, reservations=entries, **more)


FORMAT_ERRORS = [
    (scalar("cpus", -1), "cpus:-1", "Invalid scalar resource: value <= 0"),
    (scalar("cpus", 0.0004), "cpus:0", "Invalid scalar resource: value <= 0"),
    (scalar("", 1), ":1", "Empty resource name"),
    (
        {"name": "ports", "type": "RANGES", "ranges": ranges((5, 3))},
        "ports:[5-3]",
        "Invalid ranges resource: begin > end",
    ),
    (
        {"name": "ports", "type": "RANGES", "ranges": ranges((1, 5), (5, 7))},
        "ports:[1-7]",
        "Invalid ranges resource: overlapping ranges",
    ),
    ({"name": "ports", "type": "RANGES"}, "ports:[]", "Invalid ranges resource"),
    (
        {"name": "zones", "type": "SET", "set": {"item": ["a", "a"]}},
        "zones:{a}",
        "Invalid set resource: duplicated elements",
    ),
    ({"name": "zones", "type": "SET"}, "zones:{}", "Invalid set resource"),
    (
        {**scalar("cpus", 1), "ranges": ranges((1, 2))},
        "cpus:1",
        "Invalid scalar resource",
    ),
    (
        scalar("cpus", 1, disk={}),
        "cpus[]:1",
        "DiskInfo should not be set for cpus resource",
    ),
    (
        scalar("disk", 1, disk={"source": {"type": "RAW", "path": {"root": "/x"}}}),
        None,
        "Path should not be set for RAW disk source",
    ),
    (
        scalar("disk", 1, disk={"source": {"type": "BLOCK", "mount": {"root": "/x"}}}),
        None,
        "Mount should not be set for BLOCK disk source",
    ),
    (
        scalar("cpus", 1, role="a b"),
        None,
        "Role component 'a b' is invalid because it contains backspace or whitespace",
    ),
    (
        scalar("cpus", 1, reservation={"principal": "p"}),
        None,
        'Invalid reservation: role "*" cannot be dynamically reserved',
    ),
    (
        scalar("cpus", 1, role="r", reservation={"role": "r"}),
        None,
        "'Resource.ReservationInfo.role' must not be set for the 'Resource.reservation' field",
    ),
    (
        scalar("cpus", 1, reservations=[{"role": "r"}]),
        None,
        "Invalid reservation: 'Resource.ReservationInfo.type' field must be set.",
    ),
    (reserved(("STATIC", "*")), None, 'Invalid reservation: role "*" cannot be reserved'),
    (
        reserved(("DYNAMIC", "a"), ("STATIC", "a/b")),
        None,
        "Invalid refined reservation: A refined reservation cannot be STATIC",
    ),
    (
        reserved(("DYNAMIC", "a"), ("DYNAMIC", "ab")),
        None,
        "Invalid refined reservation: role 'ab' is not a refinement of 'a'",
    ),
    (
        reserved(("DYNAMIC", "a"), ("DYNAMIC", "a/b"), role="a/b"),
        None,
        (
            "Invalid resource format: 'Resource.role' must not be set if there is more than one"
            " reservation in 'Resource.reservations'"
        ),
    ),
    (
        reserved(("DYNAMIC", "a"), role="b"),
        None,
        (
            "Invalid resource format: 'Resource.role' field with 'b' does not match the role 'a'"
            " in 'Resource.reservations'"
        ),
    ),
    (
        reserved(("DYNAMIC", "a"), role="a"),
        None,
        (
            "Invalid resource format: 'Resource.role' and 'Resource.reservation' must either be"
            " both"
            " set or both not set if the single reservation in 'Resource.reservations' is DYNAMIC"
        ),
    ),
    (
        reserved(("DYNAMIC", "a"), role="a", reservation={"principal": "x"}),
        None,
        (
            "Invalid resource format: 'Resource.reservation.principal' field with 'x' does not"
            " match"
            " the principal 'tester' in 'Resource.reservations'"
        ),
    ),
    (
        reserved(("STATIC", "a"), reservation={"principal": "tester"}),
        None,
        (
            "Invalid resource format: 'Resource.reservation' must not be set if the single"
            " reservation"
            " in 'Resource.reservations' is STATIC"
        ),
    ),
    (scalar("cpus", 1, shared={}), None, "Resource cpus cannot be shared"),
    (scalar("disk", 1, shared={}), None, "Only persistent volumes can be shared"),
]


def test_one_malformed_resource_fails_all_tasks_of_its_operation(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    operations = [
        launch(
            task(f"good-{number}", agent.agent_id),
            task(f"bad-{number}", agent.agent_id, resources=[MEM, resource]),
        )
        for number, (resource, _, _) in enumerate(FORMAT_ERRORS)
    ]
    client.accept(offer, operations=operations)
    for resource, shown, text in FORMAT_ERRORS:
        for _ in range(2):
            status = client.status()
            assert (status["state"], status["reason"]) == ("TASK_ERROR", "REASON_TASK_INVALID")
            if shown is None:
                assert status["message"].endswith(f"' is invalid: {text}"), resource
            else:
                assert status["message"] == f"Resource '{shown}' is invalid: {text}"
    assert agent.calls.empty()


def test_a_launch_has_no_id(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    client.accept(offer, operations=[{**launch(task("t", agent.agent_id)), "id": {"value": "o"}}])
    assert client.status()["message"] == "The `id` field cannot be set on LAUNCH operations"


def test_a_launch_without_its_field(world):
    world.agent()
    client = world.framework()
    (offer,) = client.offers()
    client.accept(offer, operations=[{"type": "LAUNCH"}, {"type": "UNKNOWN"}])
    assert len(client.offers()) == 1


def test_a_valid_task_goes_to_the_agent_in_full_form(world):
    agent = world.agent()
    client = world.framework(roles=None, role="test", capabilities=[])
    (offer,) = client.offers()
    check = {"command": {"value": "true"}}
    client.accept(offer, operations=[launch(task("t", agent.agent_id, health_check=check))])
    framework, sent, executor = agent.heard("run_task")
    assert framework.id.value == client.framework_id
    assert executor is None
    assert [item.allocation_info.role for item in sent.resources] == ["test", "test"]
    assert sent.health_check.type == sent.health_check.COMMAND


def test_zero_amounts_and_thousandths_are_fine(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    zero = task("zero", agent.agent_id, resources=[scalar("cpus", 0), scalar("mem", 0)])
    tenths = [
        task(f"f{tenth}", agent.agent_id, resources=[scalar("cpus", tenth / 10), MEM])
        for tenth in (1, 2)
    ]
    client.accept(offer, operations=[launch(zero, *tenths)])
    assert [agent.heard("run_task")[1].name for _ in range(3)] == ["zero", "f1", "f2"]
    assert client.offers()[0]["resources"][1]["scalar"]["value"] == 3.7


def test_an_id_in_use_is_refused_until_its_last_update_is_acknowledged(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    client.accept(
        offer, operations=[launch(task("dup", agent.agent_id), task("dup", agent.agent_id))]
    )
    assert client.status()["message"] == "Task has duplicate ID: dup"
    agent.heard("run_task")
    agent.update(client.framework_id, "dup", "TASK_FINISHED")
    ended = client.status()
    (offer,) = client.offers()
    client.accept(offer, operations=[launch(task("dup", agent.agent_id))])
    assert client.status()["message"] == "Task has duplicate ID: dup"
    client.acknowledge(ended)
    (offer,) = client.offers()
    client.accept(offer, operations=[launch(task("dup", agent.agent_id))])
    agent.heard("run_task")


def test_a_custom_executor_is_charged_once(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    tasks = [task(name, agent.agent_id, **custom()) for name in ("a", "b")]
    client.accept(offer, operations=[launch(*tasks)])
    _, _, executor = agent.heard("run_task")
    assert executor.framework_id.value == client.framework_id
    (offer,) = client.offers()
    assert offer["resources"][1]["scalar"]["value"] == 3.7
    assert offer["executor_ids"] == [{"value": "e"}]


def test_each_task_is_checked_against_what_is_left(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    tasks = [task(name, agent.agent_id, resources=[scalar("cpus", 3), MEM]) for name in ("a", "b")]
    client.accept(offer, operations=[launch(*tasks)])
    assert "cpus(allocated: *):1;" in client.status()["message"]
    assert agent.heard("run_task")[1].name == "a"
