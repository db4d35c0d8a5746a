"""Runs as other processes see, await and end them: runs, status, wait, cancel. Real processes."""

import json
import re
import sys
from pathlib import Path

import pytest
from held_list import Held, info_of, killed_run, wait_until_all_run
from program import Program, as_json, running, task, write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and shells")
RUN_ID = r"\d{8}-\d{6}-[a-z2-7]{4}"


def test_what_is_running_cannot_be_resumed_and_can_be_waited_for(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    with running(*held.on(master), cwd=tmp_path) as process:
        run_id = wait_until_all_run(process)
        resumed = mesos_batch("resume", run_id)
        with running("wait", "--quiet", cwd=tmp_path) as waiting:
            held.let_go(3)
            ended, own = waiting.communicate(timeout=30), process.communicate(timeout=30)

    assert resumed.returncode == 5
    assert f"run {run_id} is being driven by process {process.pid}" in resumed.stderr
    assert (waiting.returncode, process.returncode) == (1, 1)
    assert "  held-2  TASK_FAILED  3 " in ended[0]
    assert ended[0].splitlines()[:-1] == own[0].splitlines()[:-1]


def test_cancel_asks_the_process_that_drives_the_run(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    with running(*held.on(master), cwd=tmp_path) as process:
        run_id = wait_until_all_run(process)
        cancelled = mesos_batch("cancel", run_id)
        process.communicate(timeout=30)
    again = mesos_batch("cancel", run_id)

    assert (cancelled.returncode, process.returncode) == (0, 130)
    asked, *told = cancelled.stderr.splitlines()
    assert asked == f"asked process {process.pid} to kill the tasks of run {run_id}"
    assert sorted(line.split(" ", 1)[1] for line in told) == [
        "task held-1 cancelled",
        "task held-2 cancelled",
    ]
    assert "1 of 3 tasks finished, 2 cancelled, in " in cancelled.stdout
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr == f"run {run_id} has ended already, with exit code 130\n"
    assert held.ended == ["quick"]


def test_cancel_takes_up_a_run_that_stopped(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    run_id = killed_run(master, held, tmp_path)

    cancelled = mesos_batch("cancel", "last")

    assert cancelled.returncode == 0
    assert cancelled.stderr.startswith("cancelling: killing the tasks and waiting for them")
    assert "1 of 3 tasks finished, 2 cancelled, in " in cancelled.stdout
    assert info_of(mesos_batch, run_id)["exit_code"] == 130


def test_runs_are_listed_newest_first(mesos_batch: Program, master: str, tmp_path: Path) -> None:
    none = mesos_batch("runs"), mesos_batch("runs", "--json")
    write(tmp_path / "tiles.json", task("a", "true"), task("b", "exit 3"))
    mesos_batch(f"--master={master}", "--task_list=tiles.json")
    mesos_batch(f"--master={master}", f"--task_list={as_json(task('a', 'true'))}")
    table = mesos_batch("runs")
    listed = json.loads(mesos_batch("runs", "--json").stdout)["runs"]

    assert [done.returncode for done in none] == [0, 0]
    assert none[0].stdout == ""
    assert json.loads(none[1].stdout) == {"schema": "mesos-batch.runs/1", "runs": []}
    head, newest, oldest = table.stdout.splitlines()
    assert head.split() == [
        "RUN", "STATE", "MASTER", "SOURCE", "STARTED", "PROGRESS", "FAILED", "EXIT",
    ]  # fmt: skip
    when = r"\d{4}-\d\d-\d\d \d\d:\d\d"
    assert re.fullmatch(rf"{RUN_ID}  ended  {master}  --task_list  {when} +1/1 +-  +0", newest)
    assert re.fullmatch(rf"{RUN_ID}  ended  {master}  tiles.json +{when} +1/2 +1  +1", oldest)
    assert [info["run_id"] for info in listed] == [newest.split()[0], oldest.split()[0]]
    assert listed[1]["counts"] == {"failed": 1, "finished": 1}


def test_status_tells_failures_with_their_reasons(mesos_batch: Program, master: str) -> None:
    text = as_json(task("good", "true"), task("bad", "exit 3"))
    ran = mesos_batch(f"--master={master}", f"--task_list={text}")
    status = mesos_batch("status")

    assert status.returncode == 0
    assert re.match(rf"run {RUN_ID} has ended\n", status.stdout)
    assert f"\n  master     {master}\n" in status.stdout
    assert "\n  exit code  1\n" in status.stdout
    # What the run printed itself, but for the time it took.
    assert "\n".join(ran.stdout.splitlines()[:-1]) in status.stdout
    assert "\n1 of 2 tasks finished, 1 failed, in " in status.stdout


def test_a_journal_that_cannot_be_read_is_listed_with_the_reason(
    mesos_batch: Program, master: str, tmp_path: Path
) -> None:
    mesos_batch(f"--master={master}", f"--task_list={as_json(task('a', 'true'))}")
    (journal,) = (tmp_path / "state").glob("runs/*/journal.sqlite")
    journal.write_bytes(b"nonsense " * 1000)

    table = mesos_batch("runs")
    status = mesos_batch("status", "last")

    assert table.returncode == 0
    assert "  unreadable  " in table.stdout
    assert f"cannot read the journal {journal}" in table.stdout
    assert status.returncode == 5
    assert f"cannot read the journal {journal}" in status.stderr
