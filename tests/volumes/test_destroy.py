"""Plans of what is to be destroyed, and what must not be touched."""

from __future__ import annotations

from dataclasses import replace

import pytest
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
from volumes.kept import Kept, make, undoing

from mesos_batch.model.resource import Reservation, ReservationType
from mesos_batch.volumes import DestroyPlan, plan_destroy

V, W = volume("v", 100), volume("w", 50)
CPUS = reserved("cpus", 2)


def plan(ids: list[str], view, ledger=NO_LEDGER, principal=OURS, **more) -> DestroyPlan:
    return plan_destroy(ids, view, ledger, principal=principal, **more)


def only_refusal(made: DestroyPlan) -> str:
    (sentence,) = made.refused
    assert made.changes == []
    return sentence


def test_a_volume_goes_with_the_disk_under_it() -> None:
    made = plan(["v"], cluster(agent(S0, V, W, disk(70)), agent(S1)))
    assert made == DestroyPlan([undoing(some(disk(100)), some(V))], [], ROLE)


def test_reservations_may_be_kept(kept: Kept) -> None:
    kept.run(make(some(disk(100), CPUS), some(V)))
    view = cluster(agent(S0, V, CPUS))
    made = plan(["v"], view, kept.ledger(view), keep_reservations=True)
    assert made.changes == [undoing(some(), some(V))]


def test_what_was_reserved_with_a_volume_goes_with_it(kept: Kept) -> None:
    run_id = kept.run(make(some(disk(100), CPUS), some(V)))
    view = cluster(agent(S0, V, CPUS))
    made = plan(["v"], view, kept.ledger(view))
    assert made.changes == [undoing(some(disk(100), CPUS), some(V), run_id=run_id)]


def test_what_was_reserved_stays_while_another_volume_of_it_does(kept: Kept) -> None:
    run_id = kept.run(make(some(disk(150), CPUS), some(V, W)))
    view = cluster(agent(S0, V, W, CPUS))
    one = plan(["v"], view, kept.ledger(view))
    assert one.changes == [undoing(some(disk(100)), some(V), run_id=run_id)]
    whole = plan(["v", "w"], view, kept.ledger(view))
    assert whole.changes == [undoing(some(disk(150), CPUS), some(V, W), run_id=run_id)]


def test_only_what_is_there_of_it_is_unreserved(kept: Kept) -> None:
    kept.run(make(some(disk(100), CPUS), some(V)))
    view = cluster(agent(S0, V, reserved("cpus", 0.5)))
    (change,) = plan(["v"], view, kept.ledger(view)).changes
    assert change.reserved == some(disk(100), reserved("cpus", 0.5))


def test_a_volume_of_an_operator_goes_and_its_disk_stays_reserved() -> None:
    """Statically reserved disk cannot be unreserved."""
    static = (Reservation(ReservationType.STATIC, ROLE),)
    made = plan(["v"], cluster(agent(S0, replace(V, reservations=static))))
    (change,) = made.changes
    assert (len(change.volumes), change.reserved) == (1, some())


def test_volumes_of_one_agent_go_apart_when_the_ledger_does_not_know_them() -> None:
    made = plan(["v", "w"], cluster(agent(S0, V, W)))
    assert made.changes == [undoing(some(disk(100)), some(V)), undoing(some(disk(50)), some(W))]


def test_volumes_of_several_agents_go_in_a_change_each() -> None:
    made = plan(["v", "w", "v"], cluster(agent(S0, V), agent(S1, W)))
    expected = [undoing(some(disk(100)), some(V)), undoing(some(disk(50)), some(W), S1)]
    assert made.changes == expected


def test_a_volume_on_a_mount_disk_gives_the_disk_back() -> None:
    mount = source("MOUNT", "/mnt/a")
    there = volume("v", 250, where=mount)
    (change,) = plan(["v"], cluster(agent(S0, there))).changes
    assert change == undoing(some(disk(250, mount)), some(there))


@pytest.mark.parametrize("principal", [OURS, None])
def test_what_belongs_to_another_principal_is_refused(principal: str | None) -> None:
    view = cluster(agent(S0, volume("v", principal=THEIRS)))
    ours = "no principal is given" if principal is None else "ours is 'alice'"
    assert only_refusal(plan(["v"], view, principal=principal)) == (
        f"volume v on agent host0 (m-S0) belongs to principal 'bob'; {ours}"
    )


def test_who_reserved_counts_as_well_as_who_created() -> None:
    created_by_us = replace(V, reservations=volume("v", principal=THEIRS).reservations)
    assert "belongs to principal 'bob'" in only_refusal(
        plan(["v"], cluster(agent(S0, created_by_us)))
    )


def test_what_belongs_to_nobody_may_go() -> None:
    view = cluster(agent(S0, volume("v", principal=None)))
    assert len(plan(["v"], view, principal=None).changes) == 1


def test_a_volume_that_is_used_is_refused_with_the_tasks_that_use_it() -> None:
    shared = volume("v", shared=True)
    users = [user("v", "t1"), user("v", "t2", framework=""), user("w", "t3"), user("v", "t4", S1)]
    view = cluster(agent(S0, shared, used=some(shared)), users=users)
    assert only_refusal(plan(["v"], view)) == (
        "volume v on agent host0 (m-S0) is in use by task t1 of tiles, task t2 of framework-1"
    )


def test_a_volume_may_be_held_by_an_executor_alone() -> None:
    view = cluster(agent(S0, V, used=some(V)))
    assert only_refusal(plan(["v"], view)) == (
        "volume v on agent host0 (m-S0) is in use by an executor"
    )


def test_a_volume_beside_one_that_is_used_is_not_in_use() -> None:
    assert not plan(["w"], cluster(agent(S0, V, W, used=some(V)))).refused


def test_a_volume_on_an_agent_that_is_away_is_refused() -> None:
    view = cluster(agent(S0, V, active=False))
    assert only_refusal(plan(["v"], view)) == "volume v is on agent host0 (m-S0), which is away"


def test_an_unknown_id_is_refused() -> None:
    assert only_refusal(plan(["x"], cluster(agent(S0, V)))) == (
        "no volume of the cluster is called x"
    )


def test_an_id_of_several_volumes_needs_more_words() -> None:
    view = cluster(agent(S0, V, volume("v", role="other")), agent(S1, volume("v", 7)))
    assert only_refusal(plan(["v"], view)) == (
        "3 volumes are called v: on m-S0 (role test), m-S0 (role other), m-S1 (role test); name one"
    )
    assert plan(["v"], view, role="other").role == "other"
    (change,) = plan(["v"], view, agent="host1").changes
    assert (change.agents, change.volumes) == ({S1}, some(volume("v", 7)))
    assert "2 volumes" in only_refusal(plan(["v"], view, agent="S0"))


def test_volumes_of_several_roles_need_a_run_each() -> None:
    made = plan(["v", "w"], cluster(agent(S0, V, volume("w", role="other"))))
    assert only_refusal(made) == "the volumes are of several roles: other, test"


def test_one_refusal_keeps_everything_and_all_are_told() -> None:
    view = cluster(agent(S0, V, W, volume("x", principal=THEIRS), used=some(W)))
    made = plan(["v", "w", "x", "y"], view)
    assert made.changes == []
    assert [sentence.split()[-1] for sentence in made.refused] == ["y", "executor", "'alice'"]


def test_a_volume_on_an_agent_that_is_gone_may_be_written_off(kept: Kept) -> None:
    kept.run(make(some(disk(100)), some(V), agent_id="m-S7"))
    view = cluster(agent(S0))
    assert only_refusal(plan(["v"], view, kept.ledger(view))) == (
        "volume v is on agent host7 (m-S7), which is not registered with the master; "
        "--forget_agent=m-S7 writes off what was on an agent that is gone for good"
    )


def test_an_agent_the_master_waits_for_is_not_written_off(kept: Kept) -> None:
    kept.run(make(some(disk(100)), some(V), agent_id="m-S7"))
    view = cluster(agent(S0), recovering={"m-S7": "host7"})
    assert only_refusal(plan(["v"], view, kept.ledger(view))) == (
        "volume v is on agent host7 (m-S7), which the new master still waits for"
    )


def test_a_volume_somebody_else_destroyed_is_told_apart(kept: Kept) -> None:
    run_id = kept.run(make(some(disk(100)), some(V)))
    view = cluster(agent(S0, disk(100)))
    assert only_refusal(plan(["v"], view, kept.ledger(view))) == (
        f"volume v, which run {run_id} created, is not to be seen on its agent any more; "
        f"--run={run_id} undoes what is left and writes off the rest"
    )
