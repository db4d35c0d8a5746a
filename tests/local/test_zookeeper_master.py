"""Masters that find each other in a real ZooKeeper: the oldest leads, the next one takes over."""

from __future__ import annotations

import json
import re
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from kazoo.exceptions import NoNodeError
from local.cluster_processes import (
    ClusterProcess,
    Scene,
    follow,
    get,
    mark_gone,
    reconcile,
    reconciled,
    run,
    until,
)
from local.framework_client import AUTH
from zookeeper_server import ZooKeeperServer, register_master

pytestmark = [
    pytest.mark.zookeeper,
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and SIGSTOP are of POSIX"),
]
SESSION = "--zk_session_timeout=1secs"


class Masters:
    """Masters under one path of ZooKeeper."""

    def __init__(self, scene: Scene, zookeeper: ZooKeeperServer) -> None:
        self._scene = scene
        self._zookeeper = zookeeper
        self.path = zookeeper.new_path()
        self.url = f"zk://{zookeeper.address}{self.path}"

    def start(
        self, name: str, *arguments: str, agents: int = 0, session: str = SESSION
    ) -> ClusterProcess:
        more = (f"--agents={agents}", f"--zk={self.url}", session, *arguments)
        return self._scene.start(name, *more).ready()

    def agents(self, *arguments: str) -> ClusterProcess:
        return self._scene.start("agents", f"--master={self.url}", SESSION, *arguments)

    def registered(self) -> list[str]:
        """The nodes of masters, oldest first."""
        return sorted(name for name in self.nodes() if name.startswith("json.info_"))

    def nodes(self) -> dict[str, Any]:
        """What stands below the path."""
        found: dict[str, Any] = {}
        with self._zookeeper.client() as client:
            for name in client.get_children(self.path):
                # A master's node may vanish while we look.
                with suppress(NoNodeError):
                    found[name] = json.loads(client.get(f"{self.path}/{name}")[0] or b"null")
        return found


@pytest.fixture
def masters(scene: Scene, zookeeper: ZooKeeperServer) -> Masters:
    return Masters(scene, zookeeper)


def until_it_answers(address: str, path: str, status: int, location: str | None = None) -> str:
    """Ask a master until it answers so, and give the text."""
    texts: list[str] = []

    def asked() -> bool:
        try:
            answer = get(address, path)
        except requests.ConnectionError:
            return False
        texts.append(answer.text)
        return (answer.status_code, answer.headers.get("Location")) == (status, location)

    until(asked)
    return texts[-1]


def until_it_leads(master: ClusterProcess) -> None:
    until_it_answers(master.master, "/state", 200)


def until_it_redirects(master: ClusterProcess, address: str) -> None:
    until_it_answers(master.master, "/redirect", 307, f"//{address}")


def test_it_registers_as_a_mesos_master_does(masters: Masters) -> None:
    master = masters.start("first")
    (name,) = masters.registered()
    assert re.fullmatch(r"json\.info_[0-9]{10}", name)
    port = int(master.master.partition(":")[2])
    info = masters.nodes()[name]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", info.pop("id"))
    # As in the recording leader_failover.
    assert info == {
        "ip": 16777343,
        "port": port,
        "pid": f"master@127.0.0.1:{port}",
        "hostname": "127.0.0.1",
        "version": "1.12.0",
        "address": {"hostname": "127.0.0.1", "ip": "127.0.0.1", "port": port},
        "capabilities": [
            {"type": "AGENT_UPDATE"},
            {"type": "AGENT_DRAINING"},
            {"type": "QUOTA_V2"},
        ],
    }
    assert f"zookeeper  {masters.url}" in master.announcement


def test_the_next_master_leads_when_the_leader_is_killed(masters: Masters, scene: Scene) -> None:
    leader, standby = masters.start("first"), masters.start("second")
    masters.agents("--agents=2")
    location = get(standby.master, "/state").headers["Location"]
    assert location == f"//{leader.master}/master/state"
    refused = scene.subscribe(standby.master)
    assert refused.response.status_code == 307
    first = scene.subscribe(leader.master)
    agent_id = run(first, scene.waiting)
    leader.kill()
    scene.go.touch()
    until_it_leads(standby)
    client = scene.subscribe_again(first, standby.master)
    assert client.framework_id == first.framework_id
    assert follow(client, "TASK_FINISHED")["agent_id"]["value"] == agent_id


def test_a_leader_that_ends_hands_over_at_once(masters: Masters) -> None:
    leader = masters.start("first", session="--zk_session_timeout=1hrs")
    standby = masters.start("second")
    assert get(standby.master, "/redirect").headers["Location"] == f"//{leader.master}"
    leader.close()
    until_it_leads(standby)


def test_what_is_known_of_agents_outlives_the_leader(masters: Masters, scene: Scene) -> None:
    leader, standby = masters.start("first"), masters.start("second")
    agents = masters.agents("--agents=1")
    first = scene.subscribe(leader.master)
    agent_id = run(first, scene.waiting)
    agents.send(signal.SIGSTOP)
    leader.kill()
    until_it_leads(standby)
    (recovered,) = get(standby.master, "/slaves").json()["recovered_slaves"]
    assert recovered["id"] == agent_id
    mark_gone(standby.master, agent_id)
    third = masters.start("third")
    standby.close()
    until_it_leads(third)
    client = scene.subscribe_again(first, third.master)
    reconcile(client, agent_id)
    assert reconciled(client)["state"] == "TASK_GONE_BY_OPERATOR"


def test_a_stopped_leader_has_lost_when_it_goes_on(masters: Masters, scene: Scene) -> None:
    old, new = masters.start("first"), masters.start("second")
    masters.agents("--agents=1")
    first = scene.subscribe(old.master)
    agent_id = run(first, scene.waiting)
    old.send(signal.SIGSTOP)
    until_it_leads(new)
    client = scene.subscribe_again(first, new.master)
    # The agent left the old leader, which has not closed its socket.
    assert client.offers()[0]["agent_id"]["value"] == agent_id
    old.send(signal.SIGCONT)
    until_it_redirects(old, new.master)
    scene.go.touch()
    assert follow(client, "TASK_FINISHED")


def test_a_stopped_standby_contends_again(masters: Masters) -> None:
    leader, standby = masters.start("first"), masters.start("second")
    oldest, _ = masters.registered()
    standby.send(signal.SIGSTOP)
    until(lambda: masters.registered() == [oldest])
    standby.send(signal.SIGCONT)
    until(lambda: len(masters.registered()) == 2)
    leader.close()
    until_it_leads(standby)


def test_a_standby_sends_agents_to_the_leader(masters: Masters, scene: Scene) -> None:
    leader, standby = masters.start("first"), masters.start("second")
    scene.start("agents", f"--master={standby.master}", "--agents=1")
    assert scene.subscribe(leader.master).offers()


def test_without_zookeeper_nobody_leads(
    masters: Masters, scene: Scene, zookeeper: ZooKeeperServer
) -> None:
    master = masters.start("first", agents=1)
    first = scene.subscribe(master.master)
    agent_id = run(first, scene.waiting)
    zookeeper.stop()
    assert until_it_answers(master.master, "/redirect", 503) == "No leader elected"
    zookeeper.start()
    until_it_leads(master)
    client = scene.subscribe_again(first, master.master)
    assert client.offers()[0]["agent_id"]["value"] == agent_id
    scene.go.touch()
    assert follow(client, "TASK_FINISHED")


def test_a_master_that_is_no_longer_the_oldest_starts_afresh(
    masters: Masters, zookeeper: ZooKeeperServer
) -> None:
    master = masters.start("first")
    with zookeeper.client() as client:
        register_master(client, masters.path, "127.0.0.1:9", "someone-else")
        nodes = masters.nodes()
        (mine,) = (name for name, node in nodes.items() if node and node.get("port") != 9)
        client.delete(f"{masters.path}/{mine}")
        until_it_redirects(master, "127.0.0.1:9")
    until_it_leads(master)
    (info,) = (node for name, node in masters.nodes().items() if "info" in name)
    assert info["id"] != nodes[mine]["id"]


def test_only_who_knows_the_password_may_register(
    masters: Masters, scene: Scene, zookeeper: ZooKeeperServer, tmp_path: Path
) -> None:
    file = tmp_path / "zk"
    file.write_text(f"zk://mesos:pass word@{zookeeper.address}{masters.path}\n", encoding="utf-8")
    master = scene.start("first", f"--zk=file://{file}", SESSION, "--agents=1").ready()
    assert f"zookeeper  {masters.url}\n" in master.announcement
    # Everybody may see who leads.
    assert masters.nodes().keys() == {"registry", "json.info_0000000000"}
    exit_code, stderr = scene.start("second", f"--zk={masters.url}", SESSION).ended()
    assert exit_code == 4
    assert f"ZooKeeper at {zookeeper.address} refuses {masters.path}: NoAuthError" in stderr
    assert "pass word" not in stderr + master.announcement


def test_a_zookeeper_that_is_not_there(scene: Scene) -> None:
    exit_code, stderr = scene.start("first", "--zk=zk://127.0.0.1:9/mesos", SESSION).ended()
    assert exit_code == 4
    assert "no ZooKeeper answers at 127.0.0.1:9" in stderr


def test_a_registry_that_is_damaged_ends_the_master(
    masters: Masters, zookeeper: ZooKeeperServer
) -> None:
    master = masters.start("first")
    standby = masters.start("second")
    with zookeeper.client() as client:
        client.set(f"{masters.path}/registry", b'{"admitted": [')
    master.close()
    exit_code, stderr = standby.ended()
    assert exit_code == 4
    assert f"the last leader cannot be read from {masters.path}/registry" in stderr


def test_strangers_among_the_masters_are_passed_over(
    masters: Masters, zookeeper: ZooKeeperServer
) -> None:
    with zookeeper.client() as client:
        client.create(f"{masters.path}/log_replicas", makepath=True)
        master = masters.start("first")
        assert get(master.master, "/redirect").headers["Location"] == f"//{master.master}"


def test_it_says_nothing_of_zookeeper_on_the_terminal(masters: Masters) -> None:
    master = masters.start("first")
    assert AUTH[1] not in master.announcement
    master.send(signal.SIGTERM)
    assert master.ended() == (0, "")
