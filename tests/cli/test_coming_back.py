"""Runs that are left, by accident or on purpose, and resumed. Real processes and HTTP."""

import re
import signal
import sqlite3
import sys
from pathlib import Path

import pytest
from held_list import Held, info_of, killed_run, wait_until_all_run
from program import Program, as_json, running, task

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and shells")
RUN_ID = r"\d{8}-\d{6}-[a-z2-7]{4}"


def test_a_killed_run_is_resumed_and_no_task_runs_twice(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    run_id = killed_run(master, held, tmp_path)
    waited = mesos_batch("wait")
    stopped = info_of(mesos_batch, run_id)
    held.let_go()
    resumed = mesos_batch("resume")
    ended = info_of(mesos_batch, run_id)

    assert (waited.returncode, waited.stdout) == (5, "")
    assert f"'mesos-batch resume {run_id}' goes on with it" in waited.stderr
    assert (stopped["state"], stopped["counts"]) == ("stopped", {"finished": 1, "running": 2})
    assert resumed.returncode == 0
    assert f"resuming run {run_id}: 1 ended, 2 active, 0 waiting\n" in resumed.stderr
    assert resumed.stdout.splitlines()[-1].startswith("all 3 tasks finished in ")
    assert (ended["state"], ended["exit_code"]) == ("ended", 0)
    assert held.ended == ["held-1", "held-2", "quick"]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_an_interruption_can_leave_the_tasks_running(
    mesos_batch: Program,
    master: str,
    held: Held,
    tmp_path: Path,
    number: signal.Signals,
    code: int,
) -> None:
    with running(*held.on(master, "--on_interrupt=detach"), cwd=tmp_path) as process:
        run_id = wait_until_all_run(process)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
    waited = mesos_batch("wait", run_id)
    held.let_go()
    resumed = mesos_batch("resume", run_id[-4:])

    assert process.returncode == code, stderr
    assert "interrupted: leaving, the tasks run on" in stderr
    assert stderr.splitlines()[-1] == f"the run can go on: mesos-batch resume {run_id}"
    assert stdout.splitlines()[-1].startswith("1 of 3 tasks finished, 2 still running, in ")
    assert (waited.returncode, waited.stdout) == (5, "")
    assert f"run {run_id} has stopped before its end: left; the tasks run on" in waited.stderr
    assert resumed.returncode == 0
    assert held.ended == ["held-1", "held-2", "quick"]


def test_the_way_back_names_the_state_directory_when_a_flag_did(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    place = f"--state_dir={tmp_path / 'elsewhere'}"
    with running(
        *held.on(master, "--on_interrupt=detach", "--state_dir=elsewhere"), cwd=tmp_path
    ) as process:
        run_id = wait_until_all_run(process)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    cancelled = mesos_batch("cancel", run_id, place)

    assert stderr.endswith(f"the run can go on: mesos-batch resume {run_id} {place}\n")
    assert cancelled.returncode == 0


def test_an_interruption_that_kills_leaves_nothing_to_resume(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    with running(*held.on(master), cwd=tmp_path) as process:
        run_id = wait_until_all_run(process)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    resumed = mesos_batch("resume")

    assert "the run can go on" not in stderr
    assert resumed.returncode == 5
    assert "no run is stopped" in resumed.stderr
    assert info_of(mesos_batch, run_id)["counts"] == {"cancelled": 2, "finished": 1}


def test_a_run_that_cannot_be_kept_does_not_begin(mesos_batch: Program, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    text = as_json(task("a", "true"))

    refused = mesos_batch("--master=local", f"--task_list={text}", "--state_dir=file")
    unkept = mesos_batch(
        "--master=local", f"--task_list={text}", "--state_dir=file", "--no-journal"
    )

    assert (refused.returncode, refused.stdout) == (5, "")
    assert "Nothing was sent to any cluster." in refused.stderr
    assert "--no-journal" in refused.stderr
    assert unkept.returncode == 0
    assert not re.search(RUN_ID, unkept.stderr)


def test_a_task_knows_its_place(mesos_batch: Program, master: str, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    names = ("RUN_ID", "TASK_ID", "TASK_INDEX", "TASK_COUNT", "ATTEMPT")
    told = " ".join(f"$MESOS_BATCH_{name}" for name in names)
    text = as_json(
        task("first", "true"),
        task("second", f"echo {told} >> {seen}; test $MESOS_BATCH_ATTEMPT = 2"),
    )

    done = mesos_batch(f"--master={master}", f"--task_list={text}", "--max_attempts=2")

    run_id = done.stderr.split()[1]
    assert done.returncode == 0
    assert seen.read_text(encoding="utf-8").splitlines() == [
        f"{run_id} second 1 2 1",
        f"{run_id} second 1 2 2",
    ]


def test_a_run_of_another_version_of_the_journal_is_left_alone(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    killed_run(master, held, tmp_path)
    (journal,) = (tmp_path / "state").glob("runs/*/journal.sqlite")
    with sqlite3.connect(journal) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        db.execute(f"PRAGMA user_version = {version + 1}")
    db.close()

    resumed = mesos_batch("resume", "last")

    assert resumed.returncode == 5
    assert "Traceback" not in resumed.stderr
