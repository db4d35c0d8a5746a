"""A master and its agents in processes of their own, which are killed, stopped and started."""

from __future__ import annotations

import signal
import socket
import sys
from pathlib import Path

import pytest
from local.cluster_processes import (
    NO_PINGS,
    PINGS,
    Scene,
    follow,
    get,
    mark_gone,
    reconcile,
    reconciled,
    run,
    until,
    until_answered,
)

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and SIGSTOP are of POSIX"),
    pytest.mark.timeout(60),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_agents_of_another_process_run_tasks(scene: Scene) -> None:
    master = scene.start("master", "--agents=0").ready()
    agents = scene.start("agents", f"--master={master.master}", "--agents=2")
    client = scene.subscribe(master.master)
    agent_id = run(client, "echo hello", "TASK_FINISHED")
    (found,) = agents.work_dir.glob(f"*/slaves/{agent_id}/frameworks/*/executors/t/runs/*-*/stdout")
    assert found.read_text(encoding="utf-8") == "hello\n"
    agents.ready()
    assert agents.announcement.startswith("2 agents of cpus:4 mem:4096 disk:10000 are running")
    assert agents.master == master.master


def test_agents_try_each_master_they_are_given(scene: Scene) -> None:
    master = scene.start("master", "--agents=1").ready()
    nobody = f"127.0.0.1:{free_port()}"
    scene.start("agents", f"--master={nobody},{master.master}", "--agents=1", "--attributes=far:1")
    client = scene.subscribe(master.master)
    # The master's own agent has none.
    while not any("attributes" in offer for offer in client.offers()):
        pass


def test_a_stopped_agent_is_unreachable_until_it_goes_on(scene: Scene) -> None:
    master = scene.start("master", "--agents=0", *PINGS).ready()
    agents = scene.start("agents", f"--master={master.master}", "--agents=1")
    client = scene.subscribe(master.master, checkpoint=True)
    agent_id = run(client, scene.waiting)
    agents.send(signal.SIGSTOP)
    status = follow(client, "TASK_UNREACHABLE")
    assert (status["message"], status["reason"]) == (
        "health check timed out",
        "REASON_AGENT_REMOVED",
    )
    assert client.until("FAILURE") == {"agent_id": {"value": agent_id}}
    agents.send(signal.SIGCONT)
    status = follow(client, "TASK_RUNNING")
    assert (status["reason"], status["message"]) == (
        "REASON_AGENT_REREGISTERED",
        "Unreachable agent re-reregistered",
    )
    scene.go.touch()
    assert follow(client, "TASK_FINISHED")["agent_id"]["value"] == agent_id


def test_agents_that_hear_no_pings_leave_their_master(scene: Scene) -> None:
    master = scene.start("first", "--agents=0", *PINGS).ready()
    port = free_port()
    scene.start("agents", f"--master={master.master},127.0.0.1:{port}", "--agents=1")
    assert scene.subscribe(master.master).offers()
    # Its sockets stay open.
    master.send(signal.SIGSTOP)
    other = scene.start("second", "--agents=0", f"--port={port}").ready()
    assert scene.subscribe(other.master).offers()


def test_pings_keep_an_agent(scene: Scene) -> None:
    pings = ("--agent_ping_timeout=300ms", "--max_agent_ping_timeouts=5")
    master = scene.start("master", "--agents=0", *pings).ready()
    scene.start("agents", f"--master={master.master}", "--agents=1")
    client = scene.subscribe(master.master)
    # Longer than either side bears silence; without a checkpoint a lost connection loses the task.
    run(client, "sleep 3", "TASK_FINISHED")


def test_a_short_stop_is_not_noticed(scene: Scene) -> None:
    master = scene.start("master", "--agents=0", *NO_PINGS).ready()
    agents = scene.start("agents", f"--master={master.master}", "--agents=1")
    client = scene.subscribe(master.master)
    agent_id = run(client, scene.waiting)
    agents.send(signal.SIGSTOP)
    reconcile(client, agent_id)
    assert reconciled(client)["state"] == "TASK_RUNNING"
    client.call("KILL", kill={"task_id": {"value": "t"}})
    agents.send(signal.SIGCONT)
    assert follow(client, "TASK_KILLED")


def test_a_killed_agent_loses_tasks_without_checkpoints_at_once(scene: Scene) -> None:
    master = scene.start("master", "--agents=0", *NO_PINGS).ready()
    agents = scene.start("agents", f"--master={master.master}", "--agents=1")
    client = scene.subscribe(master.master)
    agent_id = run(client, scene.waiting)
    agents.kill()
    status = follow(client, "TASK_LOST")
    assert (status["message"], status["reason"]) == (
        "Agent 127.0.0.1 disconnected",
        "REASON_AGENT_DISCONNECTED",
    )
    (slave,) = get(master.master, "/slaves").json()["slaves"]
    assert (slave["id"], slave["active"]) == (agent_id, False)


def test_a_killed_agent_is_unreachable_for_tasks_with_checkpoints(scene: Scene) -> None:
    master = scene.start("master", "--agents=0", *PINGS).ready()
    agents = scene.start("agents", f"--master={master.master}", "--agents=1")
    client = scene.subscribe(master.master, checkpoint=True)
    agent_id = run(client, scene.waiting)
    agents.kill()
    assert follow(client, "TASK_UNREACHABLE")["message"] == "health check timed out"
    assert client.until("FAILURE") == {"agent_id": {"value": agent_id}}


def test_a_master_knows_its_agents_after_a_restart(scene: Scene) -> None:
    master = scene.start("master", "--agents=0", f"--port={free_port()}").ready()
    agents = scene.start("agents", f"--master={master.master}", "--agents=1")
    first = scene.subscribe(master.master)
    agent_id = run(first, scene.waiting)
    agents.send(signal.SIGSTOP)
    master.kill()
    master.restart()
    client = scene.subscribe_again(first, master.master)
    # The agent may still have it: nothing is said.
    reconcile(client, agent_id)
    assert until_answered(client) == []
    (recovered,) = get(master.master, "/slaves").json()["recovered_slaves"]
    assert recovered["id"] == agent_id
    agents.send(signal.SIGCONT)
    assert client.offers()[0]["agent_id"]["value"] == agent_id
    reconcile(client, agent_id)
    assert reconciled(client)["message"] == "Reconciliation: Latest task state"
    scene.go.touch()
    assert follow(client, "TASK_FINISHED")


def test_an_update_waits_for_the_next_master(scene: Scene) -> None:
    master = scene.start("master", "--agents=0", f"--port={free_port()}").ready()
    scene.start("agents", f"--master={master.master}", "--agents=1")
    first = scene.subscribe(master.master)
    run(first, scene.waiting)
    master.kill()
    scene.go.touch()
    master.restart()
    client = scene.subscribe_again(first, master.master)
    assert follow(client, "TASK_FINISHED")["message"] == "Command exited with status 0"


def test_agents_that_do_not_return_to_a_restarted_master_are_given_up(scene: Scene) -> None:
    arguments = ("--agents=0", f"--port={free_port()}", "--agent_reregister_timeout=300ms")
    master = scene.start("master", *arguments).ready()
    agents = scene.start("agents", f"--master={master.master}", "--agents=1")
    first = scene.subscribe(master.master)
    agent_id = run(first, scene.waiting)
    agents.send(signal.SIGSTOP)
    master.kill()
    master.restart()
    client = scene.subscribe_again(first, master.master)
    assert client.until("FAILURE") == {"agent_id": {"value": agent_id}}
    reconcile(client, agent_id)
    assert reconciled(client)["state"] == "TASK_UNREACHABLE"


def test_an_agent_marked_gone_stays_gone_after_a_restart(scene: Scene) -> None:
    master = scene.start("master", "--agents=0", f"--port={free_port()}", *NO_PINGS).ready()
    agents = scene.start("agents", f"--master={master.master}", "--agents=1")
    first = scene.subscribe(master.master)
    agent_id = run(first, scene.waiting)
    agents.send(signal.SIGSTOP)
    mark_gone(master.master, agent_id)
    assert follow(first, "TASK_GONE_BY_OPERATOR")
    master.kill()
    master.restart()
    client = scene.subscribe_again(first, master.master)
    reconcile(client, agent_id)
    assert reconciled(client)["state"] == "TASK_GONE_BY_OPERATOR"


def test_agents_with_another_secret_end_and_say_why(scene: Scene, tmp_path: Path) -> None:
    master = scene.start("master", "--agents=0").ready()
    other = tmp_path / "other"
    other.write_text("guess", encoding="utf-8")
    other.chmod(0o600)
    scene.login = ("--principal=tester", f"--secret_file={other}")
    agents = scene.start("agents", f"--master={master.master}", "--agents=1")
    exit_code, stderr = agents.ended()
    assert exit_code == 4
    assert f"the master at {master.master} does not let the agents in" in stderr
    assert "guess" not in stderr


def test_a_master_whose_notes_are_damaged_does_not_start(scene: Scene) -> None:
    master = scene.start("master", "--agents=1").ready()
    master.kill()
    (master.work_dir / "registry.json").write_text('{"admitted": [', encoding="utf-8")
    exit_code, stderr = scene.start("master", "--agents=0").ended()
    assert exit_code == 2
    assert "the agents of the last time cannot be read from" in stderr


def test_tasks_of_a_framework_torn_down_while_their_agent_was_away_are_killed(
    scene: Scene, tmp_path: Path
) -> None:
    master = scene.start("master", "--agents=0", *NO_PINGS).ready()
    agents = scene.start("agents", f"--master={master.master}", "--agents=1")
    client = scene.subscribe(master.master, checkpoint=True)
    alive = tmp_path / "alive"
    run(client, f"touch {alive}; trap 'rm {alive}; exit' TERM; {scene.waiting}")
    until(alive.exists)
    agents.send(signal.SIGSTOP)
    client.call("TEARDOWN")
    agents.kill()
    agents.restart()
    until(lambda: not alive.exists())
