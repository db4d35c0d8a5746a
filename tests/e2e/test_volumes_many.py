"""Many tasks on one shared volume at once; many volumes by one command."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.volume_commands import Commands, volume_directories
from local.cluster_processes import ClusterProcess
from program import Program, write
from volumes.tasks import on_volume

TASKS, VOLUMES = 10, 20

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the tasks are for a POSIX shell")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ClusterProcess]:
    started = ClusterProcess(tmp_path / "cluster", "--no-authenticate", "--agents=3")
    yield started.ready()
    started.close()


@pytest.fixture
def alice(cluster: ClusterProcess, mesos_batch: Program) -> Commands:
    return Commands(mesos_batch, cluster.master)


def waits_for(marks: int) -> str:
    """Leaves a mark on the volume and waits, a minute at most, until all have left theirs."""
    return (
        "touch volume/$MESOS_BATCH_TASK_ID; tries=0; "
        f"until [ $(ls volume | wc -l) -ge {marks} ]; do "
        "tries=$((tries + 1)); [ $tries -lt 600 ] || exit 1; sleep 0.1; done"
    )


def test_ten_tasks_use_one_shared_volume_at_once(
    tmp_path: Path, cluster: ClusterProcess, alice: Commands
) -> None:
    assert alice.create("--size=50", "--id=shared", "--shared").returncode == 0
    ids = [f"t{number}" for number in range(TASKS)]
    write(tmp_path / "list.json", *(on_volume(it, "shared", waits_for(TASKS)) for it in ids))
    done = alice.run("--task_list=list.json", "--quiet")
    assert done.returncode == 0, done.stdout
    assert f"all {TASKS} tasks finished" in done.stdout
    (directory,) = cluster.work_dir.glob("agent-*/volumes/roles/test/shared")
    assert sorted(path.name for path in directory.iterdir()) == ids


def test_a_volume_that_is_not_shared_is_used_by_one_after_the_other(
    tmp_path: Path, alice: Commands
) -> None:
    """So the marks of the other test prove something."""
    assert alice.create("--size=50", "--id=own").returncode == 0
    alone = "mkdir volume/lock && sleep 0.2 && rmdir volume/lock"
    write(tmp_path / "list.json", *(on_volume(f"t{it}", "own", alone) for it in range(3)))
    done = alice.run("--task_list=list.json", "--quiet")
    assert done.returncode == 0, done.stdout


def test_twenty_volumes_over_three_agents(cluster: ClusterProcess, alice: Commands) -> None:
    done = alice.create("--size=10", "--id=tile", f"--count={VOLUMES}", "--quiet")
    assert done.returncode == 0, done.stderr
    assert f"{VOLUMES} volumes created on 3 agents" in done.stdout
    ids = [f"tile-{number}" for number in range(1, VOLUMES + 1)]
    listed = alice.volumes()
    assert sorted(volume["id"] for volume in listed) == sorted(ids)
    assert sorted(Counter(volume["agent_id"] for volume in listed).values()) == [6, 7, 7]
    assert volume_directories(cluster.work_dir) == sorted(ids)
    assert alice.audit().returncode == 0

    done = alice.destroy(*ids, "--quiet")
    assert done.returncode == 0, done.stderr
    assert f"{VOLUMES} volumes destroyed on 3 agents" in done.stdout
    assert alice.volumes() == []
    assert alice.reservations() == []
    assert volume_directories(cluster.work_dir) == []
