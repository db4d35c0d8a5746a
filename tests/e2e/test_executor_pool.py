"""Tasks that share executors, on a cluster over HTTP: output, failures, kills, what is left."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from local.cluster_processes import ClusterProcess
from program import Program, task, write

TASKS = 24

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the tasks are for a POSIX shell")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterProcess]:
    work_dir = tmp_path_factory.mktemp("pool") / "cluster"
    started = ClusterProcess(work_dir, "--no-authenticate", "--agents=2", "--cpus=4")
    yield started.ready()
    started.close()


def used(cluster: ClusterProcess) -> dict[str, float]:
    with urlopen(f"http://{cluster.master}/slaves") as answer:
        agents = json.load(answer)["slaves"]
    return {
        name: sum(agent["used_resources"][name] for agent in agents) for name in ("cpus", "mem")
    }


def read(url: str) -> str:
    with urlopen(url.replace("/stderr", "/stdout")) as answer:
        return str(answer.read(), "utf-8")


@pytest.mark.parametrize("content_type", ["protobuf", "json"])
def test_tasks_share_an_executor_on_each_agent_and_leave_nothing(
    tmp_path: Path, cluster: ClusterProcess, mesos_batch: Program, content_type: str
) -> None:
    write(tmp_path / "list.json", *(task(f"t{i}", f"echo out {i}") for i in range(TASKS)))

    done = mesos_batch(
        f"--master={cluster.master}",
        "--task_list=list.json",
        "--executor=pool",
        f"--content_type={content_type}",
        "--quiet",
    )
    status = json.loads(mesos_batch("status", "--json").stdout)

    assert done.returncode == 0, done.stderr
    assert all(item["attempts"] == 1 for item in status["tasks"])
    for number, item in enumerate(status["tasks"]):
        assert "/executors/mesos-batch-pool-" in item["stderr"]
        assert read(item["stderr"]) == f"out {number}\n"
    executors = {item["stderr"].split("/executors/")[1].split("/")[0] for item in status["tasks"]}
    assert len(executors) == 2
    assert used(cluster) == {"cpus": 0, "mem": 0}


def test_full_agents_are_full_with_a_pool_too(
    tmp_path: Path, cluster: ClusterProcess, mesos_batch: Program
) -> None:
    """Each task waits until all eight cpus are in use: with one slot less it never ends."""
    together = tmp_path / "together"
    together.mkdir()
    wait = (
        f"touch {together}/$MESOS_BATCH_TASK_ID; tries=0; "
        f"until [ $(ls {together} | wc -l) -ge 8 ]; do "
        "tries=$((tries + 1)); [ $tries -lt 600 ] || exit 1; sleep 0.1; done"
    )
    write(tmp_path / "list.json", *(task(f"t{i}", wait, cpus=1) for i in range(8)))

    done = mesos_batch(
        f"--master={cluster.master}", "--task_list=list.json", "--executor=pool", "--quiet"
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_task_that_fails_in_a_pool_takes_no_other_along(
    tmp_path: Path, cluster: ClusterProcess, mesos_batch: Program
) -> None:
    good = [task(f"good{i}", "sleep 0.2") for i in range(6)]
    write(tmp_path / "list.json", task("bad", "echo oh >&2; exit 7"), *good)

    done = mesos_batch(
        f"--master={cluster.master}", "--task_list=list.json", "--executor=pool", "--quiet"
    )
    status = json.loads(mesos_batch("status", "--json").stdout)

    assert done.returncode == 1
    ended = {item["task_id"]: (item["phase"], item["exit_status"]) for item in status["tasks"]}
    assert ended.pop("bad") == ("failed", 7)
    assert set(ended.values()) == {("finished", 0)}


def test_a_task_in_a_pool_is_killed_when_its_time_is_up(
    tmp_path: Path, cluster: ClusterProcess, mesos_batch: Program
) -> None:
    write(tmp_path / "list.json", task("long", "sleep 600"), task("short", "true"))

    done = mesos_batch(
        f"--master={cluster.master}",
        "--task_list=list.json",
        "--executor=pool",
        "--kill_after=1secs",
        "--quiet",
    )
    status = json.loads(mesos_batch("status", "--json").stdout)

    assert done.returncode == 1
    assert [item["phase"] for item in status["tasks"]] == ["killed", "finished"]
    assert used(cluster) == {"cpus": 0, "mem": 0}
