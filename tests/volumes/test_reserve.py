"""Plans of reservations without volumes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from volumes.clusters import (
    FREE,
    NOTHING,
    OURS,
    ROLE,
    S0,
    S1,
    THEIRS,
    agent,
    cluster,
    disk,
    reserved,
    some,
    volume,
)
from volumes.kept import undoing

from mesos_batch.errors import NoRoomError, RefusedError, UsageError
from mesos_batch.model.change import Change, ChangeKind
from mesos_batch.model.resource import Resource
from mesos_batch.model.resource_text import parse_resources
from mesos_batch.model.resources import Resources
from mesos_batch.volumes import ReserveWish, plan_reserve, plan_unreserve

CPUS, MEM = reserved("cpus", 2), reserved("mem", 64)
WISH = ReserveWish(ROLE, OURS, Resources.scalars(cpus=2, mem=64))
ONE = replace(WISH, resources=Resources.scalars(cpus=2))


def test_resources_are_reserved_for_the_role_by_the_principal() -> None:
    (change,) = plan_reserve(WISH, cluster(agent(S0), agent(S1)))
    assert change == Change(ChangeKind.MAKE, some(CPUS, MEM), NOTHING, frozenset({S0, S1}))


def test_ports_are_reserved_as_they_are_named() -> None:
    ports = Resources(parse_resources("ports:[31000-31001]"))
    view = cluster(agent(S0, free=Resources(parse_resources("ports:[31000-31500]"))))
    (change,) = plan_reserve(replace(WISH, resources=ports), view)
    assert str(change.reserved).endswith(":[31000-31001]")
    with pytest.raises(NoRoomError):
        plan_reserve(replace(WISH, resources=ports), cluster(agent(S0)))


def test_they_may_be_reserved_often_on_named_agents_or_once_on_each() -> None:
    view = cluster(agent(S0, rack="r1"), agent(S1, rack="r1"), agent("m-S2"))
    assert len(plan_reserve(replace(ONE, count=6), view)) == 6
    assert [it.agents for it in plan_reserve(replace(ONE, agents=("S1",)), view)] == [{S1}]
    each = plan_reserve(replace(ONE, one_per_agent=True, attributes=("rack:r1",)), view)
    assert [(it.agents, it.apart) for it in each] == [({S0, S1}, True)] * 2


def test_the_nearest_miss_is_told() -> None:
    wish = replace(WISH, resources=Resources.scalars(cpus=5, mem=5000.5))
    with pytest.raises(NoRoomError) as refused:
        plan_reserve(wish, cluster(agent(S0), agent(S1, free=FREE.scalars(cpus=4.5))))
    assert refused.value.message == (
        "needs cpus 5, and the agent with most of it unreserved (host1) has 4.5; "
        "needs mem 5000.5, and the agent with most of it unreserved (host0) has 4096"
    )
    with pytest.raises(NoRoomError) as refused:
        plan_reserve(replace(ONE, count=3), cluster(agent(S0)))
    assert refused.value.message.endswith("(room for 2 of 3)")


def test_agents_that_are_not_there_are_a_mistake() -> None:
    with pytest.raises(UsageError):
        plan_reserve(replace(WISH, agents=("S9",)), cluster(agent(S0)))


def unreserve(wish: ReserveWish, *agents) -> list[Change]:
    return plan_unreserve(wish, cluster(*agents))


def refused(wish: ReserveWish, *agents) -> str:
    with pytest.raises(RefusedError) as told:
        unreserve(wish, *agents)
    return told.value.message


def test_what_is_reserved_is_unreserved_on_the_agent_that_has_it() -> None:
    changes = unreserve(ONE, agent(S0), agent(S1, reserved("cpus", 3)))
    assert changes == [undoing(some(CPUS), NOTHING, S1)]


def test_of_several_agents_one_is_named() -> None:
    both = agent(S0, CPUS), agent(S1, CPUS)
    assert refused(ONE, *both) == ("several agents have that reserved: host0 (m-S0), host1 (m-S1)")
    for name in ("S1", S1, "host1"):
        (change,) = unreserve(replace(ONE, agents=(name,)), *both)
        assert change.agents == {S1}


@pytest.mark.parametrize(
    "there",
    [
        (),
        (reserved("cpus", 1),),
        (reserved("cpus", 2, principal=THEIRS),),
        (reserved("cpus", 2, role="other"),),
        (reserved("mem", 2),),
    ],
)
def test_what_is_not_reserved_like_that_is_refused(there: tuple[Resource, ...]) -> None:
    assert refused(ONE, agent(S0, *there)) == (
        "no such agent has cpus:2 reserved for role test by principal alice"
    )


def test_disk_that_a_volume_is_on_is_refused() -> None:
    wish = replace(WISH, resources=Resources.scalars(disk=100))
    assert refused(wish, agent(S0, volume("v", 100))) == (
        "no such agent has disk:100 reserved for role test by principal alice that no volume is on"
    )
    (change,) = unreserve(wish, agent(S0, volume("v", 100), disk(100)))
    assert change.volumes == NOTHING


def test_what_tasks_use_is_refused() -> None:
    held = agent(S0, reserved("cpus", 3), used=some(reserved("cpus", 2)))
    assert refused(ONE, held) == "tasks on agent host0 (m-S0) use some of cpus:2"
    less = replace(WISH, resources=Resources.scalars(cpus=1))
    assert len(unreserve(less, held)) == 1


def test_an_agent_that_is_away_or_unknown_is_refused() -> None:
    assert refused(ONE, agent(S0, CPUS, active=False)) == "agent host0 (m-S0) is away"
    assert refused(replace(ONE, agents=("S9",)), agent(S0, CPUS)) == (
        "no agent S9 is registered with the master"
    )
