"""``mesos-batch explain TASK``: why a task waits, where it runs, how it came to its end."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from local.cluster_processes import ClusterProcess
from program import Program, line_with, running, task, write

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the tasks are for a POSIX shell")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterProcess]:
    work_dir = tmp_path_factory.mktemp("explain") / "cluster"
    started = ClusterProcess(work_dir, "--no-authenticate", "--agents=1", "--cpus=4")
    yield started.ready()
    started.close()


def run_on(cluster: ClusterProcess, *flags: str) -> tuple[str, ...]:
    return (f"--master={cluster.master}", "--task_list=list.json", "--verbose", *flags)


def end(run: subprocess.Popen[str]) -> None:
    """Kill the tasks, so that the next test finds the agent free."""
    run.terminate()
    run.communicate()


def test_a_waiting_task_is_told_what_the_best_agent_lacks(
    tmp_path: Path, cluster: ClusterProcess, mesos_batch: Program
) -> None:
    write(
        tmp_path / "list.json",
        task("hog", "sleep 600", cpus=3),
        task("four", "true", cpus=2),
        task("huge", "true", cpus=99),
    )
    with running(*run_on(cluster), cwd=tmp_path) as run:
        line_with("task hog running", run)
        four, huge = mesos_batch("explain", "four"), mesos_batch("explain", "huge", "--json")
        hog = mesos_batch("explain", "hog", "last")
        end(run)

    assert four.stdout.startswith("task four of run ")
    assert "waits      needs 2 cpus, best agent S0 has 1 free, 4 in all" in four.stdout
    assert json.loads(huge.stdout)["why"] == "needs cpus 99, and the largest agent (S0) has 4"
    assert " runs\n" in hog.stdout


def test_what_was_asked_of_the_whole_run_explains_a_task_too(
    tmp_path: Path, cluster: ClusterProcess, mesos_batch: Program
) -> None:
    write(tmp_path / "list.json", task("one", "sleep 600"), task("two", "sleep 600"))
    with running(*run_on(cluster, "--constraint=rack:equals:r9"), cwd=tmp_path) as run:
        line_with("no agent satisfies", run)
        constrained = mesos_batch("explain", "one")
        end(run)
    with running(*run_on(cluster, "--max_running=1"), cwd=tmp_path) as run:
        line_with("task one running", run)
        limited = mesos_batch("explain", "two")
        end(run)

    assert "waits      no agent satisfies rack:equals:r9" in constrained.stdout
    assert "waits      1 run, and more may not (--max_running)" in limited.stdout


def test_a_task_that_ended_is_told_how_and_where_its_output_is(
    tmp_path: Path, cluster: ClusterProcess, mesos_batch: Program
) -> None:
    write(tmp_path / "list.json", task("bad", "exit 3"))
    mesos_batch(f"--master={cluster.master}", "--task_list=list.json", "--quiet")

    page = mesos_batch("explain", "bad").stdout

    assert " ended as failed\n" in page
    assert "why        Command exited with status 3" in page
    assert "stderr     http://" in page


def test_a_task_that_is_none_gets_the_nearest_name(
    tmp_path: Path, cluster: ClusterProcess, mesos_batch: Program
) -> None:
    write(tmp_path / "list.json", task("tile-7", "true"))
    mesos_batch(f"--master={cluster.master}", "--task_list=list.json", "--quiet")

    done = mesos_batch("explain", "tile_7")

    assert done.returncode == 2
    assert "has no task 'tile_7'" in done.stderr
    assert "Did you mean tile-7?" in done.stderr


def test_without_a_task_the_usage_is_told(mesos_batch: Program) -> None:
    done = mesos_batch("explain")

    assert done.returncode == 2
    assert "mesos-batch explain TASK [RUN]" in done.stderr
