"""The live display says why tasks wait."""

import re
from dataclasses import replace

from mesos_batch_cli.output.live import LiveView
from mesos_batch_cli.output.progress import Progress

from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import Resources
from mesos_batch.model.snapshot import RunSnapshot, TaskView
from mesos_batch.model.state import TaskState
from mesos_batch.model.task import TaskSpec

SUBSCRIBED = fact.Subscribed(100.0, "10.0.0.1:5050", "8a0e-0001")
OFFERS = fact.OffersSeen(101.0, 3, 1, 2)


def view(task_id: str, phase: Phase = Phase.WAITING, **more: object) -> TaskView:
    return TaskView(TaskSpec(task_id, task_id, Resources(), b""), phase, **more)


def run_of(*tasks: TaskView, cancelling: bool = False) -> RunSnapshot:
    return RunSnapshot(
        at=110.0, started_at=100.0, tasks=tasks, master="10.0.0.1:5050", cancelling=cancelling
    )


def why(facts: list[fact.Fact], run: RunSnapshot, now: float = 102.0) -> str | None:
    progress = Progress()
    for happened in facts:
        progress.add(happened)
    return progress.why_waiting(run, now)


def test_reasons_to_wait() -> None:
    waiting = run_of(view("a"))
    lost = fact.Disconnected(101.0, "connection refused", 5.0)
    unplaceable = fact.TaskUnplaceable(101.0, "a", "needs cpus 99", 401.0)

    assert why([], waiting) == "Connecting to the master …"
    assert why([lost], waiting) == "Not connected: connection refused. Trying again in 4.0s."
    assert why([lost, SUBSCRIBED], waiting) == "Waiting for the first offers …"
    assert (why([SUBSCRIBED], waiting, 112.0) or "").startswith("No offers for 12s: other")
    assert why([SUBSCRIBED, OFFERS], waiting) == "1 task waits for free resources."
    assert why([SUBSCRIBED, OFFERS], run_of(view("a"), view("b"))) == (
        "2 tasks wait for free resources."
    )
    assert why([SUBSCRIBED, OFFERS, unplaceable], waiting) is None
    assert why([SUBSCRIBED, OFFERS], run_of(view("a", Phase.RUNNING))) is None
    assert (why([SUBSCRIBED], run_of(view("a"), cancelling=True)) or "").startswith("Cancelling")


def test_tasks_that_wait_for_others_want_no_resources() -> None:
    running, waiting = view("a", Phase.RUNNING), [view("b"), view("c")]
    blocked = replace(run_of(running, *waiting), blocked=2)
    half = replace(blocked, blocked=1)

    assert why([SUBSCRIBED, OFFERS], blocked) == "2 tasks wait for others to end."
    assert why([SUBSCRIBED, OFFERS], half) == "1 task waits for free resources."


def test_a_run_that_stops_by_itself_still_runs_some() -> None:
    always = TaskView(replace(view("z").spec, always=True), Phase.RUNNING)
    stopping = replace(run_of(view("a", Phase.FAILED), always, cancelling=True), stopping=True)
    over = replace(stopping, tasks=(replace(always, phase=Phase.FINISHED), view("b")))

    assert why([], stopping) == "Stopping after failures: nothing but 'always' tasks is launched."
    assert (why([], over) or "").startswith("Cancelling")


def test_skipped_tasks_are_not_among_the_failures() -> None:
    progress = Progress()
    progress.add(fact.TaskEnded(101.0, "a", Phase.FAILED, TaskState.TASK_FAILED))
    progress.add(fact.TaskEnded(101.0, "b", Phase.SKIPPED, None, "dependency a failed"))

    assert [end.task_id for end in progress.failures] == ["a"]


def test_a_task_to_be_tried_again_is_no_task_without_resources() -> None:
    retry = fact.TaskRequeued(101.0, "a", Phase.FAILED, TaskState.TASK_FAILED, 1, 8.0, True)
    again = fact.TaskLaunched(109.5, "a", "8a0e-S2", "agent-2")

    assert why([SUBSCRIBED, OFFERS, retry], run_of(view("a"))) == (
        "1 task will be tried again, the first in 7.0s."
    )
    free = "1 task waits for free resources."
    assert why([SUBSCRIBED, OFFERS, retry], run_of(view("a")), 110.0) == free
    assert why([SUBSCRIBED, OFFERS, retry, again], run_of(view("a"))) == free
    assert why([SUBSCRIBED, OFFERS, retry], run_of(view("a"), view("b"))) == (
        "2 tasks wait for free resources."
    )


def test_an_agent_that_rests_is_told_while_it_does() -> None:
    progress = Progress()
    progress.add(fact.AgentRested(100.0, "8a0e-S1", "127.0.0.1", 60.0, 5))

    assert progress.resting(120.0) == [
        "Agent S1 gets no task for another 40s: 5 attempts failed there."
    ]
    assert progress.resting(160.0) == []


def test_the_screen_names_what_runs_what_failed_and_what_fits_nowhere(capsys, monkeypatch) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "90")
    monkeypatch.setenv("LINES", "20")
    running = [
        view(f"r{number}", Phase.RUNNING, hostname="agent-1", started_at=108.0)
        for number in range(30)
    ]
    again = view("again", Phase.RUNNING, hostname="agent-1", started_at=107.0, launches=2)
    run = run_of(again, *running, view("bad", Phase.FAILED), view("big"))
    progress = Progress()
    for happened in (
        SUBSCRIBED,
        OFFERS,
        fact.TaskEnded(109.0, "bad", Phase.FAILED, TaskState.TASK_FAILED, "Command \x1b exited"),
        fact.TaskUnplaceable(109.0, "big", "needs cpus 99", 170.0),
        fact.AgentRested(109.0, "8a0e-S1", "agent-1", 31.0, 5),
    ):
        progress.add(happened)

    screen = LiveView("my batch", colored=False)
    screen.draw(run, progress, 110.0)
    screen.write("warning: a line of its own")
    screen.close()

    text = capsys.readouterr().err
    assert "my batch on 10.0.0.1:5050" in text
    assert "1 failed" in text
    assert "31 running" in text
    assert re.search(r"again +agent-1 +3\.0s +attempt 2", text)
    assert "Agent agent-1 gets no task for another 30s: 5 attempts failed there." in text
    assert re.search(r"r0 +agent-1 +2\.0s", text)
    assert "… and" in text
    assert "bad  TASK_FAILED  Command \\x1b exited" in text
    assert "big: needs cpus 99; given up in 1m00s" in text
    assert "warning: a line of its own" in text
