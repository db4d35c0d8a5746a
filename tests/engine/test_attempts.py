"""Attempts: what counts, what is tried again, when, where, and what becomes of given up ones."""

from __future__ import annotations

import pytest
from engine.world import World, launched, of, task

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.engine.attempts import PREFER_OTHERS
from mesos_batch.engine.health import FIRST_REST, REST_AFTER
from mesos_batch.engine.life import ANSWERS_COME_WITHIN, TRUE_WORD_WITHIN
from mesos_batch.errors import ExitCode
from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase
from mesos_batch.model.limit import Limit
from mesos_batch.model.saved import AttemptEntry


def on(agent: str, *names: str, **policy: object) -> World:
    """A world in which these tasks run on one agent."""
    world = World(*(task(name) for name in names), **policy)
    world.subscribe()
    world.offers(world.offer(agent))
    for name in names:
        world.update(name, "RUNNING", agent_id=agent)
    return world


def test_a_failure_is_final_unless_attempts_are_left() -> None:
    once, twice = on("a", "t"), on("a", "t", max_attempts=2)

    once.update("t", "FAILED")
    twice.update("t", "FAILED")

    assert once.phase("t") is Phase.FAILED
    assert twice.phase("t") is Phase.WAITING


def test_the_next_attempt_waits_a_while_and_has_an_id_and_a_number_of_its_own() -> None:
    world = on("a", "t", max_attempts=3)
    failed = world.update("t", "FAILED")
    early = world.offers(world.offer("a"))
    world.wait(1.0)

    turn = world.offers(world.offer("a"))

    requeued = of(fact.TaskRequeued, failed.facts)[0]
    assert (requeued.attempt, requeued.delay, requeued.counted) == (1, 1.0, True)
    assert launched(early) == []
    assert launched(turn) == ["t~2"]
    assert of(do.Launch, turn.commands)[0].tasks[0].attempt == 2


def test_the_last_attempt_decides() -> None:
    world = on("a", "t", max_attempts=2)
    world.update("t", "FAILED", message="Command exited with status 3")
    world.wait(1.0)
    world.offers(world.offer("a"))

    world.update("t~2", "FINISHED")

    view = world.view("t")
    assert (view.phase, view.launches, view.failures) == (Phase.FINISHED, 2, 1)
    assert view.exit_status is None
    assert world.scheduler.snapshot().exit_code == 0


@pytest.mark.parametrize("state", ["LOST", "DROPPED", "GONE", "GONE_BY_OPERATOR"])
def test_losses_are_launched_again_without_counting_up_to_a_cap(state: str) -> None:
    world = World(task("t"), max_losses=3)
    world.subscribe()
    for attempt in range(1, 5):
        world.wait(60)
        world.offers(world.offer("a"))
        world.update("t" if attempt == 1 else f"t~{attempt}", state)

    view = world.view("t")
    assert (view.phase, view.launches, view.failures) == (Phase.LOST, 4, 0)
    assert world.scheduler.snapshot().exit_code == 1


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("FAILED", "REASON_EXECUTOR_TERMINATED"),
        ("FAILED", "REASON_IO_SWITCHBOARD_EXITED"),
        ("KILLED", "REASON_AGENT_DRAINING"),
    ],
)
def test_what_the_agent_did_to_a_task_does_not_count(state: str, reason: str) -> None:
    world = on("a", "t")

    world.update("t", state, reason=reason)

    assert world.phase("t") is Phase.WAITING
    assert world.view("t").failures == 0


def test_a_task_an_agent_drops_for_draining_before_it_starts_does_not_count() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))

    world.update("t", "KILLED", reason="REASON_AGENT_DRAINING")

    assert world.phase("t") is Phase.WAITING


def test_a_container_that_never_came_up_counts() -> None:
    world = World(task("t"))
    world.subscribe()
    world.offers(world.offer("a"))

    world.update("t", "FAILED", reason="REASON_EXECUTOR_TERMINATED")

    assert world.phase("t") is Phase.FAILED


def test_how_a_task_failed_is_told_by_its_agent_not_by_a_reconciliation() -> None:
    world = on("a", "t")
    world.update("t", "FAILED", uuid=None, reason="REASON_RECONCILIATION")
    between = world.phase("t")

    world.update("t", "FAILED", reason="REASON_EXECUTOR_TERMINATED")

    assert between is Phase.RUNNING
    assert world.phase("t") is Phase.WAITING


def test_a_failure_whose_agent_stays_silent_counts_in_the_end() -> None:
    world = on("a", "t")
    world.update("t", "FAILED", uuid=None, reason="REASON_RECONCILIATION")

    world.wait(TRUE_WORD_WITHIN - 1)
    before = world.phase("t")
    world.wait(2)

    assert before is Phase.RUNNING
    assert world.phase("t") is Phase.FAILED


def test_a_task_the_master_refuses_is_not_tried_again() -> None:
    world = on("a", "t", max_attempts=5)

    world.update("t", "ERROR", uuid=None)

    assert world.phase("t") is Phase.ERROR


def test_a_task_killed_for_running_too_long_is_tried_again() -> None:
    world = on("a", "t", max_attempts=2, kill_after=10.0)
    world.wait(11)
    world.update("t", "KILLED")
    world.wait(2)
    world.offers(world.offer("a"))
    world.update("t~2", "RUNNING")

    assert of(do.Kill, world.wait(11).commands) == [do.Kill("t~2", "a")]


def test_another_agent_is_preferred_but_not_waited_for_forever() -> None:
    world = on("a", "t", max_attempts=2)
    world.offers(world.offer("b", cpus=0.5))
    world.update("t", "FAILED")
    world.wait(1.0)

    same = world.offers(world.offer("a"))
    world.wait(PREFER_OTHERS)
    later = world.offers(world.offer("a"))

    assert launched(same) == []
    assert launched(later) == ["t~2"]


def test_another_agent_takes_the_next_attempt_at_once() -> None:
    world = on("a", "t", max_attempts=2)
    world.offers(world.offer("b", cpus=0.5))
    world.update("t", "FAILED")
    world.wait(1.0)

    turn = world.offers(world.offer("a"), world.offer("b"))

    assert of(do.Launch, turn.commands)[0].agent_id == "b"


def test_the_only_agent_there_is_is_not_avoided() -> None:
    world = on("a", "t", max_attempts=2)
    world.update("t", "FAILED")
    world.wait(1.0)

    assert launched(world.offers(world.offer("a"))) == ["t~2"]


def failing_on(agent: str, *others_finished: str) -> World:
    """A world in which attempts failed on one agent until it may rest."""
    names = [f"t{number}" for number in range(REST_AFTER)]
    world = World(task("good"), *map(task, names), task("next"), max_attempts=1)
    world.subscribe()
    world.offers(world.offer("well", cpus=1))
    if "good" in others_finished:
        world.update("good", "FINISHED", agent_id="well")
    world.offers(world.offer(agent, cpus=REST_AFTER))
    for name in names:
        world.update(name, "FAILED", agent_id=agent)
    return world


def test_an_agent_that_fails_while_others_do_well_rests() -> None:
    world = failing_on("ill", "good")

    resting = world.offers(world.offer("ill"))
    world.wait(FIRST_REST + 1)
    rested = world.offers(world.offer("ill"))

    told = of(fact.AgentRested, world.facts)[0]
    assert (told.agent_id, told.seconds, told.failures) == ("ill", FIRST_REST, REST_AFTER)
    assert launched(resting) == []
    assert of(do.Decline, resting.commands)[0].refuse_seconds == FIRST_REST
    assert launched(rested) == ["next"]


def test_no_agent_rests_when_none_does_well() -> None:
    world = failing_on("ill")

    assert of(fact.AgentRested, world.facts) == []
    assert launched(world.offers(world.offer("ill"))) == ["next"]


def test_a_task_pinned_to_a_resting_agent_goes_there() -> None:
    world = World(
        task("good"),
        *(task(f"t{number}") for number in range(REST_AFTER)),
        task("next", agent_id="ill"),
    )
    world.subscribe()
    world.offers(world.offer("well", cpus=1))
    world.update("good", "FINISHED", agent_id="well")
    world.offers(world.offer("ill", cpus=REST_AFTER))
    for number in range(REST_AFTER):
        world.update(f"t{number}", "FAILED", agent_id="ill")

    assert launched(world.offers(world.offer("ill"))) == ["next"]


def test_a_task_that_comes_back_after_it_was_given_up_is_killed_and_counts_for_nothing() -> None:
    world = on("a", "t", unreachable_timeout=100.0)
    world.update("t", "UNREACHABLE", uuid=None)
    world.wait(101)
    world.offers(world.offer("b"))

    back = world.update("t", "RUNNING", uuid=None, reason="REASON_AGENT_REREGISTERED")
    world.update("t", "FINISHED")
    still = world.phase("t")
    world.update("t~2", "FINISHED", agent_id="b")

    assert of(do.Kill, back.commands) == [do.Kill("t", "a")]
    assert of(fact.AttemptSuperseded, back.facts)[0].attempt == 1
    assert still is Phase.LAUNCHED
    assert world.view("t").hostname == "b"
    assert len(of(fact.TaskEnded, world.facts)) == 1


def test_a_launch_nobody_answers_is_given_up_and_launched_again() -> None:
    world = World(task("t"), staging_timeout=300.0)
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "STAGING", uuid=None, reason="REASON_RECONCILIATION")

    before = world.wait(299)
    turn = world.wait(2)

    assert of(do.Kill, before.commands) == []
    assert of(do.Kill, turn.commands) == [do.Kill("t", "a")]
    assert world.phase("t") is Phase.WAITING


def test_a_launch_whose_executor_answered_is_not_given_up() -> None:
    world = World(task("t"), staging_timeout=300.0)
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "STARTING")
    world.wait(1000)

    assert world.phase("t") is Phase.LAUNCHED


def test_clocks_that_ran_out_without_a_connection_wait_for_the_master_s_word() -> None:
    world = World(task("t"), staging_timeout=300.0)
    world.subscribe()
    world.offers(world.offer("a"))
    world.do(ev.ConnectionLost("cut", 0.1))
    world.wait(1000)
    world.subscribe()

    before = world.phase("t")
    world.update("t", "RUNNING", uuid=None, reason="REASON_RECONCILIATION", after=1.0)
    world.wait(ANSWERS_COME_WITHIN)

    assert before is Phase.LAUNCHED
    assert world.phase("t") is Phase.RUNNING


@pytest.mark.parametrize(("limit", "failures"), [("1", 2), ("0", 1), ("25%", 2), ("50%", 3)])
def test_too_many_failures_stop_the_run_with_1(limit: str, failures: int) -> None:
    names = [f"t{number}" for number in range(4)]
    world = World(*(task(name) for name in names), max_failures=Limit.parse(limit))
    world.subscribe()
    world.offers(world.offer("a"))
    for name in names:
        world.update(name, "RUNNING")

    for name in names[: failures - 1]:
        world.update(name, "FAILED")
    before = of(do.Kill, world.commands)
    stopping = world.update(names[failures - 1], "FAILED")
    for name in names[failures:]:
        world.update(name, "KILLED")

    assert before == []
    assert {kill.task_id for kill in of(do.Kill, stopping.commands)} == set(names[failures:])
    snapshot = world.scheduler.snapshot()
    assert snapshot.exit_code == ExitCode.TASK_FAILED
    assert "--max_failures" in (snapshot.message or "")
    assert {world.phase(name) for name in names[failures:]} <= {Phase.CANCELLED}


def test_ids_of_attempts_never_meet_ids_of_tasks() -> None:
    world = World(task("t"), task("t~2"), max_attempts=2)
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("t", "FAILED")
    world.wait(1.0)

    assert launched(world.offers(world.offer("a"))) == ["t~~2"]


def test_what_a_restart_of_an_agent_cost_is_counted_when_it_is_back() -> None:
    world = on("a", "t", "u")
    for name in ("t", "u"):
        world.update(name, "LOST", uuid=None, reason="REASON_AGENT_DISCONNECTED")
    away = world.scheduler.snapshot().restart_losses

    world.offers(world.offer("a"))

    assert away == 0
    assert world.scheduler.snapshot().restart_losses == 2


def test_with_checkpointing_no_loss_is_blamed_on_its_absence() -> None:
    world = on("a", "t", checkpoint=True)
    world.update("t", "LOST", uuid=None, reason="REASON_AGENT_DISCONNECTED")
    world.offers(world.offer("a"))

    assert world.scheduler.snapshot().restart_losses == 0


def test_of_two_clocks_that_run_out_at_once_the_first_decides() -> None:
    world = on("a", "t", unreachable_timeout=29.0)
    world.wait(ANSWERS_COME_WITHIN)
    world.update("t", "FAILED", uuid=None, reason="REASON_RECONCILIATION")
    world.update("t", "UNREACHABLE", uuid=None)

    turn = world.do(ev.TimePassed(), after=TRUE_WORD_WITHIN + 1)

    assert world.phase("t") is Phase.WAITING
    assert len(of(fact.TaskRequeued, turn.facts)) == 1
    assert of(fact.TaskEnded, turn.facts) == []


def test_an_update_not_yet_read_keeps_a_clock_from_deciding() -> None:
    world = World(task("t"), task("busy"), staging_timeout=300.0)
    world.subscribe()
    world.offers(world.offer("a"))
    world.update("busy", "RUNNING")
    # Update after update is handled; that of t may be behind them.
    for _ in range(400):
        world.update("busy", "RUNNING", after=1.0)
    before = world.phase("t")
    world.update("t", "RUNNING")
    world.wait(100)

    assert before is Phase.LAUNCHED
    assert world.phase("t") is Phase.RUNNING


def test_what_never_reached_its_agent_is_not_blamed_on_it() -> None:
    names = [f"t{number}" for number in range(REST_AFTER)]
    world = World(task("good"), *map(task, names))
    world.subscribe()
    world.offers(world.offer("well", cpus=1))
    world.update("good", "FINISHED", agent_id="well")
    world.offers(world.offer("a", cpus=REST_AFTER))

    for name in names:
        world.update(name, "GONE", uuid=None, reason="REASON_RECONCILIATION", agent_id="a")

    assert of(fact.AgentRested, world.facts) == []
    assert len(launched(world.offers(world.offer("a")))) == REST_AFTER


def test_the_ids_of_attempts_are_never_too_long() -> None:
    long, other = "x" * 254 + "a", "x" * 254 + "b"
    world = World(task(long), task(other))
    world.subscribe()
    world.offers(world.offer("a"))
    for name in (long, other):
        world.update(name, "DROPPED")

    again = launched(world.offers(world.offer("a")))

    assert len(set(again)) == 2
    assert {len(name) for name in again} == {255}


def test_an_attempt_keeps_why_it_failed_whatever_becomes_of_its_task() -> None:
    world = on("a", "t", max_attempts=2)
    world.update("t", "FAILED", message="Command exited with status 7")
    world.do(ev.CancelAsked(ExitCode.INTERRUPTED))

    attempt = [entry for entry in world.journal if isinstance(entry, AttemptEntry)][-1]
    assert (attempt.phase, attempt.message) == (Phase.FAILED, "Command exited with status 7")
    assert world.view("t").message == "the run was cancelled before attempt 2"


def test_an_agent_that_restarts_with_many_tasks_has_failed_once() -> None:
    world = World(*(task(f"t{i}") for i in range(5)), checkpoint=False)
    world.subscribe()
    world.offers(world.offer("well", cpus=1), world.offer("restarts"))
    (on_well,) = (v.spec.task_id for v in world.scheduler.snapshot().tasks if v.agent_id == "well")
    world.update(on_well, "FINISHED", agent_id="well")
    lost = [v for v in world.scheduler.snapshot().tasks if v.agent_id == "restarts"]

    for view in lost:
        world.update(
            view.spec.task_id, "LOST", agent_id="restarts", reason="REASON_AGENT_DISCONNECTED"
        )

    assert len(lost) == 4
    assert of(fact.AgentRested, world.facts) == []
