"""LAUNCH_GROUP: all of a group or nothing of it, on one default executor (facts 4.3)."""

from __future__ import annotations

import pytest
from local.framework_messages import default_executor, launch, launch_group, scalar, task

from mesos_batch.protocol.codec import ContentType

pytestmark = pytest.mark.timeout(60)
CPUS, MEM, DISK = scalar("cpus", 0.1), scalar("mem", 32), scalar("disk", 10)
PORTS = {"name": "ports", "type": "RANGES", "ranges": {"range": [{"begin": 31000, "end": 31000}]}}
NESTED = {"type": "MESOS", "linux_info": {"share_cgroups": False}}

# What is changed of the executor, of the second task, and what is said.
GROUP_ERRORS = [
    ({"resources": [CPUS, MEM]}, {}, "Executor 'pool' uses no disk"),
    (
        {"resources": [MEM, DISK]},
        {},
        "Executor 'pool' uses less CPUs (None) than the minimum required (0.01)",
    ),
    (
        {"resources": [scalar("cpus", 0.001), MEM, DISK]},
        {},
        "Executor 'pool' uses less CPUs (0.001) than the minimum required (0.01)",
    ),
    (
        {"resources": [CPUS, scalar("mem", 31), DISK]},
        {},
        "Executor 'pool' uses less memory (31MB) than the minimum required (32MB)",
    ),
    ({"type": None}, {}, "'ExecutorInfo.type' must be set"),
    ({"type": "UNKNOWN"}, {}, "Unknown executor type"),
    (
        {"command": {"value": "x"}},
        {},
        "'ExecutorInfo.command' must not be set for 'DEFAULT' executor",
    ),
    (
        {"container": {"type": "DOCKER", "docker": {"image": "i"}}},
        {},
        "'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor",
    ),
    (
        {
            "type": "CUSTOM",
            "command": {"value": "x"},
            "container": {"type": "DOCKER", "docker": {"image": "i"}},
        },
        {},
        "Docker ContainerInfo is not supported on the executor",
    ),
    (
        {"container": {"type": "MESOS", "mesos": {"image": {"type": "DOCKER"}}}},
        {},
        "'ExecutorInfo.container.mesos.image' must not be set for 'DEFAULT' executor",
    ),
    ({"framework_id": None}, {}, "'ExecutorInfo.framework_id' must be set"),
    (
        {"container": {"type": "MESOS", "linux_info": {"share_cgroups": True}}},
        {},
        "The 'share_cgroups' field cannot be set to 'true' on executor containers",
    ),
    (
        {},
        {"task_id": {"value": "a/b"}},
        "Task 'a/b' is invalid: 'a/b' contains invalid characters",
    ),
    (
        {},
        {"container": {"type": "DOCKER", "docker": {"image": "i"}}},
        "Task 'two' is invalid: Docker ContainerInfo is not supported on the task",
    ),
    (
        {},
        {
            "container": {"type": "MESOS", "network_infos": [{"name": "n"}]},
            "health_check": {"type": "TCP", "tcp": {"port": 1}},
        },
        (
            "Task 'two' is invalid: HTTP and TCP health checks are not supported for nested"
            " containers not joining parent's network"
        ),
    ),
    (
        {},
        {"limits": {"cpus": {"value": 1}}},
        (
            "Task 'two' is invalid: Resource limits may only be set for tasks within a task group"
            " when the 'share_cgroups' field is set to 'false'."
        ),
    ),
    (
        {},
        {"container": NESTED},
        (
            "If set, the value of 'share_cgroups' must be the same for all tasks in each task group"
            " and under a single executor"
        ),
    ),
    (
        {},
        {"executor": {"executor_id": {"value": "another"}, "type": "DEFAULT"}},
        "The `ExecutorInfo` of task 'two' is different from executor 'pool'",
    ),
    (
        {"resources": [CPUS, MEM, DISK, PORTS]},
        {"resources": [CPUS, MEM, PORTS]},
        (
            "There are overlapping resources in the task group's task resources [ cpus(allocated:"
            " *)"
            ":0.1; mem(allocated: *):32, cpus(allocated: *):0.1; mem(allocated: *):32;"
            " ports(allocated: *):[31000-31000] ] and/or executor resources cpus(allocated: *):0.1;"
            " mem(allocated: *):32; disk(allocated: *):10; ports(allocated: *):[31000-31000]"
        ),
    ),
    (
        {},
        {"resources": [scalar("cpus", 99), MEM]},
        (
            "Total resources cpus(allocated: *):99.2; mem(allocated: *):96; disk(allocated: *):10"
            " required by task group and its executor are more than available"
            " ports(allocated: *):[31000-32000]; cpus(allocated: *):4; mem(allocated: *):4096;"
            " disk(allocated: *):10000"
        ),
    ),
]


@pytest.mark.parametrize("content_type", list(ContentType), ids=lambda kind: kind.name)
def test_groups_that_are_not_valid(world, content_type):
    agent = world.agent()
    client = world.framework(content_type)
    (offer,) = client.offers()
    operations = [
        launch_group(
            default_executor(client.framework_id, **changes),
            task("one", agent.agent_id),
            task("two", agent.agent_id, **more),
        )
        for changes, more, _ in GROUP_ERRORS
    ]
    client.accept(offer, operations=operations)
    for _, _, text in GROUP_ERRORS:
        for _ in range(2):
            status = client.status()
            assert status["message"] == text
            assert (status["state"], status["reason"]) == (
                "TASK_ERROR",
                "REASON_TASK_GROUP_INVALID",
            )
    assert agent.calls.empty()


def test_a_group_has_no_id_and_no_malformed_resource(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    executor = default_executor(client.framework_id)
    bad = default_executor(client.framework_id, resources=[scalar("cpus", -1)])
    client.accept(
        offer,
        operations=[
            {**launch_group(executor, task("a", agent.agent_id)), "id": {"value": "o"}},
            launch_group(bad, task("b", agent.agent_id)),
        ],
    )
    assert client.status()["message"] == "The `id` field cannot be set on LAUNCH_GROUP operations"
    status = client.status()
    assert status["message"] == (
        "Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0"
    )
    assert status["reason"] == "REASON_TASK_GROUP_INVALID"


def test_groups_share_an_executor_that_is_charged_once(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    executor = default_executor(client.framework_id)
    groups = [launch_group(executor, task(name, agent.agent_id)) for name in ("a", "b")]
    client.accept(offer, operations=groups)
    framework, sent, tasks = agent.heard("run_task_group")
    assert (framework.id.value, sent.executor_id.value) == (client.framework_id, "pool")
    assert [item.task_id.value for item in tasks] == ["a"]
    assert sent.resources[0].allocation_info.role == "*"
    (offer,) = client.offers()
    amounts = {item["name"]: item.get("scalar", {}).get("value") for item in offer["resources"]}
    assert (amounts["cpus"], amounts["mem"], amounts["disk"]) == (3.7, 4000, 9990)
    assert offer["executor_ids"] == [{"value": "pool"}]
    # The executor frees its resources when it ends, and the framework hears of it.
    agent.update(client.framework_id, "a", "TASK_FINISHED")
    agent.update(client.framework_id, "b", "TASK_FINISHED")
    world.do(world.master.executor_exited, agent.agent_id, client.framework_id, "pool", 0)
    assert client.until("FAILURE") == {
        "agent_id": {"value": agent.agent_id},
        "executor_id": {"value": "pool"},
        "status": 0,
    }
    (offer,) = client.offers()
    assert "executor_ids" not in offer
    client.accept(offer, operations=[launch(task("after", agent.agent_id))])
    agent.heard("run_task")


def test_an_executor_cannot_change_under_its_id(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    first = default_executor(client.framework_id)
    other = default_executor(client.framework_id, resources=[scalar("cpus", 0.2), MEM, DISK])
    client.accept(
        offer,
        operations=[
            launch_group(first, task("a", agent.agent_id)),
            launch_group(other, task("b", agent.agent_id)),
        ],
    )
    line = "-" * 60

    def shown(cpus):
        resources = "".join(
            f'resources {{\n  name: "{name}"\n  type: SCALAR\n  scalar {{\n    value: {value}\n'
            f'  }}\n  allocation_info {{\n    role: "*"\n  }}\n}}\n'
            for name, value in (("cpus", cpus), ("mem", 32), ("disk", 10))
        )
        return (
            f'executor_id {{\n  value: "pool"\n}}\n{resources}'
            f'framework_id {{\n  value: "{client.framework_id}"\n}}\ntype: DEFAULT\n'
        )

    assert client.status()["message"] == (
        "ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.\n"
        f"{line}\nExisting ExecutorInfo:\n{shown(0.1)}\n"
        f"{line}\nExecutorInfo:\n{shown(0.2)}\n{line}\n"
    )


def test_share_cgroups_is_the_same_under_an_executor(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    executor = default_executor(client.framework_id)
    client.accept(
        offer,
        operations=[
            launch_group(executor, task("a", agent.agent_id)),
            launch_group(executor, task("b", agent.agent_id, container=NESTED)),
        ],
    )
    assert client.status()["message"].startswith("If set, the value of 'share_cgroups'")


def test_shutdown_of_an_executor(world):
    agent = world.agent()
    client = world.framework()
    payload = {"agent_id": {"value": agent.agent_id}, "executor_id": {"value": "pool"}}
    client.call("SHUTDOWN", shutdown={**payload, "agent_id": {"value": "nobody"}})
    client.call("SHUTDOWN", shutdown=payload)
    assert agent.heard("shutdown_executor") == (client.framework_id, "pool")
