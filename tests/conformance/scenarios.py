"""What was done to the cluster while a recording was made, and what the cluster was like."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import requests
from conformance.recording import Closed, Note, Recording, Request, Response
from conformance.replay import ALLOCATION_INTERVAL, STREAM_ID, Replay
from conformance.streams import PATIENCE, EventStream, Json

from mesos_batch.local.cluster import LocalCluster
from mesos_batch.local.options import Credential, LocalOptions
from mesos_batch.protocol.codec import ContentType

SECRET = "the secret of tester"
CAPABILITIES = ["RESERVATION_REFINEMENT", "MULTI_ROLE"]
RESERVED_CPU = {
    "name": "cpus",
    "type": "SCALAR",
    "scalar": {"value": 1},
    "reservations": [{"type": "DYNAMIC", "role": "test", "principal": "tester"}],
}


class KilledBeforeItsTrap(Replay):
    """The real executor took so long to start the shell that the kill came before its trap."""

    def change_task(self, task: Json) -> None:
        task["command"]["value"] = task["command"]["value"].replace("trap '' TERM; ", "")


class MasterStopped(Replay):
    """The master was stopped while the recording client waited."""

    def closed(self, closed: Closed) -> None:
        self.cluster.kill_master()
        super().closed(closed)


class PooledTasks(Replay):
    """Whether a nested container can be asked already when its task starts is chance."""

    may_lack: ClassVar[frozenset[str]] = frozenset({"executor_pid", "network_infos"})


class DockerTasks(Replay):
    """What an engine says of an image it cannot pull depends on the network it has."""

    aside: ClassVar[str | None] = r"unix://\S+|stderr='.*'"

    def change_task(self, task: Json) -> None:
        # The 5 s a container has to end become one.
        task["kill_policy"] = {"grace_period": {"nanoseconds": 1_000_000_000}}


class AgentKilled(Replay):
    def note(self, note: Note) -> None:
        if "(SIGKILL)" in note.text:
            self.cluster.kill_agent(self.agent_index())


class AgentPaused(Replay):
    def note(self, note: Note) -> None:
        if "(SIGSTOP)" in note.text:
            self.cluster.pause_agent(self.agent_index())
        elif "(SIGCONT)" in note.text:
            self.cluster.resume_agent(self.agent_index())


class Authenticated(Replay):
    """Notes say with which credentials the next requests come."""

    credentials: ClassVar[Mapping[str, tuple[str, str] | None]] = {
        "wrong secret": ("tester", "not the secret of tester"),
        "right secret, other principal in FrameworkInfo": ("tester", SECRET),
        "right": ("tester", SECRET),
        "a call without credentials": None,
    }

    def note(self, note: Note) -> None:
        self.auth = self.credentials.get(note.text, self.auth)

    def request(self, request: Request, answer: Response) -> None:
        super().request(request, answer)
        if request.conn == "calls":
            self.auth = self.credentials["right"]


class TwoMasters(Replay):
    """Requests go to the master the notes name, until the leader is killed and the other leads."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.leader_is_dead = False
        self.standby = self.cluster.start_standby()
        self.like.learn("127.0.0.1:5150", self.master)
        self.like.learn("127.0.0.1:5250", self.standby)

    def note(self, note: Note) -> None:
        if note.text.startswith("asking the master at 5250"):
            self.master = self.standby
        elif note.text.startswith("the leader at 5150"):
            self.master = self.cluster.master_address
        elif note.text.startswith("the leader is killed"):
            self.cluster.kill_master()
            self.leader_is_dead = True
            self.offers.clear()
            self.master = self.standby

    def request(self, request: Request, answer: Response) -> None:
        if self.leader_is_dead and answer.is_stream:
            # The first reconciliation comes before the agent does.
            self.cluster.elect_standby(agents_return_after=1.0)
            self.leader_is_dead = False
        super().request(request, answer)


@dataclass(frozen=True)
class Scenario:
    """How one recording was made; ``reserved`` and ``removed`` are traces of those before it."""

    replay: type[Replay] = Replay
    options: Mapping[str, Any] = field(default_factory=dict)
    reserved: bool = False
    removed: str | None = None

    def play(self, recording: Recording, directory: Path) -> Replay:
        """Start a cluster, play the recording to it, and give what was found."""
        options: dict[str, Any] = {
            "agents": 2,
            "authenticate": False,
            "attributes": ("rack:r1", "index:1"),
            "allocation_interval": ALLOCATION_INTERVAL,
            "containerizers": ("mesos",),
            **self.options,
        }
        with LocalCluster(LocalOptions(work_dir=directory / "cluster", **options)) as cluster:
            if self.reserved:
                _reserve(cluster)
            if self.removed is not None:
                _remove(cluster, self.removed)
            with closing(self.replay(recording, cluster, directory)) as replay:
                replay.run()
            return replay


# An agent is away for good after two pings a second apart, here twice half of one.
_PINGED = {"agent_ping_timeout": 0.5, "max_agent_ping_timeouts": 2}
SCENARIOS: Mapping[str, Scenario] = {
    "agent_lost": Scenario(AgentKilled, _PINGED),
    "agent_unreachable_then_back": Scenario(AgentPaused, _PINGED),
    "authentication": Scenario(
        Authenticated, {"authenticate": True, "credential": Credential("tester", SECRET)}
    ),
    "bad_subscriptions_4": Scenario(removed="does-not-exist"),
    "docker_tasks": Scenario(DockerTasks, {"agents": 1, "containerizers": ("docker", "mesos")}),
    "executor_pooling": Scenario(PooledTasks),
    "kill_task": Scenario(KilledBeforeItsTrap),
    "launch_group": Scenario(PooledTasks),
    "leader_failover": Scenario(TwoMasters, {"agents": 1, "attributes": ()}),
    "operation_errors-protobuf": Scenario(reserved=True),
    # The first updates are sent again after 10 and 20 s, here after 0.2 and 0.4 s.
    "unacknowledged_update_is_sent_again": Scenario(
        options={"update_retry_interval": 0.2}, reserved=True
    ),
    "unacknowledged_update_is_sent_again-protobuf": Scenario(MasterStopped, reserved=True),
}


def scenario(name: str, content_format: str) -> Scenario:
    """How the recording was made in this format."""
    return SCENARIOS.get(f"{name}-{content_format}", SCENARIOS.get(name, Scenario()))


class _Framework:
    """A framework of an earlier recording."""

    def __init__(self, cluster: LocalCluster, role: str, framework_id: str | None = None) -> None:
        self._url = f"http://{cluster.master_address}/api/v1/scheduler"
        info: Json = {
            "user": "root",
            "name": "earlier",
            "roles": [role],
            "principal": "tester",
            "capabilities": [{"type": name} for name in CAPABILITIES],
        }
        call: Json = {"type": "SUBSCRIBE", "subscribe": {"framework_info": info}}
        if framework_id is not None:
            info["id"] = call["framework_id"] = {"value": framework_id}
        response = requests.post(self._url, json=call, stream=True, timeout=PATIENCE)
        self.stream = EventStream(response, ContentType.JSON)
        event = self.stream.take(lambda event: event["type"] == "SUBSCRIBED", "SUBSCRIBED")
        self._framework_id = event["subscribed"]["framework_id"]

    def offer(self) -> Json:
        event = self.stream.take(lambda event: event["type"] == "OFFERS", "an offer")
        offer: Json = event["offers"]["offers"][0]
        return offer

    def call(self, **call: Any) -> None:
        headers = {STREAM_ID: self.stream.stream_id}
        call["framework_id"] = self._framework_id
        response = requests.post(self._url, json=call, headers=headers, timeout=PATIENCE)
        assert response.status_code == 202

    def remove(self) -> None:
        self.call(type="TEARDOWN")
        self.stream.wait_end()


def _reserve(cluster: LocalCluster) -> None:
    """Reserve one cpu of an agent for ``test``, which an earlier recording left behind."""
    framework = _Framework(cluster, "test")
    accept = {
        "offer_ids": [framework.offer()["id"]],
        "operations": [{"type": "RESERVE", "reserve": {"resources": [RESERVED_CPU]}}],
        "filters": {"refuse_seconds": 0},
    }
    framework.call(type="ACCEPT", accept=accept)
    framework.offer()
    framework.remove()


def _remove(cluster: LocalCluster, framework_id: str) -> None:
    """Let a framework come and go, so that its id cannot be used again."""
    _Framework(cluster, "*", framework_id).remove()
