"""A look at a cluster: the leader is found, and what is no cluster is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from local.framework_client import AUTH
from local.framework_messages import launch, task
from local.master_world import World, running_world
from local.operation_messages import DISK, VOLUME, create, dynamic, reserve
from runtime.scripted_master import Request, ScriptedMaster, status

from mesos_batch.errors import ClusterError
from mesos_batch.runtime import operator
from mesos_batch.runtime.leaders import masters_at
from mesos_batch.transport.http import Login

LOGIN = Login(*AUTH)
NOBODY = "127.0.0.1:1"


@pytest.fixture
def world() -> Iterator[World]:
    with running_world() as made:
        yield made


def address(port: int) -> str:
    return f"127.0.0.1:{port}"


def look(*addresses: str, login: Login | None = LOGIN) -> Any:
    return operator.look(masters_at(",".join(addresses)), login)


def refused(*addresses: str, login: Login | None = LOGIN) -> str:
    with pytest.raises(ClusterError) as told:
        look(*addresses, login=login)
    return told.value.message


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator, "GIVE_UP_SECONDS", 0.3)


def test_agents_and_who_uses_their_volumes(world: World) -> None:
    agent = world.agent()
    client = world.framework(roles=["test"], name="tiles")
    here = address(world.master.info.port)
    assert [item.agent_id for item in look(here).agents] == [agent.agent_id]
    (offer,) = client.offers()
    made = [
        reserve(dynamic("cpus", 1), DISK, operation_id="r"),
        create(VOLUME, operation_id="c"),
    ]
    used = [dynamic("cpus", 1), VOLUME, {"name": "mem", "type": "SCALAR", "scalar": {"value": 32}}]
    held = task("t", agent.agent_id, resources=used)
    client.accept(offer, operations=[*made, launch(held)], refuse=3600)
    for _ in made:
        framework_id, _, uuid, _ = agent.heard("apply_operation")
        agent.finish_operation(framework_id, uuid)
    agent.heard("run_task")
    view = look(here)
    (state,) = view.agents
    (volume,) = state.total.persistent_volumes()
    (user,) = view.users_of(agent.agent_id, volume)
    assert (user.task_id, user.framework_name) == ("t", "tiles")
    assert user.framework_id == client.framework_id
    assert state.used.contains(state.total.persistent_volumes())
    assert view.master == f"http://{here}"


def test_a_master_in_waiting_sends_to_the_leader(world: World) -> None:
    agent = world.agent()
    standby = world.new_master()
    standby.leader = world.master.info
    view = look(address(standby.info.port))
    assert [item.agent_id for item in view.agents] == [agent.agent_id]
    assert view.master.startswith(f"http://127.0.0.1:{world.master.info.port}")


def test_of_several_masters_one_that_answers_is_asked(world: World) -> None:
    agent = world.agent()
    view = look(NOBODY, address(world.master.info.port))
    assert [item.agent_id for item in view.agents] == [agent.agent_id]


def test_a_master_that_knows_no_leader_yet_is_asked_again(world: World) -> None:
    asked: list[Request] = []

    def script(request: Request, _: int) -> bytes:
        asked.append(request)
        if len(asked) == 1:
            return status(503, "No leader elected")
        return status(307, Location=f"//{address(world.master.info.port)}/master/slaves")

    with ScriptedMaster(script) as master:
        assert look(master.address).agents == ()
    assert len(asked) == 2


def test_a_wrong_secret_is_told_and_not_repeated(world: World) -> None:
    wrong = Login(AUTH[0], "wr0ng-and-secret")
    said = refused(address(world.master.info.port), login=wrong)
    assert f"does not accept principal '{AUTH[0]}' with the secret given" in said
    assert "wr0ng-and-secret" not in said
    assert "wants credentials" in refused(address(world.master.info.port), login=None)


def test_nobody_answers_in_time(impatient: None) -> None:
    assert refused(NOBODY).startswith(f"no master answers at http://{NOBODY}: ")


def test_masters_without_a_leader_are_given_up(world: World, impatient: None) -> None:
    leaderless = world.new_master()
    said = refused(address(leaderless.info.port))
    assert "No leader elected" in said


def test_masters_that_redirect_to_each_other_are_given_up(impatient: None) -> None:
    def script(request: Request, _: int) -> bytes:
        return status(307, Location=f"//{request.headers['Host']}/slaves")

    with ScriptedMaster(script) as master:
        assert refused(master.address) == "the masters redirect to each other"


@pytest.mark.parametrize("body", ["<html>hello</html>", "{}", '{"slaves": [1]}', ""])
def test_what_is_no_mesos_master_is_told(body: str) -> None:
    with ScriptedMaster(lambda *_: status(200, body)) as other:
        said = refused(other.address)
    assert said.startswith(f"what answers at http://{other.address} is no Mesos master: ")


def test_who_may_not_look_is_told() -> None:
    with ScriptedMaster(lambda *_: status(400, "not you")) as master:
        said = refused(master.address)
    assert said == f"the master does not show its agents at http://{master.address}: not you"


def test_the_users_of_volumes_must_be_told_too() -> None:
    """Without them a volume in use might be taken for one that is free."""
    volume = {
        "name": "disk",
        "type": "SCALAR",
        "scalar": {"value": 1},
        "reservations": [{"type": "DYNAMIC", "role": "test", "principal": "p"}],
        "disk": {"persistence": {"id": "v"}, "volume": {"container_path": "v", "mode": "RW"}},
    }
    agent = {
        "id": "m-S0",
        "hostname": "h",
        "reserved_resources_full": {"test": [volume]},
        "used_resources_full": [volume],
    }

    def script(request: Request, _: int) -> bytes:
        if request.path == "/slaves":
            return status(200, json.dumps({"slaves": [agent]}))
        return status(400)

    with ScriptedMaster(script) as master:
        said = refused(master.address)
    assert said.startswith("the master does not show its agents")
