"""Subscriptions that end, offers wanted or not, and reconciliation."""

from __future__ import annotations

from engine.world import World, of, task

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.engine.offers_wanted import ANSWER_WITHIN
from mesos_batch.engine.reconcile import SILENT_LAUNCH
from mesos_batch.engine.scheduler import AGENTS_RETURN_WITHIN, LIST_AGAIN, REVIVE_AFTER
from mesos_batch.errors import ExitCode
from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase


def test_suppress_when_nothing_waits_and_revive_when_something_does() -> None:
    world = World(task("t"))
    world.subscribe()

    launch = world.offers(world.offer("a"))
    dropped = world.update("t", "DROPPED", after=1.0)

    assert isinstance(launch.commands[-1], do.Suppress)
    assert isinstance(dropped.commands[-1], do.Revive)


def test_suppress_is_sent_once() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "RUNNING")
    world.wait(30)

    assert len(of(do.Suppress, world.commands)) == 1


def test_freed_resources_revive_and_revives_are_coalesced() -> None:
    world = World(*(task(f"t{i}") for i in range(12)))
    world.subscribe()
    world.offers(world.offer("a"))

    for number in range(4):
        world.update(f"t{number}", "FINISHED", after=0.001)
    sent = of(do.Revive, world.commands)
    world.offers(world.offer("a"), after=0.1)

    assert len(sent) == 0
    assert len(of(do.Revive, world.commands)) == 0
    world.update("t4", "FINISHED", after=0.1)
    assert len(of(do.Revive, world.commands)) == 1
    world.update("t5", "FINISHED", after=0.1)
    assert len(of(do.Revive, world.commands)) == 1
    world.wait(ANSWER_WITHIN)
    assert len(of(do.Revive, world.commands)) == 2


def test_a_new_subscription_asks_about_every_task_the_cluster_holds() -> None:
    world = World(*(task(f"t{i}", cpus=2) for i in range(3)))
    world.subscribe()
    world.offers(world.offer("a"))
    world.do(ev.ConnectionLost("cut", 0.1))

    turn = world.subscribe()

    implicit, explicit = of(do.Reconcile, turn.commands)
    assert implicit.tasks == ()
    assert explicit.tasks == (("t0", "a"), ("t1", "a"))
    assert of(fact.Subscribed, turn.facts)[0].again


def test_who_does_not_answer_is_asked_again_with_growing_pauses() -> None:
    world = World(task("t0"), task("t1"))
    world.subscribe()
    world.offers(world.offer("a"))
    world.do(ev.ConnectionLost("cut", 0.1))
    world.subscribe()
    world.update("t0", "RUNNING", uuid=None, reason="REASON_RECONCILIATION")

    asked = of(do.Reconcile, world.wait(16).commands)

    assert [call.tasks for call in asked] == [(("t1", "a"),)] * 2


def test_a_launch_that_never_arrived_is_launched_again() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))
    asked = world.wait(SILENT_LAUNCH + 1)

    world.update("t", "GONE", uuid=None, reason="REASON_RECONCILIATION")

    assert of(do.Reconcile, asked.commands)
    assert world.phase("t") is Phase.WAITING


def test_a_running_task_its_agent_no_longer_knows_is_launched_again() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "RUNNING")

    world.update("t", "GONE", uuid=None, reason="REASON_RECONCILIATION")

    assert world.phase("t") is Phase.WAITING


def test_nothing_is_called_while_disconnected() -> None:
    world = World(task("t"), kill_after=5.0)
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "RUNNING")
    world.do(ev.ConnectionLost("cut", 0.1))

    assert world.wait(60).commands == []
    assert of(do.Kill, world.subscribe().commands) == []
    assert of(do.Kill, world.wait(30).commands)


def test_a_refused_subscription_ends_the_run_with_4() -> None:
    world = World(task("t"))

    turn = world.do(ev.SubscriptionFailed("no"))

    assert turn.commands == []
    assert of(fact.RunEnded, turn.facts)[0].exit_code == 4


def test_silence_of_the_allocator_is_told() -> None:
    world = World(task("t"))
    world.subscribe()

    assert "no offer for role *" in of(fact.Warned, world.wait(31).facts)[0].message


def test_offers_are_not_asked_for_when_only_unplaceable_tasks_wait() -> None:
    world = World(task("big", cpus=99), task("t"))
    world.subscribe()
    world.list_agents(a=4)

    launch = world.offers(world.offer("a"))
    end = world.update("t", "FINISHED", after=1.0)
    larger = world.list_agents(a=4, b=128)

    assert isinstance(launch.commands[-1], do.Suppress)
    assert of(do.Revive, end.commands) == []
    assert of(do.Revive, larger.commands)


def test_offers_are_still_wanted_when_the_master_has_no_agent_yet() -> None:
    world = World(task("t"))
    world.subscribe()

    assert of(do.Suppress, world.list_agents().commands) == []


def test_a_run_cancelled_while_disconnected_kills_when_it_is_back() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "RUNNING")
    world.do(ev.ConnectionLost("cut", 0.1))
    cancelled = world.do(ev.CancelAsked(ExitCode.INTERRUPTED))

    again = world.subscribe()

    assert cancelled.commands == []
    assert [kill.task_id for kill in of(do.Kill, again.commands)] == ["t"]


def test_agents_have_time_to_register_with_a_new_master() -> None:
    world = World(task("big", cpus=8), unplaceable_timeout=60.0)
    world.subscribe()
    world.list_agents(a=4, large=16)
    world.do(ev.ConnectionLost("master died", 0.1))
    world.subscribe()

    world.list_agents(a=4)
    world.wait(AGENTS_RETURN_WITHIN - 1)
    before = world.phase("big")
    asked = world.wait(2)
    # The answer got lost.
    again = world.wait(LIST_AGAIN)
    world.list_agents(a=4)
    world.wait(61)

    assert before is Phase.WAITING
    assert of(do.ListAgents, asked.commands)
    assert of(do.ListAgents, again.commands)
    assert world.phase("big") is Phase.UNPLACEABLE


def test_a_revive_that_comes_to_nothing_is_repeated() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "RUNNING")
    world.wait(1000)
    world.update("t", "LOST", after=1.0)
    world.commands.clear()

    world.wait(2 * REVIVE_AFTER + 1)

    assert len(of(do.Revive, world.commands)) == 2


def test_a_teardown_that_got_lost_is_sent_again() -> None:
    world = World(task("t"))
    world.takes_teardown = False
    world.subscribe()
    world.offers(world.offer("a"))
    first = world.update("t", "FINISHED")
    cut = world.do(ev.ConnectionLost("cut", 0.1))

    again = world.subscribe()
    end = world.do(ev.TornDown())

    assert of(do.Teardown, first.commands)
    assert first.end is None
    assert cut.facts == []
    assert of(do.Teardown, again.commands)
    assert end.end is not None
    assert end.end.final


def test_who_wakes_late_hears_first_what_was_said_meanwhile() -> None:
    world = World(task("t"), unreachable_timeout=100.0)
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "UNREACHABLE", uuid=None)

    world.do(ev.TimePassed(), after=5000.0)
    before = world.phase("t")
    world.update("t", "RUNNING", uuid=None, reason="REASON_AGENT_REREGISTERED", after=1.0)

    assert before is Phase.UNREACHABLE
    assert world.phase("t") is Phase.RUNNING
