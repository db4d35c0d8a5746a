"""How a run is shown while it goes on: --progress, --quiet, and top from another process."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from held_list import Held, killed_run, wait_until_all_run
from program import Program, running, task, write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX shells")


def test_progress_as_json_is_nothing_but_json(mesos_batch: Program, tmp_path: Path) -> None:
    list_file = write(tmp_path / "list.json", task("good", "sleep 1.2"), task("bad", "exit 3"))
    ran = mesos_batch("run", str(list_file), "--master=local", "--progress=json")
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    kinds = {line["schema"] for line in lines}
    progress = [line for line in lines if line["schema"] == "mesos-batch.progress/1"]
    messages = [line["message"] for line in lines if line["schema"] == "mesos-batch.message/1"]

    assert ran.returncode == 1
    assert kinds == {f"mesos-batch.{kind}/1" for kind in ("event", "progress", "message")}
    assert messages[0] == f"run {lines[0]['run_id']}"
    assert messages[-1].startswith("what the tasks wrote is in ")
    assert len(progress) >= 2
    assert progress[-1]["total"] == 2
    assert progress[-1]["counts"]["failed"] == 1
    assert progress[-1]["ends_at"] is None, "two tasks tell nothing of an end"
    assert "1 of 2 tasks finished, 1 failed, in " in ran.stdout


@pytest.mark.parametrize("flag", ["--progress=none", "--quiet"])
def test_none_shows_nothing(mesos_batch: Program, tmp_path: Path, flag: str) -> None:
    list_file = write(tmp_path / "list.json", task("good", "true"))
    ran = mesos_batch("run", str(list_file), "--master=local", flag)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("1 task finished in ")


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (("--quiet", "--progress=plain"), "--quiet contradicts --progress=plain"),
        (("--progress=live",), "--progress=live needs a terminal, and stderr is none"),
        (("--progress=pretty",), "--progress: 'pretty' is not one of auto, live, plain, json"),
    ],
)
def test_what_makes_no_sense_is_refused(
    mesos_batch: Program, flags: tuple[str, ...], why: str
) -> None:
    refused = mesos_batch("run", "list.json", "--master=local", *flags)

    assert refused.returncode == 2
    assert why in refused.stderr


@pytest.mark.parametrize("words", [("wait",), ("resume",), ("retry", "last"), ("cancel", "last")])
def test_so_it_is_by_each_command_that_shows_a_run(
    mesos_batch: Program, words: tuple[str, ...]
) -> None:
    refused = mesos_batch(*words, "--quiet", "--progress=json")

    assert refused.returncode == 2
    assert "--quiet contradicts --progress=json" in refused.stderr


def test_a_variable_that_asks_for_a_live_view_may_be_set_for_other_runs(
    mesos_batch: Program, tmp_path: Path
) -> None:
    list_file = write(tmp_path / "list.json", task("good", "true"))
    env = {"MESOS_BATCH_PROGRESS": "live"}
    ran = mesos_batch("run", str(list_file), "--master=local", "--no-journal", env=env)

    assert ran.returncode == 0
    assert "task good finished" in ran.stderr


def test_who_waits_is_told_line_by_line(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    mesos_batch(*held.on(master, "--detach"))
    with running("wait", "--progress=json", cwd=tmp_path) as waiting:
        assert waiting.stderr is not None
        for line in waiting.stderr:
            if json.loads(line).get("counts", {}).get("running") == 2:
                break
        held.let_go()
        _, told = waiting.communicate(timeout=30)
    ends = [json.loads(line) for line in told.splitlines() if '"task_ended"' in line]

    assert waiting.returncode == 0
    assert {(end["task_id"], end["phase"]) for end in ends} == {
        ("held-1", "finished"),
        ("held-2", "finished"),
    }


def test_top_prints_a_picture_where_there_is_no_terminal(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    with running(*held.on(master), cwd=tmp_path) as process:
        run_id = wait_until_all_run(process)
        seen = mesos_batch("top")
        held.let_go(3)
        process.communicate(timeout=30)
    ended = mesos_batch("top", run_id, "--once")

    assert (seen.returncode, seen.stderr) == (0, "")
    assert re.match(rf"mesos-batch instance on {re.escape(master)} +{run_id}  \d", seen.stdout)
    assert "1 finished   ▒ 2 running\n33% of 3 tasks ended" in seen.stdout
    assert re.search(r"^  held-1 +S\d +\d+\.\ds$", seen.stdout, re.MULTILINE)
    assert re.search(
        r"^  S\d +\d +[━─]+ 0\.\d of 4 +[━─]+ \d+ MB of 4 GB$", seen.stdout, re.MULTILINE
    )
    assert "\x1b" not in seen.stdout
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "2 finished   ▓ 1 failed\n100% of 3 tasks ended" in ended.stdout
    assert re.search(r"^  1× exit status 3  held-2$", ended.stdout, re.MULTILINE)
    assert "RUNNING" not in ended.stdout


def test_top_of_a_run_that_stopped_says_how_to_go_on(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    run_id = killed_run(master, held, tmp_path)
    seen = mesos_batch("top")

    assert seen.returncode == 0
    assert "2 running" in seen.stdout
    assert seen.stderr == f"the run can go on: mesos-batch resume {run_id}\n"


def test_top_of_no_run(mesos_batch: Program) -> None:
    assert mesos_batch("top").returncode == 5
