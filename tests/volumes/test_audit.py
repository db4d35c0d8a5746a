"""The ledger against the cluster: live, orphan, foreign, gone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from volumes.clusters import (
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
from volumes.kept import FAILED, PENDING, Kept, make, undo

from mesos_batch.model.change import ChangePhase
from mesos_batch.model.cluster import ClusterView
from mesos_batch.model.resource import Reservation, ReservationType
from mesos_batch.model.resources import Resources
from mesos_batch.volumes import Finding, Standing, audit

V, W = volume("v", 100), volume("w", 50)
CPUS, MEM = reserved("cpus", 2), reserved("mem", 64)
LIVE, ORPHAN, FOREIGN, GONE = Standing.LIVE, Standing.ORPHAN, Standing.FOREIGN, Standing.GONE

Short = tuple[Standing, str | None, Resources]


def found(kept: Kept, view: ClusterView, role: str | None = None) -> list[Finding]:
    return audit(view, kept.ledger(view), role)


def short(kept: Kept, view: ClusterView) -> list[Short]:
    return [(it.standing, it.volume_id, it.resources) for it in found(kept, view)]


def test_an_empty_cluster_and_an_empty_ledger_agree(kept: Kept) -> None:
    assert found(kept, cluster(agent(S0))) == []


def test_what_is_ours_and_there_lives(kept: Kept) -> None:
    run_id = kept.run(make(some(disk(100), CPUS), some(V)), make(some(MEM), agent_id=S1))
    view = cluster(agent(S0, V, CPUS), agent(S1, MEM))
    assert found(kept, view) == [
        Finding(LIVE, S0, "host0", some(V), "v", run_id),
        Finding(LIVE, S0, "host0", some(CPUS), None, run_id),
        Finding(LIVE, S1, "host1", some(MEM), None, run_id),
    ]


def test_what_a_run_left_halfway_is_orphaned(kept: Kept) -> None:
    run_id = kept.run(make(some(disk(100), CPUS), some(V), create=None), state="stopped")
    view = cluster(agent(S0, disk(100), CPUS))
    note = "reserved for volume v, which was not created"
    assert found(kept, view) == [
        Finding(ORPHAN, S0, "host0", some(disk(100), CPUS), None, run_id, note, resumable=True)
    ]


def test_a_run_that_ended_halfway_left_it_too(kept: Kept) -> None:
    kept.run(make(some(disk(150)), some(V, W), create=FAILED), state="ended")
    assert short(kept, cluster(agent(S0, disk(150)))) == [(ORPHAN, None, some(disk(150)))]


def test_nothing_is_orphaned_while_its_run_is_at_it(kept: Kept) -> None:
    kept.run(make(some(disk(100)), some(V), create=None), state="driven")
    assert short(kept, cluster(agent(S0, disk(100)))) == [(LIVE, None, some(disk(100)))]


@pytest.mark.parametrize("took_place", [True, False])
def test_what_may_have_been_created_is_orphaned_if_it_is_there(
    took_place: bool, kept: Kept
) -> None:
    kept.run(make(some(disk(100)), some(V), create=PENDING), state="stopped")
    there = V if took_place else disk(100)
    expected = (ORPHAN, "v" if took_place else None, some(there))
    assert [it for it in short(kept, cluster(agent(S0, there))) if it[0] is not GONE] == [expected]


@pytest.mark.parametrize("took_place", [True, False])
def test_what_may_have_been_reserved_is_orphaned_if_it_is_there(
    took_place: bool, kept: Kept
) -> None:
    step = make(some(disk(100)), some(V), reserve=PENDING, create=None)
    kept.run(step, state="stopped")
    there = [disk(100)] if took_place else []
    expected = [(ORPHAN, None, some(disk(100)))] if took_place else []
    assert short(kept, cluster(agent(S0, *there))) == expected


def test_what_no_run_of_ours_made_is_foreign(kept: Kept) -> None:
    theirs = disk(30, principal=THEIRS)
    assert found(kept, cluster(agent(S0, V, CPUS, MEM, theirs))) == [
        Finding(FOREIGN, S0, "host0", some(V), "v"),
        Finding(FOREIGN, S0, "host0", some(CPUS, MEM)),
        Finding(FOREIGN, S0, "host0", some(theirs)),
    ]


def test_more_than_ours_is_ours_and_foreign(kept: Kept) -> None:
    kept.run(make(some(disk(100))))
    assert short(kept, cluster(agent(S0, disk(130)))) == [
        (LIVE, None, some(disk(100))),
        (FOREIGN, None, some(disk(30))),
    ]


def test_two_runs_that_reserved_the_same_share_what_is_there(kept: Kept) -> None:
    first, second = kept.run(make(some(CPUS))), kept.run(make(some(CPUS)))
    both = found(kept, cluster(agent(S0, CPUS, CPUS)))
    assert [(it.standing, it.run_id) for it in both] == [(LIVE, first), (LIVE, second)]
    one = found(kept, cluster(agent(S0, CPUS)))
    assert [(it.standing, it.run_id) for it in one] == [(LIVE, first), (GONE, second)]


def test_what_somebody_else_removed_is_gone(kept: Kept) -> None:
    run_id = kept.run(make(some(disk(100), CPUS), some(V)))
    assert found(kept, cluster(agent(S0, reserved("cpus", 0.5)))) == [
        Finding(GONE, S0, "host0", some(V), "v", run_id, "its agent does not have it any more"),
        Finding(LIVE, S0, "host0", some(reserved("cpus", 0.5)), None, run_id),
        Finding(
            GONE,
            S0,
            "host0",
            some(reserved("cpus", 1.5)),
            None,
            run_id,
            "its agent does not have it reserved any more",
        ),
    ]


def test_what_we_undid_ourselves_is_no_finding(kept: Kept) -> None:
    kept.run(make(some(disk(100), CPUS), some(V)))
    kept.run(undo(some(disk(100), CPUS), some(V)))
    assert found(kept, cluster(agent(S0))) == []


def test_what_is_on_an_agent_that_is_away_is_gone(kept: Kept) -> None:
    run_id = kept.run(make(some(disk(100), CPUS), some(V), agent_id="m-S7"))
    note = "its agent is not registered with the master"
    assert found(kept, cluster(agent(S0))) == [
        Finding(GONE, "m-S7", "host7", some(V), "v", run_id, note, away=True),
        Finding(GONE, "m-S7", "host7", some(CPUS), None, run_id, note, away=True),
    ]


def test_an_agent_that_may_come_back_is_not_away_for_good(kept: Kept) -> None:
    run_id = kept.run(make(some(disk(100), CPUS), some(V), agent_id="m-S7"))
    note = "the new master still waits for its agent"
    assert found(kept, cluster(agent(S0), recovering={"m-S7": "host7"})) == [
        Finding(GONE, "m-S7", "host7", some(V), "v", run_id, note),
        Finding(GONE, "m-S7", "host7", some(CPUS), None, run_id, note),
    ]


def test_an_agent_that_is_only_disconnected_has_what_it_has(kept: Kept) -> None:
    kept.run(make(some(CPUS)))
    assert short(kept, cluster(agent(S0, CPUS, active=False))) == [(LIVE, None, some(CPUS))]


def test_one_role_may_be_looked_at(kept: Kept) -> None:
    other = volume("x", role="other")
    kept.run(make(some(CPUS)))
    view = cluster(agent(S0, CPUS, other))
    assert [it.resources for it in found(kept, view, "other")] == [some(other)]
    assert [it.resources for it in found(kept, view, "test")] == [some(CPUS)]
    assert found(kept, view, "third") == []


def test_what_operators_reserved_is_none_of_our_business(kept: Kept) -> None:
    """Statically reserved resources are no leftovers of anybody."""
    static = replace(CPUS, reservations=(Reservation(ReservationType.STATIC, "test"),))
    assert found(kept, cluster(agent(S0, static))) == []


def test_a_shared_volume_in_use_lives(kept: Kept) -> None:
    shared = volume("v", shared=True)
    kept.run(make(some(disk(100)), some(shared)))
    view = cluster(agent(S0, shared, used=some(shared, shared)))
    assert short(kept, view) == [(LIVE, "v", some(shared))]


def test_nothing_is_told_of_a_change_that_never_began(kept: Kept) -> None:
    kept.run(make(some(disk(100)), some(V), reserve=None, create=None), state="stopped")
    assert found(kept, cluster(agent(S0))) == []


def test_what_a_failed_undoing_left_is_orphaned(kept: Kept) -> None:
    kept.run(make(some(disk(100)), some(V)))
    failed = replace(undo(some(disk(100)), some(V), unreserve=FAILED), phase=ChangePhase.FAILED)
    kept.run(failed)
    assert short(kept, cluster(agent(S0, disk(100)))) == [(ORPHAN, None, some(disk(100)))]


def test_a_run_that_ended_cannot_go_on(kept: Kept) -> None:
    kept.run(make(some(disk(100)), some(V), create=FAILED), state="ended")
    (finding,) = found(kept, cluster(agent(S0, disk(100))))
    assert (finding.standing, finding.resumable) == (ORPHAN, False)
