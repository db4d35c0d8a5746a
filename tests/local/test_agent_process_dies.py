"""The process of an agent is killed and started again: what becomes of its tasks."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from docker_engine import docker
from local.agent_world import is_gone
from local.cluster_processes import NO_PINGS, ClusterProcess, Scene, follow, run
from local.framework_messages import default_executor, launch, launch_group, task
from program import PROGRAM

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX"),
    pytest.mark.timeout(60),
]
# It leaves group and session, and its parent is gone.
DAEMON = "setsid sh -c 'sleep 1000 & echo $!'"


class TemporaryCluster(ClusterProcess):
    """A cluster whose work directory nobody comes back to."""

    def __init__(self, *arguments: str) -> None:
        self._command = [*PROGRAM, "local", "--agents=1", *arguments]
        self._process = self._start()


class Farm:
    """A master that stays, agents that may be killed, and a framework."""

    def __init__(self, scene: Scene, *, checkpoint: bool, **info: Any) -> None:
        self.master = scene.start("master", "--agents=0", *NO_PINGS).ready().master
        self.agents = scene.start("agents", f"--master={self.master}", "--agents=1")
        self.client = scene.subscribe(self.master, checkpoint=checkpoint, **info)

    def runs(self, task_id: str) -> list[Path]:
        pattern = f"*/slaves/*/frameworks/*/executors/{task_id}/runs/*-*"
        return list(self.agents.work_dir.glob(pattern))

    def pids(self, count: int, task_id: str = "t") -> list[int]:
        """The process ids a task has written to its stdout."""
        [run] = self.runs(task_id)
        eventually(lambda: len((run / "stdout").read_text().split()) == count)
        return [int(pid) for pid in (run / "stdout").read_text().split()]

    def has_checkpoints(self) -> bool:
        return any(self.agents.work_dir.glob("*/meta/slaves/*-*/frameworks/*"))


def eventually(true: Any) -> None:
    """Wait for something only other processes know; the test's own time limit ends it."""
    while not true():
        time.sleep(0.01)


def reaped(pids: list[int]) -> None:
    eventually(lambda: all(map(is_gone, pids)))


def guards(agents: ClusterProcess) -> list[psutil.Process]:
    """The guards of the agents."""
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if "mesos-batch-guard" in words and str(agents.work_dir) in " ".join(words):
            found.append(process)
    return found


def test_tasks_without_checkpoints_die_with_their_agent(scene: Scene) -> None:
    farm = Farm(scene, checkpoint=False)
    # The task, a child, and one that left group and session.
    run(
        farm.client,
        f"echo $$; sleep 1000 & echo $!; setsid sleep 1000 & echo $!; {DAEMON}; wait",
    )
    pids = farm.pids(4)
    assert guards(farm.agents)
    farm.agents.kill()
    reaped(pids)
    eventually(lambda: not guards(farm.agents))
    assert not farm.has_checkpoints()


def test_a_task_group_dies_with_its_agent(scene: Scene) -> None:
    farm = Farm(scene, checkpoint=False)
    [offer] = farm.client.offers()
    agent_id = offer["agent_id"]["value"]
    member = task("t", agent_id, command={"value": "echo $$; exec sleep 1000"})
    pool = default_executor(farm.client.framework_id)
    farm.client.accept(offer, operations=[launch_group(pool, member)])
    follow(farm.client, "TASK_RUNNING")
    [stdout] = farm.agents.work_dir.glob("*/slaves/*/frameworks/*/executors/pool/runs/*-*/tasks/t")
    eventually(lambda: (stdout / "stdout").read_text().endswith("\n"))
    pid = int((stdout / "stdout").read_text())
    farm.agents.kill()
    reaped([pid])


def test_a_temporary_cluster_leaves_no_task_of_a_framework_with_checkpoints(
    scene: Scene, tmp_path: Path
) -> None:
    cluster = TemporaryCluster(*scene.login)
    try:
        client = scene.subscribe(cluster.ready().master, checkpoint=True)
        pids = tmp_path / "pids"
        run(client, f"exec >{pids}; echo $$; {DAEMON}; exec sleep 1000")
        eventually(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    finally:
        cluster.kill()
    reaped([int(pid) for pid in pids.read_text().split()])


def test_a_task_with_a_checkpoint_goes_on_and_is_followed_again(scene: Scene) -> None:
    farm = Farm(scene, checkpoint=True)
    agent_id = run(farm.client, f"echo $$; {scene.waiting}; exit 3")
    [pid] = farm.pids(1)
    # Its neighbour dies.
    run(scene.subscribe(farm.master), "echo $$; exec sleep 1000", task_id="other")
    others = farm.pids(1, "other")
    farm.agents.kill()
    reaped(others)
    eventually(lambda: not guards(farm.agents))
    assert not is_gone(pid)
    farm.agents.restart()
    scene.go.touch()
    status = follow(farm.client, "TASK_FAILED")
    assert status["message"] == "Command exited with status 3"
    assert status["agent_id"]["value"] == agent_id
    assert len(farm.runs("t")) == 1
    # Nothing is kept of what has ended.
    eventually(lambda: not farm.has_checkpoints())


@pytest.mark.parametrize(
    ("end", "state", "message"),
    [
        ("exit 0", "TASK_FINISHED", "Command exited with status 0"),
        ("exit 137", "TASK_FAILED", "Command exited with status 137"),
        ("kill -9 $$", "TASK_FAILED", "Command terminated with signal Killed"),
    ],
)
def test_how_a_task_ended_meanwhile_is_told(
    scene: Scene, end: str, state: str, message: str
) -> None:
    farm = Farm(scene, checkpoint=True)
    run(farm.client, f"echo $$; {scene.waiting}; {end}")
    [pid] = farm.pids(1)
    farm.agents.kill()
    scene.go.touch()
    [run_directory] = farm.agents.work_dir.glob("*/meta/slaves/*-*/frameworks/*/executors/t/runs/*")
    eventually((run_directory / "exit.status").exists)
    reaped([pid])
    farm.agents.restart()
    assert follow(farm.client, state)["message"] == message


def test_a_recovered_task_is_killed_with_everything_it_started(scene: Scene) -> None:
    farm = Farm(scene, checkpoint=True)
    run(farm.client, "echo $$; sleep 1000 & echo $!; setsid sleep 1000 & echo $!; wait")
    pids = farm.pids(3)
    farm.agents.kill()
    farm.agents.restart()
    farm.client.call("KILL", kill={"task_id": {"value": "t"}})
    follow(farm.client, "TASK_KILLING")
    assert follow(farm.client, "TASK_KILLED")["message"] == (
        "Command terminated with signal Terminated"
    )
    reaped(pids)
    eventually(lambda: not farm.has_checkpoints())


def test_a_kill_asked_for_while_the_agent_was_away_is_done(scene: Scene) -> None:
    farm = Farm(scene, checkpoint=True)
    run(farm.client, "trap '' TERM; echo $$; while :; do sleep 0.05; done")
    [pid] = farm.pids(1)
    farm.agents.kill()
    grace = {"grace_period": {"nanoseconds": 1_000_000}}
    farm.client.call("KILL", kill={"task_id": {"value": "t"}, "kill_policy": grace})
    farm.agents.restart()
    assert follow(farm.client, "TASK_KILLED")["message"] == "Command terminated with signal Killed"
    reaped([pid])


def test_an_update_keeps_its_id_until_it_is_acknowledged(scene: Scene) -> None:
    farm = Farm(scene, checkpoint=True)
    [offer] = farm.client.offers()
    given = task("t", offer["agent_id"]["value"], command={"value": "true"})
    farm.client.accept(offer, operations=[launch(given)])
    first = farm.client.status()
    assert first["state"] == "TASK_STARTING"
    eventually(lambda: any(b"exited with" in it for it in all_updates(farm)))
    farm.agents.kill()
    farm.agents.restart()
    again = farm.client.status()
    assert (again["state"], again["uuid"]) == ("TASK_STARTING", first["uuid"])
    farm.client.acknowledge(again)
    assert follow(farm.client, "TASK_RUNNING")["uuid"] != first["uuid"]
    last = farm.client.status()
    assert (last["state"], last["message"]) == ("TASK_FINISHED", "Command exited with status 0")


def all_updates(farm: Farm) -> list[bytes]:
    found = farm.agents.work_dir.glob("*/meta/slaves/*/frameworks/*/executors/*/runs/*/tasks/*")
    return [(it / "task.updates").read_bytes() for it in found if (it / "task.updates").exists()]


@pytest.mark.parametrize("aware", [True, False])
def test_a_task_that_was_on_its_way_is_dropped(scene: Scene, *, aware: bool) -> None:
    capabilities = [{"type": "PARTITION_AWARE"}] if aware else []
    farm = Farm(scene, checkpoint=True, capabilities=[{"type": "MULTI_ROLE"}, *capabilities])
    [offer] = farm.client.offers()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        # It waits for what nobody sends.
        uri = {"value": f"http://127.0.0.1:{silent.getsockname()[1]}/file"}
        given = task("t", offer["agent_id"]["value"], command={"value": "true", "uris": [uri]})
        farm.client.accept(offer, operations=[launch(given)])
        with silent.accept()[0]:
            farm.agents.kill()
    farm.agents.restart()
    status = follow(farm.client, "TASK_DROPPED" if aware else "TASK_LOST")
    assert (status["message"], status["reason"], status["source"]) == (
        "Task launched during agent restart",
        "REASON_AGENT_RESTARTED",
        "SOURCE_AGENT",
    )


@pytest.mark.docker
@pytest.mark.timeout(600)
@pytest.mark.parametrize("checkpoint", [False, True])
def test_a_container_is_removed(scene: Scene, docker_host: str, *, checkpoint: bool) -> None:
    farm = Farm(scene, checkpoint=checkpoint)
    [offer] = farm.client.offers()
    container = {"type": "DOCKER", "docker": {"image": "alpine"}}
    command = {"value": "exec sleep 1000"}
    given = task("t", offer["agent_id"]["value"], command=command, container=container)
    farm.client.accept(offer, operations=[launch(given)])
    follow(farm.client, "TASK_RUNNING")
    assert docker(docker_host, "ps", "-q") != ""
    farm.agents.kill()
    eventually(lambda: docker(docker_host, "ps", "-a", "-q") == "")
    if checkpoint:
        farm.agents.restart()
        status = follow(farm.client, "TASK_GONE")
        assert status["reason"] == "REASON_EXECUTOR_REREGISTRATION_TIMEOUT"
        assert status["message"] == "Executor did not reregister within 2secs"
    else:
        assert follow(farm.client, "TASK_LOST")
