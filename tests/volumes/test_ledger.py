"""The ledger: the journals of all runs, added up in the order things were sent."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from volumes.clusters import (
    MASTER,
    NOTHING,
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
from volumes.kept import (
    DROPPED,
    FAILED,
    FINISHED,
    PENDING,
    UNREACHABLE,
    Kept,
    Step,
    forget,
    make,
    undo,
    undoing,
)

from mesos_batch.errors import JournalError
from mesos_batch.journal import RunState, find_run
from mesos_batch.model.change import ChangePhase
from mesos_batch.model.operation import OperationState, OperationType
from mesos_batch.model.resources import Resources
from mesos_batch.volumes import Holding, read_ledger

V, W = volume("v", 100), volume("w", 50)
CPUS, MEM = reserved("cpus", 2), reserved("mem", 64)
HERE = cluster(agent(S0), agent(S1))


def held(kept: Kept, view=HERE) -> list[tuple[str, Resources, Resources]]:
    """Agent, reservations and volumes of each holding."""
    return [(it.agent_id, it.reserved, it.volumes) for it in kept.ledger(view).holdings]


def only(kept: Kept) -> Holding:
    (holding,) = kept.ledger(HERE).holdings
    return holding


def test_no_runs_hold_nothing(kept: Kept) -> None:
    assert kept.ledger(HERE).holdings == []
    kept.run()
    assert kept.ledger(HERE).holdings == []


def test_a_change_holds_its_volumes_and_the_rest_it_reserved(kept: Kept) -> None:
    run_id = kept.run(make(some(disk(100), CPUS), some(V)))
    holding = only(kept)
    assert (holding.run_id, holding.run_state) == (run_id, RunState.ENDED)
    assert (holding.agent_id, holding.hostname) == (S0, "host0")
    assert (holding.reserved, holding.volumes, holding.maybe) == (some(CPUS), some(V), [])
    assert (holding.complete, holding.planned, holding.left_over) == (True, ("v",), False)


def test_each_change_of_a_run_holds_its_own(kept: Kept) -> None:
    run_id = kept.run(make(some(disk(100)), some(V)), make(some(CPUS), agent_id=S1))
    other = kept.run(make(some(MEM)))
    assert held(kept) == [
        (S0, NOTHING, some(V)),
        (S1, some(CPUS), NOTHING),
        (S0, some(MEM), NOTHING),
    ]
    ledger = kept.ledger(HERE)
    assert [holding.run_id for holding in ledger.on(S0)] == [run_id, other]
    assert [holding.agent_id for holding in ledger.of_run(run_id)] == [S0, S1]
    assert [holding.agent_id for holding in ledger.naming("v")] == [S0]
    assert ledger.naming("w") == []
    first = ledger.with_volume(S0, V)
    assert first is not None
    assert first.run_id == run_id
    assert ledger.with_volume(S1, V) is None


def test_what_another_run_destroys_leaves_the_run_that_made_it(kept: Kept) -> None:
    kept.run(make(some(disk(100), CPUS), some(V)), make(some(disk(50)), some(W)))
    kept.run(undo(some(disk(100), CPUS), some(V)))
    assert held(kept) == [(S0, NOTHING, some(W))]


def test_a_destroyed_volume_leaves_its_disk_reserved(kept: Kept) -> None:
    kept.run(make(some(disk(100)), some(V)))
    kept.run(undo(NOTHING, some(V)))
    assert held(kept) == [(S0, some(disk(100)), NOTHING)]
    kept.run(undo(some(disk(60))))
    assert held(kept) == [(S0, some(disk(40)), NOTHING)]


def test_a_volume_of_the_same_name_on_another_agent_stays(kept: Kept) -> None:
    kept.run(make(some(disk(100)), some(V)), make(some(disk(100)), some(V), agent_id=S1))
    kept.run(undo(some(disk(100)), some(V)))
    assert held(kept) == [(S1, NOTHING, some(V))]


def test_a_volume_may_be_created_again(kept: Kept) -> None:
    kept.run(make(some(disk(100)), some(V)))
    kept.run(undo(some(disk(100)), some(V)))
    last = kept.run(make(some(disk(100)), some(V)))
    assert only(kept).run_id == last


def test_a_volume_on_disk_another_run_reserved_takes_it_over(kept: Kept) -> None:
    kept.run(make(some(disk(100), CPUS)))
    kept.run(make(NOTHING, some(V)))
    assert held(kept) == [(S0, some(CPUS), NOTHING), (S0, NOTHING, some(V))]


def test_a_volume_is_on_the_disk_its_own_change_reserved(kept: Kept) -> None:
    kept.run(make(some(disk(100))))
    kept.run(make(some(disk(100)), some(V)))
    assert held(kept) == [(S0, some(disk(100)), NOTHING), (S0, NOTHING, some(V))]


@pytest.mark.parametrize("state", [FAILED, DROPPED, OperationState.OPERATION_ERROR])
def test_what_failed_is_not_held(state: OperationState, kept: Kept) -> None:
    kept.run(make(some(disk(100)), some(V), create=state), state="stopped")
    holding = only(kept)
    assert (holding.reserved, holding.volumes, holding.maybe) == (some(disk(100)), NOTHING, [])
    assert (holding.complete, holding.left_over, holding.planned) == (False, True, ("v",))


def test_what_failed_to_be_undone_is_held(kept: Kept) -> None:
    kept.run(make(some(disk(100)), some(V)))
    kept.run(undo(some(disk(100)), some(V), destroy=FAILED, unreserve=None))
    kept.run(undo(some(disk(100)), some(V), unreserve=PENDING, destroy=PENDING))
    assert held(kept) == [(S0, NOTHING, some(V))]


@pytest.mark.parametrize(
    "state",
    [PENDING, UNREACHABLE, OperationState.OPERATION_RECOVERING, OperationState.OPERATION_UNKNOWN],
)
def test_what_nobody_has_heard_of_may_be_held(state: OperationState, kept: Kept) -> None:
    kept.run(make(some(disk(100)), some(V), create=state), state="stopped")
    holding = only(kept)
    assert (holding.reserved, holding.volumes) == (some(disk(100)), NOTHING)
    (operation,) = holding.maybe
    assert (operation.type, operation.resources) == (OperationType.CREATE, some(V))
    assert kept.ledger(HERE).naming("v") != []


def test_what_was_never_sent_is_not_held(kept: Kept) -> None:
    kept.run(make(some(disk(100)), some(V), reserve=None, create=None), state="stopped")
    assert kept.ledger(HERE).holdings == []


def test_a_run_that_goes_on_has_nothing_left_over(kept: Kept) -> None:
    kept.run(make(some(disk(100)), some(V), create=None), state="driven")
    holding = only(kept)
    assert (holding.run_state, holding.complete) == (RunState.RUNNING, False)
    assert not holding.left_over


def test_what_is_added_up_is_in_the_order_it_was_sent(kept: Kept) -> None:
    """A run that began first and is resumed after another one sends last."""
    begun = kept.run(make(some(disk(100)), some(V), reserve=None, create=None), state="stopped")
    kept.run(make(some(disk(100)), some(V)))
    kept.run(undo(some(disk(100)), some(V)))
    kept.resume(begun, make(some(disk(100)), some(V)))
    assert only(kept).run_id == begun
    assert only(kept).volumes == some(V)


def test_what_is_written_off_is_not_held(kept: Kept) -> None:
    kept.run(make(some(disk(100), CPUS), some(V), agent_id="m-S7"), make(some(MEM)))
    kept.run(
        make(some(disk(50)), some(W), agent_id="m-S7", reserve=PENDING, create=PENDING),
        state="stopped",
    )
    kept.run(forget(some(CPUS, disk(50)), some(V, W), "m-S7"))
    assert held(kept) == [(S0, some(MEM), NOTHING)]


def test_what_is_not_written_off_to_the_end_is_held(kept: Kept) -> None:
    kept.run(make(some(CPUS), agent_id="m-S7"))
    kept.run(forget(some(CPUS), NOTHING, "m-S7", ChangePhase.WAITING), state="stopped")
    assert held(kept) == [("m-S7", some(CPUS), NOTHING)]


def test_what_is_made_after_a_write_off_is_held(kept: Kept) -> None:
    """The agent was not gone for good."""
    kept.run(make(some(CPUS), agent_id="m-S7"))
    kept.run(forget(some(CPUS), NOTHING, "m-S7"))
    kept.run(make(some(CPUS), agent_id="m-S7"))
    assert held(kept) == [("m-S7", some(CPUS), NOTHING)]


def test_runs_on_another_cluster_are_left_out(kept: Kept) -> None:
    kept.run(make(some(CPUS), agent_id="n-S0"), master="elsewhere:5050")
    # The embedded cluster is never there any more, whatever its agents were called.
    kept.run(make(some(CPUS)), master="local")
    assert kept.ledger(HERE).holdings == []


def test_runs_on_this_cluster_count_whatever_its_master_was_called(kept: Kept) -> None:
    kept.run(make(some(CPUS)), master="zk://zk1/mesos")
    # Agents of the same master that are not registered any more.
    kept.run(make(some(MEM), agent_id="m-S7"), master="zk://zk1/mesos")
    # And by the master's name, though another one leads now that numbers agents otherwise.
    kept.run(make(some(CPUS), agent_id="older-S1"), master=MASTER)
    assert [it[0] for it in held(kept)] == [S0, "m-S7", "older-S1"]
    assert [it[0] for it in held(kept, cluster(recovering={"m-S7": "h"}))] == [
        S0,
        "m-S7",
        "older-S1",
    ]


def test_the_resources_of_others_are_others(kept: Kept) -> None:
    kept.run(make(some(disk(100))), make(some(disk(100, principal=THEIRS))))
    kept.run(undo(some(disk(100, principal=THEIRS))))
    assert held(kept) == [(S0, some(disk(100)), NOTHING)]


def test_a_journal_that_cannot_be_read_is_told_and_the_others_count(
    kept: Kept, tmp_path: Path
) -> None:
    bad = kept.run(make(some(MEM)))
    good = kept.run(make(some(CPUS)))
    (find_run(kept.state_dir, bad).directory / "journal.sqlite").write_bytes(b"no database" * 100)
    ledger = kept.ledger(HERE)
    assert [holding.run_id for holding in ledger.holdings] == [good]
    (told,) = ledger.unreadable
    assert told.startswith(f"run {bad}: cannot read the journal ")


def test_a_journal_that_is_damaged_further_inside_is_told(kept: Kept) -> None:
    bad = kept.run(make(some(MEM)))
    with closing(sqlite3.connect(find_run(kept.state_dir, bad).directory / "journal.sqlite")) as db:
        db.execute("UPDATE operations SET resources = x'ffff'")
        db.commit()
    ledger = kept.ledger(HERE)
    assert ledger.holdings == []
    assert [told.partition(":")[0] for told in ledger.unreadable] == [f"run {bad}"]


def test_a_directory_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(JournalError):
        read_ledger(HERE, MASTER, tmp_path)


@pytest.mark.parametrize("which", [0, 1])
def test_undoing_one_run_leaves_the_other_its_own(which: int, kept: Kept) -> None:
    """Two runs reserved the same: what one of them is undone by is not taken from the other."""
    runs = [kept.run(make(some(CPUS))), kept.run(make(some(CPUS)))]
    kept.run(undo(some(CPUS), run_id=runs[which]))
    assert only(kept).run_id == runs[1 - which]


def test_a_destroyed_volume_s_disk_leaves_the_run_that_had_the_volume(kept: Kept) -> None:
    left_over = kept.run(make(some(disk(100)), some(W), create=FAILED), state="stopped")
    run_id = kept.run(make(some(disk(100)), some(V)))
    kept.run(undo(some(disk(100)), some(V), run_id=run_id))
    assert only(kept).run_id == left_over


def test_a_change_that_failed_on_an_agent_and_went_to_another_one(kept: Kept) -> None:
    sent = (
        (OperationType.RESERVE, some(CPUS), FAILED),
        (OperationType.RESERVE, some(CPUS), FINISHED),
    )
    kept.run(Step(undoing(some(CPUS), NOTHING), sent))
    assert kept.ledger(HERE).holdings == []
