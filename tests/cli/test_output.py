"""What is printed of a run: lines, summary, bar; plain values in, text out."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mesos_batch_cli.output.bar import gauge, split_width
from mesos_batch_cli.output.lines import Level, Lines
from mesos_batch_cli.output.short_ids import short_ids
from mesos_batch_cli.output.streams import Paint, paint_for
from mesos_batch_cli.output.summary import SHOWN_AGENTS, SHOWN_FAILURES, summary
from mesos_batch_cli.output.text import agent_name, elapsed, one_line, shortened

from mesos_batch.errors import ExitCode
from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import Resources
from mesos_batch.model.snapshot import RunSnapshot, TaskView
from mesos_batch.model.state import TaskState
from mesos_batch.model.task import TaskSpec

PLAIN = Paint(enabled=False)


def spec(task_id: str) -> TaskSpec:
    return TaskSpec(task_id, task_id, Resources.scalars(cpus=1), b"", command="make it")


def run_of(*tasks: TaskView, took: float = 4.2) -> RunSnapshot:
    return RunSnapshot(at=100.0 + took, started_at=100.0, tasks=tasks)


def finished(task_id: str) -> TaskView:
    return TaskView(spec(task_id), Phase.FINISHED, TaskState.TASK_FINISHED)


def failed(task_id: str, **more: object) -> TaskView:
    view = TaskView(
        spec(task_id),
        Phase.FAILED,
        TaskState.TASK_FAILED,
        agent_id="8a0e-S1",
        hostname="agent-1.example.org",
        message="Command exited with status 3",
        exit_status=3,
        sandbox_path=str(Path("/sandboxes/t")),
    )
    return view if not more else TaskView(**{**_fields(view), **more})


def _fields(view: TaskView) -> dict[str, object]:
    return {name: getattr(view, name) for name in TaskView.__slots__}


def printed(run: RunSnapshot, width: int | None = None, *, all_of_them: bool = False) -> str:
    return summary(run, PLAIN, width, every_failure=all_of_them)


def ran(task_id: str, agent: str, seconds: float) -> TaskView:
    more = {"agent_id": agent, "hostname": f"{agent}.example.org"}
    times = {"started_at": 50.0, "ended_at": 50.0 + seconds}
    return TaskView(**{**_fields(finished(task_id)), **more, **times})


def test_agents_are_listed_with_what_they_did_the_busiest_first() -> None:
    text = printed(run_of(ran("t1", "a", 2), ran("t2", "b", 1), ran("t3", "b", 60)))

    assert text.splitlines() == [
        "  AGENT          TASKS  FINISHED  TASK TIME",
        "  b.example.org  2      2         1m01s",
        "  a.example.org  1      1         2.0s",
        "",
        "all 3 tasks finished in 4.2s",
    ]


def test_of_many_agents_only_the_busiest_are_listed() -> None:
    tasks = [ran(f"t{number}", f"agent{number}", 1) for number in range(SHOWN_AGENTS + 3)]

    lines = printed(run_of(*tasks)).splitlines()

    assert len(lines) == SHOWN_AGENTS + 4
    assert lines[SHOWN_AGENTS + 1] == "  … and 3 more agents"


def test_a_good_run_on_one_agent_is_one_line() -> None:
    assert printed(run_of(finished("a"), finished("b"))) == "all 2 tasks finished in 4.2s"
    assert printed(run_of(finished("a"), took=75)) == "1 task finished in 1m15s"
    assert printed(run_of()) == "the task list is empty: nothing to do"


def test_a_failure_tells_task_state_exit_status_agent_reason_and_log() -> None:
    log = Path("/sandboxes/t") / "stderr"
    assert printed(run_of(finished("a"), failed("b"))).splitlines() == [
        "  TASK  ENDED AS     EXIT  AGENT",
        "  b     TASK_FAILED  3     agent-1.example.org",
        "    why     Command exited with status 3",
        f"    stderr  {log}",
        "",
        "1 of 2 tasks finished, 1 failed, in 4.2s",
    ]


def test_attempts_are_told_when_some_task_took_more_than_one() -> None:
    run = run_of(failed("a", launches=1), failed("b", launches=3), finished("c"))

    lines = printed(run).splitlines()

    assert lines[0] == "  TASK  ENDED AS     EXIT  AGENT                ATTEMPTS"
    assert lines[1] == "  a     TASK_FAILED  3     agent-1.example.org  1"
    assert lines[4] == "  b     TASK_FAILED  3     agent-1.example.org  3"
    assert lines[-3:-1] == ["1 task took more than one attempt", ""]


def test_what_checkpointing_would_have_saved_is_told() -> None:
    one = RunSnapshot(at=2.0, started_at=1.0, tasks=(finished("a"),), restart_losses=1)
    many = RunSnapshot(at=2.0, started_at=1.0, tasks=(finished("a"),), restart_losses=1200)

    assert printed(one).splitlines()[0] == (
        "1 attempt was lost to restarts of agents; --checkpoint would have saved it"
    )
    assert printed(many).splitlines()[0] == (
        "1,200 attempts were lost to restarts of agents; --checkpoint would have saved them"
    )


def test_what_still_runs_counts_for_the_time_of_its_agent() -> None:
    began = {"phase": Phase.RUNNING, "ended_at": None, "started_at": 97.0}
    one = TaskView(**{**_fields(ran("a", "x", 1.0)), **began})

    text = printed(run_of(one, ran("b", "y", 1.0), took=3.0))

    assert "  x.example.org  1      0         6.0s\n" in text


def test_a_remote_log_is_the_url_that_downloads_it() -> None:
    url = "http://10.0.0.8:5051/files/browse?path=/frameworks/f/executors/t/runs/latest"
    text = printed(run_of(failed("b", sandbox_path=None, sandbox_url=url)))
    assert (
        "stderr  http://10.0.0.8:5051/files/download?path="
        "/frameworks/f/executors/t/runs/latest/stderr" in text
    )


def test_a_hint_stands_under_the_reason() -> None:
    text = printed(run_of(failed("b", exit_status=127, message="Command exited with status 127")))
    assert "    hint    The command was not found on the agent.\n" in text


def test_an_unplaceable_task_is_named_with_its_explanation() -> None:
    big = TaskView(spec("big"), Phase.UNPLACEABLE, message="needs cpus 99")
    lines = printed(run_of(big)).splitlines()
    assert lines[1:3] == ["  big   unplaceable  -     -", "    why     needs cpus 99"]
    assert lines[-1] == "0 of 1 task finished, 1 unplaceable, in 4.2s"


def test_cancelled_and_unfinished_tasks_are_counted_and_not_listed() -> None:
    run = run_of(
        TaskView(spec("a"), Phase.CANCELLED),
        TaskView(spec("b"), Phase.WAITING),
        TaskView(spec("c"), Phase.RUNNING),
    )
    assert printed(run) == (
        "0 of 3 tasks finished, 1 cancelled, 1 still running, 1 still waiting, in 4.2s"
    )


def test_skipped_tasks_are_counted_by_reason_and_not_listed() -> None:
    reasons = ["dependency a failed"] * 2 + ["dependency b was lost"] * 3 + ["dependency c failed"]
    reasons += [f"dependency {name} was skipped" for name in "defg"]
    skipped = [
        TaskView(spec(f"t{number}"), Phase.SKIPPED, message=why)
        for number, why in enumerate(reasons)
    ]
    assert printed(run_of(finished("x"), *skipped)).splitlines() == [
        "3 tasks skipped: dependency b was lost",
        "2 tasks skipped: dependency a failed",
        "1 task skipped: dependency c failed",
        "… and 4 tasks skipped for other reasons",
        "",
        "1 of 11 tasks finished, 10 skipped, in 4.2s",
    ]


def test_many_failures_are_cut_with_a_count() -> None:
    run = run_of(*(failed(f"t{number}") for number in range(5000)))

    short = printed(run)

    assert short.count("TASK_FAILED") == SHOWN_FAILURES
    assert "  … and 4,980 more; --verbose lists all of them\n" in short
    assert printed(run, all_of_them=True).count("TASK_FAILED") == 5000


def test_reasons_are_folded_to_the_terminal_and_logs_never() -> None:
    message = "word " * 40
    lines = printed(run_of(failed("b", message=message)), width=60).splitlines()
    folded = [line for line in lines if "word" in line]
    assert len(folded) > 1
    assert max(map(len, folded)) <= 60
    assert " ".join(" ".join(folded).replace("why", "").split()) == message.strip()


def test_text_of_a_cluster_cannot_steer_the_terminal() -> None:
    text = printed(run_of(failed("b", message="red\x1b[31m\nsecond line")))
    assert "why     red\\x1b[31m second line" in text

    url = "http://agent/files/browse?path=/executors/b\x9b31m"
    text = printed(run_of(failed("b", sandbox_path=None, sandbox_url=url)))
    assert "stderr  http://agent/files/download?path=/executors/b\\x9b31m/stderr" in text


@pytest.mark.parametrize(
    ("phase", "state"),
    [
        (Phase.FAILED, TaskState.TASK_FAILED),
        (Phase.KILLED, TaskState.TASK_KILLED),
        (Phase.LOST, TaskState.TASK_LOST),
        (Phase.ERROR, TaskState.TASK_ERROR),
    ],
)
def test_each_bad_end_has_a_reason_even_when_the_cluster_gave_none(
    phase: Phase, state: TaskState
) -> None:
    text = printed(run_of(TaskView(spec("b"), phase, state)))
    assert state.name in text
    assert f"1 {phase.value}" in text
    assert any(line.startswith("    why     The ") for line in text.splitlines())


def lines_of(facts: list[fact.Fact], level: Level = Level.NORMAL) -> list[str]:
    writer = Lines(PLAIN, level, [spec("t")], "20261122-211056-k3fq")
    texts = [writer.line(happened) for happened in facts]
    return [text.partition(" ")[2] for text in texts if text is not None]


LIFE: list[fact.Fact] = [
    fact.Subscribed(1.0, "10.0.0.1:5050", "8a0e-0001"),
    fact.OffersSeen(2.0, 3, 1, 2),
    fact.TaskLaunched(2.0, "t", "8a0e-S1", "agent-1"),
    fact.TaskUpdated(3.0, "t", Phase.LAUNCHED, TaskState.TASK_STARTING),
    fact.TaskUpdated(4.0, "t", Phase.RUNNING, TaskState.TASK_RUNNING),
    fact.TaskUpdated(5.0, "t", Phase.RUNNING, TaskState.TASK_RUNNING),
    fact.TaskEnded(6.0, "t", Phase.FINISHED, TaskState.TASK_FINISHED),
    fact.RunEnded(7.0, ExitCode.FINISHED),
]


def test_a_life_in_lines() -> None:
    assert lines_of(LIFE) == [
        "subscribed to 10.0.0.1:5050 as framework 8a0e-0001",
        "task t running on agent agent-1",
        "task t finished on agent agent-1",
    ]


def test_verbose_has_launches_and_offers_too() -> None:
    assert lines_of(LIFE, Level.VERBOSE) == [
        "subscribed to 10.0.0.1:5050 as framework 8a0e-0001",
        "offers: 3 came, 1 tasks launched, 2 declined",
        "task t launched on agent agent-1: make it",
        "task t launched on agent agent-1 (TASK_STARTING)",
        "task t running on agent agent-1",
        "task t running on agent agent-1 (TASK_RUNNING)",
        "task t finished on agent agent-1",
    ]


def test_quiet_has_warnings_only() -> None:
    assert lines_of([*LIFE, fact.Warned(8.0, "no offers")], Level.QUIET) == ["warning: no offers"]


def test_what_goes_wrong_in_lines() -> None:
    assert lines_of(
        [
            fact.Disconnected(1.0, "connection refused", 0.5),
            fact.TaskUnplaceable(2.0, "t", "needs cpus 99", 302.0),
            fact.TaskPlaceable(3.0, "t"),
            fact.TaskLaunched(4.0, "t", "8a0e-S1", "127.0.0.1"),
            fact.TaskRequeued(5.0, "t", Phase.LOST, TaskState.TASK_DROPPED, 1, 0.0, False),
            fact.TaskLaunched(6.0, "t", "8a0e-S2", "127.0.0.1"),
            fact.TaskUpdated(7.0, "t", Phase.UNREACHABLE, TaskState.TASK_UNREACHABLE),
            fact.KillSent(8.0, "t", "it ran for 10secs"),
            fact.TaskEnded(9.0, "t", Phase.KILLED, TaskState.TASK_KILLED, "it ran for 10secs"),
        ]
    ) == [
        "not connected: connection refused; trying again in 0.5s",
        "task t fits no agent: needs cpus 99; given up in 5m00s",
        "task t fits an agent that came",
        "task t: attempt 1 lost on agent S1: The task never started; trying again, not counted",
        "task t unreachable on agent S2",
        "task t is being killed: it ran for 10secs",
        "task t killed on agent S2: it ran for 10secs",
    ]


def test_attempts_in_lines() -> None:
    assert lines_of(
        [
            fact.RunResumed(1.0, 120, 12, 1068),
            fact.TaskLaunched(2.0, "t", "8a0e-S1", "agent-1"),
            fact.TaskUpdated(3.0, "t", Phase.RUNNING, TaskState.TASK_RUNNING),
            fact.TaskRequeued(
                4.0, "t", Phase.FAILED, TaskState.TASK_FAILED, 1, 2.0, True, "Command exited"
            ),
            fact.AgentRested(5.0, "8a0e-S1", "agent-1", 60.0, 5),
            fact.TaskLaunched(6.0, "t", "8a0e-S2", "agent-2"),
            fact.TaskUpdated(7.0, "t", Phase.RUNNING, TaskState.TASK_RUNNING),
            fact.AttemptSuperseded(8.0, "t", 1),
        ]
    ) == [
        "resuming run 20261122-211056-k3fq: 120 ended, 12 active, 1,068 waiting",
        "task t running on agent agent-1",
        "task t: attempt 1 failed on agent agent-1: Command exited; trying again in 2.0s",
        "agent agent-1 gets no task for 1m00s: 5 attempts failed there",
        "task t running on agent agent-2",
        "task t: attempt 1 was given up, came back and is killed",
    ]


@given(st.lists(st.integers(0, 10**6), min_size=7, max_size=7), st.integers(7, 200))
def test_a_bar_is_full_and_hides_nothing(counts: list[int], width: int) -> None:
    cells = split_width(counts, width)
    assert sum(cells) == (width if any(counts) else 0)
    assert [bool(cell) for cell in cells] == [bool(count) for count in counts]


@given(st.text())
def test_any_text_becomes_one_printable_line(text: str) -> None:
    assert one_line(text).isprintable()
    assert one_line(one_line(text)) == one_line(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.0s"), (0, "0.0s"), (9.94, "9.9s"), (9.96, "10s"), (59.4, "59s"), (59.6, "1m00s"),
        (125, "2m05s"), (3599.6, "1h00m"), (7260, "2h01m"), (90000, "1d01h"),
    ],
)  # fmt: skip
def test_time_spans(seconds: float, text: str) -> None:
    assert elapsed(seconds) == text


def test_agents_on_one_machine_are_told_apart() -> None:
    assert agent_name("8a0e-S1", "127.0.0.1") == "S1"
    assert agent_name("8a0e-S1", "agent-1.example.org") == "agent-1.example.org"
    assert agent_name(None, None) == ""


def test_texts_are_cut_at_a_width() -> None:
    assert (shortened("abcdef", 6), shortened("abcdefg", 6)) == ("abcdef", "abcde…")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "color", "environment", "colored"),
    [
        (Terminal(), "auto", {}, True),
        (Terminal(), "auto", {"NO_COLOR": "1"}, False),
        (Terminal(), "auto", {"NO_COLOR": ""}, True),
        (Terminal(), "auto", {"TERM": "dumb"}, False),
        (io.StringIO(), "auto", {}, False),
        (io.StringIO(), "always", {"NO_COLOR": "1"}, True),
        (Terminal(), "never", {}, False),
    ],
)
def test_when_there_are_colors(
    stream: io.StringIO, color: str, environment: dict[str, str], colored: bool
) -> None:
    assert paint_for(stream, color, environment).enabled is colored


def test_colors_repeat_what_words_say() -> None:
    run = run_of(finished("a"), failed("b"))
    colored = summary(run, Paint(enabled=True), None, every_failure=False)
    assert "\x1b[31m" in colored
    for code in ("0", "1", "2", "31"):
        colored = colored.replace(f"\x1b[{code}m", "")
    assert [line.rstrip() for line in colored.splitlines()] == printed(run).splitlines()


@given(part=st.integers(0, 1000), whole=st.integers(1, 1000), width=st.integers(2, 20))
def test_a_gauge_looks_empty_or_full_only_when_it_is(part: int, whole: int, width: int) -> None:
    bar = gauge(part, whole, width, unicode=False)
    assert len(bar) == width
    assert bar == "#" * bar.count("#") + "-" * bar.count("-")
    assert ("#" in bar) is (part > 0)
    assert ("-" in bar) is (part < whole)


def test_ids_are_short_unless_that_would_name_two() -> None:
    assert short_ids(["a-S0", "a-S1", "b-S1", "a-S0", "x"]) == {
        "a-S0": "S0",
        "a-S1": "a-S1",
        "b-S1": "b-S1",
        "x": "x",
    }
