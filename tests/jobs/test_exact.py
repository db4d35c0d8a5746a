"""Volumes named by id in a plain list: spelled out as the cluster has them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jobs.job_files import expansion

from mesos_batch.jobs.exact import Volumes
from mesos_batch.jobs.expand import expand
from mesos_batch.model.cluster import AgentState, ClusterView
from mesos_batch.model.resource import Disk, Reservation, ReservationType, Resource, Volume
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.spec.problems import InvalidTaskListError


def volume(name: str, role: str = "earth", size: float = 64) -> Resource:
    return Resource(
        "disk",
        Scalar.of(size),
        reservations=(Reservation(ReservationType.DYNAMIC, role, "alice"),),
        disk=Disk(name, "alice", Volume("volume")),
    )


def cluster(**volumes: list[Resource]) -> ClusterView:
    nothing = Resources()
    agents = (
        AgentState(name, f"node-{name}", True, Resources(found), nothing, nothing)
        for name, found in volumes.items()
    )
    return ClusterView("m:1", tuple(agents))


CLUSTER = cluster(
    S0=[volume("a"), volume("twin")],
    S1=[volume("b"), volume("twin")],
    S2=[volume("c"), volume("c", "sea")],
)


def expanded(volumes: str, role: str | None = None, more: str = "") -> list[dict[str, Any]]:
    text = f"tasks:\n- {{name: t, cpus: 1, command: x, volumes: {volumes}{more}}}\n"
    made = "".join(expand(expansion(text), Volumes(lambda: CLUSTER, role)))
    tasks: list[dict[str, Any]] = json.loads(made)["tasks"]
    return tasks


def refused(volumes: str, role: str | None = None, more: str = "") -> list[str]:
    with pytest.raises(InvalidTaskListError) as caught:
        expanded(volumes, role, more)
    return [problem.format() for problem in caught.value.problems]


def test_a_volume_gets_its_reservation_size_and_agent() -> None:
    (task,) = expanded("[{id: a}]")

    assert task["agent_id"] == {"value": "S0"}
    assert task["resources"][1] == {
        "name": "disk",
        "type": "SCALAR",
        "scalar": {"value": 64.0},
        "reservations": [{"type": "DYNAMIC", "role": "earth", "principal": "alice"}],
        "disk": {
            "persistence": {"id": "a", "principal": "alice"},
            "volume": {"mode": "RW", "container_path": "volume"},
        },
    }


def test_it_may_be_elsewhere_in_the_sandbox() -> None:
    (task,) = expanded("[{id: a, path: in, size: 64}]")
    assert task["resources"][1]["disk"]["volume"]["container_path"] == "in"


def test_the_other_volume_of_a_task_says_which_twin_is_meant() -> None:
    (task,) = expanded("[{id: twin, path: x}, {id: b, path: y}]")

    assert task["agent_id"] == {"value": "S1"}
    assert [item["disk"]["persistence"]["id"] for item in task["resources"][1:]] == ["twin", "b"]


def test_agent_id_and_role_say_which_is_meant() -> None:
    assert expanded("[{id: twin}]", more=", agent_id: S1")[0]["agent_id"] == {"value": "S1"}
    reservations = expanded("[{id: c}]", "sea")[0]["resources"][1]["reservations"]
    assert reservations[0]["role"] == "sea"


@pytest.mark.parametrize(
    ("volumes", "more", "told"),
    [
        ("[{id: x}]", "", "no agent of the cluster has a volume 'x'"),
        (
            "[{id: twin}]",
            "",
            (
                "there are several volumes 'twin': on node-S0 (S0) for role earth, node-S1 (S1) for"
                " role earth (say which by agent_id, or by --role)"
            ),
        ),
        ("[{id: a}, {id: b}]", "", "no agent has the volumes 'a' and 'b' together"),
        (
            "[{id: a}]",
            ", agent_id: S1",
            "the volume 'a' is not on S1 but on node-S0 (S0) for role earth",
        ),
        ("[{id: a, size: 65}]", "", "the volume 'a' has 64 MB, not 65"),
    ],
)
def test_a_volume_that_is_not_the_one(volumes: str, more: str, told: str) -> None:
    assert refused(volumes, more=more) == [f"job:2:49: error: tasks[0].volumes[0].id: {told}"]


def test_without_a_cluster_nobody_knows() -> None:
    tasks = expansion("tasks: [{name: t, cpus: 1, command: x, volumes: [{id: a}]}]")

    with pytest.raises(InvalidTaskListError) as caught:
        list(expand(tasks, Volumes(None)))

    (problem,) = caught.value.problems
    assert problem.hint == "add --master=HOST:PORT"


def test_the_cluster_is_not_looked_at_without_a_volume() -> None:
    def look() -> ClusterView:
        raise AssertionError("looked")

    tasks = expansion("tasks: [{name: t, cpus: 1, command: x}]")
    assert json.loads("".join(expand(tasks, Volumes(look))))["tasks"][0]["name"] == "t"


def test_what_was_printed_before_a_mistake_is_no_list() -> None:
    names = "{name: 't{{ 1 // (item - 2) }}', foreach: [1, 2, 3], cpus: 1, command: x}"
    made = expand(expansion(f"tasks: [{names}]"), Volumes(None))

    printed = next(made)
    with pytest.raises(InvalidTaskListError):
        next(made)

    assert printed.startswith('{"tasks": [')
    with pytest.raises(json.JSONDecodeError):
        json.loads(printed)
