"""What the operator API tells: agents in every condition, and the tasks that hold volumes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.master import master_pb2
from mesos_batch.model.cluster import AgentState, VolumeUser
from mesos_batch.model.offer import attribute_texts
from mesos_batch.model.resources import Resources
from mesos_batch.protocol import json_dialect
from mesos_batch.protocol.operator import (
    agents_from_slaves,
    question,
    states_from_slaves,
    volume_users,
)
from mesos_batch.protocol.values import attribute_from

RECORDINGS = Path(__file__).parents[1] / "recordings" / "json"
STACK = [{"type": "DYNAMIC", "role": "test", "principal": "p"}]


def scalar(name: str, value: float, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "SCALAR", "scalar": {"value": value}, **more}


def volume(name: str, **more: Any) -> dict[str, Any]:
    disk = {
        "persistence": {"id": name, "principal": "p"},
        "volume": {"container_path": "v", "mode": "RW"},
    }
    return scalar("disk", 64, disk=disk, **{"reservations": STACK, **more})


def slave(number: int = 0, **more: Any) -> dict[str, Any]:
    return {"id": f"m-S{number}", "hostname": f"host{number}", "active": True, **more}


def slaves(*agents: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"slaves": agents, **more}).encode()


def recorded_slaves() -> bytes:
    lines = (RECORDINGS / "reserve_create_use_destroy.jsonl").read_text(encoding="utf-8")
    for line in map(json.loads, lines.splitlines()):
        if line["kind"] == "response" and line["conn"] == "get":
            text: str = line["body"]["text"]
            return text.encode()
    raise AssertionError("no /slaves was recorded")


def only(body: bytes) -> AgentState:
    ((agent,), _) = states_from_slaves(body)
    return agent


def test_a_real_master_s_agents_are_read_with_the_volume_on_one_of_them() -> None:
    agents, recovering = states_from_slaves(recorded_slaves())
    assert recovering == {}
    held = [agent for agent in agents if agent.total.persistent_volumes()]
    assert len(held) == 1
    assert all(agent.active for agent in agents)
    (item,) = held[0].total.persistent_volumes()
    assert item.disk is not None
    assert item.disk.persistence_id == "vol-1"
    assert str(item).startswith("disk(reservations: [(DYNAMIC,test,tester)])[vol-1:volume]")
    assert held[0].total.amount("disk") > 128
    assert held[0].total.reserved("test").amount("cpus") == 1


def test_what_an_agent_has_is_what_is_reserved_and_what_is_not() -> None:
    agent = only(
        slaves(
            slave(
                unreserved_resources_full=[scalar("cpus", 3)],
                reserved_resources_full={
                    "test": [scalar("cpus", 1, reservations=STACK), volume("v")],
                    "eo": [scalar("mem", 5, reservations=[{"type": "STATIC", "role": "eo"}])],
                },
                used_resources_full=[
                    volume("v", allocation_info={"role": "test"}),
                    scalar("cpus", 0.5, allocation_info={"role": "test"}),
                ],
                offered_resources_full=[scalar("cpus", 2.5, allocation_info={"role": "x"})],
            )
        )
    )
    assert [str(item) for item in agent.total] == [
        "cpus:3",
        "cpus(reservations: [(DYNAMIC,test,p)]):1",
        "disk(reservations: [(DYNAMIC,test,p)])[v:v]:64",
        "mem(reservations: [(STATIC,eo)]):5",
    ]
    assert agent.used.persistent_volumes() == agent.total.persistent_volumes()
    assert agent.used.amount("cpus") == 0.5
    assert agent.offered == Resources.scalars(cpus=2.5)


def test_each_copy_of_a_shared_volume_counts() -> None:
    shared = volume("v", shared={})
    agent = only(
        slaves(
            slave(reserved_resources_full={"test": [shared]}, used_resources_full=[shared, shared])
        )
    )
    (item,) = agent.total
    assert (agent.total.copies(item), agent.used.copies(item)) == (1, 2)


def test_the_forms_operator_endpoints_mix_are_one() -> None:
    """They print the older form beside the newer one where a reservation is not refined."""
    older = scalar("cpus", 1, role="test", reservation={"principal": "p"})
    mixed = scalar("cpus", 1, role="test", reservation={"principal": "p"}, reservations=STACK)
    for form in (older, mixed):
        agent = only(slaves(slave(reserved_resources_full={"test": [form]})))
        assert [str(item) for item in agent.total] == ["cpus(reservations: [(DYNAMIC,test,p)]):1"]


@pytest.mark.parametrize(
    ("more", "active"),
    [
        ({}, True),
        ({"active": False}, False),
        ({"deactivated": True}, False),
        ({"active": False, "deactivated": True}, False),
        ({"deactivated": False}, True),
    ],
)
def test_agents_that_make_no_offers(more: dict[str, Any], active: bool) -> None:
    body = slaves(slave(**more, unreserved_resources_full=[scalar("cpus", 1)]))
    assert only(body).active is active
    assert len(agents_from_slaves(body)) == active


def test_attributes_are_text() -> None:
    agent = only(slaves(slave(attributes={"rack": "r1", "level": 2.0, "load": 0.25, "x": "[1-2]"})))
    assert agent.attributes == {"rack": "r1", "level": "2", "load": "0.25", "x": "[1-2]"}


def test_attributes_have_the_same_text_in_offers() -> None:
    # What a master of Mesos 1.12 said of --attributes=g:[7-9,1-3];t:1234567;u:0.1234;w:1e3.
    told = {"g": "[1-3, 7-9]", "t": 1234567.0, "u": 0.1234, "w": 1000.0}
    offered = [
        pb.Attribute(name=name, type=pb.Value.SCALAR, scalar=pb.Value.Scalar(value=value))
        for name, value in told.items()
        if isinstance(value, float)
    ]
    spans = pb.Value.Ranges(range=[pb.Value.Range(begin=1, end=3), pb.Value.Range(begin=7, end=9)])
    offered.append(pb.Attribute(name="g", type=pb.Value.RANGES, ranges=spans))
    texts = attribute_texts(attribute_from(attribute) for attribute in offered)
    assert texts == only(slaves(slave(attributes=told))).attributes
    assert texts == {"g": "[1-3, 7-9]", "t": "1234567", "u": "0.1234", "w": "1000"}


def test_agents_a_new_master_waits_for_are_told_apart() -> None:
    body = slaves(slave(), recovered_slaves=[slave(7)])
    agents, recovering = states_from_slaves(body)
    assert [agent.agent_id for agent in agents] == ["m-S0"]
    assert recovering == {"m-S7": "host7"}
    assert [agent.agent_id for agent in agents_from_slaves(body)] == ["m-S0"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"slaves": {}, "recovered_slaves": [1]}',
        b'{"slaves": [1]}',
        b'{"slaves": [{"id": "a"}]}',
        slaves(slave(attributes=[])),
        slaves(slave(unreserved_resources_full=[{"name": "cpus", "type": "TEXT"}])),
        slaves(slave(reserved_resources_full=[])),
    ],
)
def test_what_is_no_answer_of_a_master_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        states_from_slaves(body)


def answer(kind: str, **payload: Any) -> bytes:
    value = {"type": kind, kind.lower(): payload}
    return json_dialect.from_value(value, master_pb2.Response).SerializeToString()


def task(name: str, *resources: dict[str, Any], state: str = "TASK_RUNNING") -> dict[str, Any]:
    return {
        "name": name,
        "task_id": {"value": name},
        "framework_id": {"value": "F1"},
        "agent_id": {"value": "m-S0"},
        "state": state,
        "resources": list(resources),
    }


FRAMEWORKS = answer(
    "GET_FRAMEWORKS",
    frameworks=[
        {
            "framework_info": {"user": "u", "name": "tiles", "id": {"value": "F1"}},
            "active": True,
            "connected": True,
            "recovered": False,
        }
    ],
)


def test_tasks_that_hold_volumes_are_told_with_their_frameworks() -> None:
    tasks = answer(
        "GET_TASKS", tasks=[task("t1", scalar("cpus", 1), volume("v"), volume("w")), task("t2")]
    )
    assert volume_users(tasks, FRAMEWORKS) == (
        VolumeUser("m-S0", "test", "v", "F1", "tiles", "t1"),
        VolumeUser("m-S0", "test", "w", "F1", "tiles", "t1"),
    )


def test_a_framework_that_is_not_listed_has_no_name() -> None:
    tasks = answer("GET_TASKS", tasks=[task("t1", volume("v"))])
    (user,) = volume_users(tasks, answer("GET_FRAMEWORKS"))
    assert (user.framework_id, user.framework_name) == ("F1", "")


@pytest.mark.parametrize(
    ("state", "holds"),
    [
        ("TASK_STAGING", True),
        ("TASK_STARTING", True),
        ("TASK_KILLING", True),
        ("TASK_UNREACHABLE", True),
        ("TASK_FINISHED", False),
        ("TASK_FAILED", False),
        ("TASK_KILLED", False),
        ("TASK_ERROR", False),
        ("TASK_LOST", False),
        ("TASK_DROPPED", False),
        ("TASK_GONE", False),
        ("TASK_GONE_BY_OPERATOR", False),
    ],
)
def test_a_task_that_has_ended_holds_nothing(state: str, holds: bool) -> None:
    """Until its end is acknowledged the master still lists it."""
    tasks = answer("GET_TASKS", tasks=[task("t1", volume("v"), state=state)])
    assert len(volume_users(tasks, FRAMEWORKS)) == holds


@pytest.mark.parametrize("which", [0, 1])
def test_an_answer_that_is_no_message_is_a_value_error(which: int) -> None:
    bodies = [answer("GET_TASKS"), FRAMEWORKS]
    bodies[which] = b"\xff<html>"
    with pytest.raises(ValueError, match="operator API cannot be read"):
        volume_users(*bodies)


def test_a_question_is_nothing_but_its_name() -> None:
    call = master_pb2.Call.FromString(question("GET_TASKS"))
    assert call == master_pb2.Call(type=master_pb2.Call.GET_TASKS)
