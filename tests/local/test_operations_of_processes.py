"""Operations whose agent, master or framework dies, between real processes (facts 6.5)."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from local.cluster_processes import NO_PINGS, PINGS, ClusterProcess, Scene, get, mark_gone, until
from local.framework_client import AUTH, CREDENTIAL, TIMEOUT, Client
from local.framework_messages import framework_info
from local.operation_messages import DISK, SILENT, VOLUME, create, dynamic, reserve

from mesos_batch.local.cluster import LocalCluster
from mesos_batch.local.options import LocalOptions
from mesos_batch.protocol.codec import ContentType

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and SIGSTOP are of POSIX"),
    pytest.mark.timeout(60),
]
RESERVE = reserve(dynamic("cpus", 1))


def one_agent(scene: Scene, master: str) -> ClusterProcess:
    """An agent that knows its id, and will be the same after a restart."""
    made = scene.start("agents", f"--master={master}", "--agents=1")
    until(lambda: any(made.work_dir.glob("*/meta/slaves/latest")))
    return made


def state_of(client: Client, agent_id: str) -> str:
    """What the master answers about the operation ``op``."""
    asked = {"operation_id": {"value": "op"}, "agent_id": {"value": agent_id}}
    client.call("RECONCILE_OPERATIONS", reconcile_operations={"operations": [asked]})
    while "uuid" in (status := client.operation_status()):
        pass  # one that is sent again
    return str(status["state"])


def acknowledge(client: Client, status: dict[str, Any]) -> None:
    told = {name: status[name] for name in ("agent_id", "operation_id")}
    told["uuid"] = status["uuid"]["value"]
    client.call("ACKNOWLEDGE_OPERATION_STATUS", acknowledge_operation_status=told)


def known_operations(address: str) -> list[str]:
    answer = requests.post(
        f"http://{address}/api/v1", json={"type": "GET_OPERATIONS"}, auth=AUTH, timeout=TIMEOUT
    )
    known = answer.json()["get_operations"].get("operations", [])
    return [item["info"]["id"]["value"] for item in known]


def reserved(address: str) -> dict[str, Any]:
    (slave,) = get(address, "/slaves").json()["slaves"]
    found: dict[str, Any] = slave["reserved_resources_full"]
    return found


def test_an_operation_on_its_way_to_an_agent_that_dies_is_dropped(scene: Scene) -> None:
    master = scene.start("master", "--agents=0", *NO_PINGS).ready()
    agents = one_agent(scene, master.master)
    client = scene.subscribe(master.master, roles=["test"])
    (offer,) = client.offers()
    agent_id = offer["agent_id"]["value"]
    # It takes no more messages, but its socket does.
    agents.send(signal.SIGSTOP)
    client.accept(offer, operations=[RESERVE, create(VOLUME, **SILENT)])
    (offer,) = client.offers()
    assert list(reserved(master.master)) == ["test"]
    assert state_of(client, agent_id) == "OPERATION_PENDING"
    agents.kill()
    assert client.until("RESCIND") == {"offer_id": offer["id"]}
    assert state_of(client, agent_id) == "OPERATION_PENDING"
    agents.restart()
    status = client.operation_status()
    assert (status["state"], status["operation_id"]) == ("OPERATION_DROPPED", {"value": "op"})
    assert "uuid" not in status
    assert reserved(master.master) == {}
    assert known_operations(master.master) == []
    assert state_of(client, agent_id) == "OPERATION_UNKNOWN"


def test_an_operation_waits_for_a_stopped_agent(scene: Scene) -> None:
    master = scene.start("master", "--agents=0", *NO_PINGS).ready()
    agents = one_agent(scene, master.master)
    client = scene.subscribe(master.master, roles=["test"])
    (offer,) = client.offers()
    agents.send(signal.SIGSTOP)
    client.accept(offer, operations=[RESERVE])
    assert state_of(client, offer["agent_id"]["value"]) == "OPERATION_PENDING"
    agents.send(signal.SIGCONT)
    assert client.operation_status()["state"] == "OPERATION_FINISHED"


def test_a_stopped_agent_is_unreachable_with_its_operations_until_it_goes_on(scene: Scene) -> None:
    master = scene.start("master", "--agents=0", *PINGS).ready()
    agents = one_agent(scene, master.master)
    client = scene.subscribe(master.master, roles=["test"])
    (offer,) = client.offers()
    agent_id = offer["agent_id"]["value"]
    client.accept(offer, operations=[RESERVE])
    first = client.operation_status()
    assert first["state"] == "OPERATION_FINISHED"
    agents.send(signal.SIGSTOP)
    status = client.operation_status()
    assert (status["state"], "uuid" in status) == ("OPERATION_UNREACHABLE", False)
    assert state_of(client, agent_id) == "OPERATION_UNREACHABLE"
    agents.send(signal.SIGCONT)
    # Nobody had acknowledged what it did.
    assert client.operation_status() == first
    assert list(reserved(master.master)) == ["test"]
    mark_gone(master.master, agent_id)
    assert client.operation_status()["state"] == "OPERATION_GONE_BY_OPERATOR"
    assert state_of(client, agent_id) == "OPERATION_GONE_BY_OPERATOR"


def test_a_master_that_was_killed_knows_operations_again(scene: Scene) -> None:
    master = scene.start("master", "--agents=0", *NO_PINGS).ready()
    address = master.master
    agents = one_agent(scene, address)
    client = scene.subscribe(address, roles=["test"])
    (offer,) = client.offers()
    agent_id = offer["agent_id"]["value"]
    client.accept(offer, operations=[RESERVE])
    first = client.operation_status()
    agents.send(signal.SIGSTOP)
    master.kill()
    port = address.rpartition(":")[2]
    master = scene.start("master", "--agents=0", f"--port={port}", *NO_PINGS).ready()
    again = scene.subscribe_again(client, address, roles=["test"])
    assert state_of(again, agent_id) == "OPERATION_RECOVERING"
    agents.send(signal.SIGCONT)
    assert again.operation_status() == first
    assert known_operations(address) == ["op"]
    assert state_of(again, agent_id) == "OPERATION_FINISHED"
    acknowledge(again, first)
    until(lambda: known_operations(address) == [])
    # It came to the agent: nothing is told to the next master.
    master.kill()
    master.restart()
    until(lambda: len(get(address, "/slaves").json()["slaves"]) == 1)
    assert known_operations(address) == []
    assert list(reserved(address)) == ["test"]


def test_an_agent_that_was_killed_tells_what_it_did(scene: Scene) -> None:
    master = scene.start("master", "--agents=0", *NO_PINGS).ready()
    agents = one_agent(scene, master.master)
    client = scene.subscribe(master.master, roles=["test"])
    (offer,) = client.offers()
    client.accept(offer, operations=[reserve(DISK, **SILENT), create(VOLUME)])
    first = client.operation_status()
    agents.kill()
    agents.restart()
    assert client.operation_status() == first
    assert known_operations(master.master) == ["op"]
    (volume,) = reserved(master.master)["test"]
    assert volume["disk"]["persistence"]["id"] == "v"


def test_a_framework_that_failed_over_hears_of_its_operations(tmp_path: Path) -> None:
    options = LocalOptions(
        agents=1, work_dir=tmp_path, credential=CREDENTIAL, update_retry_interval=0.3
    )
    with LocalCluster(options) as cluster:
        url = f"http://{cluster.master_address}/api/v1/scheduler"
        info = framework_info(roles=["test"], failover_timeout=3600)
        body: dict[str, Any] = {"type": "SUBSCRIBE", "subscribe": {"framework_info": info}}
        client = Client(url, body, ContentType.JSON)
        client.framework_id = client.until("SUBSCRIBED")["framework_id"]["value"]
        (offer,) = client.offers()
        client.accept(offer, operations=[RESERVE])
        first = client.operation_status()
        client.disconnect()
        body["framework_id"] = info["id"] = {"value": client.framework_id}
        again = Client(url, body, ContentType.JSON)
        again.framework_id = client.framework_id
        assert again.operation_status() == first
        acknowledge(again, first)
        assert state_of(again, first["agent_id"]["value"]) == "OPERATION_UNKNOWN"
        again.close()
        client.close()
