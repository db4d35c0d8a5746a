"""Destroy refuses what belongs to others, is in use, or is on an agent that is away, and says so.

Masters and agents are processes of their own.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e.volume_commands import Commands, printed_command, volume_directories
from local.cluster_processes import NO_PINGS, PINGS, ClusterProcess, until
from program import Outcome, Program, running, write
from volumes.in_process import quick
from volumes.tasks import on_volume

__all__ = ["quick"]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL and SIGSTOP are of POSIX")

Starts = Callable[..., ClusterProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starts]:
    """Starts processes of a cluster that lets everybody in."""
    processes: list[ClusterProcess] = []

    def begin(name: str, *arguments: str) -> ClusterProcess:
        made = ClusterProcess(tmp_path / name, "--no-authenticate", *arguments)
        processes.append(made)
        return made.ready()

    yield begin
    for process in processes:
        process.close()


def refused(done: Outcome, why: str) -> None:
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert why in done.stderr
    assert done.stderr.endswith("nothing was destroyed\n")


def test_a_volume_of_another_principal(start: Starts, quick: Program) -> None:
    cluster = start("cluster", "--agents=1")
    alice, bob = (Commands(quick, cluster.master, principal=name) for name in ("alice", "bob"))
    assert alice.create("--size=50", "--id=v").returncode == 0
    refused(bob.destroy("v"), "belongs to principal 'alice'; ours is 'bob'")
    nobody = quick("volumes", "destroy", "v", f"--master={cluster.master}", "--yes")
    refused(nobody, "belongs to principal 'alice'; no principal is given")
    assert [volume["id"] for volume in bob.volumes()] == ["v"]
    assert volume_directories(cluster.work_dir) == ["v"]
    assert alice.destroy("v").returncode == 0
    assert volume_directories(cluster.work_dir) == []


def test_a_volume_in_use_by_a_running_task(start: Starts, quick: Program, tmp_path: Path) -> None:
    cluster = start("cluster", "--agents=1")
    alice = Commands(quick, cluster.master)
    assert alice.create("--size=50", "--id=v", "--shared").returncode == 0
    go = tmp_path / "go"
    held = f"while [ ! -e '{go}' ]; do sleep 0.05; done; echo kept > volume/kept"
    listed = write(tmp_path / "list.json", *(on_volume(it, "v", held) for it in ("t1", "t2")))
    batch = (*alice.whom, f"--task_list={listed}", "--framework_name=reduce")
    with running(*batch, cwd=tmp_path) as process:
        until(lambda: len(alice.volumes()[0]["users"]) == 2)
        done = alice.destroy("v")
        refused(done, "is in use by task t")
        assert "task t1 of reduce" in done.stderr
        assert "task t2 of reduce" in done.stderr
        go.touch()
        process.communicate(timeout=60)
        assert process.returncode == 0
    (kept,) = cluster.work_dir.glob("agent-0/volumes/roles/test/v/kept")
    assert kept.read_text() == "kept\n"
    assert alice.destroy("v").returncode == 0
    assert not kept.exists()


def test_a_volume_on_an_agent_that_is_away_is_destroyed_when_it_is_back(
    start: Starts, quick: Program
) -> None:
    master = start("master", "--agents=0", *NO_PINGS)
    agents = start("agents", f"--master={master.master}", "--agents=1")
    alice = Commands(quick, master.master)
    until(lambda: alice.create("--size=50", "--id=v").returncode == 0)
    agents.kill()
    until(lambda: not alice.volumes()[0]["active"])
    refused(alice.destroy("v"), "which is away")
    # It may come back: nothing is written off.
    agent_id = alice.volumes()[0]["agent_id"]
    kept = quick("volumes", "destroy", f"--forget_agent={agent_id}", *alice.who, "--yes")
    assert kept.returncode == 1
    assert "is registered with the master" in kept.stderr
    assert alice.audit().returncode == 0
    agents.restart()
    until(lambda: alice.volumes()[0]["active"])
    assert volume_directories(agents.work_dir) == ["v"]
    done = alice.destroy("v")
    assert done.returncode == 0, done.stderr
    assert volume_directories(agents.work_dir) == []
    assert alice.audit().stdout == ""


def test_an_agent_that_is_gone_for_good_is_written_off_when_told_so(
    start: Starts, quick: Program
) -> None:
    master = start("master", "--agents=0", *PINGS)
    agents = start("agents", f"--master={master.master}", "--agents=1")
    alice = Commands(quick, master.master)
    until(lambda: alice.create("--size=50", "--id=v").returncode == 0)
    (volume,) = alice.volumes()
    agents.send(signal.SIGSTOP)
    until(lambda: alice.volumes() == [])
    refused(alice.destroy("v"), "which is not registered with the master; --forget_agent=")

    page = alice.audit()
    assert page.returncode == 1
    assert page.stdout.endswith("0 live, 0 orphan, 0 foreign, 1 gone\n")
    command = printed_command(page.stdout, "if it is gone for good:")
    assert f"--forget_agent={volume['agent_id']}" in command
    asked = quick(*command)
    assert asked.returncode == 2
    assert "Add --yes." in asked.stderr
    done = quick(*command, "--yes")
    assert done.returncode == 0, done.stderr
    assert "1 volume written off" in done.stdout
    assert (alice.audit().returncode, alice.audit().stdout) == (0, "")

    # Only the ledger was changed: should it come back all the same, it has what it had.
    agents.send(signal.SIGCONT)
    until(lambda: alice.volumes() != [])
    (back,) = alice.volumes()
    assert (back["id"], back["run_id"]) == ("v", None)
    assert "foreign" in alice.audit().stdout
    assert alice.destroy("v").returncode == 0
