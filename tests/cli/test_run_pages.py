"""What is printed of runs others drive: the table, the page, the line; values in, text out."""

from pathlib import Path

import pytest
from mesos_batch_cli.output.run_table import run_table
from mesos_batch_cli.output.status_page import status_page
from mesos_batch_cli.output.streams import Paint

from mesos_batch.errors import ExitCode
from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import Resources
from mesos_batch.model.snapshot import RunSnapshot, TaskView
from mesos_batch.model.task import TaskSpec
from mesos_batch.runs import RunInfo, RunState

PLAIN = Paint(enabled=False)
COUNTS = {Phase.FINISHED: 120, Phase.FAILED: 2, Phase.LOST: 1, Phase.RUNNING: 12, Phase.WAITING: 65}


def info(run_id: str = "20261122-211056-k3fq", **more: object) -> RunInfo:
    fields: dict[str, object] = {
        "run_id": run_id,
        "directory": Path("/state/runs", run_id),
        "created_at": 1000.0,
        "state": RunState.RUNNING,
        "master": "mesos.example.org:5050",
        "source": "/data/tiles.json",
        "counts": COUNTS,
        "total": 200,
        "pid": 4711,
        "host": "desk",
        "framework_id": "8a0e-0001",
        "touched_at": 1100.0,
    }
    return RunInfo(**{**fields, **more})


def cells(line: str) -> list[str]:
    return [cell for cell in line.split("  ") if cell]


def test_a_run_in_the_table() -> None:
    ended = info(state=RunState.ENDED, exit_code=ExitCode.TASK_FAILED)

    head, running, over = run_table([info(), ended], PLAIN, None).splitlines()

    columns = ["RUN", "STATE", "MASTER", "SOURCE", "STARTED", "PROGRESS", "FAILED", "EXIT"]
    assert [cell.strip() for cell in cells(head)] == columns
    row = [cell.strip() for cell in cells(running)]
    assert row[:4] == ["20261122-211056-k3fq", "running", "mesos.example.org:5050",
                       "/data/tiles.json"]  # fmt: skip
    assert row[5:] == ["120/200", "3", "-"]
    assert [cell.strip() for cell in cells(over)][5:] == ["120/200", "3", "1"]


@pytest.mark.parametrize(
    ("width", "left_out"),
    [(200, []), (120, []), (100, []), (95, ["MASTER"]), (80, ["MASTER", "SOURCE"]),
     (60, ["MASTER", "SOURCE", "STARTED"])],
)  # fmt: skip
def test_the_table_fits_the_terminal(width: int, left_out: list[str]) -> None:
    long = info(master="a-very-long-name.of-a.master.example.org:5050", source="s" * 80)

    table = run_table([long, info()], PLAIN, width)

    head, *rows = table.splitlines()
    assert max(map(len, table.splitlines())) <= width
    assert [name for name in ("MASTER", "SOURCE", "STARTED") if name not in head] == left_out
    assert all(row.startswith("20261122-211056-k3fq  running  ") for row in rows)
    assert "/data" not in table, "a terminal gets the name of the file alone"


def test_a_table_row_of_what_cannot_be_read_says_why() -> None:
    broken = RunInfo("20261122-211056-k3fq", Path("x"), 1000.0, RunState.UNREADABLE,
                     message="cannot read the journal x: it is damaged")  # fmt: skip
    _, row, why = run_table([broken], PLAIN, None).splitlines()
    assert "  unreadable  " in row
    assert why.strip() == "cannot read the journal x: it is damaged"


def test_colors_of_the_table_repeat_what_words_say() -> None:
    runs = [
        info(),
        info(state=RunState.STOPPED),
        info(state=RunState.ENDED, exit_code=ExitCode.FINISHED),
        info(state=RunState.ENDED, exit_code=ExitCode.TASK_FAILED),
    ]
    colored = run_table(runs, Paint(enabled=True), None)
    assert "\x1b[33mstopped\x1b[0m" in colored
    assert "\x1b[32mended\x1b[0m" in colored
    assert "\x1b[31mended\x1b[0m" in colored
    for code in ("0", "1", "2", "31", "32", "33"):
        colored = colored.replace(f"\x1b[{code}m", "")
    assert colored == run_table(runs, PLAIN, None)


def view(task_id: str, phase: Phase, **more: object) -> TaskView:
    return TaskView(TaskSpec(task_id, task_id, Resources(), b""), phase, **more)


SNAPSHOT = RunSnapshot(
    at=1100.0,
    started_at=1000.0,
    tasks=(
        view("a", Phase.FINISHED),
        view("b", Phase.RUNNING, launches=1),
        view("c", Phase.FAILED, message="Command exited with status 3", exit_status=3, launches=1),
    ),
)


def page(run: RunInfo, width: int | None = None, snapshot: RunSnapshot = SNAPSHOT) -> str:
    return status_page(
        run,
        snapshot,
        1160.0,
        PLAIN,
        width,
        resume="mesos-batch resume k3fq",
        logs="mesos-batch logs k3fq",
        every_failure=False,
    )


def test_the_page_of_a_run_that_goes_on() -> None:
    lines = page(info()).splitlines()

    assert lines[0] == "run 20261122-211056-k3fq is running"
    assert "  master     mesos.example.org:5050" in lines
    assert "  process    4711 on desk" in lines
    assert "    why     Command exited with status 3" in lines
    assert "  all it wrote: mesos-batch logs k3fq c" in lines
    assert lines[-1] == "1 of 3 tasks finished, 1 failed, 1 still running, in 2m40s"


def test_the_page_of_a_run_that_stopped_says_how_to_go_on() -> None:
    killed = page(info(state=RunState.STOPPED)).splitlines()
    left = page(info(state=RunState.STOPPED, message="left; the tasks run on")).splitlines()

    assert killed[0] == "run 20261122-211056-k3fq has stopped and can go on"
    assert "  why        its program was killed" in killed
    assert "  why        left; the tasks run on" in left
    assert "  stopped    1m00s ago" in killed
    assert "  go on      mesos-batch resume k3fq" in killed
    assert killed[-1].endswith("in 1m40s")


def test_the_page_of_a_run_that_ended_or_is_being_cancelled() -> None:
    ended = page(info(state=RunState.ENDED, exit_code=ExitCode.TASK_FAILED)).splitlines()
    cancelling = RunSnapshot(at=1.0, started_at=1.0, tasks=(), cancelling=True)

    assert ended[0] == "run 20261122-211056-k3fq has ended"
    assert "  exit code  1" in ended
    assert page(info(), snapshot=cancelling).startswith(
        "run 20261122-211056-k3fq is being cancelled\n"
    )


def test_a_terminal_gets_a_bar() -> None:
    lines = page(info(), width=40).splitlines()
    bar = next(index for index, line in enumerate(lines) if len(line) == 40 and len(set(line)) == 3)
    assert lines[bar + 1].split("   ") == [
        f"{lines[bar][0]} 1 finished", f"{lines[bar][20]} 1 failed", f"{lines[bar][-1]} 1 running",
    ]  # fmt: skip
