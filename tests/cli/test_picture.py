"""The picture of a run: a pure function of the run, the moment and the size of the terminal."""

from __future__ import annotations

import io
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mesos_batch_cli.output.canvas import Canvas
from mesos_batch_cli.output.layout import share_rows
from mesos_batch_cli.output.picture import Frame, Heading, picture
from mesos_batch_cli.output.progress import Remarks
from mesos_batch_cli.output.text import rate_text
from rich.text import Text

from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import Resources
from mesos_batch.model.snapshot import AgentView, RunSnapshot, TaskView
from mesos_batch.model.task import TaskSpec
from mesos_batch.overview import Overview

NOW = 1_000_000.0
BATCH = Heading("tiles", "20261122-211056-k3fq")
WAITS = Remarks(
    "43 tasks wait for free resources.",
    ("Agent two gets no task for another 30s: 5 attempts failed there.",),
    (fact.TaskUnplaceable(NOW - 10, "mosaic", "needs cpus 99", NOW + 60),),
)


ALL_BELOW = """
  RUNNING (6)  AGENT  TIME
  run-0        one     10s  attempt 2
  run-1        two    9.0s
  run-2        one    8.0s
  run-3        two    7.0s
  run-4        one    6.0s
  run-5        two    5.0s

  FAILED (15)        LAST OF THEM
  12× exit status 2  tile-11, tile-10, tile-9, tile-8, tile-7, …
  3× exit status 1   tile-14, tile-13, tile-12

  AGENT (3)  TASKS  CPUS               MEM
  one            3  ━━━━━━━━── 3 of 4  ━━━━────── 1.5 GB of 4 GB
  two            3  ━━━━━━━━── 3 of 4  ━━━━────── 1.5 GB of 4 GB
  three          0  ────────── 0 of 4  ────────── 0 MB of 4 GB

  43 tasks wait for free resources.
  Agent two gets no task for another 30s: 5 attempts failed there.

  FITS NO AGENT (1)
  mosaic: needs cpus 99; given up in 1m00s"""


def view(task_id: str, phase: Phase = Phase.WAITING, **more: object) -> TaskView:
    spec = TaskSpec(task_id, task_id, Resources.scalars(cpus=1, mem=512), b"")
    return TaskView(spec, phase, **more)


def batch(*others: TaskView) -> RunSnapshot:
    """36 tasks finished in 20 to 27 s each, 15 failed, 6 run, 43 wait; on three agents."""
    finished = [
        view(
            f"done-{number}",
            Phase.FINISHED,
            launched_at=NOW - 100,
            ended_at=NOW - 80 + number % 8,
        )
        for number in range(36)
    ]
    failed = [
        view(f"tile-{number}", Phase.FAILED, exit_status=2 if number < 12 else 1)
        for number in range(15)
    ]
    running = [
        view(
            f"run-{number}",
            Phase.RUNNING,
            agent_id=f"S{number % 2}",
            hostname=("one", "two")[number % 2],
            launched_at=NOW - 10 + number,
            launches=1 + (number == 0),
        )
        for number in range(6)
    ]
    waiting = [view(f"wait-{number}") for number in range(43)]
    agents = tuple(
        AgentView(f"S{number}", name, 4.0, 4096.0, 0)
        for number, name in enumerate(("one", "two", "three"))
    )
    return RunSnapshot(
        at=NOW,
        started_at=NOW - 125,
        tasks=(*finished, *failed, *running, *waiting, *others),
        agents=agents,
        master="mesos.example.org:5050",
    )


def lines_of(
    run: RunSnapshot,
    width: int = 100,
    height: int = 40,
    *,
    unicode: bool = True,
    remarks: Remarks = WAITS,
) -> list[str]:
    overview = Overview()
    overview.take(run, NOW)
    drawn = picture(overview, remarks, BATCH, NOW, Frame(width, height, unicode))
    return [line.plain.rstrip() for line in drawn]


def test_all_there_is_to_see() -> None:
    lines = lines_of(batch())

    assert lines[0].startswith("tiles on mesos.example.org:5050   ")
    assert lines[0].endswith("   20261122-211056-k3fq  2m05s")
    assert set(lines[1]) == set("█▓▒·")
    assert lines[2] == "█ 36 finished   ▓ 15 failed   ▒ 6 running   · 43 waiting"
    assert re.fullmatch(r"51% of 100 tasks ended  ·  [23]m\d\ds to 3m\d\ds left \(.*\)", lines[3])
    assert lines[4:] == ALL_BELOW.splitlines()


@given(st.integers(1, 200), st.integers(1, 70), st.booleans())
def test_it_fits_any_terminal(width: int, height: int, unicode: bool) -> None:
    long = view("a" * 300, Phase.RUNNING, agent_id="S9", hostname="h" * 300, launched_at=1.0)
    wide = view("漢字" * 50, Phase.FAILED, message="理由" * 90)
    overview = Overview()
    overview.take(batch(long, wide), NOW)
    drawn = picture(overview, WAITS, BATCH, NOW, Frame(width, height, unicode))

    assert len(drawn) <= height
    assert all(line.cell_len <= width for line in drawn)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 24), (200, 60)])
def test_each_table_has_a_place_and_more_is_told_of(width: int, height: int) -> None:
    many = [
        view(f"more-{n}", Phase.RUNNING, agent_id=f"S{n}", hostname=f"h{n}", launched_at=NOW - n)
        for n in range(100)
    ]
    text = "\n".join(lines_of(batch(*many), width, height))

    assert "RUNNING (106)" in text
    assert re.search(r"more-99 .*1m39s", text), "who runs longest is not shown"
    assert re.search(r"… and \d+ more", text)
    assert "FAILED (15)" in text
    assert "12× exit status 2" in text
    assert "AGENT (100)" in text
    assert "43 tasks wait" in text


def test_agents_left_out_are_summed_up() -> None:
    agents = tuple(AgentView(f"S{n}", f"host-{n}", 4.0, 1024.0, 0) for n in range(50))
    run = RunSnapshot(at=NOW, started_at=NOW, tasks=(view("a"),), agents=agents)
    text = "\n".join(lines_of(run, height=12, remarks=Remarks()))

    assert "… and 45 more with 0 tasks on cpus 0 of 180" in text


def test_a_terminal_without_unicode_gets_none() -> None:
    lines = lines_of(batch(), unicode=False)

    assert "\n".join(lines).isascii()
    assert set(lines[1]) == set("#x=.")
    assert any("12x exit status 2" in line for line in lines)
    assert any("########-- 3 of 4" in line for line in lines)


def test_a_run_of_nothing_can_be_shown() -> None:
    empty = RunSnapshot(at=NOW, started_at=NOW, tasks=())

    assert lines_of(empty, remarks=Remarks())[0].startswith("tiles ")


def test_names_with_escape_sequences_move_no_cursor() -> None:
    bad = view("a\x1b[2Jb", Phase.RUNNING, agent_id="S1", hostname="h\x1b", launched_at=NOW)

    assert "\x1b" not in "".join(lines_of(batch(bad), height=60))


@given(st.integers(0, 60), st.lists(st.integers(2, 40), max_size=5))
def test_rows_are_shared_out_and_none_is_lost(room: int, wants: list[int]) -> None:
    given_rows = share_rows(room, wants, 3)

    assert sum(given_rows) <= room
    assert all(
        count == 0 or 3 <= count <= want for count, want in zip(given_rows, wants, strict=True)
    )
    wished = [want for want in wants if want >= 3]
    if 3 * len(wished) <= room:
        assert sum(given_rows) == min(room, sum(wished))


def test_rates_in_the_unit_people_count_in() -> None:
    assert rate_text(1234.5) == "1,234 tasks/s"
    assert rate_text(2.44) == "2.4 tasks/s"
    assert rate_text(0.5) == "30 tasks/min"
    assert rate_text(0.001) == "3.6 tasks/h"


class Screen(io.StringIO):
    """A terminal that is told what to do."""

    encoding = "utf-8"  # type: ignore[assignment]


def drawn(screen: Screen) -> str:
    text = screen.getvalue()
    screen.seek(0)
    screen.truncate()
    return text


def be_wide(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the terminal so wide, and ten lines high."""
    for name in ("COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((columns, 10)))


def test_a_frame_is_written_over_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    be_wide(20, monkeypatch)
    screen = Screen()
    canvas = Canvas(screen, colored=False)
    assert (canvas.width, canvas.height) == (19, 9)
    canvas.draw([Text("one"), Text("two"), Text("x" * 19)])
    drawn(screen)

    canvas.draw([Text("1"), Text("2")])
    again = drawn(screen)
    assert "\x1b[3A\r1\x1b[K\n2\x1b[K\n\x1b[J" in again

    canvas.write("a line that stays")
    above = drawn(screen)
    assert above.startswith("\x1b[2A\r\x1b[Ja line that stays\n")
    assert "1\x1b[K\n2\x1b[K\n" in above

    canvas.close()
    assert drawn(screen) == "\x1b[2A\r\x1b[J\x1b[?25h"


def test_a_window_made_narrower_folds_what_was_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    be_wide(20, monkeypatch)
    screen = Screen()
    canvas = Canvas(screen, colored=False)
    canvas.draw([Text("x" * 19), Text("short")])
    be_wide(8, monkeypatch)
    drawn(screen)
    canvas.close()

    assert drawn(screen).startswith("\x1b[4A\r\x1b[J")
