"""Short tasks share a default executor: when they do, and what happens when it ends."""

from __future__ import annotations

from typing import Any

import pytest
from engine.world import World, launched, of, task

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.engine.policy import ExecutorUse
from mesos_batch.engine.pools import ANCHOR, ENOUGH_KNOWN, EXECUTOR, MANY, TRIES
from mesos_batch.model.facts import Phase
from mesos_batch.model.offer import Offer
from mesos_batch.model.resources import Resources
from mesos_batch.model.scheduling import Scheduling


def pooled(*names: str, cpus: float = 1, **more: Any) -> World:
    more.setdefault("executor", ExecutorUse.POOL)
    world = World(*(task(name, cpus=cpus, poolable=True) for name in names), **more)
    world.subscribe()
    return world


def offer(world: World, agent: str = "a", cpus: float = 4, mem: float = 4096) -> Offer:
    resources = Resources.scalars(cpus=cpus, mem=mem, disk=100)
    return world.offer(agent, resources=resources)


def launch(turn: Any) -> do.Launch:
    (command,) = of(do.Launch, turn.commands)
    assert isinstance(command, do.Launch)
    return command


def run(world: World, task_id: str, *states: str, **more: Any) -> None:
    for state in states:
        world.update(task_id, state, **more)


def test_the_first_launch_brings_executor_and_anchor_and_later_ones_the_same_executor() -> None:
    world = pooled("t0", "t1", "t2", cpus=2)

    first = launch(world.offers(offer(world, cpus=4.1)))
    shared = first.executor
    assert shared is not None
    assert shared.anchor is not None
    run(world, shared.anchor.task_id, "STARTING", "RUNNING")
    run(world, "t0", "RUNNING", "FINISHED")
    second = launch(world.offers(offer(world, cpus=2)))

    assert [item.pooled for item in (*first.tasks, *second.tasks)] == [True] * 3
    assert shared.resources == EXECUTOR
    assert shared.anchor.resources == ANCHOR
    assert second.executor == do.SharedExecutor(shared.executor_id, EXECUTOR, None)


def test_the_executors_cpus_come_off_one_task_when_an_agent_is_full() -> None:
    world = pooled(*(f"t{i}" for i in range(6)))

    first = launch(world.offers(offer(world)))
    shaved = [item for item in first.tasks if item.resources.milli("cpus") < 1000]
    run(world, first.executor.anchor.task_id, "RUNNING")  # type: ignore[union-attr]
    run(world, shaved[0].task_id, "RUNNING", "FINISHED")
    second = launch(world.offers(offer(world, cpus=0.99)))

    total = sum(item.resources.milli("cpus") for item in first.tasks)
    assert total + EXECUTOR.milli("cpus") == 4000
    assert len(shaved) == 1
    assert second.tasks[0].resources.milli("cpus") == 990
    assert launched(world.offers(offer(world, cpus=0.99))) == []


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        (Resources.scalars(cpus=4, mem=4096), "an executor needs some disk"),
        (Resources.scalars(cpus=4, mem=128, disk=100), "the tasks use all the memory"),
    ],
)
def test_without_room_for_the_executor_tasks_have_their_own(resources: Resources, why: str) -> None:
    world = pooled(*(f"t{i}" for i in range(9)))

    command = launch(world.offers(world.offer("a", resources=resources)))

    assert command.executor is None, why
    assert len(command.tasks) == 4


def test_what_may_not_share_an_executor_does_not() -> None:
    world = World(task("p", poolable=True), task("c"), executor=ExecutorUse.POOL)
    world.subscribe()

    command = launch(world.offers(offer(world)))

    assert {item.task_id: item.pooled for item in command.tasks} == {"p": True, "c": False}


def test_an_idle_pool_ends_when_nothing_waits() -> None:
    world = World(task("t0", poolable=True), task("long"), executor=ExecutorUse.POOL)
    world.subscribe()
    first = launch(world.offers(offer(world)))
    assert first.executor is not None
    assert first.executor.anchor is not None

    run(world, "t0", "RUNNING")
    turn = world.update("t0", "FINISHED")

    assert do.Kill(first.executor.anchor.task_id, "a") in turn.commands
    assert world.phase("long") is Phase.LAUNCHED


def test_an_idle_pool_gives_way_to_a_task_that_needs_the_whole_agent() -> None:
    world = World(
        task("small", poolable=True), task("large", cpus=4, mem=4096), executor=ExecutorUse.POOL
    )
    world.subscribe()
    first = launch(world.offers(offer(world, cpus=2)))
    assert first.executor is not None
    assert first.executor.anchor is not None
    anchor = first.executor.anchor.task_id
    run(world, anchor, "RUNNING")
    run(world, "small", "RUNNING", "FINISHED")

    turn = world.offers(offer(world, cpus=3.99, mem=4064))
    run(world, anchor, "KILLED")
    last = world.offers(offer(world))

    assert do.Kill(anchor, "a") in turn.commands
    assert launched(last) == ["large"]


def test_a_launch_that_comes_too_late_for_its_executor_counts_for_nothing() -> None:
    world = pooled("t0", "t1", max_losses=0)
    first = launch(world.offers(offer(world, cpus=1.5)))
    assert first.executor is not None
    assert first.executor.anchor is not None
    run(world, first.executor.anchor.task_id, "RUNNING")
    launch(world.offers(offer(world, cpus=1)))

    world.update("t1", "DROPPED", reason="REASON_EXECUTOR_TERMINATED")
    again = launch(world.offers(offer(world)))

    assert world.view("t1").failures == 0
    assert [item.task_id for item in again.tasks] == ["t1~2"]
    assert again.executor is not None
    assert again.executor.executor_id != first.executor.executor_id


def test_a_task_whose_pools_keep_ending_gets_an_executor_of_its_own() -> None:
    world = pooled("t")
    for _ in range(TRIES):
        command = launch(world.offers(offer(world)))
        assert command.tasks[0].pooled
        world.update(command.tasks[0].task_id, "DROPPED", reason="REASON_EXECUTOR_TERMINATED")

    assert not launch(world.offers(offer(world))).tasks[0].pooled


def test_out_of_memory_in_a_pool_blames_no_task_and_each_runs_alone_next() -> None:
    world = pooled("t0", "t1")
    launch(world.offers(offer(world)))
    for name in ("t0", "t1"):
        run(world, name, "RUNNING")
        world.update(name, "FAILED", reason="REASON_CONTAINER_LIMITATION_MEMORY")

    again = launch(world.offers(offer(world)))

    assert {item.task_id: item.pooled for item in again.tasks} == {"t0~2": False, "t1~2": False}
    world.update("t0~2", "FAILED", reason="REASON_CONTAINER_LIMITATION_MEMORY")
    assert world.phase("t0") is Phase.FAILED


def test_what_fails_by_itself_in_a_pool_has_failed() -> None:
    world = pooled("t0", "t1")
    launch(world.offers(offer(world)))

    run(world, "t0", "RUNNING")
    world.update("t0", "FAILED", message="Command exited with status 3")

    assert world.phase("t0") is Phase.FAILED
    assert world.view("t0").exit_status == 3
    assert world.phase("t1") is Phase.LAUNCHED


def test_an_agent_that_cannot_start_executors_gets_no_further_pool() -> None:
    world = pooled("t0", "t1")
    first = launch(world.offers(offer(world)))
    assert first.executor is not None
    assert first.executor.anchor is not None
    for name in (first.executor.anchor.task_id, "t0", "t1"):
        world.update(name, "FAILED", reason="REASON_EXECUTOR_REGISTRATION_TIMEOUT")

    again = launch(world.offers(offer(world)))

    assert again.executor is None
    assert len(again.tasks) == 2


def test_an_executor_that_can_start_no_task_is_the_last_on_its_agent() -> None:
    # As agents that want credentials of executors and give them none: 401 for each container.
    world = pooled("t0", "t1")
    first = launch(world.offers(offer(world)))
    assert first.executor is not None
    assert first.executor.anchor is not None
    names = (first.executor.anchor.task_id, "t0", "t1")
    for name in names:
        world.update(name, "STARTING")
    world.do(ev.ExecutorFailed("a", first.executor.executor_id, 0))
    for name in names:
        world.update(name, "FAILED", reason="REASON_EXECUTOR_TERMINATED")

    again = launch(world.offers(offer(world)))

    assert again.executor is None
    assert [item.pooled for item in again.tasks] == [False, False]


def test_what_no_pool_could_start_runs_alone_after_a_resumption() -> None:
    world = pooled("t0")
    first = launch(world.offers(offer(world)))
    assert first.executor is not None
    world.update("t0", "STARTING")
    world.crash()
    world.subscribe()
    world.update(
        "t0",
        "FAILED",
        reason="REASON_EXECUTOR_TERMINATED",
        executor_id=first.executor.executor_id,
    )

    assert not launch(world.offers(offer(world))).tasks[0].pooled


def test_after_a_resumption_old_anchors_are_killed_and_their_tasks_go_on() -> None:
    world = pooled("t0", "t1")
    first = launch(world.offers(offer(world, cpus=1.5)))
    assert first.executor is not None
    assert first.executor.anchor is not None
    anchor = first.executor.anchor.task_id
    run(world, "t0", "RUNNING")
    world.crash()
    world.subscribe()

    turn = world.update(anchor, "RUNNING", reason="REASON_RECONCILIATION")
    world.update("t0", "RUNNING", reason="REASON_RECONCILIATION")
    again = launch(world.offers(offer(world, cpus=1.5), after=1.0))

    assert do.Kill(anchor, "a") in turn.commands
    assert world.phase("t0") is Phase.RUNNING
    assert again.executor is not None
    assert again.executor.executor_id != first.executor.executor_id


def test_a_pool_whose_executor_is_gone_takes_no_further_task() -> None:
    world = pooled("t0", "t1")
    first = launch(world.offers(offer(world, cpus=1.5)))
    assert first.executor is not None
    assert first.executor.anchor is not None
    run(world, first.executor.anchor.task_id, "RUNNING")
    world.do(ev.ExecutorFailed("a", first.executor.executor_id, 9))

    again = launch(world.offers(offer(world)))

    assert again.executor is not None
    assert again.executor.anchor is not None


def test_auto_shares_executors_once_starting_them_has_cost_a_good_part_of_the_time() -> None:
    def shares(seconds_to_start: float, seconds_to_run: float) -> bool:
        names = [f"t{i}" for i in range(ENOUGH_KNOWN + 1)]
        world = pooled(*names, cpus=4, executor=ExecutorUse.AUTO)
        for _ in names[:-1]:
            item = launch(world.offers(offer(world, cpus=4))).tasks[0]
            assert not item.pooled
            world.update(item.task_id, "RUNNING", after=seconds_to_start)
            world.update(item.task_id, "FINISHED", after=seconds_to_run)
        return launch(world.offers(offer(world, cpus=4))).tasks[0].pooled

    assert shares(0.5, 0.1)
    assert not shares(0.5, 60.0)
    assert not shares(0.01, 0.5)


@pytest.mark.parametrize(
    ("seconds", "count", "shares"), [(1, MANY, True), (60, MANY, False), (1, 9, False)]
)
def test_auto_believes_what_many_tasks_say_of_their_length(
    seconds: float, count: int, shares: bool
) -> None:
    how = Scheduling(expected_runtime=seconds)
    tasks = [task(f"t{i}", poolable=True, scheduling=how) for i in range(count)]
    world = World(*tasks, executor=ExecutorUse.AUTO)
    world.subscribe()

    assert launch(world.offers(offer(world))).tasks[0].pooled is shares


def test_the_sandbox_of_a_pooled_task_is_inside_that_of_its_executor() -> None:
    world = pooled("t0")
    made = Offer(
        "O",
        "a",
        "a",
        Resources.scalars(cpus=4, mem=4096, disk=100),
        agent_url="http://a:5051",
    )
    shared = launch(world.offers(made)).executor
    assert shared is not None

    world.update("t0", "RUNNING", container_id="c", parent_container_id="p")

    place = f"frameworks/F/executors/{shared.executor_id}/runs/latest/tasks/t0"
    assert world.view("t0").sandbox_url == f"http://a:5051/files/browse?path=/{place}"
