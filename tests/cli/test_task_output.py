"""``--stream_logs`` and ``--output_dir``: what tasks write is shown, and kept."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from held_list import Held, killed_run
from program import Program, line_with, running, task, write
from terminal import on_terminal

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the tasks are for a POSIX shell")


def copies(directory: Path) -> dict[str, str]:
    return {
        path.relative_to(directory).as_posix(): path.read_text()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("place", ["local", "remote"])
def test_what_tasks_wrote_is_kept_with_every_attempt(
    mesos_batch: Program, master: str, tmp_path: Path, place: str
) -> None:
    fails_once = "echo try $MESOS_BATCH_ATTEMPT >&2; [ $MESOS_BATCH_ATTEMPT = 2 ]"
    write(tmp_path / "list.json", task("a b", "printf out"), task("c", fails_once))
    where = "local" if place == "local" else master

    done = mesos_batch(
        *(f"--master={where}", "--task_list=list.json", "--max_attempts=2"),
        *("--output_dir=out", "--no-journal"),
    )

    assert done.returncode == 0, done.stderr
    assert f"what the tasks wrote is in {tmp_path / 'out'}" in done.stderr
    assert copies(tmp_path / "out") == {
        "a%20b/stderr": "",
        "a%20b/stdout": "out",
        "c/stderr": "try 2\n",
        "c/stderr.1": "try 1\n",
        "c/stdout": "",
        "c/stdout.1": "",
    }


def test_copies_are_read_when_the_sandbox_is_gone(mesos_batch: Program, tmp_path: Path) -> None:
    fails_once = "echo try $MESOS_BATCH_ATTEMPT; [ $MESOS_BATCH_ATTEMPT = 2 ]"
    write(tmp_path / "list.json", task("c", fails_once))
    mesos_batch(
        *("--master=local", "--task_list=list.json", "--max_attempts=2", "--output_dir=out")
    )
    log = mesos_batch("explain", "c").stdout.split("stderr     ")[1].strip()
    cluster = Path(log).parents[9]
    assert cluster.name.startswith("mesos-batch-local-")
    cluster.rename(tmp_path / "removed")

    assert mesos_batch("logs", "c", "--stdout").stdout == "try 2\n"
    assert mesos_batch("logs", "c", "--stdout", "--attempt=1").stdout == "try 1\n"
    (tmp_path / "out").rename(tmp_path / "out of the way")
    gone = mesos_batch("logs", "c")
    assert gone.returncode == 4
    assert "the sandbox of task c is gone" in gone.stderr


def test_a_resumed_run_collects_what_ended_while_nobody_did(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    killed_run(master, held, tmp_path)
    held.let_go(3)

    resumed = mesos_batch("resume", "--output_dir=out", "--stream_logs")

    assert resumed.returncode == 1
    assert sorted(copies(tmp_path / "out")) == [
        f"{name}/{stream}"
        for name in ("held-1", "held-2", "quick")
        for stream in ("stderr", "stdout")
    ]


def test_the_cluster_is_asked_where_the_sandbox_is_that_nobody_told_of(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    run_id = killed_run(master, held, tmp_path)
    # As of what ended before its agent made an offer to whom took the run over.
    with sqlite3.connect(tmp_path / "state" / "runs" / run_id / "journal.sqlite") as journal:
        journal.execute("UPDATE attempts SET sandbox_url = NULL")
    held.let_go()

    resumed = mesos_batch("resume", "--output_dir=out")

    assert resumed.returncode == 0
    assert "missing" not in resumed.stderr
    assert copies(tmp_path / "out").keys() >= {"quick/stdout", "held-1/stdout", "held-2/stdout"}


def test_lines_come_while_the_tasks_run_and_none_is_lost(
    mesos_batch: Program, master: str, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    slow = f"echo begun; while [ ! -e {go} ]; do sleep 0.05; done; echo oops >&2; printf end"
    quick = [task(f"q{number}", f"echo quick {number}") for number in range(20)]
    write(tmp_path / "list.json", task("slow", slow), *quick)
    on = (f"--master={master}", "--task_list=list.json", "--stream_logs", "--quiet")
    with running(*on, cwd=tmp_path) as run:
        assert line_with("begun", run, stdout=True) == "slow | begun\n"
        go.touch()
        out, err = run.communicate(timeout=60)

    lines = out.splitlines()
    assert (run.returncode, err) == (0, "")
    assert lines[-1].startswith("all 21 tasks finished in ")
    assert lines.index("slow ! oops") < lines.index(next(x for x in lines if "efficient" in x))
    assert "slow | end" in lines
    quick_lines = {line for line in lines if line.startswith("q")}
    # Some may have come before the line that was waited for.
    assert quick_lines <= {f"{f'q{number}':<4} | quick {number}" for number in range(20)}


def test_what_tasks_wrote_is_wholly_in_a_file(
    mesos_batch: Program, master: str, tmp_path: Path
) -> None:
    count = 20_000
    write(tmp_path / "list.json", task("big", f"seq {count}"), task("small", "printf ü"))

    done = mesos_batch(
        *(f"--master={master}", "--task_list=list.json", "--stream_logs", "--output_dir=out")
    )

    streamed = [line for line in done.stdout.splitlines() if line.startswith("big   | ")]
    assert streamed == [f"big   | {number}" for number in range(1, count + 1)]
    assert (tmp_path / "out" / "small" / "stdout").read_text(encoding="utf-8") == "ü"


def test_a_directory_that_cannot_be_written_stops_the_run_before_it_begins(
    mesos_batch: Program, tmp_path: Path
) -> None:
    write(tmp_path / "list.json", task("t", "true"))

    done = mesos_batch("--master=local", "--task_list=list.json", "--output_dir=list.json/out")

    assert done.returncode == 2
    assert "it cannot be made" in done.stderr
    assert mesos_batch("runs").stdout == ""


def test_what_cannot_be_kept_is_told_and_changes_nothing(
    mesos_batch: Program, tmp_path: Path
) -> None:
    write(tmp_path / "list.json", task("t", "rm stdout stderr; true"))

    done = mesos_batch("--master=local", "--task_list=list.json", "--output_dir=out", "--quiet")

    assert done.returncode == 0
    assert "warning: what task t (attempt 1) wrote is missing: " in done.stderr


def test_lines_stand_above_the_live_display(tmp_path: Path) -> None:
    go = tmp_path / "go"
    wait = f"while [ ! -e {go} ]; do sleep 0.05; done"
    paint = r"printf 'a\033[31mred\033[0m\033]0;title\007\n'"
    write(tmp_path / "list.json", task("t", f"{paint}; {wait}; echo bye"))
    on = ("--master=local", "--task_list=list.json", "--stream_logs")
    with on_terminal(*on, cwd=tmp_path) as (process, terminal):
        terminal.wait_for("1 running")
        terminal.wait_for("red")
        go.touch()
        text = terminal.read_all()
        process.wait(timeout=30)

    assert process.returncode == 0
    assert "a\x1b[31mred\x1b[0m\\x1b]0;title\\x07" in text
    assert text.index("bye") < text.index("task finished in")


def test_the_end_of_a_failed_run_has_its_last_words(
    mesos_batch: Program, master: str, tmp_path: Path
) -> None:
    noisy = "for i in 1 2 3 4 5 6 7; do echo word $i >&2; done; exit 1"
    write(
        tmp_path / "list.json",
        task("noisy", noisy),
        task("only out", "echo on stdout; exit 1"),
        task("silent", "exit 1"),
        task("fourth", "echo not shown >&2; exit 1"),
    )

    one = mesos_batch(f"--master={master}", "--task_list=list.json", "--quiet")
    waited = mesos_batch("wait")

    run_id = mesos_batch("status", "--json").stdout.split('"run_id": "')[1].split('"')[0]
    lines = one.stdout.splitlines()
    first = lines.index("    wrote   word 3")
    assert lines[first : first + 5] == [
        "    wrote   word 3",
        *(f"            word {number}" for number in (4, 5, 6, 7)),
    ]
    assert "    wrote   on stdout" in lines
    assert "not shown" not in one.stdout
    assert f"  all they wrote: mesos-batch logs {run_id}" in lines
    assert "wrote   " not in waited.stdout
    assert f"  all they wrote: mesos-batch logs {run_id}" in waited.stdout
    assert mesos_batch("logs", run_id, "fourth", "--stderr").stdout == "not shown\n"
