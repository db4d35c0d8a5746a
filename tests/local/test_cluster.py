"""The whole local cluster: a master, agents and tasks that are processes."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest
import requests
from local.framework_client import TIMEOUT, Client
from local.framework_messages import framework_info, launch, task
from urllib3.exceptions import HTTPError

from mesos_batch.errors import UsageError
from mesos_batch.local.cluster import LocalCluster
from mesos_batch.local.options import Credential, LocalOptions
from mesos_batch.local.service import LOG_FILE
from mesos_batch.protocol.codec import ContentType

pytestmark = pytest.mark.timeout(60)
QUICK = {"allocation_interval": 0.05, "heartbeat_interval": 0.1, "agent_ping_timeout": 0.1}


def options(tmp_path, **more):
    return LocalOptions(work_dir=tmp_path, **{"agents": 2, **QUICK, **more})


@pytest.fixture
def cluster(tmp_path):
    with LocalCluster(options(tmp_path)) as made:
        yield made


@pytest.fixture
def subscribe():
    clients = []

    def make(cluster, address=None, *, content_type=ContentType.JSON, **info):
        body = {"type": "SUBSCRIBE", "subscribe": {"framework_info": framework_info(**info)}}
        if "id" in info:
            body["framework_id"] = info["id"]
        auth = (cluster.credential.principal, cluster.credential.secret)
        url = f"http://{address or cluster.master_address}/api/v1/scheduler"
        client = Client(url, body, content_type, auth)
        clients.append(client)
        if client.response.status_code == 200:
            client.framework_id = client.until("SUBSCRIBED")["framework_id"]["value"]
        return client

    yield make
    for client in clients:
        client.close()


def get(cluster, path, address=None):
    auth = (cluster.credential.principal, cluster.credential.secret)
    url = f"http://{address or cluster.master_address}{path}"
    return requests.get(url, auth=auth, allow_redirects=False, timeout=TIMEOUT)


def run(client, command, state="TASK_RUNNING", task_id="t"):
    """Launch a command on the first agent offered and see it come to a state."""
    offer = client.offers()[0]
    agent_id = offer["agent_id"]["value"]
    client.accept(offer, operations=[launch(task(task_id, agent_id, command={"value": command}))])
    return agent_id, follow(client, state)


def follow(client, *states):
    """Acknowledge updates until one has one of the states."""
    while True:
        status = client.status()
        if "uuid" in status:
            client.acknowledge(status)
        if status["state"] in states:
            return status


def index_of(cluster, agent_id):
    return [agent.id for agent in cluster.agents].index(agent_id)


@pytest.mark.parametrize("content_type", list(ContentType), ids=lambda kind: kind.name)
def test_a_task_runs_from_subscription_to_teardown(cluster, subscribe, content_type):
    client = subscribe(cluster, content_type=content_type)
    agent_id, status = run(client, "echo hello", "TASK_FINISHED")
    assert status["message"] == "Command exited with status 0"
    (shown,) = get(cluster, "/tasks").json()["tasks"]
    assert [item["state"] for item in shown["statuses"]] == [
        "TASK_STARTING",
        "TASK_RUNNING",
        "TASK_FINISHED",
    ]
    (found,) = cluster.work_dir.glob(
        f"*/slaves/{agent_id}/frameworks/*/executors/t/runs/*-*/stdout"
    )
    assert found.read_text() == "hello\n"
    assert str(found).startswith(cluster.agent_work_dirs[agent_id])
    client.call("TEARDOWN")
    while client.event() is not None:
        pass


def test_everybody_is_there_when_it_has_started(cluster):
    slaves = get(cluster, "/slaves").json()["slaves"]
    assert [slave["id"] for slave in slaves] == [agent.id for agent in cluster.agents]
    assert all(slave["active"] for slave in slaves)


def test_it_listens_on_loopback_only_and_asks_for_the_credential(cluster):
    assert cluster.master_address.startswith("127.0.0.1:")
    assert (
        requests.get(f"http://{cluster.master_address}/state", timeout=TIMEOUT).status_code == 401
    )
    assert cluster.credential.secret not in repr(cluster.credential)


def test_a_credential_of_the_users_own(tmp_path):
    mine = Credential("me", "mine")
    with LocalCluster(options(tmp_path, agents=0, credential=mine)) as cluster:
        assert cluster.credential == mine
        assert get(cluster, "/state").status_code == 200


def test_secrets_and_work_directories_differ_from_run_to_run(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with (
        LocalCluster(LocalOptions(agents=0)) as first,
        LocalCluster(LocalOptions(agents=0)) as second,
    ):
        assert first.credential.secret != second.credential.secret
        assert first.work_dir != second.work_dir
    # What failed tasks wrote is still to be read.
    assert len(list(tmp_path.iterdir())) == 2


def test_a_port_that_is_taken(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} of 127.0.0.1 cannot be used"):
            LocalCluster(options(tmp_path, port=port)).start()


def test_a_work_directory_that_is_a_file(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError):
        LocalCluster(options(tmp_path / "file")).start()


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux has a directory nobody can write to"
)
def test_a_work_directory_nobody_can_write_to():
    with pytest.raises(UsageError, match="agents cannot work in /proc/nothing: "):
        LocalCluster(options(Path("/proc/nothing"))).start()


def test_stop_ends_tasks_and_streams_and_may_come_twice(tmp_path, subscribe):
    cluster = LocalCluster(options(tmp_path)).start()
    client = subscribe(cluster)
    run(client, "sleep 1000")
    address = cluster.master_address
    cluster.stop()
    cluster.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://{address}/health", timeout=TIMEOUT)


def test_before_the_start_there_is_nothing(tmp_path):
    cluster = LocalCluster(LocalOptions())
    for ask in (
        lambda: cluster.master_address,
        lambda: cluster.work_dir,
        lambda: cluster.kill_agent(0),
        cluster.kill_master,
    ):
        with pytest.raises(RuntimeError, match="not running"):
            ask()
    cluster.stop()


def test_an_agent_is_killed(cluster, subscribe):
    client = subscribe(cluster)
    agent_id, _ = run(client, "sleep 1000")
    cluster.kill_agent(index_of(cluster, agent_id))
    status = follow(client, "TASK_LOST")
    assert status["message"] == "Agent 127.0.0.1 disconnected"
    assert client.until("FAILURE") == {"agent_id": {"value": agent_id}}
    (slave,) = get(cluster, "/slaves").json()["slaves"]
    assert slave["id"] != agent_id


def test_an_agent_is_away_and_comes_back(cluster, subscribe):
    client = subscribe(cluster, checkpoint=True)
    agent_id, _ = run(client, "while [ ! -e go ]; do sleep 0.05; done")
    index = index_of(cluster, agent_id)
    cluster.pause_agent(index)
    assert follow(client, "TASK_UNREACHABLE")["message"] == "health check timed out"
    client.until("FAILURE")
    cluster.resume_agent(index)
    status = follow(client, "TASK_RUNNING")
    assert status["message"] == "Unreachable agent re-reregistered"
    (sandbox,) = cluster.work_dir.glob("*/slaves/*/frameworks/*/executors/t/runs/*-*")
    (sandbox / "go").touch()
    assert follow(client, "TASK_FINISHED")["message"] == "Command exited with status 0"


def test_an_agent_that_comes_back_in_time_was_never_away(tmp_path, subscribe):
    with LocalCluster(options(tmp_path, agents=1, agent_ping_timeout=3600)) as cluster:
        client = subscribe(cluster)
        run(client, "sleep 1000")
        cluster.pause_agent(0)
        cluster.resume_agent(0)
        client.call("KILL", kill={"task_id": {"value": "t"}})
        assert follow(client, "TASK_KILLED", "TASK_UNREACHABLE")["state"] == "TASK_KILLED"


def test_pings_missed_during_a_pause_do_not_count_after_it(cluster, subscribe):
    client = subscribe(cluster)
    cluster.pause_agent(0)
    cluster.resume_agent(0)
    # Longer than an agent may be silent.
    for _ in range(4):
        assert "FAILURE" not in client.before_two_heartbeats()


def test_the_leading_master_dies(cluster, subscribe):
    standby = cluster.start_standby()
    leader = cluster.master_address
    assert subscribe(cluster, standby).response.status_code == 307
    first = subscribe(cluster, failover_timeout=60, checkpoint=True)
    agent_id, _ = run(first, "sleep 1000")
    cluster.kill_master()
    # The stream breaks, it does not end.
    with pytest.raises((HTTPError, OSError)):
        first.until("ERROR")
    location = get(cluster, "/state", standby).headers["Location"]
    assert location == f"//{leader}/master/state"
    cluster.elect_standby()
    assert cluster.master_address == standby
    again = subscribe(
        cluster, failover_timeout=60, checkpoint=True, id={"value": first.framework_id}
    )
    again.offers()
    again.call("RECONCILE", reconcile={})
    status = again.status()
    assert (status["state"], status["agent_id"]["value"]) == ("TASK_RUNNING", agent_id)
    again.call("KILL", kill={"task_id": {"value": "t"}})
    assert follow(again, "TASK_KILLED")


def test_other_standby_masters_learn_of_the_new_leader(cluster):
    first, second = cluster.start_standby(), cluster.start_standby()
    cluster.kill_master()
    cluster.elect_standby()
    assert get(cluster, "/redirect", second).headers["Location"] == f"//{first}"


def test_agents_may_take_their_time_after_a_failover(cluster, subscribe):
    cluster.start_standby()
    cluster.kill_master()
    cluster.elect_standby(agents_return_after=0.2)
    shown = get(cluster, "/slaves").json()
    assert (len(shown["slaves"]), len(shown["recovered_slaves"])) == (0, 2)
    assert len(subscribe(cluster).offers()) >= 1


def test_marking_an_agent_gone_ends_it(cluster, subscribe):
    client = subscribe(cluster)
    agent_id, _ = run(client, "sleep 1000")
    auth = (cluster.credential.principal, cluster.credential.secret)
    call = {"type": "MARK_AGENT_GONE", "mark_agent_gone": {"agent_id": {"value": agent_id}}}
    answer = requests.post(
        f"http://{cluster.master_address}/api/v1",
        data=json.dumps(call),
        headers={"Content-Type": "application/json"},
        auth=auth,
        timeout=TIMEOUT,
    )
    assert answer.status_code == 200
    assert follow(client, "TASK_GONE_BY_OPERATOR")


def test_many_tasks_at_once(cluster, subscribe):
    client = subscribe(cluster, content_type=ContentType.PROTOBUF)
    names = iter(range(60))
    ended = set()
    for offer in client.offers():
        agent_id = offer["agent_id"]["value"]
        tasks = [task(f"t{next(names)}", agent_id) for _ in range(30)]
        client.accept(offer, operations=[launch(*tasks)])
    while len(ended) < 60:
        status = client.status()
        client.acknowledge(status)
        if status["state"] == "TASK_FINISHED":
            assert status["task_id"]["value"] not in ended
            ended.add(status["task_id"]["value"])


def test_a_mistake_of_the_cluster_goes_to_its_log_and_not_to_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def mistaken(*_: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr("mesos_batch.local.master.operator_api.frameworks_json", mistaken)
    alone = options(tmp_path, agents=0, authenticate=False)
    with LocalCluster(alone) as cluster:
        response = requests.get(f"http://{cluster.master_address}/frameworks", timeout=30)

    assert response.status_code == 500
    assert "a mistake" in (tmp_path / LOG_FILE).read_text()
    assert capfd.readouterr().err == ""
