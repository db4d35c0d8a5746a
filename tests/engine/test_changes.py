"""Changes of reservations and volumes: what is sent, what is heard of it, and how they end."""

from __future__ import annotations

import pytest
from engine.change_values import (
    MOUNT,
    NO_FEEDBACK,
    amount,
    begun,
    machine,
    make,
    sent,
    sent_of,
    undo,
    volume,
)
from engine.world import World, launched, of, task

from mesos_batch.engine import commands as do
from mesos_batch.engine.change_life import CERTAIN_AFTER, CERTAIN_BY_LIST_AFTER, MAX_REPEATS
from mesos_batch.engine.operation_states import INVALID_OFFERS, TABLE, Effect
from mesos_batch.model.change import Change, ChangeKind, ChangePhase
from mesos_batch.model.operation import OperationState, OperationType
from mesos_batch.model.resource import Disk, DiskSource, Resource
from mesos_batch.model.resources import DISK, Resources
from mesos_batch.model.saved import ChangeEntry, OperationEntry
from mesos_batch.model.scalar import Scalar

V = volume("v", 100)
BOTH = ("RESERVE-0-0", "CREATE-0-1")


def finish(world: World, *operation_ids: str) -> None:
    for operation_id in operation_ids:
        world.operation(operation_id, "FINISHED")


# -- what is sent -------------------------------------------------------------------------------


def test_a_reservation_and_its_volume_go_in_one_accept() -> None:
    world = World(changes=[make(V, more=(amount("cpus", 0.5),))])
    world.subscribe()

    turn = world.offers(world.offer("a", resources=machine()))

    (operate,) = of(do.Operate, turn.commands)
    assert sent(turn) == ["RESERVE-0-0", "CREATE-0-1"]
    reserved = Resources([amount("cpus", 0.5), amount("disk", 100)])
    assert sent_of(turn, OperationType.RESERVE) == reserved
    assert sent_of(turn, OperationType.CREATE) == Resources([V])
    assert (operate.agent_id, operate.offer_ids) == ("a", ("O0",))


def test_operations_are_written_before_they_are_sent() -> None:
    world = World(changes=[make(V)])
    world.subscribe()

    turn = world.offers(world.offer("a", resources=machine()))

    entries = of(OperationEntry, turn.entries)
    assert [(e.operation_id, e.state.name, e.agent_id) for e in entries] == [
        ("RESERVE-0-0", "OPERATION_PENDING", "a"),
        ("CREATE-0-1", "OPERATION_PENDING", "a"),
    ]
    (change,) = of(ChangeEntry, turn.entries)
    assert (change.agent_id, change.phase) == ("a", ChangePhase.WAITING)


def test_what_is_undone_is_destroyed_first() -> None:
    held = machine(V, amount("cpus", 1))
    world = begun(undo(V, more=(amount("cpus", 1),)), offer=held)

    (operate,) = of(do.Operate, world.commands)

    assert [op.type.value for op in operate.operations] == ["DESTROY", "UNRESERVE", "UNRESERVE"]


def test_only_a_part_of_what_is_reserved_is_unreserved() -> None:
    world = begun(undo(more=(amount("cpus", 1),)), offer=machine(amount("cpus", 3)))

    (operate,) = of(do.Operate, world.commands)

    assert operate.operations[0].resources == Resources([amount("cpus", 1)])


def test_what_is_in_use_is_undone_when_it_comes_free() -> None:
    world = begun(undo(V, more=(amount("cpus", 1),)), offer=machine(amount("cpus", 0.25)))
    world.operation("UNRESERVE-0-0", "FINISHED")

    turn = world.offers(world.offer("a", resources=machine(V, amount("cpus", 0.75))))
    finish(world, "DESTROY-0-1", "UNRESERVE-0-2", "UNRESERVE-0-3")

    assert sent_of(turn, OperationType.UNRESERVE).amount("cpus") == 0.75
    assert world.change_phase() is ChangePhase.DONE


def test_changes_of_one_agent_share_an_accept() -> None:
    world = begun(
        make(V), make(volume("w", 200)), undo(volume("u", 50)), offer=machine(volume("u", 50))
    )

    (operate,) = of(do.Operate, world.commands)

    assert [op.type.value for op in operate.operations] == [
        "RESERVE",
        "CREATE",
        "RESERVE",
        "CREATE",
        "DESTROY",
        "UNRESERVE",
    ]


def test_changes_are_spread_over_the_agents() -> None:
    world = World(changes=[make(V), make(volume("w", 100))])
    world.subscribe()

    turn = world.offers(*(world.offer(name, resources=machine()) for name in "ab"))

    assert [operate.agent_id for operate in of(do.Operate, turn.commands)] == ["a", "b"]


@pytest.mark.parametrize("first", [True, False])
def test_what_is_apart_shares_no_agent(first: bool) -> None:
    world = begun(make(V, apart=first), make(volume("w", 100), apart=not first))

    turn = world.offers(world.offer("b", resources=machine()))

    assert sent(turn) == ["RESERVE-1-0", "CREATE-1-1"]


def test_a_change_goes_only_to_its_agents() -> None:
    world = begun(make(V, agents=frozenset({"b"})))

    assert of(do.Operate, world.commands) == []
    assert sent(world.offers(world.offer("b", resources=machine()))) == list(BOTH)


def test_a_mount_disk_by_type_is_taken_whole_and_the_smallest() -> None:
    disks = [
        Resource(DISK, Scalar.of(size), disk=Disk(source=DiskSource(MOUNT, f"/{size}")))
        for size in (500, 200, 50)
    ]
    world = begun(make(volume("v", 100, source=DiskSource(MOUNT))), offer=machine(*disks))

    made = world.change().volumes

    assert made == Resources([volume("v", 200, source=DiskSource(MOUNT, "/200"))])


def test_forgetting_asks_nobody() -> None:
    gone = Change(ChangeKind.FORGET, Resources([amount("cpus", 1)]), Resources([V]))
    world = World(task("t"), changes=[gone])
    world.subscribe()

    assert world.change_phase() is ChangePhase.DONE
    assert launched(world.offers(world.offer("a"))) == ["t"]


# -- what is heard ------------------------------------------------------------------------------


def test_a_status_is_written_in_the_turn_that_acknowledges_it() -> None:
    world = begun(make(V))

    turn = world.operation("RESERVE-0-0", "FINISHED", uuid=b"1")

    assert of(do.AcknowledgeOperation, turn.commands) == [
        do.AcknowledgeOperation("a", "RESERVE-0-0", b"1")
    ]
    assert of(OperationEntry, turn.entries)[0].state is OperationState.OPERATION_FINISHED


def test_a_status_that_comes_again_is_acknowledged_again_and_counted_once() -> None:
    world = begun(make(V), tasks=(task("t"),))
    finish(world, *BOTH)

    turn = world.operation("RESERVE-0-0", "FINISHED")

    assert len(of(do.AcknowledgeOperation, turn.commands)) == 1
    assert of(OperationEntry, turn.entries) == []


def test_an_operation_of_somebody_else_is_acknowledged() -> None:
    world = begun(make(V))

    turn = world.operation("CREATE-7-7", "FINISHED", uuid=b"1")

    assert of(do.AcknowledgeOperation, turn.commands)


EFFECTS = {
    "UNSUPPORTED": Effect.WAIT,
    "PENDING": Effect.WAIT,
    "FINISHED": Effect.DONE,
    "FAILED": Effect.FAILS,
    "ERROR": Effect.FAILS,
    "DROPPED": Effect.AGAIN,
    "UNREACHABLE": Effect.WAIT,
    "GONE_BY_OPERATOR": Effect.FAILS,
    "RECOVERING": Effect.WAIT,
    "UNKNOWN": Effect.DOUBT,
}


@pytest.mark.parametrize("name", [state.name.removeprefix("OPERATION_") for state in TABLE])
def test_each_state_has_its_effect(name: str) -> None:
    world = begun(make(more=(amount("cpus", 1),)), tasks=(task("t"),), max_losses=0)

    turn = world.operation("RESERVE-0-0", name, message="why")
    again = sent(world.offers(world.offer("b", resources=machine())))

    record = world.change()
    match EFFECTS[name]:
        case Effect.DONE:
            assert record.phase is ChangePhase.DONE
        case Effect.FAILS:
            assert (record.phase, record.message) == (ChangePhase.FAILED, "why")
            assert turn.end is not None
        case Effect.AGAIN:
            assert again == ["RESERVE-0-1"]
        case Effect.WAIT | Effect.DOUBT:
            assert record.phase is ChangePhase.WAITING
            assert again == []
            assert not record.operations[0].state.is_terminal


def test_what_the_master_does_not_know_for_long_is_sent_again() -> None:
    world = begun(make(V))
    for operation_id in BOTH:
        world.operation(operation_id, "UNKNOWN")
    for operation_id in BOTH:
        world.operation(operation_id, "UNKNOWN", after=1.0)
    early = world.offers(world.offer("b", resources=machine()))
    asked = world.wait(CERTAIN_AFTER)
    turn = world.operation(BOTH[0], "UNKNOWN")
    world.operation(BOTH[1], "UNKNOWN")

    late = world.offers(world.offer("b", resources=machine()))

    assert sent(early) == []
    assert of(do.ReconcileOperations, asked.commands)
    assert of(OperationEntry, turn.entries)[0].state is OperationState.OPERATION_DROPPED
    assert sent(late) == ["RESERVE-0-2", "CREATE-0-3"]


def test_a_list_that_shows_nothing_of_it_ends_the_doubt() -> None:
    world = begun(make(V))
    for operation_id in BOTH:
        world.operation(operation_id, "UNKNOWN")
    world.totals(a=machine())
    early = world.offers(world.offer("b", resources=machine()))
    world.wait(CERTAIN_BY_LIST_AFTER)
    world.totals(a=machine())

    late = world.offers(world.offer("b", resources=machine()))

    assert sent(early) == []
    assert sent(late) == ["RESERVE-0-2", "CREATE-0-3"]


def test_a_list_that_shows_it_does_not_end_the_doubt() -> None:
    world = begun(make(V))
    for operation_id in BOTH:
        world.operation(operation_id, "UNKNOWN")
    world.wait(CERTAIN_BY_LIST_AFTER)

    world.totals(a=machine(V, disk=900))

    assert sent(world.offers(world.offer("b", resources=machine()))) == []
    assert {op.state for op in world.change().operations} == {OperationState.OPERATION_UNKNOWN}


def test_doubt_ends_when_the_master_knows_it_after_all() -> None:
    world = begun(make(V))
    world.operation("RESERVE-0-0", "UNKNOWN")
    world.operation("RESERVE-0-0", "PENDING", after=CERTAIN_AFTER)

    world.operation("RESERVE-0-0", "UNKNOWN", after=1.0)

    assert world.change().operations[0].state is OperationState.OPERATION_UNKNOWN


def test_what_was_done_in_part_goes_on_where_it_began() -> None:
    world = begun(make(V))
    world.operation("RESERVE-0-0", "FINISHED")
    world.operation("CREATE-0-1", "DROPPED")

    elsewhere = world.offers(world.offer("b", resources=machine()))
    there = world.offers(world.offer("a", resources=machine(amount("disk", 100))))

    assert sent(elsewhere) == []
    assert sent(there) == ["CREATE-0-2"]


def test_a_late_word_that_it_was_done_counts() -> None:
    world = begun(make(more=(amount("cpus", 1),)), tasks=(task("t"),))
    world.operation("RESERVE-0-0", "DROPPED")

    world.operation("RESERVE-0-0", "FINISHED")

    assert world.change_phase() is ChangePhase.DONE


def test_an_offer_that_was_rescinded_costs_nothing() -> None:
    world = begun(make(V))
    for operation_id in BOTH:
        world.operation(operation_id, "ERROR", message=f"{INVALID_OFFERS}: gone", agent_id=None)

    turn = world.offers(world.offer("b", resources=machine()))

    assert world.change_phase() is ChangePhase.WAITING
    assert sent(turn) == ["RESERVE-0-2", "CREATE-0-3"]


def test_there_is_an_end_to_sending_again() -> None:
    world = begun(make(more=(amount("cpus", 1),)), tasks=(task("t"),))
    for number in range(MAX_REPEATS + 1):
        world.operation(f"RESERVE-0-{number}", "DROPPED")
        world.offers(world.offer("a", resources=machine()))

    assert world.change_phase() is ChangePhase.FAILED
    assert len(of(do.Operate, world.commands)) == MAX_REPEATS + 1


def test_an_old_agent_is_believed_by_the_list_of_the_master() -> None:
    world = begun(make(V), tasks=(task("t"),))
    for operation_id in BOTH:
        world.operation(operation_id, "ERROR", message=NO_FEEDBACK, agent_id=None)
    blind = world.offers(world.offer("a", resources=machine()))
    world.totals(a=machine())
    turn = world.offers(world.offer("a", resources=machine()))
    entries = of(OperationEntry, turn.entries)

    world.now += 1
    world.totals(a=machine(V, disk=900))

    assert sent(blind) == []
    assert of(do.ListAgents, blind.commands)
    assert [entry.operation_id for entry in entries] == [None, None]
    assert world.change_phase() is ChangePhase.DONE


def test_an_old_agent_gets_one_change_at_a_time() -> None:
    world = begun(make(V), make(volume("w", 50)))
    world.totals(a=machine())
    for operation_id in (*BOTH, "RESERVE-1-0", "CREATE-1-1"):
        world.operation(operation_id, "ERROR", message=NO_FEEDBACK, agent_id=None)
    first = world.offers(world.offer("a", resources=machine()))
    during = world.offers(world.offer("a", resources=machine()))
    world.now += 1
    world.totals(a=machine(V, disk=900))

    second = world.offers(world.offer("a", resources=machine(disk=900)))

    assert (len(sent(first)), len(sent(during)), len(sent(second))) == (2, 0, 2)
