"""Plans of what is missing of a set that belongs on one agent."""

from __future__ import annotations

import pytest
from volumes.clusters import (
    FREE,
    NO_LEDGER,
    OURS,
    S0,
    S1,
    agent,
    cluster,
    disk,
    free_disk,
    reserved,
    some,
    source,
    volume,
)
from volumes.kept import FAILED, PENDING, Kept, make

from mesos_batch.errors import NoRoomError, RefusedError, UsageError
from mesos_batch.model.change import Change, ChangeKind
from mesos_batch.model.resources import Resources
from mesos_batch.volumes import plan_ensure, plan_on_new_cluster

V, W = volume("v", 100), volume("w", 50)
CPUS, MEM = reserved("cpus", 2), reserved("mem", 64)
WANTED = some(CPUS, MEM, V)
RESERVED = some(CPUS, MEM, disk(100))
PLACE = "host0 (m-S0)"


def on(*agents: str) -> frozenset[str]:
    return frozenset(agents)


def test_all_of_it_is_made_on_one_agent_when_there_is_nothing() -> None:
    view = cluster(agent(S0), agent(S1))
    changes, notes = plan_ensure(WANTED, view, NO_LEDGER)
    assert changes == [Change(ChangeKind.MAKE, RESERVED, some(V), on(S0, S1))]
    assert notes == []


def test_a_new_cluster_needs_all_of_it() -> None:
    assert plan_on_new_cluster(WANTED) == [Change(ChangeKind.MAKE, RESERVED, some(V))]


def test_it_may_belong_on_certain_agents() -> None:
    view = cluster(agent(S0), agent(S1))
    (change,), _ = plan_ensure(WANTED, view, NO_LEDGER, ["S1"])
    assert change.agents == {S1}


def test_it_must_fit_on_one_agent_together() -> None:
    parts = (FREE.scalars(cpus=4, disk=10), FREE.scalars(mem=64, disk=200))
    view = cluster(*(agent(name, free=free) for name, free in zip((S0, S1), parts, strict=True)))
    with pytest.raises(NoRoomError) as refused:
        plan_ensure(WANTED, view, NO_LEDGER)
    assert "no agent has" in refused.value.message
    assert refused.value.message.endswith("together")


def test_nothing_is_missing_when_all_of_it_is_there() -> None:
    view = cluster(agent(S1), agent(S0, CPUS, MEM, V))
    changes, notes = plan_ensure(WANTED, view, NO_LEDGER)
    assert changes == []
    assert notes == [f"volume v exists on agent {PLACE} and is used"]


def test_reservations_that_are_missing_are_made_where_the_volume_is() -> None:
    half = agent(S0, reserved("cpus", 0.5), V)
    changes, notes = plan_ensure(WANTED, cluster(agent(S1), half), NO_LEDGER)
    missing = some(reserved("cpus", 1.5), MEM)
    assert changes == [Change(ChangeKind.MAKE, missing, Resources(), on(S0))]
    assert notes == [f"volume v exists on agent {PLACE} and is used"]


def test_a_volume_that_is_missing_is_made_where_the_other_one_is() -> None:
    view = cluster(agent(S1), agent(S0, CPUS, MEM, V))
    changes, notes = plan_ensure(WANTED + some(W), view, NO_LEDGER)
    assert changes == [Change(ChangeKind.MAKE, some(disk(50)), some(W), on(S0))]
    assert len(notes) == 1


def test_what_an_earlier_run_reserved_and_did_not_create_on_is_used(kept: Kept) -> None:
    kept.run(make(RESERVED, some(V), agent_id=S1, create=None), state="stopped")
    view = cluster(agent(S0), agent(S1, CPUS, MEM, disk(100)))
    changes, notes = plan_ensure(WANTED, view, kept.ledger(view))
    assert changes == [Change(ChangeKind.MAKE, Resources(), some(V), on(S1))]
    assert notes == ["agent host1 (m-S1) has reservations of an earlier run for it: they are used"]


def test_a_run_that_is_at_it_still_keeps_what_it_reserved(kept: Kept) -> None:
    kept.run(make(RESERVED, some(V), agent_id=S1, create=PENDING), state="driven")
    view = cluster(agent(S0), agent(S1, CPUS, MEM, disk(100)))
    (change,), notes = plan_ensure(WANTED, view, kept.ledger(view))
    assert (change.reserved, change.agents, notes) == (RESERVED, on(S0, S1), [])


def test_what_was_reserved_for_another_volume_is_not_used(kept: Kept) -> None:
    kept.run(make(RESERVED, some(W), agent_id=S1, create=FAILED), state="stopped")
    view = cluster(agent(S0), agent(S1, CPUS, MEM, disk(100)))
    (change,), _ = plan_ensure(WANTED, view, kept.ledger(view))
    assert change.reserved == RESERVED


def test_a_volume_of_another_size_is_a_mistake() -> None:
    view = cluster(agent(S0, CPUS, MEM, volume("v", 80)))
    with pytest.raises(UsageError) as refused:
        plan_ensure(WANTED, view, NO_LEDGER)
    assert refused.value.message == f"volume v exists on agent {PLACE} with 80 MB, not 100"
    assert refused.value.hint == "Give it the size it has, or another id."


def test_a_volume_on_a_mount_disk_has_the_size_of_the_disk() -> None:
    mount = source("MOUNT", "/mnt/a")
    view = cluster(agent(S0, volume("v", 250, where=mount)))
    changes, _ = plan_ensure(some(volume("v", 100, where=mount)), view, NO_LEDGER)
    assert changes == []


def test_a_volume_on_a_mount_disk_is_made_of_what_fits() -> None:
    view = cluster(agent(S0, free_disk(250, source("MOUNT", "/mnt/a"))), agent(S1))
    changes, _ = plan_ensure(some(volume("v", 100, where=source("MOUNT"))), view, NO_LEDGER)
    assert len(changes) == 1


@pytest.mark.parametrize(
    "there",
    [
        volume("v", principal="bob"),
        # Reserved by us, created by somebody else.
        volume("v", principal="bob").__class__(
            "disk", V.value, V.reservations, disk=volume("v", principal="bob").disk
        ),
    ],
    ids=["reserved", "created"],
)
def test_a_volume_of_another_principal_is_refused(there) -> None:
    with pytest.raises(RefusedError) as refused:
        plan_ensure(WANTED, cluster(agent(S0, there)), NO_LEDGER)
    assert refused.value.message == (
        f"volume v on agent {PLACE} belongs to principal 'bob'; ours is '{OURS}'"
    )


def test_a_volume_of_another_role_is_another_volume() -> None:
    view = cluster(agent(S0, volume("v", role="other", principal="bob")))
    (change,), _ = plan_ensure(WANTED, view, NO_LEDGER)
    assert change.volumes == some(V)


def test_a_volume_on_an_agent_that_is_away_is_refused() -> None:
    with pytest.raises(RefusedError) as refused:
        plan_ensure(WANTED, cluster(agent(S0, V, active=False), agent(S1)), NO_LEDGER)
    assert refused.value.message == f"volume v is on agent {PLACE}, which is away"


def test_volumes_on_several_agents_are_a_mistake() -> None:
    view = cluster(agent(S0, V), agent(S1, W))
    with pytest.raises(UsageError) as refused:
        plan_ensure(some(V, W), view, NO_LEDGER)
    assert refused.value.message == (
        "the volumes v, w are on several agents: host0 (m-S0), host1 (m-S1)"
    )


def test_no_second_volume_is_made_while_the_first_is_away(kept: Kept) -> None:
    kept.run(make(RESERVED, some(V), agent_id="m-S7"))
    for view, why in [
        (cluster(agent(S0)), "not registered with the master"),
        (cluster(agent(S0), recovering={"m-S7": "h"}), "the new master still waits for"),
    ]:
        with pytest.raises(RefusedError, match=why):
            plan_ensure(WANTED, view, kept.ledger(view))


def test_no_volume_is_made_while_any_agent_may_come_back_with_it() -> None:
    with pytest.raises(RefusedError, match="one of them may have volume v") as told:
        plan_ensure(WANTED, cluster(agent(S0), recovering={"m-S7": "host7"}), NO_LEDGER)
    assert "host7" in told.value.message


def test_what_another_run_reserved_is_not_counted(kept: Kept) -> None:
    kept.run(make(RESERVED, some(V)))
    kept.run(make(some(CPUS)))
    view = cluster(agent(S0, CPUS, CPUS, MEM, V))
    larger = some(reserved("cpus", 4), MEM, V)
    (change,), _ = plan_ensure(larger, view, kept.ledger(view))
    assert change.reserved == some(CPUS)
