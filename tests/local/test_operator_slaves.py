"""What operators read of agents: where volumes are, and which agents are not back (facts 9.2)."""

from __future__ import annotations

import pytest
from local.framework_messages import launch, reservation, scalar, task, volume
from local.master_world import running_world

pytestmark = pytest.mark.timeout(60)


def test_slaves_shows_where_a_volume_is(world):
    agent = world.agent()
    client = world.framework(roles=["test"])
    (offer,) = client.offers()
    reserve = {"resources": [scalar("disk", 128, reservations=reservation("test"))]}
    made = [
        {"type": "RESERVE", "reserve": reserve},
        {"type": "CREATE", "create": {"volumes": [volume(128, "v")]}},
    ]
    client.accept(offer, operations=made)
    (offer,) = client.offers()
    held = {
        **volume(128.0, "v"),
        "role": "test",
        "reservation": {"principal": "tester"},
        "allocation_info": {"role": "test"},
    }
    (slave,) = world.get("/slaves").json()["slaves"]
    assert held in slave["offered_resources_full"]
    assert slave["used_resources_full"] == []
    used = [scalar("cpus", 0.1), scalar("mem", 32), volume(128, "v")]
    client.accept(offer, operations=[launch(task("t", agent.agent_id, resources=used))])
    agent.heard("run_task")
    (slave,) = world.get("/slaves").json()["slaves"]
    assert held in slave["used_resources_full"]
    assert held not in slave["offered_resources_full"]
    unallocated = {name: value for name, value in held.items() if name != "allocation_info"}
    assert slave["reserved_resources_full"] == {"test": [unallocated]}


def test_agents_that_are_not_back_are_recovered():
    with running_world(agent_reregister_timeout=3600) as world:
        agent = world.agent(attributes=[("rack", "r1")])
        other = world.agent()
        world.fail_over(world.new_master())
        other.register()
        known = {
            "id": agent.agent_id,
            "hostname": "127.0.0.1",
            "port": 5051,
            "attributes": {"rack": "r1"},
        }
        for path in ("/slaves", "/state"):
            shown = world.get(path).json()
            assert shown["recovered_slaves"] == [known], path
            assert [slave["id"] for slave in shown["slaves"]] == [other.agent_id], path
        agent.register()
        assert world.get("/state").json()["recovered_slaves"] == []
