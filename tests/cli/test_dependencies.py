"""Tasks that wait for others, with the real program: runs, pages, retry, plans."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from program import Program, as_json, line_with, running, task, write

from mesos_batch import api, runs
from mesos_batch.spec.load import load_task_list

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the tasks are for a POSIX shell")


def labelled(
    task_id: str, command: str, *after: str, name: str | None = None, **more: Any
) -> dict[str, object]:
    """A task with dependencies, and other labels by their names."""
    cpus = more.pop("cpus", 0.1)
    labels = [("depends_on", parent) for parent in after] + list(more.items())
    written = [{"key": f"mesos_batch.{key}", "value": value} for key, value in labels]
    whole = {**task(task_id, command, cpus), "labels": {"labels": written}}
    return whole if name is None else {**whole, "name": name}


def pipeline(directory: Path) -> Path:
    """One task, two of a name after it, one after both, one that always runs.

    The second of the two fails as long as there is no file ``mended``.
    """
    log = directory / "log"
    return write(
        directory / "list.json",
        labelled("clean-up", f"echo clean-up >> {log}", always="true"),
        labelled("mosaic", f"echo mosaic >> {log}", "tile"),
        labelled("tile-1", f"echo tile >> {log}", "fetch", name="tile"),
        labelled("tile-2", f"echo tile >> {log}; test -e {directory}/mended", "fetch", name="tile"),
        labelled("fetch", f"echo fetch >> {log}"),
    )


def log_of(directory: Path) -> list[str]:
    return (directory / "log").read_text(encoding="utf-8").split()


def test_tasks_run_in_the_order_they_ask_for(
    mesos_batch: Program, master: str, tmp_path: Path
) -> None:
    (tmp_path / "mended").touch()
    done = mesos_batch("run", str(pipeline(tmp_path)), f"--master={master}")

    assert done.returncode == 0, done.stderr
    assert log_of(tmp_path) == ["fetch", "tile", "tile", "mosaic", "clean-up"]


def test_a_failure_skips_what_depends_on_it_and_retry_runs_both(
    mesos_batch: Program, master: str, tmp_path: Path
) -> None:
    done = mesos_batch("run", str(pipeline(tmp_path)), f"--master={master}")
    told = {t["task_id"]: t for t in json.loads(mesos_batch("status", "--json").stdout)["tasks"]}
    page = mesos_batch("explain", "mosaic").stdout
    first = log_of(tmp_path)
    (tmp_path / "mended").touch()
    again = mesos_batch("retry", "last")

    assert done.returncode == 1
    assert "task mosaic skipped: dependency tile-2 failed" in done.stderr
    assert "\n1 task skipped: dependency tile-2 failed\n" in done.stdout
    assert "3 of 5 tasks finished, 1 failed, 1 skipped, in " in done.stdout
    assert first[-1] == "clean-up"
    assert "mosaic" not in first
    assert (told["mosaic"]["phase"], told["mosaic"]["depends_on"]) == ("skipped", ["tile"])
    assert told["clean-up"]["always"] is True
    assert "task mosaic of run " in page
    assert " was skipped\n" in page
    assert "  after      tile\n" in page
    assert "  why        dependency tile-2 failed" in page
    assert again.returncode == 0, again.stderr
    # fetch and the other tile have finished; what always runs follows again.
    assert log_of(tmp_path)[len(first) :] == ["tile", "mosaic", "clean-up"]


def test_without_keep_going_nothing_is_launched_after_a_failure(
    mesos_batch: Program, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    text = as_json(
        labelled("bad", "false", cpus=1, priority="1"),
        labelled("other", f"echo other >> {log}", cpus=1),
        labelled("clean-up", f"echo clean-up >> {log}", always="true"),
    )
    done = mesos_batch("--master=local", "--local_agents=1", "--local_cpus=1", "--no-keep_going",
                       f"--task_list={text}")  # fmt: skip

    assert done.returncode == 1
    assert log_of(tmp_path) == ["clean-up"]
    why = "task bad failed, and nothing is launched after that (--no-keep_going)"
    assert f"task other skipped: {why}" in done.stderr
    assert "stopped: task bad failed (--no-keep_going)" in done.stderr


def test_a_task_has_attempts_of_its_own(mesos_batch: Program, master: str, tmp_path: Path) -> None:
    twice = tmp_path / "tried"
    text = as_json(
        labelled("a", f"test -e {twice} || {{ touch {twice}; exit 1; }}", max_attempts="2"),
        labelled("b", "false"),
    )
    done = mesos_batch(f"--master={master}", f"--task_list={text}")

    assert "1 of 2 tasks finished, 1 failed, in " in done.stdout
    assert "task a: attempt 1 failed on agent " in done.stderr


def test_a_cycle_is_refused_before_anybody_is_contacted(mesos_batch: Program) -> None:
    text = as_json(labelled("a", "true", "b"), labelled("b", "true", "a"))
    done = mesos_batch("--master=127.0.0.1:1", f"--task_list={text}")

    assert done.returncode == 2
    assert "the task waits for itself: a -> b -> a (take one of these" in done.stderr
    assert "nothing was sent to any cluster" in done.stderr


def test_explain_says_which_tasks_are_waited_for(mesos_batch: Program, tmp_path: Path) -> None:
    tasks = load_task_list(pipeline(tmp_path).read_bytes(), "list").tasks
    api.create(tasks, api.RunOptions(master="127.0.0.1:1"), api.Keep(tmp_path / "state"))

    mosaic = mesos_batch("explain", "mosaic").stdout
    tile = json.loads(mesos_batch("explain", "tile-1", "--json").stdout)
    clean_up = mesos_batch("explain", "clean-up").stdout

    assert "  waits      for 2 of 2 tasks named tile" in mosaic
    assert tile["why"] == "waits for fetch, which is waiting"
    assert "  waits      for 4 of 4 tasks that are not 'always'" in clean_up
    assert "  after      all tasks that are not 'always', however they end" in clean_up


def test_a_run_that_is_killed_goes_on_in_order(
    mesos_batch: Program, master: str, tmp_path: Path
) -> None:
    go, log = tmp_path / "go", tmp_path / "log"
    text = as_json(
        labelled("last", f"echo last >> {log}", always="true"),
        labelled("child", f"echo child >> {log}", "held"),
        labelled("held", f"while [ ! -e {go} ]; do sleep 0.05; done; echo held >> {log}"),
    )
    with running(f"--master={master}", f"--task_list={text}", cwd=tmp_path) as process:
        line_with("task held running", process)
        process.kill()
    go.touch()
    done = mesos_batch("resume")

    assert done.returncode == 0, done.stderr
    assert log_of(tmp_path) == ["held", "child", "last"]
    info = runs.find_run("last", tmp_path / "state")
    assert [spec.depends_on for spec in runs.read_tasks(info)] == [(), ("held",), ()]


def test_a_plan_keeps_the_order_and_knows_what_would_be_skipped(mesos_batch: Program) -> None:
    runtime = {"expected_runtime": "10secs"}
    tasks = [
        labelled("a", "true", **runtime),
        labelled("b", "true", "a", **runtime),
        labelled("c", "true", "b", **runtime),
        labelled("big", "true", cpus=99),
        labelled("d", "true", "big"),
        labelled("end", "true", always="true", **runtime),
    ]
    whole = mesos_batch("plan", "--master=local", f"--task_list={as_json(*tasks)}")
    chain = mesos_batch("plan", "--master=local", "--json", f"--task_list={as_json(*tasks[:3])}")
    made = json.loads(chain.stdout)

    assert whole.returncode == 3
    assert "lower bound  40s, set by the longest chain of tasks; 100% efficient" in whole.stdout
    assert "order        4 tasks wait for others to end" in whole.stdout
    assert "1 task depends on these and would be skipped:\n  d\n" in whole.stdout
    assert (made["makespan"], made["bounded_by"]) == (30.0, "the longest chain of tasks")
    assert (made["dependent_tasks"], made["skipped"]) == (2, [])
