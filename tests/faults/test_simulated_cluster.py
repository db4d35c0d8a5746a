"""The simulated cluster against what a real one said: the same calls bring the same updates."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faults import sim_calls
from faults.plan import Machine, Plan, PlannedTask, Try
from faults.sim_offers import resources
from faults.stream import Stream
from faults.world import World

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.model.offer import Offer
from mesos_batch.model.state import TaskState
from mesos_batch.model.task import TaskSpec

RECORDINGS = Path(__file__).parents[1] / "recordings" / "json"
AGENT = "S0"
Said = tuple[str, str, str, str | None, bool]


class Client:
    """A framework driven by hand; acknowledges what it is told, unless it shall not."""

    def __init__(self, seconds: float = 20.0, **plan: Any) -> None:
        tasks = (PlannedTask("t", 1000, 32_000, (Try(seconds, 0),)),)
        plan = {"agents": (Machine(4000, 4_096_000),), "slowest_message": 0.01, **plan}
        self.world = World(Plan(seed=1, tasks=tasks, faults=(), **plan))
        self.world.new_master()
        for machine in self.world.plan.agents:
            self.world.new_agent(machine)
        self.events: list[Any] = []
        self.said: list[Said] = []
        self.said_at: list[float] = []
        self.acknowledges = True
        self.stream: Stream | None = None
        self.framework_id: str | None = None
        self.wait(1.0)

    def subscribe(self) -> str | None:
        assert self.world.master is not None
        stream = Stream(self.world, self.world.master, self)
        refused = sim_calls.subscribe(self.world.master, stream, self.framework_id)
        if refused is None:
            self.stream = stream
            self.wait(0.1)
        return refused

    def says(self, stream: Stream, event: Any) -> None:
        self.events.append(event)
        if isinstance(event, ev.Subscribed):
            self.framework_id = event.framework_id
        if isinstance(event, ev.UpdateArrived):
            status = event.status
            source = status.source.name if status.source is not None else ""
            self.said.append(
                (status.task_id, status.state.name, source, status.reason, status.uuid is not None)
            )
            self.said_at.append(self.world.clock.now)
            if status.uuid is not None and self.acknowledges:
                self.call(do.Acknowledge(AGENT, status.task_id, status.uuid))

    def call(self, command: do.Command) -> None:
        assert self.world.master is not None
        framework = self.world.master.frameworks[self.framework_id or ""]
        sim_calls.call(self.world.master, framework, command)

    def offers(self) -> list[Offer]:
        return [
            o for event in self.events if isinstance(event, ev.OffersArrived) for o in event.offers
        ]

    def launch(self, *names: str) -> None:
        held = self.offers()[-1]
        launches = []
        for name in names:
            self.world.oracle.attempts[name] = 0, 1
            size = resources(1000, 32_000)
            launches.append(do.TaskLaunch(name, TaskSpec(name, name, size, b""), size))
        self.call(do.Launch((held.offer_id,), held.agent_id, tuple(launches), 5.0))
        self.wait(2.0)

    def wait(self, seconds: float) -> None:
        end = self.world.clock.now + seconds
        self.world.clock.run(end, lambda: False, 10_000)

    def running(self, *names: str) -> None:
        """Subscribe and have these tasks run."""
        self.subscribe()
        self.launch(*names)

    @property
    def agent(self) -> Any:
        return self.world.agents[AGENT]


def recorded(name: str) -> list[Said]:
    """The updates of a recording, in order."""
    return list(_recorded(name))


def _recorded(name: str) -> Iterator[Said]:
    for line in (RECORDINGS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record["kind"] != "record":
            continue
        event = json.loads(record["body"]["text"])
        if event["type"] == "UPDATE":
            status = event["update"]["status"]
            yield (
                status["task_id"]["value"],
                status["state"],
                status.get("source", ""),
                status.get("reason"),
                "uuid" in status,
            )


def test_an_agent_that_is_away_and_comes_back() -> None:
    client = Client(checkpoint=True)
    client.running("doomed")
    client.agent.to_master.hold()
    client.agent.from_master.hold()
    assert client.world.master is not None
    client.agent.break_socket()
    client.world.master.mark_unreachable(AGENT)
    client.wait(1.0)
    client.call(do.Reconcile((("doomed", AGENT),)))
    client.wait(1.0)
    client.agent.to_master.release()
    client.agent.from_master.release()
    client.agent.register_soon(0.0)
    client.wait(30.0)

    assert client.said == recorded("agent_unreachable_then_back")
    assert any(isinstance(event, ev.AgentFailed) for event in client.events)


def test_an_agent_that_dies_without_checkpointing() -> None:
    client = Client(checkpoint=False)
    client.running("doomed")
    assert client.world.master is not None
    client.agent.break_socket()
    client.agent.die()
    client.world.master.socket_broke(AGENT)
    client.wait(1.0)
    client.call(do.Reconcile((("doomed", AGENT),)))
    client.wait(1.0)

    assert client.said == recorded("agent_lost")


def test_reconciliation() -> None:
    client = Client()
    client.running("r1")
    client.call(do.Reconcile((("r1", None), ("never", None), ("never2", "nobody"))))
    client.wait(1.0)
    client.call(do.Reconcile(()))
    client.wait(30.0)
    client.call(do.Reconcile((("r1", None),)))
    client.wait(1.0)

    assert client.said == recorded("reconcile")


def test_kills() -> None:
    client = Client()
    client.running("stubborn", "sleeper")
    client.call(do.Kill("stubborn", AGENT))
    client.call(do.Kill("sleeper", AGENT))
    client.wait(5.0)
    client.call(do.Kill("nobody", None))
    client.wait(1.0)

    assert sorted(client.said) == sorted(recorded("kill_task"))
    assert client.said[-1] == recorded("kill_task")[-1]


def test_an_update_is_sent_again_until_it_is_acknowledged() -> None:
    client = Client()
    client.acknowledges = False
    client.running("u1")
    client.wait(32.0)
    pauses = [after - before for before, after in itertools.pairwise(client.said_at)]
    client.acknowledges = True
    client.wait(100.0)

    assert client.said[:3] == recorded("unacknowledged_update_is_sent_again")[:3]
    assert pauses == pytest.approx([10.0, 20.0], abs=0.1)
    assert [state for _, state, *_ in client.said[3:]] == [
        "TASK_STARTING",
        "TASK_RUNNING",
        "TASK_FINISHED",
    ]


def test_a_subscription_with_the_same_id_and_one_that_was_removed() -> None:
    client = Client()
    client.running("survivor")
    first = client.stream
    client.subscribe()
    assert first is not None
    assert first.ended_by_master
    assert client.stream is not None
    assert client.world.master is not None
    sim_calls.stream_broke(client.world.master, client.stream)
    client.wait(22.0)
    client.acknowledges = False
    client.subscribe()
    client.wait(10.0)
    client.call(do.Reconcile(()))
    client.wait(1.0)
    client.call(do.Teardown())

    assert client.said == recorded("scheduler_failover")
    assert client.subscribe() == sim_calls.REMOVED


def test_a_new_leader_says_nothing_of_agents_that_are_yet_to_come_back() -> None:
    client = Client(seconds=100.0)
    client.running("over")
    for agent in client.world.agents.values():
        agent.break_socket()
        agent.registered = False
    client.world.master = None
    client.world.new_master()
    assert client.world.master is not None
    client.subscribe()
    before = len(client.said)
    client.call(do.Reconcile(()))
    client.call(do.Reconcile((("over", AGENT), ("unknown", None))))
    client.wait(0.0)
    unanswered = client.said[before:]
    client.wait(31.0)
    client.call(do.Reconcile(()))
    client.wait(1.0)

    assert unanswered == []
    assert client.said[-1] == recorded("leader_failover")[-1]


def test_offers_come_when_mesos_makes_them() -> None:
    client = Client()
    client.subscribe()
    refused = client.offers()[-1]
    client.call(do.Decline((refused.offer_id,), 60.0))
    client.wait(55.0)
    filtered = len(client.offers())
    client.call(do.Revive())
    client.wait(0.5)
    revived = client.offers()[-1]
    client.call(do.Suppress())
    client.call(do.Decline((revived.offer_id,), 5.0))
    client.wait(100.0)
    suppressed = len(client.offers())
    client.call(do.Revive())
    client.wait(0.5)

    assert filtered == 1
    assert suppressed == 2
    assert len(client.offers()) == 3


def test_a_launch_on_an_offer_that_is_gone_is_dropped() -> None:
    client = Client()
    client.subscribe()
    assert client.world.master is not None
    client.world.master.allocator.withdraw(agent_id=AGENT)
    client.launch("t")

    assert client.said == [
        ("t", TaskState.TASK_DROPPED.name, "SOURCE_MASTER", "REASON_INVALID_OFFERS", False)
    ]
    assert any(isinstance(event, ev.OfferRescinded) for event in client.events)
