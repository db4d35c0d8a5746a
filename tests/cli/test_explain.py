"""``mesos-batch explain TASK``: why a task waits, where it runs, how it came to its end."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from local.cluster_processes import ClusterProcess
from program import PROGRAM, STATE_DIR, Program, clean_environment, task, write

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the tasks are for a POSIX shell")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterProcess]:
    work_dir = tmp_path_factory.mktemp("explain") / "cluster"
    started = ClusterProcess(work_dir, "--no-authenticate", "--agents=1", "--cpus=4")
    yield started.ready()
    started.close()


def test_a_waiting_task_is_told_what_the_best_agent_lacks(
    tmp_path: Path, cluster: ClusterProcess, mesos_batch: Program
) -> None:
    write(
        tmp_path / "list.json",
        task("hog", "sleep 600", cpus=3),
        task("four", "true", cpus=2),
        task("huge", "true", cpus=99),
    )
    # Longest first: of unknown tasks the largest that fits goes first.
    command = [*PROGRAM, f"--master={cluster.master}", "--task_list=list.json", "--verbose"]
    env = clean_environment({STATE_DIR: str(tmp_path / "state")})
    running = subprocess.Popen(
        command, cwd=tmp_path, env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    assert running.stderr is not None
    try:
        for line in running.stderr:
            if "task hog running" in line:
                break
        four, huge = mesos_batch("explain", "four"), mesos_batch("explain", "huge", "--json")
        hog = mesos_batch("explain", "hog", "last")
    finally:
        running.terminate()
        running.communicate()

    assert four.stdout.startswith("task four of run ")
    assert "waits      needs 2 cpus, best agent S0 has 1 free, 4 in all" in four.stdout
    assert json.loads(huge.stdout)["why"] == "needs cpus 99, and the largest agent (S0) has 4"
    assert " runs\n" in hog.stdout


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
