"""Changes over time: questions, timeouts, cancelling, and the tasks that come after them."""

from __future__ import annotations

from engine.change_values import (
    OURS,
    THEIRS,
    amount,
    begun,
    machine,
    make,
    sent,
    volume,
)
from engine.world import World, launched, of, task

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.engine.change_life import LAST_WORD, NEXT_QUESTION
from mesos_batch.engine.scheduler import LIST_AGAIN
from mesos_batch.errors import ExitCode
from mesos_batch.model.change import ChangePhase
from mesos_batch.model.facts import Phase
from mesos_batch.model.limit import Limit
from mesos_batch.model.resource import Disk, Resource, Volume
from mesos_batch.model.resources import DISK, Resources
from mesos_batch.model.saved import CancelEntry
from mesos_batch.model.scalar import Scalar

V = volume("v", 100)
BOTH = ("RESERVE-0-0", "CREATE-0-1")


def finish(world: World, *operation_ids: str) -> None:
    for operation_id in operation_ids:
        world.operation(operation_id, "FINISHED")


def test_a_run_whose_change_failed_judges_no_task() -> None:
    """It can be resumed; were it cancelled for what fits no agent now, it could not."""
    world = World(
        task("big", cpus=99),
        changes=[make(V)],
        volume_timeout=60.0,
        unplaceable_timeout=0.0,
        max_failures=Limit(0),
    )
    world.subscribe()
    world.list_agents(a=4)
    world.wait(61.0)

    assert world.change_phase() is ChangePhase.FAILED
    assert world.phase("big") is Phase.WAITING
    assert of(CancelEntry, world.journal) == []


# -- questions and clocks -----------------------------------------------------------------------


def test_silence_is_asked_about_again_and_again() -> None:
    world = begun(make(V))

    asked = of(do.ReconcileOperations, world.wait(3 * NEXT_QUESTION).commands)

    assert len(asked) >= 3
    assert asked[0].operations == (("RESERVE-0-0", "a"), ("CREATE-0-1", "a"))


def test_a_new_subscription_begins_with_a_question() -> None:
    world = begun(make(V))
    world.operation("RESERVE-0-0", "FINISHED")
    world.do(ev.ConnectionLost("cut", 0.1))

    turn = world.subscribe()

    (asked,) = of(do.ReconcileOperations, turn.commands)
    assert asked.operations == (("CREATE-0-1", "a"),)


def test_a_change_that_finds_no_offer_fails_after_the_timeout() -> None:
    world = World(task("t"), changes=[make(V)], volume_timeout=60.0)
    world.subscribe()
    world.offers(world.offer("a", resources=machine(disk=50)))

    world.wait(59)
    waiting = world.change_phase()
    turn = world.wait(2)

    assert waiting is ChangePhase.WAITING
    assert world.change_phase() is ChangePhase.FAILED
    assert "--volume_timeout" in (world.change().message or "")
    assert of(do.Teardown, turn.commands)
    assert world.scheduler.snapshot().exit_code == ExitCode.TASK_FAILED


def test_a_failed_change_halts_the_run_and_a_resumed_one_tries_again() -> None:
    world = begun(make(V), tasks=(task("t"),))
    world.operation("RESERVE-0-0", "FINISHED")

    turn = world.operation("CREATE-0-1", "FAILED", message="disk full")
    world.crash()
    world.subscribe("G")
    again = world.offers(world.offer("a", resources=machine(amount("disk", 100))))

    assert world.change().operations[1].message == "disk full"
    assert turn.end is not None
    assert (turn.end.exit_code, turn.end.final) == (ExitCode.TASK_FAILED, False)
    assert sent(again) == ["CREATE-0-2"]


# -- cancel -------------------------------------------------------------------------------------


def test_cancelling_sends_nothing_more() -> None:
    world = World(task("t"), changes=[make(V)])
    world.subscribe()
    world.do(ev.CancelAsked(ExitCode.INTERRUPTED))

    assert world.change_phase() is ChangePhase.CANCELLED
    assert world.scheduler.snapshot().exit_code == ExitCode.INTERRUPTED


def test_cancelling_waits_a_little_for_what_is_under_way() -> None:
    world = begun(make(V), tasks=(task("t"),))
    world.do(ev.CancelAsked(ExitCode.INTERRUPTED))
    world.wait(LAST_WORD - 1)
    waits = world.change_phase()
    world.wait(2)

    assert waits is ChangePhase.WAITING
    assert world.change_phase() is ChangePhase.CANCELLED
    assert world.scheduler.snapshot().exit_code == ExitCode.INTERRUPTED


def test_a_cancelled_run_that_is_resumed_waits_no_longer() -> None:
    world = begun(make(V), tasks=(task("t"),))
    world.do(ev.CancelAsked(ExitCode.INTERRUPTED))
    world.crash()
    turn = world.subscribe()

    world.wait(LAST_WORD + 1)

    assert of(do.ReconcileOperations, turn.commands)
    assert world.change_phase() is ChangePhase.CANCELLED
    assert world.scheduler.snapshot().exit_code == ExitCode.INTERRUPTED


# -- tasks --------------------------------------------------------------------------------------


def test_tasks_wait_for_the_changes_and_then_use_what_was_made() -> None:
    wish = Resource(DISK, Scalar.of(1), disk=Disk("v", volume=Volume("here")))
    user = task("t", resources=Resources.scalars(cpus=1) + Resources([wish]))
    world = begun(make(V, more=(amount("cpus", 0.5),)), tasks=(user,))
    early = world.offers(world.offer("b"))
    finish(world, *BOTH)

    held = machine(V, amount("cpus", 0.5), cpus=3.5, disk=900).allocated_to("batch")
    turn = world.offers(world.offer("a", resources=held, role="batch"))

    assert launched(early) == []
    (used,) = [item.resources for c in of(do.Launch, turn.commands) for item in c.tasks]
    assert used.allocated_to(None).reserved("batch").amount("cpus") == 0.5
    (disk,) = (item.disk for item in used if item.disk is not None)
    assert (disk.persistence_id, disk.volume, used.amount(DISK)) == ("v", Volume("here"), 100)


def test_a_volume_of_that_name_reserved_by_another_is_not_taken() -> None:
    wish = Resource(DISK, Scalar.of(1), (OURS,), disk=Disk("v"))
    world = World(task("t", resources=Resources([wish])), role="batch")
    world.subscribe()
    theirs = volume("v", 100, THEIRS)

    assert launched(world.offers(world.offer("a", resources=machine(theirs)))) == []


def test_what_was_listed_before_the_changes_says_nothing_after_them() -> None:
    world = begun(make(V), tasks=(task("t"),))
    before = of(do.ListAgents, world.commands)[-1].number
    world.operation("RESERVE-0-0", "FINISHED")
    turn = world.operation("CREATE-0-1", "FINISHED")

    world.do(ev.AgentsListed((), before))

    assert of(do.ListAgents, turn.commands)
    assert not world.scheduler._books.agents.complete


def test_a_run_that_is_only_there_to_be_ended_starts_nothing() -> None:
    world = World(task("t"), changes=[make(V)], starts_nothing=True)
    subscribed = world.subscribe()

    offered = world.offers(world.offer("a", resources=machine()))
    ended = world.do(ev.CancelAsked(ExitCode.INTERRUPTED))

    assert of(do.Suppress, subscribed.commands)
    assert [type(command) for command in offered.commands] == [do.Decline]
    assert world.change_phase() is ChangePhase.CANCELLED
    assert ended.end is not None


def test_agents_are_listed_again_while_a_task_waits_for_a_volume_that_may_go() -> None:
    volume_wish = Resources([volume("v", 100)])
    role = V.reservation_role
    world = World(task("t", resources=volume_wish), unplaceable_timeout=0.0, role=role)
    world.subscribe()
    world.totals(a=machine(V, disk=900))

    listed_again = world.wait(LIST_AGAIN)
    assert of(do.ListAgents, listed_again.commands)
    world.totals(a=machine(disk=1000))

    assert "needs volume v, which no agent has" in (world.view("t").message or "")
