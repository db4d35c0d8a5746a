"""Operations on an agent: given, applied, begun by a process that died, and lost on their way."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import pytest
from local.agent_world import AGENT_ID, FRAMEWORK_ID, World, an_agent, scene, task
from local.test_agent_resources import operate, reserved, volume, with_volume

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.agent.agent_operations import AgentOperations
from mesos_batch.local.agent.agent_resources import AgentResources
from mesos_batch.model.resources import Resources

FIRST, SECOND = b"1" * 16, b"2" * 16


def states(world: World) -> dict[bytes, str]:
    """What was said last of each operation."""
    return {
        uuid: pb.OperationState.Name(status.state) for _, status, uuid in world.master.operations
    }


def told(world: World) -> dict[bytes, str]:
    """The operations of the last registration."""
    return {
        operation.uuid.value: pb.OperationState.Name(operation.latest_status.state)
        for operation in world.master.registrations[-1].operations
    }


def with_reservation(total: Resources) -> Resources:
    return total - Resources.scalars(cpus=1) + Resources([reserved("cpus", 1)])


@scene
async def test_an_agent_tells_a_master_the_operations_nobody_has_acknowledged(
    tmp_path: Path,
) -> None:
    async with an_agent(tmp_path) as world:
        total = with_reservation(world.agent.resources.total)
        operate(world, total, FIRST, "op")
        # It is not applied yet, but it will be.
        world.agent.detected(world.master)
        assert told(world) == {FIRST: "OPERATION_PENDING"}
        assert world.master.registrations[-1].total == total
        await world.master.until(lambda: world.master.operations)
        world.agent.detected(world.master)
        assert told(world) == {FIRST: "OPERATION_FINISHED"}
        # A master that may not know it hears of it at once.
        assert world.master.operations[0] == world.master.operations[1]
        [known] = world.master.registrations[-1].operations
        assert (known.framework_id.value, known.agent_id.value) == (FRAMEWORK_ID, AGENT_ID)
        assert (known.info.type, known.info.id.value) == (pb.Offer.Operation.CREATE, "op")
        world.agent.acknowledge_operation(world.master.operations[-1][1].uuid.value)
        world.agent.detected(world.master)
        assert told(world) == {}


@scene
async def test_an_agent_says_which_operations_never_came(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        operate(world, with_reservation(world.agent.resources.total), FIRST)
        await world.master.until(lambda: world.master.operations)
        registered = len(world.master.registrations)
        world.agent.reconcile_operations([SECOND])
        framework_id, status, uuid = world.master.operations[-1]
        assert (framework_id, uuid) == ("", SECOND)
        assert status == pb.OperationStatus(
            state=pb.OPERATION_DROPPED, agent_id=pb.AgentID(value=AGENT_ID)
        )
        assert len(world.master.registrations) == registered
        # One that came after the registration was no part of it.
        world.agent.reconcile_operations([FIRST])
        assert len(world.master.registrations) == registered + 1
        assert told(world) == {FIRST: "OPERATION_FINISHED"}
        assert states(world)[FIRST] == "OPERATION_FINISHED"


@scene
async def test_an_operation_that_cannot_be_applied(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        before = world.agent.resources.total
        (tmp_path / "volumes").touch()
        made = with_volume(before, volume("v1"))
        operate(world, made, FIRST, "op")
        operate(world, with_reservation(made), SECOND)
        await world.master.until(lambda: len(world.master.operations) >= 2)
        # What came after it was to be applied to what there is not.
        assert states(world) == {FIRST: "OPERATION_FAILED", SECOND: "OPERATION_FAILED"}
        status = world.master.operations[0][1]
        assert status.message.startswith("Failed to apply operation: ")
        await world.master.until(lambda: len(told(world)) == 2)
        assert world.master.registrations[-1].total == before
        assert world.agent.resources.total == before
        # The next one is applied to what there is.
        (tmp_path / "volumes").unlink()
        operate(world, made, b"3" * 16)
        await world.master.until(lambda: b"3" * 16 in states(world))
        assert states(world)[b"3" * 16] == "OPERATION_FINISHED"


@scene
async def test_what_a_process_has_begun_the_next_one_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> None:
        """What a process does that is killed."""

    async with an_agent(tmp_path, checkpoint=True) as world:
        made = with_volume(world.agent.resources.total, volume("v1"))
        with monkeypatch.context() as changed:
            changed.setattr(AgentResources, "apply", lambda _self, _total: None)
            changed.setattr(AgentOperations, "_end", nothing)
            operate(world, made, FIRST, "op")
            await world.die()
    assert not (tmp_path / "volumes").exists()
    async with an_agent(tmp_path, checkpoint=True) as again:
        assert told(again) == {FIRST: "OPERATION_PENDING"}
        assert again.master.registrations[-1].total == made
        again.run(task("t", f"test -d '{tmp_path}/volumes/roles/r/v1'"))
        [last] = await again.master.finished("t")
        assert last.state == pb.TASK_FINISHED
        assert states(again) == {FIRST: "OPERATION_FINISHED"}
        assert again.master.operations[-1][1].operation_id.value == "op"
        assert again.agent.resources.total == made


@scene
async def test_a_status_outlives_the_process_of_its_agent(tmp_path: Path) -> None:
    async with an_agent(tmp_path, checkpoint=True) as world:
        operate(world, with_reservation(world.agent.resources.total), FIRST, "op")
        await world.master.until(lambda: world.master.operations)
        await world.die()
    said = world.master.operations[-1][1]
    async with an_agent(tmp_path, checkpoint=True) as again:
        assert told(again) == {FIRST: "OPERATION_FINISHED"}
        await again.master.until(lambda: again.master.operations)
        assert again.master.operations[-1] == (FRAMEWORK_ID, said, FIRST)
        again.agent.acknowledge_operation(said.uuid.value)
        await again.die()
    async with an_agent(tmp_path, checkpoint=True) as last:
        assert told(last) == {}
        assert last.master.operations == []


@scene
async def test_the_pauses_between_statuses_grow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with an_agent(tmp_path, update_retry_interval=0.05) as world:
        times: list[float] = []
        say = world.master.operation_status

        def timed(*arguments: object) -> None:
            times.append(time.monotonic())
            say(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(world.master, "operation_status", timed)
        operate(world, with_reservation(world.agent.resources.total), FIRST)
        await world.master.until(lambda: len(times) >= 5)
        pauses = [later - sooner for sooner, later in itertools.pairwise(times)]
        assert all(pause > 0.04 * 2**index for index, pause in enumerate(pauses))
