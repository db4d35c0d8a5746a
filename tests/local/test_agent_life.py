"""Coming, going, being away: registration, pause, death, the end of frameworks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
from local.agent_world import (
    AGENT_ID,
    FRAMEWORK_ID,
    RecordingMaster,
    World,
    an_agent,
    eventually,
    scene,
    task,
)

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.resources import Resources


async def running_process(world: World, task_id: str) -> psutil.Process:
    """Start a task that tells its process id, and give the process."""
    world.run(task(task_id, "echo $$; exec sleep 1000"))
    await world.master.reached(task_id, "TASK_RUNNING")
    stdout = world.sandbox(task_id) / "stdout"
    await eventually(lambda: stdout.read_text().endswith("\n"))
    return psutil.Process(int(stdout.read_text()))


@scene
async def test_it_registers_with_what_it_has(tmp_path: Path) -> None:
    options = {"cpus": 2.5, "mem": 512, "gpus": 1, "attributes": ("rack:r1", "index:2")}
    async with an_agent(tmp_path, **options) as world:
        [registration] = world.master.registrations
        assert registration.total.contains(Resources.scalars(cpus=2.5, mem=512, gpus=1))
        assert str(registration.total.ranges("ports")) == "[31000-32000]"
        info = registration.agent
        assert (info.hostname, info.port) == ("127.0.0.1", world.agent.port)
        assert [(it.name, it.text.value, it.scalar.value) for it in info.attributes] == [
            ("rack", "r1", 0),
            ("index", "", 2),
        ]
        assert not info.HasField("id")
        assert world.agent.id == AGENT_ID


@scene
async def test_a_new_master_hears_what_still_runs_and_what_nobody_acknowledged(
    tmp_path: Path,
) -> None:
    async with an_agent(tmp_path) as world:
        world.run(task("runs", "sleep 1000"))
        world.run(task("acknowledged", "true"))
        await world.master.finished("acknowledged")
        await world.master.reached("runs", "TASK_RUNNING")
        await asyncio.sleep(0)  # the last acknowledgement is on its way
        world.master.acknowledges = False
        world.run(task("ended", "true"))
        [_, executor] = world.agent.executors()
        await executor.ended.wait()
        leader = RecordingMaster()
        world.agent.detected(leader)
        [registration] = leader.registrations
        assert registration.agent.id.value == AGENT_ID
        told = {report.task.task_id.value: report for report in registration.tasks}
        assert set(told) == {"runs", "ended"}
        assert told["runs"].latest.state == pb.TASK_RUNNING
        assert told["runs"].framework.id.value == FRAMEWORK_ID
        # Its head, STARTING, is sent again; the rest follows acknowledgement by acknowledgement.
        await leader.finished("ended")
        assert leader.states("ended") == ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"]


@scene
async def test_a_paused_agent_says_nothing_until_it_comes_back(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        process = await running_process(world, "t")
        world.agent.pause()
        process.kill()
        world.run(task("lost", "true"))
        await world.agent.executors()[0].ended.wait()
        assert world.master.states("t") == ["TASK_STARTING", "TASK_RUNNING"]
        world.agent.resume()
        assert len(world.master.registrations) == 2
        [report] = world.master.registrations[-1].tasks
        assert report.latest.state == pb.TASK_FAILED
        [last] = await world.master.finished("t")
        assert last.message == "Command terminated with signal Killed"
        assert world.master.states("lost") == []


@scene
async def test_a_dead_agent_leaves_no_process_and_says_nothing(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        process = await running_process(world, "t")
        await world.agent.die()
        assert not process.is_running()
        assert world.master.states("t") == ["TASK_STARTING", "TASK_RUNNING"]


@scene
async def test_stopping_kills_every_task(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        process = await running_process(world, "t")
        await world.agent.stop()
        assert not process.is_running()


@scene
async def test_being_marked_gone_ends_the_agent(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        process = await running_process(world, "t")
        [executor] = world.agent.executors()
        world.agent.shutdown()
        await executor.ended.wait()
        assert not process.is_running()


@scene
async def test_the_end_of_a_framework_kills_its_tasks_without_a_word(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        process = await running_process(world, "t")
        [executor] = world.agent.executors()
        world.agent.shutdown_framework(FRAMEWORK_ID)
        await executor.ended.wait()
        assert not process.is_running()
        assert world.master.states("t") == ["TASK_STARTING", "TASK_RUNNING"]


@scene
async def test_an_update_nobody_acknowledges_is_sent_again(tmp_path: Path) -> None:
    async with an_agent(tmp_path, update_retry_interval=0.05) as world:
        world.master.acknowledges = False
        world.run(task("t", "true"))
        await world.master.until(lambda: len(world.master.updates) >= 3)
        assert {status.state for _, status, _ in world.master.updates} == {pb.TASK_STARTING}
        assert len({status.uuid for _, status, _ in world.master.updates}) == 1
        # The newest state goes along, so the master can free the resources.
        await world.master.until(lambda: world.master.updates[-1][2] == pb.TASK_FINISHED)
