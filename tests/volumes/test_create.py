"""Plans of volumes to create: where they go, and why there is no room."""

from __future__ import annotations

from dataclasses import replace

import pytest
from volumes.clusters import (
    FREE,
    OURS,
    ROLE,
    S0,
    S1,
    S2,
    agent,
    cluster,
    disk,
    free_disk,
    some,
    source,
    volume,
)
from volumes.kept import Kept, make

from mesos_batch.errors import NoRoomError, RefusedError, UsageError
from mesos_batch.model.change import Change, ChangeKind
from mesos_batch.volumes import CreateWish, Disk, plan_create

WISH = CreateWish(role=ROLE, principal=OURS, size=100)
THREE = cluster(agent(S0), agent(S1), agent(S2))


def ids(changes: list[Change]) -> list[str]:
    return [name for change in changes for name in change.volume_ids]


def test_a_volume_and_the_disk_under_it_are_made_on_any_agent() -> None:
    (change,) = plan_create(replace(WISH, volume_id="v", container_path="data"), THREE)
    made = some(volume("v", path="data"))
    assert change == Change(ChangeKind.MAKE, some(disk(100)), made, frozenset({S0, S1, S2}))
    (item,) = change.volumes
    assert item.disk == next(iter(made)).disk
    assert not item.shared


def test_a_shared_volume_is_on_disk_that_is_not() -> None:
    (change,) = plan_create(replace(WISH, volume_id="v", shared=True), THREE)
    assert change.volumes == some(volume("v", shared=True))
    assert change.reserved == some(disk(100))


def test_several_get_numbers_and_one_does_not() -> None:
    assert ids(plan_create(replace(WISH, volume_id="v", count=3), THREE)) == ["v-1", "v-2", "v-3"]
    assert ids(plan_create(replace(WISH, volume_id="v", count=1), THREE)) == ["v"]


def test_ids_that_are_not_given_are_like_no_other() -> None:
    made = ids(plan_create(replace(WISH, count=3), THREE))
    assert len(set(made)) == 3
    assert {len(name) for name in made} == {36}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("m-S1", {S1}),
        ("S1", {S1}),
        ("host1", {S1}),
        ("rack-a.example.org", {S2}),
    ],
)
def test_agents_are_named_by_id_end_of_id_or_host(name: str, found: set[str]) -> None:
    view = cluster(agent(S0), agent(S1), agent(S2, hostname="rack-a.example.org"))
    (change,) = plan_create(replace(WISH, agents=(name,)), view)
    assert change.agents == found


def test_several_agents_may_be_named() -> None:
    (change,) = plan_create(replace(WISH, agents=("S0", "host2")), THREE)
    assert change.agents == {S0, S2}


@pytest.mark.parametrize(
    ("attributes", "found"),
    [
        (("rack:r1",), {S0, S1}),
        (("rack:r1", "ssd:true"), {S1}),
        (("rack:r2",), {S2}),
    ],
)
def test_all_attributes_are_needed(attributes: tuple[str, ...], found: set[str]) -> None:
    view = cluster(agent(S0, rack="r1"), agent(S1, rack="r1", ssd="true"), agent(S2, rack="r2"))
    (change,) = plan_create(replace(WISH, attributes=attributes), view)
    assert change.agents == found


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (replace(WISH, agents=("S9",)), "no agent 'S9' is registered with the master"),
        (
            replace(WISH, agents=("m-S7",)),
            "no agent 'm-S7' is registered with the master yet: the new master waits for it",
        ),
        (replace(WISH, agents=("S1",)), "agent 'S1' is away or deactivated: it makes no offers"),
        (
            replace(WISH, attributes=("rack:r9", "ssd:true")),
            "the cluster has no agent with rack:r9 and ssd:true that makes offers",
        ),
        (
            replace(WISH, attributes=("gpu:k80",)),
            "the cluster has no agent with gpu:k80 that makes offers",
        ),
    ],
)
def test_agents_that_are_not_there_are_a_mistake(wish: CreateWish, said: str) -> None:
    view = cluster(
        agent(S0, rack="r1"),
        agent(S1, rack="r9", ssd="true", active=False),
        recovering={"m-S7": "host7"},
    )
    with pytest.raises(UsageError) as refused:
        plan_create(wish, view)
    assert refused.value.message == said


def test_an_empty_cluster_has_no_agents() -> None:
    with pytest.raises(UsageError) as refused:
        plan_create(WISH, cluster())
    assert refused.value.message == "the cluster has no agent that makes offers"


def test_agents_that_make_no_offers_are_left_out() -> None:
    (change,) = plan_create(WISH, cluster(agent(S0), agent(S1, active=False)))
    assert change.agents == {S0}


def test_one_per_agent_is_one_on_each_unless_a_count_says_less() -> None:
    each = replace(WISH, one_per_agent=True)
    changes = plan_create(replace(each, volume_id="v"), THREE)
    assert ids(changes) == ["v-1", "v-2", "v-3"]
    assert all(change.apart for change in changes)
    assert len(plan_create(replace(each, count=2), THREE)) == 2
    assert not plan_create(WISH, THREE)[0].apart


def test_there_are_no_more_than_agents_with_one_per_agent() -> None:
    with pytest.raises(NoRoomError) as refused:
        plan_create(replace(WISH, one_per_agent=True, count=4), THREE)
    assert refused.value.message == "4 are wanted, one per agent, and there are only 3 agents"


def test_with_one_per_agent_each_must_have_room() -> None:
    view = cluster(agent(S0), agent(S1, free=FREE.scalars(disk=50)))
    assert len(plan_create(replace(WISH, count=2), view)) == 2
    with pytest.raises(NoRoomError):
        plan_create(replace(WISH, count=2, one_per_agent=True), view)


def test_the_nearest_miss_is_told() -> None:
    view = cluster(agent(S0), agent(S1, free=FREE.scalars(disk=20000)))
    with pytest.raises(NoRoomError) as refused:
        plan_create(replace(WISH, size=20000.5), view)
    assert refused.value.message == (
        "needs disk 20000.5, and the agent with most of it unreserved (host1) has 20000"
    )


def test_what_others_reserved_is_no_room() -> None:
    held = agent(S0, disk(500), free=FREE.scalars(disk=50))
    with pytest.raises(NoRoomError) as refused:
        plan_create(WISH, cluster(held))
    assert "needs disk 100, and the agent with most of it unreserved (host0) has 50" in str(
        refused.value
    )


def test_how_many_there_would_be_room_for_is_told() -> None:
    small = cluster(agent(S0, free=FREE.scalars(disk=250)), agent(S1, free=FREE.scalars(disk=150)))
    assert len(plan_create(replace(WISH, count=3), small)) == 3
    with pytest.raises(NoRoomError) as refused:
        plan_create(replace(WISH, count=4), small)
    assert refused.value.message.endswith("(room for 3 of 4)")


def test_what_tasks_use_counts_as_room_since_it_comes_back() -> None:
    busy = agent(S0, used=FREE)
    assert len(plan_create(WISH, cluster(busy))) == 1


def test_a_path_disk_is_divided() -> None:
    view = cluster(agent(S0), agent(S1, free_disk(250, source("PATH", "/mnt/a"))))
    changes = plan_create(replace(WISH, disk=Disk.PATH, count=2), view)
    wanted = some(volume("v", where=source("PATH")))
    assert [change.volumes.amount("disk") for change in changes] == [100, 100]
    assert next(iter(changes[0].volumes)).disk.source == next(iter(wanted)).disk.source
    with pytest.raises(NoRoomError) as refused:
        plan_create(replace(WISH, disk=Disk.PATH, count=3), view)
    assert refused.value.message == "no agent has disk[PATH]:100 together (room for 2 of 3)"


def test_a_mount_disk_is_taken_whole() -> None:
    view = cluster(agent(S0, free_disk(250, source("MOUNT", "/mnt/a"))))
    assert len(plan_create(replace(WISH, disk=Disk.MOUNT, size=250), view)) == 1
    with pytest.raises(NoRoomError):
        plan_create(replace(WISH, disk=Disk.MOUNT, count=2), view)


def test_two_mount_disks_hold_two_volumes() -> None:
    disks = [free_disk(250, source("MOUNT", root)) for root in ("/mnt/a", "/mnt/b")]
    assert (
        len(plan_create(replace(WISH, disk=Disk.MOUNT, count=2), cluster(agent(S0, *disks)))) == 2
    )


def test_a_disk_may_be_named_by_its_root() -> None:
    disks = [free_disk(250, source("MOUNT", root)) for root in ("/mnt/a", "/mnt/b")]
    wish = replace(WISH, disk=Disk.MOUNT, disk_root="/mnt/b")
    (change,) = plan_create(wish, cluster(agent(S0, *disks)))
    assert next(iter(change.reserved)).disk.source == source("MOUNT", "/mnt/b")
    with pytest.raises(NoRoomError):
        plan_create(replace(wish, disk_root="/mnt/c"), cluster(agent(S0, *disks)))


def test_the_root_disk_is_not_a_path_disk() -> None:
    with pytest.raises(NoRoomError) as refused:
        plan_create(replace(WISH, disk=Disk.PATH), THREE)
    assert refused.value.message == (
        "needs disk on a PATH disk 100, and the agent with most of it unreserved (host0) has 0"
    )
    only_path = agent(S0, free_disk(9999, source("PATH", "/p")), free=FREE.scalars(cpus=1))
    with pytest.raises(NoRoomError):
        plan_create(WISH, cluster(only_path))


def test_an_id_is_given_once_in_a_role() -> None:
    view = cluster(agent(S0), agent(S1, volume("v-2")))
    with pytest.raises(UsageError) as refused:
        plan_create(replace(WISH, volume_id="v", count=2), view)
    assert refused.value.message == "role test has a volume v-2 already, on agent host1 (m-S1)"
    assert refused.value.hint
    assert ids(plan_create(replace(WISH, volume_id="v"), view)) == ["v"]


def test_another_role_may_have_the_id() -> None:
    view = cluster(agent(S0, volume("v", role="other")))
    assert ids(plan_create(replace(WISH, volume_id="v"), view)) == ["v"]


def test_an_id_that_may_be_on_an_agent_that_is_away_is_refused(kept: Kept) -> None:
    kept.run(make(some(disk(100)), some(volume("v")), agent_id="m-S7"))
    view = cluster(agent(S0))
    with pytest.raises(RefusedError, match="not registered with the master"):
        plan_create(replace(WISH, volume_id="v"), view, kept.ledger(view))
    assert len(plan_create(replace(WISH, volume_id=None), view, kept.ledger(view))) == 1


def test_ids_are_checked_with_their_numbers() -> None:
    with pytest.raises(UsageError, match="at most 255 bytes"):
        plan_create(replace(WISH, volume_id="v" * 254, count=2), cluster(agent(S0)))
