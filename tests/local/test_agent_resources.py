"""Reservations and persistent volumes on an agent: operations, directories, the checkpoint."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from local.agent_world import FRAMEWORK_ID, World, an_agent, scene, task

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.errors import UsageError
from mesos_batch.local.agent.agent_resources import AgentResources, attributes
from mesos_batch.local.options import LocalOptions
from mesos_batch.model.resource import Disk, Reservation, ReservationType, Resource, Volume
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.protocol import values

OPTIONS = LocalOptions(authenticate=False)


def reserved(name: str, amount: float, role: str = "r") -> Resource:
    reservation = Reservation(ReservationType.DYNAMIC, role, "p")
    return Resource(name, Scalar.of(amount), reservations=(reservation,))


def volume(persistence_id: str, role: str = "r", path: str = "data") -> Resource:
    disk = Disk(persistence_id, "p", Volume(path))
    return replace(reserved("disk", 100, role), disk=disk)


def with_volume(total: Resources, made: Resource) -> Resources:
    return total - Resources.scalars(disk=100) + Resources([made])


def operate(world: World, total: Resources, uuid: bytes, name: str | None = None) -> None:
    operation = pb.Offer.Operation(type=pb.Offer.Operation.CREATE)
    if name is not None:
        operation.id.value = name
    world.agent.apply_operation(FRAMEWORK_ID, operation, uuid, total)


def volume_task(task_id: str, script: str, made: Resource) -> pb.TaskInfo:
    info = task(task_id, script)
    info.resources.append(values.resource_to(made))
    return info


@scene
async def test_an_operation_is_applied_and_answered(tmp_path: Path) -> None:
    async with an_agent(tmp_path) as world:
        total = world.agent.resources.total
        made = with_volume(total, volume("v1"))
        operate(world, made, b"o" * 16, "op1")
        await world.master.until(lambda: world.master.operations)
        [(framework_id, status, uuid)] = world.master.operations
        assert (framework_id, uuid) == (FRAMEWORK_ID, b"o" * 16)
        assert status.state == pb.OPERATION_FINISHED
        assert status.operation_id.value == "op1"
        assert len(status.uuid.value) == 16
        assert world.agent.resources.total == made
        assert (tmp_path / "volumes/roles/r/v1").is_dir()


@scene
async def test_an_operation_status_is_sent_again_until_acknowledged(tmp_path: Path) -> None:
    async with an_agent(tmp_path, update_retry_interval=0.02) as world:
        operate(world, world.agent.resources.total, b"o" * 16)
        await world.master.until(lambda: len(world.master.operations) >= 2)
        uuids = {status.uuid.value for _, status, _ in world.master.operations}
        [status_uuid] = uuids
        world.agent.acknowledge_operation(status_uuid)
        said = len(world.master.operations)
        operate(world, world.agent.resources.total, b"p" * 16)
        await world.master.until(lambda: world.master.operations[-1][2] == b"p" * 16)
        assert len(world.master.operations) == said + 1


@scene
async def test_operations_are_applied_one_after_another_and_tasks_wait_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str | float] = []
    apply = AgentResources.apply

    def slowly(self: AgentResources, total: Resources) -> None:
        steps.append("begins")
        time.sleep(0.1)
        apply(self, total)
        steps.append(time.time())

    monkeypatch.setattr(AgentResources, "apply", slowly)
    async with an_agent(tmp_path) as world:
        operate(world, world.agent.resources.total, b"1" * 16)
        operate(world, world.agent.resources.total, b"2" * 16)
        world.run(task("t", "true"))
        await world.master.finished("t")
        first, _, second, last = steps
        assert (first, second) == ("begins", "begins")
        assert world.master.statuses("t")[0].timestamp >= float(last)


@scene
async def test_data_stays_from_task_to_task_until_the_volume_is_destroyed(tmp_path: Path) -> None:
    made = volume("v1", role="a/b")
    directory = tmp_path / "volumes/roles/a b/v1"
    async with an_agent(tmp_path) as world:
        total = world.agent.resources.total
        operate(world, with_volume(total, made), b"1" * 16)
        world.run(volume_task("writer", "echo kept >data/file", made))
        await world.master.finished("writer")
        world.run(volume_task("reader", "cat data/file", made))
        await world.master.finished("reader")
        assert (world.sandbox("reader") / "stdout").read_text() == "kept\n"
        assert (directory / "file").read_text() == "kept\n"
        assert (world.sandbox("reader") / "data").resolve() == directory
        operate(world, total, b"2" * 16)
        await world.master.until(lambda: len(world.master.operations) >= 2)
        assert not directory.exists()


@scene
async def test_a_volume_in_a_task_group(tmp_path: Path) -> None:
    made = volume("v1")
    async with an_agent(tmp_path) as world:
        operate(world, with_volume(world.agent.resources.total, made), b"1" * 16)
        world.run_group("pod", volume_task("writer", "echo kept >data/file", made))
        await world.master.finished("writer")
        assert (tmp_path / "volumes/roles/r/v1/file").read_text() == "kept\n"


@scene
async def test_a_link_cannot_be_read_only(tmp_path: Path) -> None:
    made = volume("v1")
    assert made.disk is not None
    read_only = replace(made, disk=replace(made.disk, volume=Volume("data", "RO")))
    async with an_agent(tmp_path) as world:
        operate(world, with_volume(world.agent.resources.total, made), b"1" * 16)
        world.run(volume_task("t", "echo kept >data/file", read_only))
        [last] = await world.master.finished("t")
        # As in Mesos, where only its log says so.
        assert last.state == pb.TASK_FINISHED
        assert (tmp_path / "volumes/roles/r/v1/file").read_text() == "kept\n"


@scene
async def test_a_nested_container_path_is_left_out(tmp_path: Path) -> None:
    made = volume("v1", path="a/data")
    async with an_agent(tmp_path) as world:
        world.run(volume_task("t", "test ! -e a", made))
        [last] = await world.master.finished("t")
        assert last.state == pb.TASK_FINISHED


@pytest.mark.parametrize("place", ["data", "stdout"])
@scene
async def test_two_things_at_one_place_are_refused(tmp_path: Path, place: str) -> None:
    info = volume_task("t", "true", volume("v1"))
    info.resources.append(values.resource_to(volume("v2", path=place)))
    async with an_agent(tmp_path) as world:
        world.run(info)
        [only] = await world.master.finished("t")
        assert only.reason == pb.TaskStatus.REASON_CONTAINER_LAUNCH_FAILED
        assert "Failed to symlink persistent volume" in only.message


def test_reservations_and_volumes_survive_a_restart(tmp_path: Path) -> None:
    first = AgentResources(OPTIONS, tmp_path)
    total = with_volume(first.total, volume("v1"))
    total = total - Resources.scalars(cpus=1.5) + Resources([reserved("cpus", 1.5)])
    first.apply(total)
    (tmp_path / "volumes/roles/r/v1/file").write_text("kept")
    again = AgentResources(replace(OPTIONS, mem=8192), tmp_path)
    assert again.total.reserved() == total.reserved()
    assert again.total.amount("mem") == 8192
    assert again.total.amount("cpus") == OPTIONS.cpus
    assert (tmp_path / "volumes/roles/r/v1/file").read_text() == "kept"


def test_an_agent_too_small_for_its_reservations_is_refused(tmp_path: Path) -> None:
    first = AgentResources(OPTIONS, tmp_path)
    first.apply(first.total - Resources.scalars(cpus=3) + Resources([reserved("cpus", 3)]))
    with pytest.raises(UsageError, match=r"need cpus:3"):
        AgentResources(replace(OPTIONS, cpus=2), tmp_path)


def test_a_broken_checkpoint_is_said(tmp_path: Path) -> None:
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta/resources.json").write_text("[{}]")
    with pytest.raises(UsageError, match=r"cannot be read from .*resources\.json"):
        AgentResources(OPTIONS, tmp_path)


@pytest.mark.parametrize("text", ["rack", ":r1", ""])
def test_an_attribute_has_name_and_value(text: str) -> None:
    with pytest.raises(UsageError):
        list(attributes((text,)))
