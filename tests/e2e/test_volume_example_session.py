"""The example session of the original with its own files: create and run, read back, destroy.

The files are those of the original, without the two Docker containers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.volume_commands import Commands, volume_directories
from local.cluster_processes import ClusterProcess
from program import Program, write
from volumes.tasks import on_volume

from mesos_batch.runs import list_runs

SEED = Path(__file__).parent / "seed"
VOLUME = "22d664c4-15d2-4978-86e3-d9b5d310666f-ZZZ"
RESOURCE = f"--persistent_volume_resource=file://{SEED / 'persistent_volume_resource.json'}"
CREATES = ("--persistent_volume=true", RESOURCE, "--remove_persistent_volume=false")
REMOVES = ("--persistent_volume=false", RESOURCE, "--remove_persistent_volume=true")
TASKS = f"--task_list=file://{SEED / 'taskgroup.json'}"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the tasks are for a POSIX shell")


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClusterProcess]:
    # Hardly any machine has a cow, and not all tell of their disks.
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("cowsay", "lsblk"):
        (tools / name).write_text("#!/bin/sh\necho moo\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    started = ClusterProcess(tmp_path / "cluster", "--no-authenticate", "--agents=2")
    yield started.ready()
    started.close()


def test_the_example_session(tmp_path: Path, cluster: ClusterProcess, mesos_batch: Program) -> None:
    as_test = Commands(mesos_batch, cluster.master, principal="test")
    assert as_test.volumes() == []

    # Create, and run all nine tasks on the three cpus that are reserved.
    done = as_test.run(*CREATES, TASKS)
    assert done.returncode == 0, done.stderr
    assert f"volume {VOLUME} created on agent" in done.stderr
    assert "all 9 tasks finished" in done.stdout
    (volume,) = as_test.volumes()
    assert volume["id"] == VOLUME
    assert (volume["role"], volume["principal"], volume["size"]) == ("test", "test", 4096)
    assert (volume["container_path"], volume["in_use"]) == ("volume", False)
    (run,) = list_runs(tmp_path / "state")
    assert volume["run_id"] == run.run_id
    (reserved,) = as_test.reservations()
    assert reserved["resources"] == "cpus:3; mem:64; disk:4096"
    assert volume_directories(cluster.work_dir) == [VOLUME]

    # Another run writes; the cluster ends and begins again; a third one reads.
    write(tmp_path / "write.json", on_volume("writer", VOLUME, "echo hello > volume/greeting"))
    write(tmp_path / "read.json", on_volume("reader", VOLUME, "grep -x hello volume/greeting"))
    assert as_test.run("--task_list=write.json").returncode == 0
    cluster.close()
    assert volume_directories(cluster.work_dir) == [VOLUME]
    cluster.restart()
    as_test = Commands(mesos_batch, cluster.master, principal="test")
    assert as_test.volumes() == [volume]
    read = as_test.run("--task_list=read.json")
    assert read.returncode == 0, read.stdout

    # The session once more: what is there is used.
    again = as_test.run(*CREATES, "--task_list=read.json")
    assert again.returncode == 0, again.stdout
    assert f"volume {VOLUME} exists on agent" in again.stderr
    assert as_test.volumes() == [volume]

    # Destroy and unreserve; the tasks of the list are not run.
    runs = len(list_runs(tmp_path / "state"))
    done = as_test.run(*REMOVES, TASKS)
    assert done.returncode == 0, done.stderr
    assert "no task is run with --remove_persistent_volume" in done.stderr
    assert "1 volume destroyed" in done.stdout
    newest = list_runs(tmp_path / "state")
    assert (len(newest), newest[0].total) == (runs + 1, 0)
    assert as_test.volumes() == []
    assert as_test.reservations() == []
    assert volume_directories(cluster.work_dir) == []
    assert as_test.audit().returncode == 0
    nothing = as_test.run(*REMOVES)
    assert nothing.returncode == 0
    assert "there is nothing to remove" in nothing.stderr
