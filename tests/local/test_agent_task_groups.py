"""Task groups on the default executor, held against what a real agent said."""

from __future__ import annotations

from pathlib import Path

from local.agent_world import (
    FRAMEWORK_ID,
    World,
    an_agent,
    recorded_statuses,
    said_statuses,
    scene,
    task,
)

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb


def nested_parts_left_out(statuses: list[dict[str, object]]) -> list[dict[str, object]]:
    """In STARTING the agent of Mesos knows a network and a process only sometimes."""
    for status in statuses:
        container = status["container_status"]
        assert isinstance(container, dict)
        if status["state"] == "TASK_STARTING":
            container.pop("network_infos", None)
            container.pop("executor_pid", None)
    return statuses


async def ended(world: World, executor_id: str) -> None:
    await world.master.until(lambda: (FRAMEWORK_ID, executor_id, 0) in world.master.exits)


@scene
async def test_a_group_goes_the_way_of_the_recording(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        world.run_group("pod-executor", task("g1", "echo one"), task("g2", "echo two"))
        await world.master.finished("g1", "g2")
        for name in ("g1", "g2"):
            recorded = recorded_statuses("launch_group", name)
            assert nested_parts_left_out(said_statuses(world, name)) == nested_parts_left_out(
                recorded
            )
        await ended(world, "pod-executor")
        sandbox = world.sandbox("pod-executor")
        assert sorted(entry.name for entry in sandbox.iterdir()) == [
            "containers",
            "stderr",
            "stdout",
            "tasks",
        ]
        assert (sandbox / "tasks/g1/stdout").read_text() == "one\n"
        container = (sandbox / "tasks/g2").resolve()
        assert container.parent == sandbox / "containers"
        said = world.master.statuses("g2")[0].container_status.container_id
        assert (said.value, said.parent.value) == (container.name, sandbox.name)


@scene
async def test_groups_share_an_executor_that_an_anchor_keeps(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        world.run_group("pool-1", task("anchor", "sleep 1000"))
        world.run_group("pool-1", task("p1", "echo one"))
        world.run_group("pool-1", task("p2", "exit 4"))
        await world.master.finished("p1", "p2")
        world.run_group("pool-1", task("p3", "true"))
        await world.master.finished("p3")
        assert world.master.exits == []
        world.agent.kill_task(FRAMEWORK_ID, "anchor", None)
        await ended(world, "pool-1")
        for name in ("anchor", "p1", "p2", "p3"):
            recorded = recorded_statuses("executor_pooling", name)
            assert nested_parts_left_out(said_statuses(world, name)) == nested_parts_left_out(
                recorded
            )
        parents = {
            world.master.statuses(name)[0].container_status.container_id.parent.value
            for name in ("anchor", "p1", "p2", "p3")
        }
        assert len(parents) == 1


@scene
async def test_a_later_group_gets_a_fresh_executor_of_the_same_name(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        for name in ("p5", "p6"):
            world.run_group("pool-1", task(name, "true"))
            await world.master.finished(name)
            await ended(world, "pool-1")
            world.master.exits.clear()
        first, second = (
            world.master.statuses(name)[0].container_status.container_id.parent.value
            for name in ("p5", "p6")
        )
        assert first != second


@scene
async def test_a_failing_task_takes_its_group_along_and_no_other(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        world.run_group("pod", task("other", "sleep 1000"))
        await world.master.reached("other", "TASK_RUNNING")
        world.run_group("pod", task("fails", "exit 1"), task("with-it", "sleep 1000"))
        fails, with_it = await world.master.finished("fails", "with-it")
        assert fails.state == pb.TASK_FAILED
        assert with_it.state == pb.TASK_KILLED
        assert world.master.states("other") == ["TASK_STARTING", "TASK_RUNNING"]


@scene
async def test_a_finished_task_leaves_its_group_alone(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        world.run_group("pod", task("first", "true"), task("second", "sleep 0.2"))
        _, second = await world.master.finished("first", "second")
        assert second.state == pb.TASK_FINISHED


@scene
async def test_a_task_that_cannot_be_launched_fails_with_the_reason(tmp_path: Path) -> None:
    broken = task("broken", "true")
    broken.command.uris.add(value="/no/such/file")
    async with an_agent(tmp_path) as world:
        world.run_group("pod", broken, task("with-it", "sleep 1000"))
        last, with_it = await world.master.finished("broken", "with-it")
        assert last.state == pb.TASK_FAILED
        assert last.message.startswith("Failed to fetch all URIs for container '")
        assert with_it.state == pb.TASK_KILLED


@scene
async def test_a_kill_before_delivery_kills_the_group(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        world.run_group("pod", task("a", "true"), task("b", "true"))
        world.agent.kill_task(FRAMEWORK_ID, "a", None)
        for only in await world.master.finished("a", "b"):
            assert only.reason == pb.TaskStatus.REASON_TASK_KILLED_DURING_LAUNCH
        await ended(world, "pod")


@scene
async def test_shutting_the_executor_down_kills_its_tasks(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        world.run_group("pod", task("a", "sleep 1000"), task("b", "sleep 1000"))
        await world.master.reached("a", "TASK_RUNNING")
        await world.master.reached("b", "TASK_RUNNING")
        world.agent.shutdown_executor(FRAMEWORK_ID, "pod")
        for last in await world.master.finished("a", "b"):
            assert last.state == pb.TASK_KILLED
        await ended(world, "pod")


@scene
async def test_a_group_for_an_executor_that_is_ending_is_dropped(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        world.run_group("pod", task("a", "sleep 1000"))
        await world.master.reached("a", "TASK_RUNNING")
        world.agent.shutdown_executor(FRAMEWORK_ID, "pod")
        world.run_group("pod", task("late", "true"))
        [only] = await world.master.finished("late")
        assert (only.state, only.message) == (pb.TASK_DROPPED, "Executor terminating")
