"""mesos-batch killed with SIGKILL again and again: each task ends exactly once all the same."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from local.cluster_processes import ClusterProcess
from program import PROGRAM, STATE_DIR, clean_environment, task, write

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


class Scheduler:
    """mesos-batch as a process whose output goes to a log."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self._environment = clean_environment({STATE_DIR: str(directory / "state")})
        self._log = directory / "scheduler.log"
        self.start(*arguments)

    def start(self, *arguments: str) -> None:
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                [*PROGRAM, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
            )

    def output(self) -> str:
        return self._log.read_text()

    def kill_when(self, happened: Callable[[], bool]) -> None:
        """SIGKILL once this has happened."""
        while self.process.poll() is None and not happened():
            time.sleep(0.002)
        assert self.process.poll() is None, self.output()
        self.process.kill()
        self.process.wait()


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
        while not runs.list_runs(tmp_path / "state"):
            time.sleep(0.002)
        scheduler.kill_when(
            lambda lines=lines, until=until: (
                time.monotonic() >= until or scheduler.output().count("\n") >= lines
            )
        )
        scheduler.start("resume", "--verbose")

    assert scheduler.process.wait(100) == 0, scheduler.output()
    assert Counter(proof.read_text().split()) == Counter(ids)
    (run,) = runs.list_runs(tmp_path / "state")
    assert run.counts[Phase.FINISHED] == TASKS
