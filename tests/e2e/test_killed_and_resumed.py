"""mesos-batch killed with SIGKILL again and again: each task ends exactly once all the same."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.scheduler_process import Scheduler
from local.cluster_processes import ClusterProcess
from program import task, write

from mesos_batch import runs
from mesos_batch.model.facts import Phase

TASKS = 200
KILLS = 20
SEED = 20261122

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ClusterProcess]:
    started = ClusterProcess(tmp_path / "cluster", "--no-authenticate", "--agents=2", "--cpus=4")
    yield started.ready()
    started.close()


def has_begun(scheduler: Scheduler) -> bool:
    return any(run.state is not runs.RunState.UNREADABLE for run in runs.list_runs(scheduler.state))


def test_200_tasks_end_once_each_although_mesos_batch_is_killed_20_times(
    tmp_path: Path, cluster: ClusterProcess
) -> None:
    print("seed", SEED)
    chance = random.Random(SEED)
    proof = tmp_path / "ran"
    ids = [f"t{number}" for number in range(TASKS)]
    listed = write(
        tmp_path / "list.json",
        *(task(name, f"sleep 0.7; echo {name} >> {proof}", cpus=1) for name in ids),
    )
    scheduler = Scheduler(
        tmp_path, f"--master={cluster.master}", f"--task_list={listed}", "--verbose"
    )
    for _ in range(KILLS):
        # While it starts, subscribes, launches, acknowledges: after some more lines, or some time.
        lines = scheduler.output().count("\n") + chance.randint(1, 25)
        until = time.monotonic() + chance.uniform(0.2, 1.0)
        # A directory without a journal yet is no run that could be resumed.
        scheduler.wait_until(lambda: has_begun(scheduler))
        scheduler.kill_when(
            lambda lines=lines, until=until: (
                time.monotonic() >= until or scheduler.output().count("\n") >= lines
            )
        )
        scheduler.start("resume", "--verbose")

    assert scheduler.ended() == 0, scheduler.output()
    assert Counter(proof.read_text().split()) == Counter(ids)
    (run,) = runs.list_runs(scheduler.state)
    assert run.counts[Phase.FINISHED] == TASKS
