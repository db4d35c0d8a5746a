"""Masters and agents are processes that are killed, stopped and started while a batch runs."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from pathlib import Path

import pytest
from e2e.scheduler_process import Scheduler
from local.cluster_processes import PINGS, ClusterProcess, Scene, scene
from program import task, write
from zookeeper_server import ZooKeeperServer

__all__ = ["scene"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and SIGSTOP are of POSIX")
SESSION = "--zk_session_timeout=1secs"


class Batch:
    """A batch whose tasks write their names into a file when they end."""

    def __init__(self, directory: Path, scene: Scene, count: int, *arguments: str) -> None:
        self.ids = [f"t{number}" for number in range(count)]
        self._proof = directory / "ran"
        self._proof.touch()
        listed = write(
            directory / "list.json",
            *(task(name, f"{scene.waiting}; echo {name} >> {self._proof}") for name in self.ids),
        )
        self.scheduler = Scheduler(
            directory, f"--task_list={listed}", "--verbose", *scene.login, *arguments
        )

    def said(self, text: str, times: int = 1) -> None:
        """Wait until the program has said so."""
        self.scheduler.wait_until(lambda: self.scheduler.output().count(text) >= times)

    def all_run(self) -> None:
        for name in self.ids:
            self.said(f"task {name} running on")

    def ends_well(self, *, once: bool = True) -> str:
        """Wait for exit code 0; each task ran to its end, and but once."""
        assert self.scheduler.ended() == 0, self.scheduler.output()
        ran = Counter(self._proof.read_text().split())
        assert set(ran) == set(self.ids)
        assert not once or set(ran.values()) == {1}, self.scheduler.output()
        return self.scheduler.output()


@pytest.fixture
def masters(scene: Scene, zookeeper: ZooKeeperServer) -> tuple[str, ClusterProcess, ClusterProcess]:
    """Two masters under one path of ZooKeeper, the second in waiting, and agents that follow."""
    address = f"zk://{zookeeper.address}{zookeeper.new_path()}"
    flags = ("--agents=0", f"--zk={address}", SESSION)
    first = scene.start("first", *flags).ready()
    second = scene.start("second", *flags).ready()
    scene.start("agents", f"--master={address}", "--agents=2", SESSION)
    return address, first, second


@pytest.mark.zookeeper
@pytest.mark.parametrize("how", ["zk", "redirect"])
def test_a_killed_master_is_replaced_and_the_run_goes_on(
    how: str, tmp_path: Path, scene: Scene, masters: tuple[str, ClusterProcess, ClusterProcess]
) -> None:
    address, first, second = masters
    # Asked for the leader, the one in waiting redirects to it.
    master = address if how == "zk" else f"{second.master},{first.master}"
    batch = Batch(tmp_path, scene, 4, f"--master={master}", "--checkpoint")
    batch.all_run()

    first.kill()
    batch.said(f"subscribed again to {second.master}")
    scene.go.touch()

    batch.ends_well()


def test_an_agent_that_dies_costs_tasks_which_are_launched_again(
    tmp_path: Path, scene: Scene
) -> None:
    master = scene.start("master", "--agents=0").ready()
    agents = scene.start("agents", f"--master={master.master}", "--agents=1").ready()
    batch = Batch(tmp_path, scene, 3, f"--master={master.master}")
    batch.all_run()

    agents.kill()
    batch.said("not counted", times=3)
    agents.restart()
    scene.go.touch()

    output = batch.ends_well()
    assert "--checkpoint" in output


def test_checkpointed_tasks_survive_the_death_of_their_agent(tmp_path: Path, scene: Scene) -> None:
    master = scene.start("master", "--agents=0").ready()
    agents = scene.start("agents", f"--master={master.master}", "--agents=1").ready()
    batch = Batch(tmp_path, scene, 3, f"--master={master.master}", "--checkpoint")
    batch.all_run()

    agents.kill()
    scene.go.touch()
    agents.restart()

    output = batch.ends_well()
    assert "not counted" not in output


def test_a_stopped_agent_s_tasks_are_waited_for(tmp_path: Path, scene: Scene) -> None:
    master = scene.start("master", "--agents=0", *PINGS).ready()
    agents = scene.start("agents", f"--master={master.master}", "--agents=1").ready()
    batch = Batch(tmp_path, scene, 2, f"--master={master.master}", "--checkpoint")
    batch.all_run()

    agents.send(signal.SIGSTOP)
    batch.said("unreachable", times=2)
    agents.send(signal.SIGCONT)
    scene.go.touch()

    batch.ends_well()


def test_a_master_killed_and_started_again_finds_the_run_as_it_was(
    tmp_path: Path, scene: Scene
) -> None:
    master = scene.start("master", "--agents=0").ready()
    port = master.master.rpartition(":")[2]
    master.kill()
    master = scene.start("again", "--agents=0", f"--port={port}").ready()
    scene.start("agents", f"--master={master.master}", "--agents=2").ready()
    batch = Batch(tmp_path, scene, 4, f"--master={master.master}", "--checkpoint")
    batch.all_run()

    master.kill()
    batch.said("not connected")
    master.restart()
    batch.said("subscribed again")
    scene.go.touch()

    batch.ends_well()
