"""LAUNCH: what becomes of valid tasks (facts 2.3)."""

from __future__ import annotations

import pytest
from local.framework_messages import launch, scalar, task

pytestmark = pytest.mark.timeout(60)
CPUS, MEM = scalar("cpus", 0.1), scalar("mem", 32)


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
