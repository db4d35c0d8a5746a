"""The program on a terminal: what is shown, what stays, what happens when it is closed."""

import re
import sys
from pathlib import Path

import pytest
from held_list import Held, info_of
from program import Program, task, write
from terminal import on_terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX terminals")


def test_a_live_display_leaves_only_the_result(tmp_path: Path) -> None:
    list_file = write(tmp_path / "list.json", task("a", "sleep 1"), task("b", "exit 3"))
    with on_terminal("--master=local", f"--task_list={list_file}", cwd=tmp_path) as (
        process,
        terminal,
    ):
        text = terminal.read_all()
        process.wait(timeout=30)

    assert process.returncode == 1
    assert re.search(r"run \d{8}-\d{6}-[a-z2-7]{4}\r\n", text)
    assert "mesos-batch instance on 127.0.0.1:" in text
    assert "1 running" in text
    assert "FAILED (1)" in text
    last_frame = text.rpartition("mesos-batch instance")[2]
    assert "\x1b[J" in last_frame, "the display stays on the screen"
    assert "\x1b[?25h" in last_frame, "the cursor stays hidden"
    verdict = text.rstrip().splitlines()[-1]
    assert "1 of 2 tasks finished, 1 failed, in" in verdict


def test_a_closed_terminal_kills_the_tasks(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    with on_terminal(*held.on(master), cwd=tmp_path) as (process, terminal):
        terminal.wait_for("2 running")
        terminal.close()
        process.wait(timeout=30)
    info = info_of(mesos_batch)

    assert process.returncode == 143
    assert (info["state"], info["exit_code"]) == ("ended", 143)
    assert info["counts"] == {"cancelled": 2, "finished": 1}


def test_a_closed_terminal_can_leave_the_tasks_running(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    with on_terminal(*held.on(master, "--on_interrupt=detach"), cwd=tmp_path) as (
        process,
        terminal,
    ):
        terminal.wait_for("2 running")
        terminal.close()
        process.wait(timeout=30)
    held.let_go()
    resumed = mesos_batch("resume")

    assert (process.returncode, resumed.returncode) == (143, 0)
    assert held.ended == ["held-1", "held-2", "quick"]


def test_with_nohup_a_run_outlives_its_terminal(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    with on_terminal(*held.on(master), cwd=tmp_path, nohup=True) as (process, terminal):
        terminal.wait_for("2 running")
        terminal.close()
        held.let_go()
        process.wait(timeout=30)

    assert process.returncode == 0
    assert held.ended == ["held-1", "held-2", "quick"]


def test_who_waits_on_a_terminal_sees_the_run_live(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    run_id = mesos_batch(*held.on(master, "--detach")).stdout.strip()
    with on_terminal("wait", cwd=tmp_path) as (process, terminal):
        terminal.wait_for("2 running")
        held.let_go()
        text = terminal.read_all()
        process.wait(timeout=30)

    assert process.returncode == 0
    assert run_id in text
    result = text.rpartition("\x1b[J\x1b[?25h")[2]
    assert run_id not in result, "the view stays on the screen"
    assert "all 3 tasks finished in " in result


def test_top_shows_a_run_and_leaves_it_alone(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    run_id = mesos_batch(*held.on(master, "--detach")).stdout.strip()
    with on_terminal("top", cwd=tmp_path) as (process, terminal):
        terminal.wait_for("2 running")
        terminal.type("q")
        text = terminal.read_all()
        process.wait(timeout=30)
    state = info_of(mesos_batch)["state"]
    held.let_go()
    waited = mesos_batch("wait")

    assert process.returncode == 0
    assert run_id in text
    assert re.search(r"held-1 +S\d +\d", text)
    assert text.endswith("\x1b[J\x1b[?25h"), "something stays on the screen"
    assert (state, waited.returncode) == ("running", 0)


def test_ctrl_c_leaves_top_too(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    mesos_batch(*held.on(master, "--detach"))
    with on_terminal("top", cwd=tmp_path) as (process, terminal):
        terminal.wait_for("2 running")
        terminal.type("\x03")
        text = terminal.read_all()
        process.wait(timeout=30)

    assert process.returncode == 0
    assert text.endswith("\x1b[?25h"), "something stays on the screen"
    assert info_of(mesos_batch)["state"] == "running"


def test_top_ends_with_the_result_of_the_run(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    mesos_batch(*held.on(master, "--detach"))
    with on_terminal("top", cwd=tmp_path) as (process, terminal):
        terminal.wait_for("2 running")
        held.let_go(exit_status=3)
        text = terminal.read_all()
        process.wait(timeout=30)

    assert process.returncode == 0, "that of top, not of the run"
    assert "2 of 3 tasks finished, 1 failed, in " in text.rpartition("\x1b[?25h")[2]
