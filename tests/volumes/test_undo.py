"""Plans that undo what a run made, or a set as the original's flag names it, or write it off."""

from __future__ import annotations

import pytest
from volumes.clusters import (
    NO_LEDGER,
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
    user,
    volume,
)
from volumes.kept import FAILED, PENDING, UNREACHABLE, Kept, make, undo, undoing

from mesos_batch.errors import RefusedError
from mesos_batch.model.change import Change, ChangeKind
from mesos_batch.volumes import DestroyPlan, plan_forget, plan_remove, plan_undo

V, W = volume("v", 100), volume("w", 50)
CPUS, MEM = reserved("cpus", 2), reserved("mem", 64)
WANTED = some(CPUS, V)
GONE = "m-S7"
WAY_OUT = f"--forget_agent={GONE} writes off what was on an agent that is gone for good"


def undone(kept: Kept, run_id: str, view, principal: str | None = OURS) -> DestroyPlan:
    return plan_undo(run_id, view, kept.ledger(view), principal=principal)


def removed(resources, view, ledger=NO_LEDGER) -> DestroyPlan:
    return plan_remove(resources, view, ledger, principal=OURS)


def test_a_run_is_undone_on_each_of_its_agents(kept: Kept) -> None:
    first = make(some(disk(100), CPUS), some(V))
    run_id = kept.run(first, make(some(disk(50)), some(W), agent_id=S1))
    kept.run(make(some(MEM)))
    made = undone(kept, run_id, cluster(agent(S0, V, CPUS, MEM), agent(S1, W)))
    assert made == DestroyPlan(
        [
            undoing(some(disk(100), CPUS), some(V), S0, run_id),
            undoing(some(disk(50)), some(W), S1, run_id),
        ],
        [],
        ROLE,
    )


def test_what_was_reserved_and_not_created_on_is_undone(kept: Kept) -> None:
    run_id = kept.run(make(some(disk(100), CPUS), some(V), create=None), state="stopped")
    made = undone(kept, run_id, cluster(agent(S0, disk(100), CPUS)))
    assert made == DestroyPlan([undoing(some(disk(100), CPUS), NOTHING, S0, run_id)], [], ROLE)


@pytest.mark.parametrize("state", [PENDING, UNREACHABLE])
@pytest.mark.parametrize("took_place", [True, False])
def test_what_may_have_been_created_is_undone_if_it_is_there(
    took_place: bool, state, kept: Kept
) -> None:
    run_id = kept.run(make(some(disk(100)), some(V), create=state), state="stopped")
    made = undone(kept, run_id, cluster(agent(S0, V if took_place else disk(100))))
    volumes = some(V) if took_place else NOTHING
    assert made.changes == [undoing(some(disk(100)), volumes, S0, run_id)]


@pytest.mark.parametrize("took_place", [True, False])
def test_what_may_have_been_reserved_is_undone_if_it_is_there(took_place: bool, kept: Kept) -> None:
    run_id = kept.run(make(some(disk(100)), some(V), reserve=PENDING, create=None), state="stopped")
    there = [disk(100)] if took_place else []
    made = undone(kept, run_id, cluster(agent(S0, *there)))
    expected = undoing(some(disk(100)), NOTHING, S0, run_id)
    assert made.changes == ([expected] if took_place else [])


def test_what_another_run_undid_is_not_undone_again(kept: Kept) -> None:
    run_id = kept.run(make(some(disk(100), CPUS), some(V)))
    kept.run(undo(some(disk(100)), some(V)))
    made = undone(kept, run_id, cluster(agent(S0, CPUS, disk(100, principal=THEIRS))))
    assert made.changes == [undoing(some(CPUS), NOTHING, S0, run_id)]
    kept.run(undo(some(CPUS)))
    assert undone(kept, run_id, cluster(agent(S0, CPUS))) == DestroyPlan()


def test_the_disk_of_others_is_not_taken_for_ours(kept: Kept) -> None:
    """As much as ours is unreserved, and none of another principal."""
    run_id = kept.run(make(some(disk(100)), some(V), create=FAILED), state="stopped")
    view = cluster(agent(S0, disk(300), disk(100, principal=THEIRS)))
    assert undone(kept, run_id, view).changes == [undoing(some(disk(100)), NOTHING, S0, run_id)]


def test_a_run_whose_volume_is_in_use_is_not_undone(kept: Kept) -> None:
    run_id = kept.run(make(some(disk(100)), some(V)))
    view = cluster(agent(S0, V, used=some(V)), users=[user("v", "t1")])
    made = undone(kept, run_id, view)
    assert made.refused == ["volume v on agent host0 (m-S0) is in use by task t1 of tiles"]


def test_a_run_is_undone_by_its_principal_only(kept: Kept) -> None:
    run_id = kept.run(make(some(disk(100)), some(V)))
    (refusal,) = undone(kept, run_id, cluster(agent(S0, V)), THEIRS).refused
    assert refusal.endswith("belongs to principal 'alice'; ours is 'bob'")


def test_a_run_on_an_agent_that_is_gone_is_not_undone(kept: Kept) -> None:
    both = make(some(disk(100)), some(V), agent_id=GONE), make(some(CPUS), agent_id=GONE)
    run_id = kept.run(*both)
    place = f"is on agent host7 ({GONE}), which is not registered with the master; {WAY_OUT}"
    assert undone(kept, run_id, cluster(agent(S0))).refused == [
        f"volume v {place}",
        f"what run {run_id} reserved {place}",
    ]


def test_a_set_is_removed_with_its_volumes() -> None:
    view = cluster(agent(S0), agent(S1, V, CPUS, MEM))
    made = removed(WANTED, view)
    assert made == DestroyPlan([undoing(some(disk(100), CPUS), some(V), S1)], [], ROLE)


def test_a_set_is_removed_from_the_run_that_created_its_volume(kept: Kept) -> None:
    kept.run(make(some(CPUS)))
    run_id = kept.run(make(some(disk(100), CPUS), some(V)))
    view = cluster(agent(S0, V, CPUS, CPUS))
    made = removed(WANTED, view, kept.ledger(view))
    assert made.changes == [undoing(some(disk(100), CPUS), some(V), S0, run_id)]


def test_of_a_set_is_removed_what_is_there() -> None:
    assert removed(WANTED, cluster(agent(S0, V))).changes == [undoing(some(disk(100)), some(V))]
    assert removed(WANTED + some(W), cluster(agent(S0, V, CPUS))).changes == [
        undoing(some(disk(100), CPUS), some(V))
    ]


def test_without_its_volumes_what_is_reserved_like_that_goes_from_one_agent() -> None:
    everything = disk(100), CPUS
    view = cluster(agent(S0, CPUS), agent(S1, *everything), agent("m-S2", *everything))
    assert removed(WANTED, view).changes == [undoing(some(*everything), NOTHING, S1)]
    assert removed(WANTED, cluster(agent(S0, *everything, active=False))).changes == []


@pytest.mark.parametrize("there", [(CPUS,), (disk(100, principal=THEIRS), CPUS), ()])
def test_without_its_volumes_nothing_less_goes(there) -> None:
    assert removed(WANTED, cluster(agent(S0, *there))) == DestroyPlan(role=ROLE)


def test_a_set_of_another_role_is_another_set() -> None:
    view = cluster(agent(S0, volume("v", role="other")))
    assert removed(some(V), view).changes == []


def test_a_set_is_not_removed_while_it_is_in_use_or_of_somebody_else() -> None:
    for there, used, why in [
        (V, some(V), "is in use by an executor"),
        (volume("v", principal=THEIRS), NOTHING, "belongs to principal 'bob'; ours is 'alice'"),
    ]:
        made = removed(WANTED, cluster(agent(S0, there, used=used)))
        assert made.changes == []
        assert made.refused == [f"volume v on agent host0 (m-S0) {why}"]
    away = removed(WANTED, cluster(agent(S0, V, active=False)))
    assert away.refused == ["volume v is on agent host0 (m-S0), which is away"]


def test_a_set_on_an_agent_that_is_gone_is_not_removed(kept: Kept) -> None:
    kept.run(make(some(disk(100), CPUS), some(V), agent_id=GONE))
    view = cluster(agent(S0, disk(100), CPUS))
    made = removed(WANTED, view, kept.ledger(view))
    assert made.changes == []
    assert made.refused == [
        f"volume v is on agent host7 ({GONE}), which is not registered with the master; {WAY_OUT}"
    ]


def test_what_another_run_reserved_in_the_same_way_stays(kept: Kept) -> None:
    """The set was removed before: what looks like it is somebody else's."""
    kept.run(make(some(disk(100), CPUS)))
    view = cluster(agent(S0, disk(100), CPUS))
    assert removed(WANTED, view, kept.ledger(view)) == DestroyPlan([], [], ROLE)


def test_a_set_that_was_only_reserved_is_removed(kept: Kept) -> None:
    kept.run(make(some(disk(100), CPUS), some(V), create=None), state="stopped")
    view = cluster(agent(S0, disk(100), CPUS))
    made = removed(WANTED, view, kept.ledger(view))
    assert made.changes == [undoing(some(disk(100), CPUS), NOTHING)]


@pytest.mark.parametrize("there", [True, False])
def test_a_set_that_was_only_reserved_on_an_agent_that_is_away_is_not(
    there: bool, kept: Kept
) -> None:
    where = S0 if there else GONE
    run_id = kept.run(
        make(some(disk(100), CPUS), some(V), create=None, agent_id=where), state="stopped"
    )
    view = cluster(agent(S0, disk(100), CPUS, active=False), agent(S1))
    made = removed(WANTED, view, kept.ledger(view))
    assert made.changes == []
    (refused,) = made.refused
    assert refused.startswith(f"what run {run_id} reserved is on agent host")
    assert ("which is away" if there else "not registered") in refused


def test_everything_on_an_agent_is_written_off_together(kept: Kept) -> None:
    kept.run(make(some(disk(100), CPUS), some(V), agent_id=GONE))
    kept.run(
        make(some(disk(50)), some(W), agent_id=GONE, create=PENDING),
        make(some(MEM), agent_id=GONE, reserve=PENDING),
        make(some(CPUS), agent_id=S0),
        state="stopped",
    )
    view = cluster(agent(S0))
    assert plan_forget(GONE, view, kept.ledger(view)) == [
        Change(
            ChangeKind.FORGET,
            some(CPUS, disk(50), MEM),
            some(V, W),
            frozenset({GONE}),
        )
    ]


def test_only_what_is_gone_is_written_off(kept: Kept) -> None:
    kept.run(make(some(CPUS)), make(some(CPUS), agent_id=GONE))
    for view, agent_id, said in [
        (cluster(agent(S0)), S0, f"agent {S0} is registered with the master: nothing on it"),
        (
            cluster(agent(S0, active=False)),
            S0,
            f"agent {S0} is registered with the master: nothing on it",
        ),
        (
            cluster(agent(S0), recovering={GONE: "h"}),
            GONE,
            f"agent {GONE} is one the new master still waits for",
        ),
        (cluster(agent(S0)), "m-S8", "the ledger has nothing on agent m-S8"),
    ]:
        with pytest.raises(RefusedError) as refused:
            plan_forget(agent_id, view, kept.ledger(view))
        assert refused.value.message.startswith(said)


def test_reservations_of_another_principal_are_not_undone(kept: Kept) -> None:
    run_id = kept.run(make(some(CPUS)))
    made = undone(kept, run_id, cluster(agent(S0, CPUS)), principal=THEIRS)
    assert made.refused == ["cpus:2 on agent host0 (m-S0) is reserved by principal 'alice'"]


def test_reservations_on_an_agent_that_is_away_are_not_undone(kept: Kept) -> None:
    run_id = kept.run(make(some(CPUS)))
    made = undone(kept, run_id, cluster(agent(S0, CPUS, active=False)))
    assert made.refused == ["cpus:2 is reserved on agent host0 (m-S0), which is away"]


def test_what_is_gone_from_an_agent_that_is_there_is_written_off(kept: Kept) -> None:
    run_id = kept.run(make(some(disk(100), CPUS), some(V)))
    kept.run(make(some(disk(100), CPUS), some(V)))
    view = cluster(agent(S0, CPUS))
    made = undone(kept, run_id, view)
    gone = Change(ChangeKind.FORGET, NOTHING, some(V), frozenset({S0}), run_id=run_id)
    assert made.changes == [undoing(some(CPUS), NOTHING, S0, run_id), gone]


def test_a_set_on_several_agents_is_removed_from_the_one_that_is_named() -> None:
    view = cluster(agent(S0, V, CPUS), agent(S1, V, CPUS))
    (refused,) = removed(WANTED, view).refused
    assert "the volumes v are on several agents: host0 (m-S0), host1 (m-S1)" in refused
    named = plan_remove(WANTED, view, NO_LEDGER, principal=OURS, agent_id=S1)
    assert named.changes == [undoing(some(disk(100), CPUS), some(V), S1)]


def test_what_another_run_reserved_stays_when_a_set_is_removed(kept: Kept) -> None:
    run_id = kept.run(make(some(disk(100), CPUS), some(V)))
    kept.run(make(some(CPUS)))
    view = cluster(agent(S0, V, CPUS, CPUS))
    larger = some(reserved("cpus", 4), V)
    made = removed(larger, view, kept.ledger(view))
    assert made.changes == [undoing(some(disk(100), CPUS), some(V), S0, run_id)]
