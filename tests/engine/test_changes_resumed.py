"""Changes of a run that crashed, was left, or whose framework was removed."""

from __future__ import annotations

import pytest
from engine.change_values import amount, begun, machine, make, sent, undo, volume
from engine.world import World, launched, of, task

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.engine.change_life import CERTAIN_AFTER
from mesos_batch.errors import ExitCode
from mesos_batch.model import facts as fact
from mesos_batch.model.change import ChangePhase
from mesos_batch.model.operation import OperationState
from mesos_batch.model.saved import OperationEntry

V = volume("v", 100)
BOTH = ("RESERVE-0-0", "CREATE-0-1")
REMOVED = ev.FrameworkRemoved("Framework has been removed")


@pytest.mark.parametrize("crash_after", range(5))
def test_a_crash_after_any_step_changes_nothing(crash_after: int) -> None:
    """Everything is sent once, whenever the scheduler dies."""
    world = World(task("t"), changes=[make(V)], role="batch")
    steps = (
        lambda: world.subscribe(),
        lambda: world.offers(world.offer("a", resources=machine())),
        lambda: world.operation(BOTH[0], "FINISHED"),
        lambda: world.operation(BOTH[1], "FINISHED"),
        lambda: world.offers(world.offer("a", resources=machine(V, disk=900))),
    )
    for number, step in enumerate(steps):
        step()
        if number == crash_after:
            world.crash()
            world.subscribe()

    assert [name for turn in [world] for name in sent(turn)] == list(BOTH)  # type: ignore[arg-type]
    assert world.change_phase() is ChangePhase.DONE
    assert launched(world) == ["t"]  # type: ignore[arg-type]


def test_what_is_under_way_is_asked_about_after_a_crash_and_not_sent_again() -> None:
    world = begun(make(V))
    world.crash()

    turn = world.subscribe()
    offered = world.offers(world.offer("a", resources=machine()))

    (asked,) = of(do.ReconcileOperations, turn.commands)
    assert asked.operations == (("RESERVE-0-0", "a"), ("CREATE-0-1", "a"))
    assert sent(offered) == []


def test_numbers_go_on_after_a_crash() -> None:
    world = begun(make(V))
    for operation_id in BOTH:
        world.operation(operation_id, "DROPPED")
    world.crash()
    world.subscribe()

    assert sent(world.offers(world.offer("b", resources=machine()))) == [
        "RESERVE-0-2",
        "CREATE-0-3",
    ]


def test_what_was_given_up_as_unknown_stays_so_after_a_crash() -> None:
    world = begun(make(more=(amount("cpus", 1),)))
    world.operation("RESERVE-0-0", "UNKNOWN")
    world.operation("RESERVE-0-0", "UNKNOWN", after=CERTAIN_AFTER)
    world.crash()
    turn = world.subscribe()

    assert of(do.ReconcileOperations, turn.commands) == []
    assert world.change().operations[0].state is OperationState.OPERATION_DROPPED


def test_a_run_that_was_left_goes_on() -> None:
    world = begun(make(V), tasks=(task("t"),))
    turn = world.do(ev.DetachAsked(ExitCode.INTERRUPTED))
    world.crash()
    world.subscribe()
    for operation_id in BOTH:
        world.operation(operation_id, "FINISHED")

    assert of(do.Teardown, turn.commands) == []
    assert world.change_phase() is ChangePhase.DONE


# -- a framework that is no more ----------------------------------------------------------------


def removed(world: World) -> None:
    """The framework is removed while nobody drives the run; another one subscribes."""
    world.crash()
    world.do(REMOVED)
    world.subscribe("G")
    world.now += 1


def test_a_new_framework_asks_nobody_but_looks() -> None:
    world = begun(make(V), tasks=(task("t"),))
    world.crash()
    turn = world.do(REMOVED)
    after = world.subscribe("G")

    assert [e.operation_id for e in of(OperationEntry, turn.entries)] == [None, None]
    assert of(do.ReconcileOperations, after.commands) == []
    assert of(do.ListAgents, after.commands)


def test_the_ids_of_a_framework_that_is_no_more_do_not_come_back() -> None:
    """The cluster removed the framework; a crash follows the next subscription."""
    world = begun(make(V), tasks=(task("t"),))
    removed(world)
    world.crash()

    turn = world.subscribe("G")

    assert of(do.ReconcileOperations, turn.commands) == []


def test_a_run_that_halts_keeps_its_framework_while_an_operation_is_open() -> None:
    """No other framework could ask what became of it."""
    world = begun(make(V), tasks=(task("t"),), volume_timeout=60.0)

    halted = world.wait(61)
    world.crash()
    resumed = world.subscribe()

    assert of(do.Teardown, halted.commands) == []
    assert isinstance(halted.facts[-1], fact.RunEnded)
    (asked,) = of(do.ReconcileOperations, resumed.commands)
    assert len(asked.operations) == 2


def test_a_volume_that_is_there_was_made_and_reserved() -> None:
    world = begun(make(V), tasks=(task("t"),))
    removed(world)

    world.totals(a=machine(V, disk=900))

    assert world.change_phase() is ChangePhase.DONE


def test_a_volume_that_is_not_there_is_made_again() -> None:
    world = begun(make(V), tasks=(task("t"),))
    removed(world)
    world.totals(a=machine())

    turn = world.offers(world.offer("a", resources=machine()))

    assert sent(turn) == ["RESERVE-0-2", "CREATE-0-3"]


def test_an_agent_that_is_not_listed_is_waited_for() -> None:
    world = begun(make(V), tasks=(task("t"),))
    removed(world)

    world.totals(b=machine())

    assert world.change_phase() is ChangePhase.WAITING
    assert sent(world.offers(world.offer("b", resources=machine()))) == []


def test_a_list_from_before_the_operations_says_nothing() -> None:
    world = begun(make(V), tasks=(task("t"),))
    world.crash()
    world.do(REMOVED)
    world.subscribe("G")

    world.now -= 1
    world.totals(a=machine())

    assert world.change().operations[0].state is OperationState.OPERATION_PENDING


def test_what_nobody_can_tell_is_not_done_again_by_a_resumed_run() -> None:
    held = machine(amount("cpus", 3))
    world = begun(undo(more=(amount("cpus", 1),)), offer=held, tasks=(task("t"),))
    removed(world)
    world.totals(a=held)
    failed = world.change_phase()
    world.crash()
    world.do(ev.TimePassed())
    world.subscribe("H")

    again = world.offers(world.offer("a", resources=held))

    assert failed is ChangePhase.FAILED
    assert sent(again) == []
