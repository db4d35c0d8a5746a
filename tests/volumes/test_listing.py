"""Lists of volumes and reservations."""

from __future__ import annotations

from dataclasses import replace

from volumes.clusters import (
    NO_LEDGER,
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
    source,
    user,
    volume,
)
from volumes.kept import Kept, make

from mesos_batch.model.resource import Reservation, ReservationType
from mesos_batch.volumes import list_reservations, list_volumes

CPUS, MEM = reserved("cpus", 2), reserved("mem", 64)


def test_a_volume_with_all_that_is_known_of_it(kept: Kept) -> None:
    mount = source("MOUNT", "/mnt/a")
    shared = volume("v", 250, where=mount, shared=True, path="data")
    run_id = kept.run(make(some(disk(250, mount)), some(shared)))
    users = [user("v", "t1"), user("v", "t2"), user("v", "t3", S1)]
    view = cluster(agent(S0, shared, used=some(shared, shared)), agent(S1), users=users)
    (info,) = list_volumes(view, kept.ledger(view))
    assert (info.volume_id, info.agent.agent_id, info.run_id) == ("v", S0, run_id)
    assert (info.role, info.principal, info.size) == (ROLE, OURS, 250)
    assert (info.container_path, info.disk) == ("data", "MOUNT:/mnt/a")
    assert (info.in_use, [it.task_id for it in info.users]) == (True, ["t1", "t2"])


def test_a_volume_nobody_uses_and_no_run_of_ours_made() -> None:
    (info,) = list_volumes(cluster(agent(S0, volume("v", principal=None))), NO_LEDGER)
    assert (info.principal, info.in_use, info.users, info.run_id) == (None, False, (), None)
    assert info.disk == "root"


def test_volumes_stand_by_host_then_agent_then_id_as_people_count() -> None:
    view = cluster(
        agent("m-S10", volume("a"), hostname="b"),
        agent("m-S9", volume("t-10"), volume("t-9"), volume("s"), hostname="b"),
        agent("m-S11", volume("z"), hostname="a"),
    )
    shown = [(it.agent.agent_id, it.volume_id) for it in list_volumes(view, NO_LEDGER)]
    assert shown == [
        ("m-S11", "z"),
        ("m-S9", "s"),
        ("m-S9", "t-9"),
        ("m-S9", "t-10"),
        ("m-S10", "a"),
    ]


def test_volumes_of_one_role() -> None:
    view = cluster(agent(S0, volume("v"), volume("w", role="other")))
    assert [it.volume_id for it in list_volumes(view, NO_LEDGER, "other")] == ["w"]


def test_what_an_agent_has_reserved_in_one_way_is_one_row(kept: Kept) -> None:
    first = kept.run(make(some(disk(100)), some(volume("v"))))
    second = kept.run(make(some(CPUS, disk(30))))
    kept.run(make(some(MEM), agent_id=S1))
    there = agent(S0, volume("v"), disk(30), CPUS, used=some(volume("v"), reserved("cpus", 1)))
    view = cluster(there, agent(S1))
    (info,) = list_reservations(view, kept.ledger(view))
    assert info.reservation == Reservation(ReservationType.DYNAMIC, ROLE, OURS)
    assert info.resources == some(disk(130), CPUS)
    assert info.in_volumes == some(disk(100))
    assert info.used == some(disk(100), reserved("cpus", 1))
    assert info.run_ids == (first, second)


def test_reservations_stand_by_agent_role_and_principal() -> None:
    static = replace(CPUS, reservations=(Reservation(ReservationType.STATIC, "zoo"),))
    view = cluster(
        agent(S1, CPUS), agent(S0, reserved("cpus", 1, principal=THEIRS), static, CPUS, MEM)
    )
    shown = [
        (it.agent.agent_id, it.reservation.role, it.reservation.principal)
        for it in list_reservations(view, NO_LEDGER)
    ]
    assert shown == [(S0, ROLE, OURS), (S0, ROLE, THEIRS), (S0, "zoo", None), (S1, ROLE, OURS)]
    (zoo,) = list_reservations(view, NO_LEDGER, "zoo")
    assert (zoo.reservation.type, zoo.run_ids) == (ReservationType.STATIC, ())


def test_nothing_is_reserved_on_a_new_cluster() -> None:
    assert list_reservations(cluster(agent(S0)), NO_LEDGER) == []
