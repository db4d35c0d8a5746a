"""A run as a whole: kept up by what changes, it is the same as counted anew."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import Resources
from mesos_batch.model.snapshot import AgentView, RunSnapshot, TaskView
from mesos_batch.model.state import TaskState
from mesos_batch.model.task import TaskSpec
from mesos_batch.overview import AgentUse, Overview, facts_between
from mesos_batch.overview.causes import NAMED

SPEC = Resources.scalars(cpus=0.5, mem=64)


def view(task_id: str, phase: Phase = Phase.WAITING, **more: object) -> TaskView:
    return TaskView(TaskSpec(task_id, task_id, SPEC, b""), phase, **more)


def failed(task_id: str, **more: object) -> TaskView:
    return view(task_id, Phase.FAILED, state=TaskState.TASK_FAILED, **more)


def run_of(*tasks: TaskView, **more: object) -> RunSnapshot:
    return RunSnapshot(at=0.0, started_at=0.0, tasks=tasks, **more)


def seen(*runs: RunSnapshot) -> Overview:
    overview = Overview()
    for second, run in enumerate(runs):
        overview.take(run, float(second))
    return overview


PHASES = st.sampled_from(Phase)


@given(st.lists(st.lists(PHASES, min_size=5, max_size=5), min_size=1, max_size=6))
def test_kept_up_with_it_is_as_counted_anew(looks: list[list[Phase]]) -> None:
    # An end is the last phase of a task.
    for before, after in pairwise(looks):
        after[:] = [old if old.is_end else new for old, new in zip(before, after, strict=True)]
    runs = []
    tasks = [view(f"t{number}", launched_at=1.0, ended_at=3.0) for number in range(5)]
    for look in looks:
        tasks = [
            task if task.phase is phase else replace(task, phase=phase)
            for task, phase in zip(tasks, look, strict=True)
        ]
        runs.append(run_of(*tasks))
    kept, anew = seen(*runs), seen(runs[-1])

    assert +kept.counts == anew.counts
    assert (kept.total, kept.ended, kept.failed) == (anew.total, anew.ended, anew.failed)
    assert {task.spec.task_id for task in kept.active()} == {
        task.spec.task_id for task in anew.active()
    }
    assert kept.agents() == anew.agents()


def test_the_rate_is_that_of_the_last_minute() -> None:
    tasks = [view(f"t{number}") for number in range(100)]
    overview = Overview()
    for second in range(91):
        # One a second, and none any more in the last half minute.
        for number in range(min(second, 60)):
            if tasks[number].phase is Phase.WAITING:
                tasks[number] = view(f"t{number}", Phase.FINISHED)
        overview.take(run_of(*tasks), float(second))

    assert overview.rate() == pytest.approx(0.5, rel=0.1)
    assert seen(run_of(view("a"))).rate() is None


def test_failures_are_grouped_by_what_caused_them() -> None:
    two = [failed(f"tile-{number}", exit_status=2) for number in range(12)]
    lost = [
        view(
            f"gone-{number}",
            Phase.LOST,
            state=TaskState.TASK_GONE,
            message=f"Agent 8a0e3f6c-1b2c-4d5e-8f90-0123456789ab-S{number} of gone-{number} left",
        )
        for number in range(3)
    ]
    overview = seen(run_of(*two, *lost, failed("killed", signal="Killed"), view("a")))
    first, second, third = overview.causes()

    assert overview.failed == 16
    assert (first.count, first.why) == (12, "exit status 2")
    assert first.task_ids == [f"tile-{number}" for number in range(11, 11 - NAMED, -1)]
    assert second.count == 3
    assert second.why.startswith("TASK_GONE: Agent ")
    assert (third.count, third.why) == (1, "signal Killed")


def test_agents_show_what_the_tasks_on_them_hold() -> None:
    on = {"agent_id": "S1", "hostname": "one", "launched_at": 1.0}
    agents = (AgentView("S1", "one", 4.0, 1024.0, 2), AgentView("S2", "two", 4.0, 1024.0, 0))
    run = run_of(
        view("a", Phase.RUNNING, **on), view("b", Phase.LAUNCHED, **on), view("c"), agents=agents
    )
    overview = seen(run)

    assert overview.agents() == [
        AgentUse("S1", "one", 2, 1.0, 128.0, 4.0, 1024.0),
        AgentUse("S2", "two", 0, 0.0, 0.0, 4.0, 1024.0),
    ]
    assert overview.agents()[0].share == 0.25


def test_the_time_to_the_end_is_reckoned_from_what_ended() -> None:
    ended = [
        view(f"e{number}", Phase.FINISHED, launched_at=0.0, ended_at=10.0) for number in range(8)
    ]
    running = view("r", Phase.RUNNING, launched_at=100.0)
    overview = Overview()
    overview.take(run_of(*ended, running, view("w1"), view("w2")), 100.0)
    found = overview.estimate(100.0)

    assert found is not None
    # One at a time, three to go.
    assert found.likely == pytest.approx(30.0, rel=0.2)
    later = overview.estimate(101.0)
    assert later is not None
    assert later.likely == pytest.approx(found.likely - 1)


def test_the_room_is_what_the_run_has_now_and_not_what_it_had_once() -> None:
    ended = [
        view(f"e{number}", Phase.FINISHED, launched_at=0.0, ended_at=10.0) for number in range(8)
    ]
    many = [view(f"r{number}", Phase.RUNNING, launched_at=0.0) for number in range(10)]
    waiting = [view(f"w{number}") for number in range(9)]
    one = [replace(task, phase=Phase.FINISHED, ended_at=10.0) for task in many[:9]]
    now = [*ended, *one, replace(many[9], launched_at=200.0), *waiting]
    overview = Overview()
    overview.take(run_of(*ended, *many, *waiting), 0.0)
    for at in (10.0, 80.0, 140.0, 200.0):
        overview.take(run_of(*now), at)
    found = overview.estimate(200.0)

    assert found is not None
    # One at a time, ten to go.
    assert found.likely == pytest.approx(100.0, rel=0.2)


def test_nothing_is_said_of_the_end_of_a_run_that_is_cancelled() -> None:
    ended = [
        view(f"e{number}", Phase.FINISHED, launched_at=0.0, ended_at=10.0) for number in range(8)
    ]
    overview = Overview()
    overview.take(run_of(*ended, view("r", Phase.RUNNING, launched_at=9.0), cancelling=True), 10.0)

    assert overview.estimate(10.0) is None


def test_what_happened_between_two_looks() -> None:
    waiting, other = view("a"), view("b")
    on = {"agent_id": "S1", "hostname": "one", "launches": 1, "launched_at": 5.0}
    running = view("a", Phase.RUNNING, state=TaskState.TASK_RUNNING, started_at=6.0, **on)
    launched, updated = facts_between([waiting, other], [running, other], 9.0)
    assert launched == fact.TaskLaunched(5.0, "a", "S1", "one")
    assert updated == fact.TaskUpdated(6.0, "a", Phase.RUNNING, TaskState.TASK_RUNNING)

    again = replace(running, phase=Phase.WAITING, failures=1, message="no luck")
    (requeued,) = facts_between([running, other], [again, other], 9.0)
    assert requeued == fact.TaskRequeued(
        9.0, "a", Phase.FAILED, TaskState.TASK_RUNNING, 1, 0.0, counted=True, message="no luck"
    )

    away = replace(running, phase=Phase.UNREACHABLE, state=TaskState.TASK_UNREACHABLE)
    (told,) = facts_between([running, other], [away, other], 9.0)
    assert told == fact.TaskUpdated(9.0, "a", Phase.UNREACHABLE, TaskState.TASK_UNREACHABLE)

    done = replace(running, phase=Phase.FINISHED, state=TaskState.TASK_FINISHED, ended_at=8.0)
    assert facts_between([waiting, other], [done, other], 9.0) == [
        fact.TaskLaunched(5.0, "a", "S1", "one"),
        fact.TaskEnded(8.0, "a", Phase.FINISHED, TaskState.TASK_FINISHED),
    ]
    assert facts_between([running, other], [running, other], 9.0) == []


def test_skipped_and_cancelled_tasks_are_no_failures() -> None:
    overview = seen(run_of(failed("a"), view("b", Phase.SKIPPED), view("c", Phase.CANCELLED)))

    assert overview.failed == 1
    assert [cause.count for cause in overview.causes()] == [1]
