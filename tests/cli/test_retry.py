"""Tasks that failed are tried again: within a run, and in a new one. Real processes and HTTP."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from held_list import Held, killed_run
from program import Program, as_json, task

from mesos_batch.runs import list_runs, options_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and shells")


def test_retry_runs_what_failed_and_nothing_else(
    mesos_batch: Program, master: str, tmp_path: Path
) -> None:
    mended, ran = tmp_path / "mended", tmp_path / "ran"
    text = as_json(task("good", f"echo good >> {ran}"), task("bad", f"test -e {mended}"))
    first = mesos_batch(f"--master={master}", f"--task_list={text}")
    mended.touch()
    old = mesos_batch("status", "--json")
    second = mesos_batch("retry", "last")
    new = json.loads(mesos_batch("status", "--json").stdout)
    nothing = mesos_batch("retry", "last")

    assert (first.returncode, second.returncode) == (1, 0)
    assert second.stdout.startswith("1 task finished in ")
    assert [entry["task_id"] for entry in new["tasks"]] == ["bad"]
    assert new["source"] == f"retry of {json.loads(old.stdout)['run_id']}"
    assert ran.read_text(encoding="utf-8") == "good\n"
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "has no failed tasks" in nothing.stderr


def test_retry_takes_flags_over_what_the_run_had(mesos_batch: Program, tmp_path: Path) -> None:
    twice = tmp_path / "tried"
    once_more = f"test -e {twice} || {{ touch {twice}; exit 1; }}"
    mesos_batch("--master=local", "--local_agents=1", "--local_cpus=0.5",
                f"--task_list={as_json(task('big', once_more, cpus=1))}")  # fmt: skip

    small = mesos_batch("retry", "last", env={"MESOS_BATCH_LOCAL_CPUS": "2"})
    large = mesos_batch("retry", "last", "--local_cpus=2", "--max_attempts=2")

    assert (small.returncode, large.returncode) == (3, 0)
    assert "task big: attempt 1 failed on agent S0: " in large.stderr
    assert "1 task took more than one attempt\n" in large.stdout


def test_retry_places_tasks_as_the_run_did_unless_flags_say_otherwise(
    mesos_batch: Program, master: str, tmp_path: Path
) -> None:
    flags = ("--constraint=hostname:like:.*", "--constraint=rack:not:r9", "--max_running=2",
             "--executor=command", "--revive_interval=50ms")  # fmt: skip
    first = mesos_batch(f"--master={master}", f"--task_list={as_json(task('a', 'false'))}", *flags)
    same = mesos_batch("retry", "last", env={"MESOS_BATCH_CONSTRAINT": "rack:equals:r9"})
    other = mesos_batch("retry", "last", "--constraint=rack:not:r8", "--max_running=3")

    assert [done.returncode for done in (first, same, other)] == [1, 1, 1]
    newest, retried, begun = map(options_of, list_runs(tmp_path / "state"))
    assert list(map(str, begun.constraints)) == ["hostname:like:.*", "rack:not:r9"]
    assert (begun.max_running, begun.executor, begun.revive_interval) == (2, "command", 0.05)
    assert replace(retried, user=None) == replace(begun, user=None)
    assert list(map(str, newest.constraints)) == ["rack:not:r8"]
    assert (newest.max_running, newest.executor) == (3, "command")


def test_retry_of_all_that_did_not_finish_waits_for_the_end_of_the_run(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    run_id = killed_run(master, held, tmp_path)
    early = mesos_batch("retry", run_id, "--unfinished")
    mesos_batch("cancel", run_id)
    held.let_go()
    late = mesos_batch("retry", run_id, "--unfinished")

    assert early.returncode == 2
    assert f"Write 'mesos-batch cancel {run_id}' first." in early.stderr
    assert late.returncode == 0
    assert held.ended == ["held-1", "held-2", "quick"]


def test_too_many_failures_stop_the_run(mesos_batch: Program, master: str) -> None:
    bad = [task(f"bad-{number}", "false") for number in range(2)]
    text = as_json(*bad, task("long", "sleep 60"))

    done = mesos_batch(f"--master={master}", "--max_failures=50%", f"--task_list={text}")

    assert done.returncode == 1
    assert "stopped: more tasks failed than --max_failures=50% allows" in done.stderr
    assert "0 of 3 tasks finished, 2 failed, 1 cancelled, in " in done.stdout
