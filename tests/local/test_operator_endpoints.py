"""What operators read: the GET endpoints, /teardown and /api/v1 (facts 9)."""

from __future__ import annotations

import pytest
from local.framework_messages import (
    capabilities,
    default_executor,
    launch,
    launch_group,
    reservation,
    scalar,
    task,
    volume,
)
from local.master_world import run_task

pytestmark = pytest.mark.timeout(60)
AMOUNTS = {"disk": 10000.0, "mem": 4096.0, "gpus": 0.0, "cpus": 4.0, "ports": "[31000-32000]"}
NOTHING = {"disk": 0.0, "mem": 0.0, "gpus": 0.0, "cpus": 0.0}
PORTS = {"name": "ports", "type": "RANGES", "ranges": {"range": [{"begin": 31000, "end": 32000}]}}
STAR = {"allocation_info": {"role": "*"}}


def test_slaves(world):
    agent = world.agent(attributes=[("rack", "r1")])
    client = world.framework()
    run_task(world, client)
    (slave,) = world.get("/slaves").json()["slaves"]
    registered = slave.pop("registered_time")
    assert registered > 1e9
    used = [scalar("cpus", 0.1, role="*", **STAR), scalar("mem", 32.0, role="*", **STAR)]
    assert slave == {
        "id": agent.agent_id,
        "hostname": "127.0.0.1",
        "port": agent.info.port,
        "attributes": {"rack": "r1"},
        "pid": f"slave(1)@127.0.0.1:{agent.info.port}",
        "resources": AMOUNTS,
        "used_resources": {**NOTHING, "mem": 32.0, "cpus": 0.1},
        "offered_resources": NOTHING,
        "reserved_resources": {},
        "unreserved_resources": AMOUNTS,
        "active": True,
        "deactivated": False,
        "version": "1.12.0",
        "capabilities": [
            "MULTI_ROLE",
            "HIERARCHICAL_ROLE",
            "RESERVATION_REFINEMENT",
            "RESOURCE_PROVIDER",
            "RESIZE_VOLUME",
            "AGENT_OPERATION_FEEDBACK",
            "AGENT_DRAINING",
            "TASK_RESOURCE_LIMITS",
        ],
        "reserved_resources_full": {},
        "unreserved_resources_full": [
            scalar("cpus", 4.0, role="*"),
            scalar("mem", 4096.0, role="*"),
            scalar("disk", 10000.0, role="*"),
            {**PORTS, "role": "*"},
        ],
        "used_resources_full": used,
        "offered_resources_full": [],
    }


def test_slaves_shows_reservations_and_volumes(world):
    agent = world.agent()
    client = world.framework(roles=["test"])
    (offer,) = client.offers()
    reserve = {"resources": [scalar("disk", 128, reservations=reservation("test"))]}
    client.accept(
        offer,
        operations=[
            {"type": "RESERVE", "reserve": reserve},
            {"type": "CREATE", "create": {"volumes": [volume(128, "v")]}},
        ],
    )
    agent.heard("apply_operation")
    agent.heard("apply_operation")
    (slave,) = world.get("/slaves", params={"slave_id": agent.agent_id}).json()["slaves"]
    assert slave["reserved_resources"] == {"test": {**NOTHING, "disk": 128.0}}
    assert slave["reserved_resources_full"] == {
        "test": [
            {
                **volume(128.0, "v"),
                "role": "test",
                "reservation": {"principal": "tester"},
            }
        ]
    }
    assert slave["unreserved_resources"]["disk"] == 9872.0
    assert world.get("/slaves", params={"slave_id": "other"}).json()["slaves"] == []


def shown_task(client, agent, state, *states):
    container = {"container_id": {"value": "container"}}
    return {
        "id": "t",
        "name": "t",
        "framework_id": client.framework_id,
        "executor_id": "",
        "slave_id": agent.agent_id,
        "state": state,
        "resources": {**NOTHING, "mem": 32.0, "cpus": 0.1},
        "role": "*",
        "statuses": [{"state": one, "container_status": container} for one in states],
    }


def without_times(tasks):
    for one in tasks:
        for status in one["statuses"]:
            assert status.pop("timestamp") > 1e9
    return tasks


def test_frameworks_and_tasks(world):
    world.agent()
    client = world.framework()
    agent = run_task(world, client)
    (framework,) = world.get("/frameworks").json()["frameworks"]
    assert framework.pop("registered_time") > 1e9
    tasks = without_times(framework.pop("tasks"))
    assert tasks == [shown_task(client, agent, "TASK_RUNNING", "TASK_RUNNING")]
    used = {**NOTHING, "mem": 32.0, "cpus": 0.1}
    assert framework == {
        "id": client.framework_id,
        "name": "test",
        "used_resources": used,
        "offered_resources": NOTHING,
        "capabilities": [
            "TASK_KILLING_STATE",
            "PARTITION_AWARE",
            "RESERVATION_REFINEMENT",
            "MULTI_ROLE",
        ],
        "hostname": "",
        "webui_url": "",
        "active": True,
        "connected": True,
        "recovered": False,
        "user": "root",
        "failover_timeout": 0.0,
        "checkpoint": False,
        "unregistered_time": 0.0,
        "principal": "tester",
        "resources": used,
        "roles": ["*"],
        "unreachable_tasks": [],
        "completed_tasks": [],
        "offers": [],
        "executors": [],
        "offer_constraints": {},
    }
    agent.update(client.framework_id, "t", "TASK_FINISHED")
    client.acknowledge(client.status())
    agent.heard("acknowledge")
    (ended,) = without_times(world.get("/tasks").json()["tasks"])
    assert ended == shown_task(client, agent, "TASK_FINISHED", "TASK_RUNNING", "TASK_FINISHED")
    client.call("TEARDOWN")
    shown = world.get("/frameworks").json()
    assert shown["frameworks"] == shown["unregistered_frameworks"] == []
    (completed,) = shown["completed_frameworks"]
    assert without_times(completed["completed_tasks"]) == [ended]
    assert (completed["active"], completed["connected"], completed["recovered"]) == (False,) * 3
    assert completed["used_resources"] == NOTHING


def test_one_framework(world):
    first, second = world.framework(), world.framework(labels={"labels": [{"key": "k"}]})
    shown = world.get("/frameworks", params={"framework_id": second.framework_id}).json()
    (framework,) = shown["frameworks"]
    assert (framework["id"], framework["labels"]) == (second.framework_id, [{"key": "k"}])
    first.call("TEARDOWN")
    shown = world.get("/frameworks", params={"framework_id": first.framework_id}).json()
    assert (shown["frameworks"], len(shown["completed_frameworks"])) == ([], 1)


def test_executors_offers_and_old_roles(world):
    agent = world.agent()
    client = world.framework(roles=None, role="test", capabilities=capabilities("PARTITION_AWARE"))
    (offer,) = client.offers()
    group = launch_group(default_executor(client.framework_id), task("g", agent.agent_id))
    client.accept(offer, operations=[group])
    (offer,) = client.offers()
    (framework,) = world.get("/frameworks").json()["frameworks"]
    assert (framework["role"], "roles" in framework) == ("test", False)
    assert framework["executors"] == [
        {
            "executor_id": "pool",
            "name": "",
            "framework_id": client.framework_id,
            "command": {"shell": True},
            "resources": {**NOTHING, "cpus": 0.1, "mem": 32.0, "disk": 10.0},
            "role": "test",
            "type": "DEFAULT",
            "slave_id": agent.agent_id,
        }
    ]
    (shown,) = framework["offers"]
    assert shown == {
        "id": offer["id"]["value"],
        "framework_id": client.framework_id,
        "allocation_info": {"role": "test"},
        "slave_id": agent.agent_id,
        "resources": {**AMOUNTS, "cpus": 3.8, "mem": 4032.0, "disk": 9990.0},
    }
    (shown,) = framework["tasks"]
    assert (shown["executor_id"], shown["statuses"]) == ("pool", [])


def test_a_task_shows_what_it_was_given(world):
    world.agent()
    client = world.framework()
    run_task(
        world,
        client,
        labels={"labels": [{"key": "k", "value": "v"}]},
        limits={"mem": {"value": 64}},
        command={"value": "true", "user": "somebody"},
        health_check={"type": "COMMAND", "command": {"value": "true"}},
    )
    (shown,) = world.get("/tasks").json()["tasks"]
    assert shown["labels"] == [{"key": "k", "value": "v"}]
    assert shown["limits"] == {"mem": 64.0}
    assert shown["user"] == "somebody"
    assert shown["health_check"]["type"] == "COMMAND"
    assert "command" not in shown


def test_pages_of_tasks(world):
    agent = world.agent()
    client = world.framework()
    (offer,) = client.offers()
    names = [f"t{number}" for number in range(5)]
    client.accept(offer, operations=[launch(*(task(name, agent.agent_id) for name in names))])
    for name in names:
        agent.heard("run_task")
        agent.update(client.framework_id, name, "TASK_RUNNING")

    def page(**query):
        return [item["id"] for item in world.get("/tasks", params=query).json()["tasks"]]

    assert page() == names[::-1]
    assert page(order="asc") == names
    assert page(order="asc", limit=2, offset=1) == ["t1", "t2"]
    assert page(limit="x", offset="-1") == names[::-1]
    assert page(framework_id=client.framework_id, task_id="t3") == ["t3"]
    assert page(framework_id="other") == []


def test_roles(world):
    world.agent()
    client = world.framework(roles=["*", "eng/dev"], subscribe={"suppressed_roles": ["eng/dev"]})
    run_task(world, client)
    client.call("REVIVE", revive={"roles": ["*"]})
    client.offers()
    everything = {"cpus": 4.0, "disk": 10000.0, "mem": 4096.0, "ports": 1001.0}
    rest = {"cpus": 3.9, "disk": 10000.0, "mem": 4064.0, "ports": 1001.0}
    nothing = {"role": "eng/dev", "guarantee": {}, "limit": {}, "consumed": {}}
    assert world.get("/roles").json() == {
        "roles": [
            {
                "name": "*",
                "weight": 1.0,
                "quota": {
                    "role": "*",
                    "guarantee": {},
                    "limit": {},
                    "consumed": {"cpus": 0.1, "mem": 32.0},
                },
                "resources": everything,
                "allocated": {"cpus": 0.1, "mem": 32.0},
                "offered": rest,
                "reserved": {},
                "frameworks": [client.framework_id],
            },
            {
                "name": "eng/dev",
                "weight": 1.0,
                "quota": nothing,
                "resources": {},
                "allocated": {},
                "offered": {},
                "reserved": {},
                "frameworks": [client.framework_id],
            },
        ]
    }


@pytest.mark.parametrize("prefix", ["", "/master"])
def test_state(world, prefix):
    agent = world.agent()
    client = world.framework()
    client.offers()
    state = world.get(f"{prefix}/state").json()
    info = world.master.info
    assert state["leader"] == state["pid"] == f"master@127.0.0.1:{info.port}"
    assert state["leader_info"] == {
        "id": info.id,
        "pid": info.pid,
        "port": info.port,
        "hostname": "127.0.0.1",
    }
    assert state["id"] == info.id
    assert state["version"] == "1.12.0"
    assert [item["id"] for item in state["slaves"]] == [agent.agent_id]
    assert [item["id"] for item in state["frameworks"]] == [client.framework_id]
    assert (state["activated_slaves"], state["deactivated_slaves"]) == (1.0, 0.0)
    assert state["completed_frameworks"] == state["orphan_tasks"] == []
    assert state["recovered_slaves"] == state["unregistered_frameworks"] == []
    assert state["capabilities"] == ["AGENT_UPDATE", "AGENT_DRAINING", "QUOTA_V2"]


def test_state_summary(world):
    world.agent()
    client = world.framework()
    agent = run_task(world, client)
    summary = world.get("/state-summary").json()
    (slave,), (framework,) = summary["slaves"], summary["frameworks"]
    assert (slave["TASK_RUNNING"], slave["TASK_FAILED"]) == (1, 0)
    assert slave["framework_ids"] == [client.framework_id]
    assert (framework["TASK_RUNNING"], framework["slave_ids"]) == (1, [agent.agent_id])
    assert "tasks" not in framework
    assert summary["hostname"] == "127.0.0.1"


def test_metrics(world):
    world.agent()
    client = world.framework()
    run_task(world, client)
    shown = world.get("/metrics/snapshot").json()
    assert shown["master/elected"] == 1.0
    assert (shown["master/cpus_total"], shown["master/cpus_used"]) == (4.0, 0.1)
    assert shown["master/cpus_percent"] == 0.025
    assert (shown["master/gpus_total"], shown["master/gpus_percent"]) == (0.0, 0.0)
    assert shown["master/tasks_running"] == 1.0
    assert shown["master/slaves_active"] == shown["master/frameworks_active"] == 1.0


def test_health_and_version_are_open(world):
    for prefix in ("", "/master"):
        health = world.get(f"{prefix}/health", auth=None)
        assert (health.status_code, health.content) == (200, b"")
        version = world.get(f"{prefix}/version", auth=None).json()
        assert {"version", "build_date", "build_time", "build_user"} == set(version)


@pytest.mark.parametrize(
    ("path", "realm"),
    [
        ("/state", "mesos-master-readonly"),
        ("/master/state", "mesos-master-readonly"),
        ("/slaves", "mesos-master-readonly"),
        ("/tasks", "mesos-master-readonly"),
        ("/roles", "mesos-master-readonly"),
        ("/frameworks", "mesos-master-readonly"),
        ("/state-summary", "mesos-master-readonly"),
        ("/metrics/snapshot", "mesos-master-readonly"),
        ("/teardown", "mesos-master-readwrite"),
        ("/api/v1", "mesos-master-readwrite"),
    ],
)
def test_everything_else_asks_for_the_credential(world, path, realm):
    answer = world.get(path, auth=("tester", "wrong"))
    assert (answer.status_code, answer.text) == (401, "401 Unauthorized.")
    assert answer.headers["WWW-Authenticate"] == f'Basic realm="{realm}"'


def test_jsonp(world):
    answer = world.get("/slaves", params={"jsonp": "f"})
    assert answer.text == 'f({"slaves":[],"recovered_slaves":[]});'
    assert answer.headers["Content-Type"] == "text/javascript"


def test_an_unknown_path(world):
    assert world.get("/nothing").status_code == 404


def test_teardown(world):
    client = world.framework(failover_timeout=60)
    assert world.get("/teardown").status_code == 405
    for data, text in [
        ("", "Missing 'frameworkId' query parameter in the request body"),
        ("frameworkId=other", "No framework found with specified ID"),
    ]:
        answer = world.post("/master/teardown", data)
        assert (answer.status_code, answer.text) == (400, text)
    answer = world.post("/master/teardown", f"frameworkId={client.framework_id}")
    assert (answer.status_code, answer.content) == (200, b"")
    while client.event() is not None:
        pass
