"""Tasks that depend on others: when they begin, when they never do, and what always runs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from engine.world import World, launched, of, task

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.engine.books import Turn
from mesos_batch.errors import ExitCode
from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase
from mesos_batch.model.limit import Limit
from mesos_batch.model.resources import Resources
from mesos_batch.model.saved import TaskEntry
from mesos_batch.model.scheduling import Scheduling
from mesos_batch.model.task import TaskSpec


def after(task_id: str, *depends_on: str, **more: object) -> TaskSpec:
    return task(task_id, depends_on=depends_on, **more)


def named(task_id: str, name: str, *depends_on: str) -> TaskSpec:
    return TaskSpec(task_id, name, Resources.scalars(cpus=1, mem=32), b"", depends_on=depends_on)


def run_on_a(*tasks: TaskSpec, **policy: object) -> World:
    world = World(*tasks, **policy)
    world.subscribe()
    world.list_agents(a=4)
    return world


def offered(world: World) -> list[str]:
    """What is launched when agent a is offered whole."""
    return launched(world.offers(world.offer("a")))


def skipped(world: World) -> dict[str, str | None]:
    views = world.scheduler.snapshot().tasks
    return {view.spec.task_id: view.message for view in views if view.phase is Phase.SKIPPED}


def phases(world: World) -> list[str]:
    return [view.phase.value for view in world.scheduler.snapshot().tasks]


def test_a_task_is_launched_when_what_it_depends_on_has_finished() -> None:
    world = run_on_a(after("c", "b"), after("b", "a"), task("a"))

    first = offered(world)
    nothing = offered(world)
    world.update("a", "RUNNING")
    ended = world.update("a", "FINISHED", after=1.0)
    second = offered(world)

    assert (first, nothing, second) == (["a"], [], ["b"])
    assert of(do.Revive, ended.commands)
    assert world.scheduler.snapshot().blocked == 1


def test_who_waits_for_others_wants_no_offers() -> None:
    world = World(task("a"), after("b", "a"))
    world.subscribe()

    launching = world.offers(world.offer("a"))
    ending = world.update("a", "FINISHED", after=1.0)

    assert of(do.Suppress, launching.commands)
    assert of(do.Revive, ending.commands)


def test_a_name_means_all_tasks_of_that_name() -> None:
    tiles = [named(f"tile-{number}", "tile") for number in range(3)]
    world = run_on_a(*tiles, after("mosaic", "tile"))
    offered(world)
    world.update("tile-0", "FINISHED")
    world.update("tile-1", "FINISHED")
    early = offered(world)
    world.update("tile-2", "FINISHED")

    assert early == []
    assert offered(world) == ["mosaic"]


@pytest.mark.parametrize(
    ("state", "how"),
    [("FAILED", "failed"), ("KILLED", "was killed"), ("ERROR", "was refused by the master")],
)
def test_what_depends_on_a_failure_is_skipped_at_once_and_so_on(state: str, how: str) -> None:
    world = run_on_a(task("a"), after("b", "a"), after("c", "b"), task("other"))
    offered(world)

    turn = world.update("a", state)

    assert skipped(world) == {
        "b": f"dependency a {how}",
        "c": "dependency b was skipped",
    }
    told = [(item.task_id, item.phase) for item in of(fact.TaskEnded, turn.facts)]
    assert told[1:] == [("b", Phase.SKIPPED), ("c", Phase.SKIPPED)]
    written = {entry.position: entry.phase for entry in of(TaskEntry, turn.entries)}
    assert written[1] is written[2] is Phase.SKIPPED
    assert world.phase("other") is Phase.LAUNCHED


def test_a_long_chain_is_skipped_without_end_of_the_stack() -> None:
    names = [f"t{number}" for number in range(3000)]
    chain = [after(name, before) for before, name in pairwise(names)]
    world = run_on_a(task("t0"), *chain)
    offered(world)
    world.update("t0", "FAILED")

    assert world.scheduler.snapshot().counts()[Phase.SKIPPED] == 2999
    assert world.scheduler.snapshot().exit_code is ExitCode.TASK_FAILED


def test_a_failure_that_is_tried_again_skips_nothing() -> None:
    world = run_on_a(task("a"), after("b", "a"), max_attempts=2)
    offered(world)
    world.update("a", "FAILED")
    world.wait(1.0)

    assert offered(world) == ["a~2"]
    assert skipped(world) == {}
    world.update("a~2", "FAILED")
    assert list(skipped(world)) == ["b"]


def test_a_task_may_be_tried_more_often_than_others() -> None:
    more, less = Scheduling(max_attempts=2), Scheduling(max_attempts=1)
    world = run_on_a(task("a", scheduling=more), task("b", scheduling=less), max_attempts=1)
    offered(world)
    world.update("a", "FAILED")
    world.update("b", "FAILED")

    assert phases(world) == ["waiting", "failed"]


def test_skipped_tasks_alone_do_not_decide_the_exit_code() -> None:
    world = run_on_a(task("big", cpus=99), after("b", "big"), unplaceable_timeout=0.0)

    assert skipped(world) == {"b": "dependency big fits no agent"}
    assert world.scheduler.snapshot().exit_code is ExitCode.UNPLACEABLE


def test_a_task_that_may_begin_and_fits_no_agent_is_found_at_once() -> None:
    world = run_on_a(task("a"), after("big", "a", cpus=99), unplaceable_timeout=0.0)
    offered(world)
    world.update("a", "FINISHED")

    assert phases(world) == ["finished", "unplaceable"]
    assert world.scheduler.snapshot().exit_code is ExitCode.UNPLACEABLE


def test_a_blocked_task_that_fits_no_agent_is_told_when_its_turn_comes() -> None:
    world = run_on_a(task("a"), after("big", "a", cpus=99))
    before = of(fact.TaskUnplaceable, world.facts)
    offered(world)
    ended = world.update("a", "FINISHED")

    assert before == []
    assert [item.task_id for item in of(fact.TaskUnplaceable, ended.facts)] == ["big"]


# --- always --------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["FINISHED", "FAILED"])
def test_an_always_task_runs_however_the_others_end(state: str) -> None:
    world = run_on_a(task("end", always=True), task("a"), after("b", "a"))
    first = offered(world)
    world.update("a", state)
    if state == "FINISHED":
        assert offered(world) == ["b"]
        world.update("b", "FAILED")

    assert first == ["a"]
    assert offered(world) == ["end"]
    world.update("end", "FINISHED")
    assert world.scheduler.snapshot().exit_code is ExitCode.TASK_FAILED


def test_an_always_task_waits_for_the_end_of_what_it_names_only() -> None:
    world = run_on_a(task("a"), task("long"), after("end", "a", always=True))
    offered(world)
    world.update("a", "FAILED")

    assert offered(world) == ["end"]


def test_the_failure_of_an_always_task_counts() -> None:
    world = run_on_a(task("a"), after("end", "a", always=True), after("last", "end"))
    offered(world)
    world.update("a", "FINISHED")
    offered(world)
    world.update("end", "FAILED")

    assert phases(world) == ["finished", "failed", "skipped"]
    assert world.scheduler.snapshot().exit_code is ExitCode.TASK_FAILED


def stopped_run(*more: TaskSpec, **policy: object) -> tuple[World, Turn]:
    """One task runs, one has failed; others wait, one of them always to run."""
    world = run_on_a(
        task("bad"), task("runs", cpus=3), task("waits"), *more, task("end", always=True), **policy
    )
    offered(world)
    world.update("runs", "RUNNING")
    return world, world.update("bad", "FAILED")


def test_too_many_failures_kill_the_rest_and_run_what_always_runs() -> None:
    world, stopping = stopped_run(max_failures=Limit(0))
    kills = [kill.task_id for kill in of(do.Kill, stopping.commands)]
    early = offered(world)
    world.update("runs", "KILLED")
    late = offered(world)
    stopping = world.scheduler.snapshot().stopping
    world.update("end", "FINISHED")

    assert (kills, early, late, stopping) == (["runs"], [], ["end"], True)
    assert phases(world) == ["failed", "cancelled", "cancelled", "finished"]
    ended = world.scheduler.snapshot()
    assert ended.exit_code is ExitCode.TASK_FAILED
    assert "--max_failures" in (ended.message or "")


def test_without_keep_going_nothing_is_launched_after_a_failure_but_what_always_runs() -> None:
    world, stopping = stopped_run(after("child", "runs"), keep_going=False)

    assert of(do.Kill, stopping.commands) == []
    why = "task bad failed, and nothing is launched after that (--no-keep_going)"
    assert skipped(world) == {"waits": why, "child": why}
    assert offered(world) == []
    world.update("runs", "FINISHED")
    assert offered(world) == ["end"]
    world.update("end", "FINISHED")
    ended = world.scheduler.snapshot()
    assert ended.exit_code is ExitCode.TASK_FAILED
    assert ended.message == "stopped: task bad failed (--no-keep_going)"


@pytest.mark.parametrize("state", ["FAILED", "LOST"])
def test_without_keep_going_no_attempt_follows(state: str) -> None:
    world, _ = stopped_run(keep_going=False, max_attempts=1)
    world.update("runs", state)

    assert world.phase("runs") is Phase[state]


def test_without_keep_going_what_waits_for_another_attempt_ends_as_its_last_one() -> None:
    again = Scheduling(max_attempts=3)
    world = run_on_a(task("t", scheduling=again), task("bad"), keep_going=False)
    offered(world)
    world.update("t", "FAILED")
    world.update("bad", "FAILED")

    assert phases(world) == ["failed", "failed"]
    assert world.scheduler.snapshot().exit_code is ExitCode.TASK_FAILED


def test_an_always_task_of_a_stopped_run_is_tried_again() -> None:
    again = Scheduling(max_attempts=2)
    world = run_on_a(task("bad"), task("end", always=True, scheduling=again), keep_going=False)
    offered(world)
    world.update("bad", "FAILED")
    offered(world)
    world.update("end", "FAILED")
    world.wait(1.0)

    assert offered(world) == ["end~2"]


def test_whoever_cancels_a_run_wants_nothing_more_to_run() -> None:
    world, _ = stopped_run()
    world.do(ev.CancelAsked(ExitCode.INTERRUPTED))
    world.update("runs", "KILLED")

    assert world.phase("end") is Phase.CANCELLED
    assert world.scheduler.snapshot().exit_code is ExitCode.INTERRUPTED


def test_a_run_that_stops_by_itself_can_be_cancelled_for_its_always_tasks() -> None:
    world, _ = stopped_run(max_failures=Limit(0))
    world.update("runs", "KILLED")
    offered(world)
    cancelling = world.do(ev.CancelAsked(ExitCode.INTERRUPTED))
    world.update("end", "KILLED")

    assert [kill.task_id for kill in of(do.Kill, cancelling.commands)] == ["end"]
    assert world.scheduler.snapshot().exit_code is ExitCode.INTERRUPTED


# --- resuming ------------------------------------------------------------------------------


def test_a_resumed_run_knows_who_waits_for_whom() -> None:
    world = run_on_a(task("a"), after("b", "a"), after("c", "b"))
    offered(world)
    world.update("a", "FINISHED")

    world.crash()
    world.do(ev.TimePassed())
    world.subscribe()

    assert offered(world) == ["b"]
    assert world.scheduler.snapshot().blocked == 1


def test_a_skip_that_was_not_written_is_made_up_for() -> None:
    world = run_on_a(task("a"), after("b", "a"), after("c", "b"), task("d"))
    offered(world)
    world.update("a", "FAILED")
    kept = [entry for entry in world.journal
            if not (isinstance(entry, TaskEntry) and entry.phase is Phase.SKIPPED)]  # fmt: skip
    world.journal = kept

    world.crash()
    turn = world.do(ev.TimePassed())

    assert list(skipped(world)) == ["b", "c"]
    assert {entry.position for entry in of(TaskEntry, turn.entries)} >= {1, 2}


@pytest.mark.parametrize("policy", [{"max_failures": Limit(0)}, {"keep_going": False}])
def test_a_stopped_run_that_is_resumed_still_runs_what_always_runs(
    policy: dict[str, object],
) -> None:
    world, _ = stopped_run(**policy)
    world.crash()
    world.do(ev.TimePassed())
    world.subscribe()
    early = offered(world)
    world.update("runs", "KILLED" if "max_failures" in policy else "FINISHED")

    assert early == []
    assert offered(world) == ["end"]
    world.update("end", "FINISHED")
    assert world.scheduler.snapshot().exit_code is ExitCode.TASK_FAILED


def test_a_task_that_waits_for_its_next_attempt_waits_as_long_after_a_crash() -> None:
    world = run_on_a(task("a"), after("b", "a"), max_attempts=2)
    offered(world)
    world.update("a", "FINISHED")
    offered(world)
    world.update("b", "FAILED")

    world.crash()
    world.do(ev.TimePassed())
    world.subscribe()
    early = offered(world)
    world.wait(1.0)

    assert early == []
    assert offered(world) == ["b~2"]
