"""A run that crashed or was left goes on from its journal."""

from __future__ import annotations

import pytest
from engine.world import World, launched, of, task

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.errors import ExitCode
from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase
from mesos_batch.model.saved import AgentEntry, AttemptEntry, EndEntry, FrameworkEntry, TaskEntry


def test_the_framework_id_is_saved_before_the_first_launch() -> None:
    world = World(task("t"))

    turn = world.subscribe()

    assert [entry.framework_id for entry in of(FrameworkEntry, turn.entries)] == ["F"]


def test_what_agents_have_is_saved_once_and_again_when_it_grows() -> None:
    world = World(task("t", cpus=1))
    world.subscribe()

    listed = world.list_agents(a=4, b=2)
    offered = world.offers(world.offer("a", cpus=4))
    again = world.list_agents(a=4, b=8)

    assert sorted((e.agent_id, e.cpus, e.mem) for e in of(AgentEntry, listed.entries)) == [
        ("a", 4, 4096),
        ("b", 2, 4096),
    ]
    assert of(AgentEntry, offered.entries) == []
    assert [(e.agent_id, e.cpus) for e in of(AgentEntry, again.entries)] == [("b", 8)]


def test_an_agent_no_list_tells_of_has_what_it_offers() -> None:
    world = World(task("t", cpus=1))
    world.subscribe()

    turn = world.offers(world.offer("a", cpus=3))

    assert [(e.agent_id, e.cpus) for e in of(AgentEntry, turn.entries)] == [("a", 3)]


def test_a_launch_is_saved_in_the_turn_that_sends_it() -> None:
    world = World(task("t"))
    world.subscribe()

    turn = world.offers(world.offer("a"))

    assert launched(turn) == ["t"]
    (attempt,) = of(AttemptEntry, turn.entries)
    assert (attempt.position, attempt.number, attempt.agent_id) == (0, 1, "a")
    assert of(TaskEntry, turn.entries)[0].phase is Phase.LAUNCHED


def test_an_update_is_saved_in_the_turn_that_acknowledges_it() -> None:
    world = World(task("t"), task("other"))
    world.subscribe()
    world.offers(world.offer("a"))

    turn = world.update("t", "FINISHED")

    assert of(do.Acknowledge, turn.commands)
    assert of(TaskEntry, turn.entries)[0].phase is Phase.FINISHED
    assert of(AttemptEntry, turn.entries)[0].ended_at == world.now


def test_a_resumed_run_subscribes_with_its_id_and_asks_about_what_was_active() -> None:
    world = World(task("done"), task("runs"), task("waits", cpus=9))
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("done", "FINISHED")
    world.update("runs", "RUNNING")

    world.crash()
    opening = world.do(ev.TimePassed())
    turn = world.subscribe()

    assert world.scheduler.framework_id == "F"
    told = of(fact.RunResumed, opening.facts)[0]
    assert (told.ended, told.active, told.waiting) == (1, 1, 1)
    assert [call.tasks for call in of(do.Reconcile, turn.commands)] == [(), (("runs", "a"),)]
    assert launched(world.offers(world.offer("a", cpus=9))) == ["waits"]


def test_what_ended_meanwhile_is_taken_in() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "RUNNING")
    world.crash()
    world.subscribe()

    turn = world.update("t", "FINISHED")

    assert of(do.Acknowledge, turn.commands)
    assert world.scheduler.snapshot().exit_code == 0


def test_a_launch_that_never_left_is_launched_under_the_next_number() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))
    world.crash()
    world.subscribe()
    world.update("t", "GONE", uuid=None, reason="REASON_RECONCILIATION")

    assert launched(world.offers(world.offer("a"))) == ["t~2"]


def test_failures_and_losses_are_remembered() -> None:
    world = World(task("t"), max_attempts=2, max_losses=1)
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "FAILED")
    world.crash()
    world.subscribe()
    early = world.offers(world.offer("a"))
    world.wait(2)
    world.offers(world.offer("a"))
    world.update("t~2", "LOST")
    world.crash()
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t~3", "FAILED")

    assert launched(early) == []
    view = world.view("t")
    assert (view.phase, view.launches, view.failures) == (Phase.FAILED, 3, 2)


def test_an_attempt_given_up_before_the_crash_is_killed_after_it() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "LOST", uuid=None)
    world.offers(world.offer("b"))
    world.crash()
    world.subscribe()

    turn = world.update("t", "RUNNING", uuid=None, reason="REASON_RECONCILIATION")

    assert of(do.Kill, turn.commands) == [do.Kill("t", "a")]
    assert world.phase("t") is Phase.LAUNCHED


def test_kill_after_counts_from_the_start_before_the_crash() -> None:
    world = World(task("t"), kill_after=100.0)
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "RUNNING")
    world.now += 60
    world.crash()
    world.subscribe()

    assert of(do.Kill, world.wait(39).commands) == []
    assert of(do.Kill, world.wait(2).commands) == [do.Kill("t", "a")]


@pytest.mark.parametrize("wrong", [-3600.0, 3600.0])
def test_a_clock_of_an_agent_that_is_wrong_does_not_shift_kill_after(wrong: float) -> None:
    world = World(task("t"), kill_after=100.0)
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "RUNNING", timestamp=world.now + wrong)
    world.crash()
    world.subscribe()

    assert of(do.Kill, world.wait(99).commands) == []
    assert of(do.Kill, world.wait(2).commands) == [do.Kill("t", "a")]


def test_kill_after_goes_on_for_a_task_that_was_unreachable() -> None:
    world = World(task("t"), kill_after=100.0)
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "RUNNING")
    world.update("t", "UNREACHABLE", uuid=None, after=60.0)
    world.crash()
    world.subscribe()
    world.update("t", "RUNNING", uuid=None, reason="REASON_AGENT_REREGISTERED")

    assert of(do.Kill, world.wait(39).commands) == []
    assert of(do.Kill, world.wait(2).commands) == [do.Kill("t", "a")]


def test_a_framework_removed_while_its_run_is_cancelled_ends_it_as_cancelled() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))
    world.do(ev.CancelAsked(ExitCode.INTERRUPTED))

    turn = world.do(ev.FrameworkRemoved("Framework has been removed", silent_for=5.0))

    assert turn.end == EndEntry(world.now, ExitCode.INTERRUPTED)


def test_many_tasks_are_asked_about_in_slices() -> None:
    world = World(*(task(f"t{number}", cpus=0.001, mem=1) for number in range(2500)))
    world.subscribe()
    world.offers(world.offer("a"))
    world.do(ev.ConnectionLost("cut", 0.1))

    asked = of(do.Reconcile, world.subscribe().commands)

    assert [len(call.tasks) for call in asked] == [0, 1000, 1000, 500]


def test_a_cancelled_run_stays_cancelled() -> None:
    world = World(task("t"), task("big", cpus=9))
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "RUNNING")
    world.do(ev.CancelAsked(ExitCode.TERMINATED))
    world.crash()

    turn = world.subscribe()
    world.update("t", "KILLED")

    assert of(do.Kill, turn.commands) == [do.Kill("t", "a")]
    assert world.phase("t") is world.phase("big") is Phase.CANCELLED
    assert world.scheduler.snapshot().exit_code == ExitCode.TERMINATED


def test_a_run_whose_tasks_have_ended_only_tears_down() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "FINISHED")
    world.crash()
    before = world.do(ev.TimePassed())

    turn = world.subscribe()

    assert before.end is None
    assert [type(command) for command in turn.commands] == [do.Teardown]
    assert turn.end == EndEntry(world.now, ExitCode.FINISHED)


def test_a_run_whose_framework_is_torn_down_has_ended() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "FINISHED")
    world.crash()

    turn = world.do(ev.FrameworkRemoved("Framework has been removed"))

    assert turn.end == EndEntry(world.now, ExitCode.FINISHED)


def test_a_framework_removed_while_nobody_drove_it_starts_over() -> None:
    world = World(task("t"), task("u"))
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("u", "FINISHED")
    world.crash()

    removed = world.do(ev.FrameworkRemoved("Framework has been removed"))
    world.do(ev.Subscribed("G", "master:5050"))

    assert world.scheduler.framework_id == "G"
    assert of(FrameworkEntry, removed.entries)[0].framework_id is None
    assert of(fact.TaskRequeued, removed.facts)[0].counted is False
    assert launched(world.offers(world.offer("a"))) == ["t~2"]
    assert world.phase("u") is Phase.FINISHED


def test_a_framework_somebody_removed_under_us_stops_the_run() -> None:
    world = World(task("t"), failover_timeout=3600.0)
    world.subscribe()
    world.offers(world.offer("a"))
    world.do(ev.ConnectionLost("cut", 0.1))

    turn = world.do(ev.FrameworkRemoved("Framework has been removed", silent_for=5.0))

    assert turn.end is not None
    assert not turn.end.final
    assert world.scheduler.snapshot().exit_code == ExitCode.CLUSTER
    world.crash()
    world.do(ev.Subscribed("G", "master:5050"))
    assert launched(world.offers(world.offer("a"))) == ["t~2"]


def test_a_framework_removed_after_its_timeout_starts_over() -> None:
    world = World(task("t"), failover_timeout=60.0)
    world.subscribe()
    world.offers(world.offer("a"))
    world.do(ev.ConnectionLost("cut", 0.1))

    world.do(ev.FrameworkRemoved("Framework has been removed", silent_for=61.0))

    assert not world.scheduler.ended
    assert world.scheduler.framework_id is None


def test_detaching_kills_nothing_and_can_be_resumed() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "RUNNING")

    turn = world.do(ev.DetachAsked(ExitCode.INTERRUPTED))
    world.crash()
    world.subscribe()
    world.update("t", "FINISHED")

    assert turn.commands == []
    assert turn.end is not None
    assert not turn.end.final
    assert world.scheduler.snapshot().exit_code == 0


def test_a_lost_cluster_stops_the_run_so_that_it_can_be_resumed() -> None:
    world = World(task("t"))

    turn = world.do(ev.SubscriptionFailed("wrong secret"))

    assert turn.end == EndEntry(world.now, ExitCode.CLUSTER, "wrong secret", final=False)


def test_a_run_that_ends_without_a_master_looks_for_one_a_while() -> None:
    world = World(task("t"), unreachable_timeout=0.0)
    world.subscribe()
    world.do(ev.ConnectionLost("cut", 0.1))
    cancelled = world.do(ev.CancelAsked(ExitCode.INTERRUPTED))

    ended = world.wait(61)

    assert cancelled.end is None
    assert "no master could be told" in of(fact.Warned, ended.facts)[0].message
    assert world.scheduler.snapshot().exit_code == ExitCode.INTERRUPTED


def test_every_quarter_of_an_hour_the_master_is_asked() -> None:
    world = World(task("t"), task("u"))
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "RUNNING")
    world.update("u", "RUNNING")

    asked = of(do.Reconcile, world.wait(901).commands)

    assert [call.tasks for call in asked] == [(), (("t", "a"), ("u", "a"))]
