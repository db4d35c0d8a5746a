"""What each task state means, acknowledgements, kills, new attempts, and the exit code."""

from __future__ import annotations

import pytest
from engine.world import World, launched, of, task

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.engine.life import KILL_AGAIN
from mesos_batch.engine.lifecycle import TABLE
from mesos_batch.errors import ExitCode
from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase
from mesos_batch.model.state import TERMINAL, TaskState


def running(*names: str, **policy: object) -> World:
    """A world in which these tasks run on agent ``a``."""
    world = World(*(task(name) for name in names), **policy)
    world.subscribe()
    world.offers(world.offer("a"))
    for name in names:
        world.update(name, "STARTING")
        world.update(name, "RUNNING")
    return world


def test_every_task_state_has_a_meaning() -> None:
    assert TABLE.keys() == set(TaskState)
    assert len(TABLE) == 14


@pytest.mark.parametrize(
    ("state", "phase", "code"),
    [
        ("FINISHED", Phase.FINISHED, 0),
        ("FAILED", Phase.FAILED, 1),
        ("KILLED", Phase.KILLED, 1),
        ("ERROR", Phase.ERROR, 1),
        ("LOST", Phase.LOST, 1),
        ("DROPPED", Phase.LOST, 1),
        ("GONE", Phase.LOST, 1),
        ("GONE_BY_OPERATOR", Phase.LOST, 1),
    ],
)
def test_terminal_states_end_a_task_that_has_no_attempt_left(
    state: str, phase: Phase, code: int
) -> None:
    world = running("t", max_losses=0)

    turn = world.update("t", state)

    assert TaskState[f"TASK_{state}"] in TERMINAL
    assert world.phase("t") is phase
    assert world.scheduler.snapshot().exit_code == code
    assert isinstance(turn.commands[-1], do.Teardown)


def test_an_update_is_acknowledged_each_time_and_counted_once() -> None:
    world = running("t", "other")

    first = world.update("t", "FINISHED", uuid=b"u" * 16)
    again = world.update("t", "FINISHED", uuid=b"u" * 16)

    assert of(do.Acknowledge, first.commands) == of(do.Acknowledge, again.commands)
    assert len(of(fact.TaskEnded, world.facts)) == 1
    assert not world.scheduler.ended


def test_an_update_without_uuid_is_not_acknowledged() -> None:
    world = running("t")

    assert of(do.Acknowledge, world.update("t", "LOST", uuid=None).commands) == []


def test_the_end_of_a_stranger_is_acknowledged_and_ignored() -> None:
    world = running("t")

    turn = world.update("stranger", "FAILED")

    assert of(do.Acknowledge, turn.commands)[0].task_id == "stranger"
    assert of(do.Kill, turn.commands) == []
    assert not world.scheduler.ended


def test_a_stranger_that_runs_in_our_framework_is_killed_and_told() -> None:
    world = running("t")

    turn = world.update("stranger", "RUNNING", uuid=None, reason="REASON_RECONCILIATION")

    assert of(do.Kill, turn.commands) == [do.Kill("stranger", "a")]
    assert "stranger" in of(fact.Warned, turn.facts)[0].message


def test_a_dropped_launch_is_launched_again_under_a_new_task_id() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))

    dropped = world.update("t", "DROPPED", uuid=None, reason="REASON_INVALID_OFFERS")
    again = world.offers(world.offer("a"))
    world.update("t~2", "FINISHED")

    assert of(fact.TaskRequeued, dropped.facts)[0].task_id == "t"
    assert launched(again) == ["t~2"]
    assert world.scheduler.snapshot().exit_code == 0


def test_late_words_about_a_dropped_attempt_do_not_touch_the_next() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "DROPPED")
    world.offers(world.offer("a"))

    world.update("t", "DROPPED")

    assert world.phase("t") is Phase.LAUNCHED


def test_lost_to_invalid_offers_is_a_dropped_launch_to_older_masters() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))

    world.update("t", "LOST", uuid=None, reason="REASON_INVALID_OFFERS")

    assert world.phase("t") is Phase.WAITING


def test_an_unreachable_task_that_comes_back_goes_on() -> None:
    world = running("t", unreachable_timeout=900)

    world.update("t", "UNREACHABLE", uuid=None)
    away = world.phase("t")
    world.wait(800)
    world.update("t", "RUNNING", uuid=None, reason="REASON_AGENT_REREGISTERED")
    world.wait(800)
    world.update("t", "FINISHED")

    assert away is Phase.UNREACHABLE
    assert world.scheduler.snapshot().exit_code == 0


def test_an_unreachable_task_is_given_up_after_the_timeout() -> None:
    world = running("t", unreachable_timeout=900)
    world.update("t", "UNREACHABLE", uuid=None, unreachable_time=world.now - 100)

    world.wait(790)
    waiting = world.phase("t")
    turn = world.wait(20)

    assert waiting is Phase.UNREACHABLE
    assert world.phase("t") is Phase.WAITING
    assert of(do.Kill, turn.commands) == [do.Kill("t", "a")]
    requeued = of(fact.TaskRequeued, turn.facts)[0]
    assert (requeued.phase, requeued.counted) == (Phase.LOST, False)


def test_kill_after_runs_from_the_first_running_update_and_only_once() -> None:
    world = running("t", kill_after=10.0)
    world.update("t", "RUNNING", after=5.0, healthy=True)

    kills = of(do.Kill, world.wait(6).commands)
    world.update("t", "KILLED")

    assert [kill.task_id for kill in kills] == ["t"]
    assert world.view("t").message == "it ran longer than 10 s (--kill_after)"
    assert world.scheduler.snapshot().exit_code == 1


def test_kill_after_is_forgotten_when_the_task_ends_before() -> None:
    world = running("t", "other", kill_after=10.0)
    world.update("t", "FINISHED")

    assert [kill.task_id for kill in of(do.Kill, world.wait(11).commands)] == ["other"]


def test_an_old_update_sent_again_does_not_turn_the_time_back() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "STARTING", uuid=b"1" * 16)
    world.update("t", "RUNNING", uuid=b"2" * 16)

    world.update("t", "STARTING", uuid=b"1" * 16)

    assert world.phase("t") is Phase.RUNNING


def test_nothing_said_after_the_end_changes_it() -> None:
    world = running("t", "other")
    world.update("t", "FINISHED")

    turn = world.update("t", "FAILED")

    assert world.phase("t") is Phase.FINISHED
    assert [type(command) for command in turn.commands] == [do.Acknowledge]
    assert turn.facts == []


def test_cancel_kills_waits_tears_down_and_ends_with_its_code() -> None:
    world = World(*(task(f"t{i}", cpus=3) for i in range(2)))
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t0", "RUNNING")

    turn = world.do(ev.CancelAsked(ExitCode.TERMINATED))
    before = world.scheduler.ended
    end = world.update("t0", "KILLED")

    assert [kill.task_id for kill in of(do.Kill, turn.commands)] == ["t0"]
    assert world.phase("t1") is Phase.CANCELLED
    assert not before
    assert world.phase("t0") is Phase.CANCELLED
    assert isinstance(end.commands[-1], do.Teardown)
    assert world.scheduler.snapshot().exit_code == 143


def test_a_kill_nobody_answers_is_sent_again() -> None:
    world = running("t")
    world.do(ev.CancelAsked(ExitCode.INTERRUPTED))

    assert len(of(do.Kill, world.wait(2 * KILL_AGAIN + 1).commands)) == 2


def test_cancel_does_not_wait_for_an_unreachable_task() -> None:
    world = running("t")
    world.update("t", "UNREACHABLE", uuid=None)

    world.do(ev.CancelAsked(ExitCode.INTERRUPTED))

    assert world.scheduler.snapshot().exit_code == 130


def test_the_exit_status_and_the_sandbox_are_told() -> None:
    world = World(task("t"), sandbox_roots={"a": "/var/agent"})
    world.subscribe()
    world.offers(world.offer("a", agent_url="http://h:5051"))
    world.update("t", "FAILED", message="Command exited with status 3", container_id="C")

    view = world.view("t")
    assert view.exit_status == 3
    assert view.sandbox_path == "/var/agent/slaves/a/frameworks/F/executors/t/runs/C"
    assert view.sandbox_url == (
        "http://h:5051/files/browse?path=/frameworks/F/executors/t/runs/latest"
    )


def test_the_signal_is_told() -> None:
    world = running("t")
    world.update(
        "t", "FAILED", message="Command terminated with signal Segmentation fault (core dumped)"
    )

    assert world.view("t").signal == "Segmentation fault"


def test_an_empty_batch_is_finished_at_once() -> None:
    world = World()
    world.do(ev.TimePassed())

    assert world.scheduler.snapshot().exit_code == 0
    assert world.commands == []


def test_failed_tasks_outweigh_unplaceable_ones() -> None:
    world = World(task("big", cpus=99), task("t"), unplaceable_timeout=0)
    world.subscribe()
    world.list_agents(a=4)
    world.offers(world.offer("a"))
    world.update("t", "FAILED")

    assert world.scheduler.snapshot().exit_code == 1
