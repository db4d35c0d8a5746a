"""offers: a framework is there for a moment, and gone whatever happens."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from local.master_world import World, running_world
from local.operation_messages import DISK, VOLUME, create, dynamic, reserve
from program import Program, running
from runtime.scripted_master import Answer, Request, ScriptedMaster, head, status, subscribed
from volumes.in_process import quick

from mesos_batch._pb.mesos.v1.master.master_pb2 import Response

__all__ = ["quick"]

OURS = "mesos-batch offers"


@pytest.fixture
def world() -> Iterator[World]:
    with running_world(authenticate=False) as made:
        yield made


def at(world: World) -> str:
    return f"--master=127.0.0.1:{world.master.info.port}"


def frameworks(world: World, kind: str) -> list[str]:
    found = world.operator("GET_FRAMEWORKS").json()["get_frameworks"]
    return [it["framework_info"]["name"] for it in found.get(kind, [])]


def offered(quick: Program, world: World, *flags: str) -> list[dict[str, Any]]:
    done = quick("offers", at(world), "--json", *flags)
    assert done.returncode == 0, done.stderr
    offers: list[dict[str, Any]] = json.loads(done.stdout)["offers"]
    return offers


def test_every_agent_offers_and_the_framework_is_gone(quick: Program, world: World) -> None:
    first, second = world.agent(), world.agent(cpus=1, mem=32, gpus=2)
    found = offered(quick, world)
    assert [it["agent_id"] for it in found] == [first.agent_id, second.agent_id]
    assert found[1]["resources"] == "cpus:1; mem:32; gpus:2"
    assert {it["framework_id"] for it in found} == {None}
    assert frameworks(world, "frameworks") == []
    assert frameworks(world, "completed_frameworks") == [OURS]
    # The offers came back at once.
    (offer,) = world.framework().offers()
    assert offer["agent_id"] == {"value": first.agent_id}


def test_reservations_and_volumes_are_offered_to_their_role_only(
    quick: Program, world: World
) -> None:
    agent = world.agent()
    client = world.framework(roles=["test"])
    (offer,) = client.offers()
    made = [reserve(dynamic("cpus", 1), DISK), create(VOLUME)]
    client.accept(offer, operations=made, refuse=3600)
    for _ in made:
        framework_id, _, uuid, _ = agent.heard("apply_operation")
        agent.finish_operation(framework_id, uuid)
    # Else it would be offered its reservation before us.
    client.call("TEARDOWN")
    (mine,) = offered(quick, world, "--role=test")
    assert mine["reserved"]["test"].startswith("cpus:1")
    assert mine["volumes"] == [{"id": "v", "role": "test", "size": 128}]
    (other,) = offered(quick, world)
    assert (other["reserved"], other["volumes"]) == ({}, [])
    table = quick("offers", at(world), "--role=test").stdout
    assert "cpus:1 (test)  v 128 MB" in table


def test_offers_of_others_are_shown_without_registering(quick: Program, world: World) -> None:
    world.agent()
    client = world.framework(name="spark")
    client.offers()
    (found,) = offered(quick, world, "--outstanding")
    assert found["framework_name"] == "spark"
    assert found["framework_id"] == client.framework_id
    assert found["resources"] == "cpus:4; mem:4096; disk:10000; ports:[31000-32000]"
    assert offered(quick, world, "--outstanding", "--agent=S9") == []
    assert frameworks(world, "completed_frameworks") == []
    assert "spark" in quick("offers", at(world), "--outstanding").stdout


def test_agents_are_offered_however_little_they_have_left(quick: Program, world: World) -> None:
    world.agent(disk=100)
    (found,) = offered(quick, world)
    assert found["resources"] == "disk:100"


def test_the_framework_does_not_wait_to_be_missed(quick: Program) -> None:
    no_agents = Response(type=Response.GET_AGENTS, get_agents={})

    def script(request: Request, _: int) -> Answer:
        if request.path == "/api/v1":
            return status(200, no_agents.SerializeToString().decode())
        return streamed() if request.type == "SUBSCRIBE" else status(202)

    def streamed() -> Iterator[bytes]:
        yield head() + subscribed()
        yield from master.hold()

    with ScriptedMaster(script) as master:
        done = quick("offers", f"--master={master.address}")
    assert done.returncode == 0, done.stderr
    assert [it.type for it in master.requests if it.path != "/api/v1"] == ["SUBSCRIBE", "TEARDOWN"]


def test_who_waits_in_vain_is_told(quick: Program, world: World) -> None:
    world.agent()
    world.framework().offers()
    done = quick("offers", at(world), "--wait=50ms")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "nothing was offered to role *\n"
    assert frameworks(world, "completed_frameworks") == [OURS]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_whatever_ends_it_the_framework_is_gone(
    world: World, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    world.agent()
    # It holds the only offer there is.
    holder = world.framework(name="holder")
    holder.offers()
    with running("offers", at(world), "--wait=1hrs", cwd=tmp_path) as process:
        while OURS not in frameworks(world, "frameworks"):
            assert process.poll() is None
        process.send_signal(number)
        assert process.wait(30) == code
    while OURS not in frameworks(world, "completed_frameworks"):
        assert OURS in frameworks(world, "frameworks")
    assert frameworks(world, "frameworks") == ["holder"]


def test_who_is_not_let_in_is_told(quick: Program) -> None:
    with running_world() as world:
        done = quick("offers", at(world))
    assert done.returncode == 4
    assert "wants credentials" in done.stderr
