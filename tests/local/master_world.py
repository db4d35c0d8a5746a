"""A master behind real HTTP, on its own event loop, with fake agents."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from typing import Any

import requests
from local.fake_agent import FakeAgent
from local.framework_client import AUTH, CREDENTIAL, TIMEOUT, Client
from local.framework_messages import framework_info, launch, task

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.master.master import Master
from mesos_batch.local.master.master_site import make_app
from mesos_batch.local.master.registry import Registry
from mesos_batch.local.options import LocalOptions
from mesos_batch.local.server import serve
from mesos_batch.model.resources import Resources
from mesos_batch.protocol.codec import ContentType
from mesos_batch.protocol.values import resources_from

# Batches come much faster than heartbeats, so that two heartbeats prove that nothing was offered.
OPTIONS = {"allocation_interval": 0.02, "heartbeat_interval": 0.1}


class World:
    """The master on its own event loop in a thread."""

    def __init__(self, **options: Any) -> None:
        self.options = LocalOptions(**{**OPTIONS, **options})
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.registry = Registry()
        self.clients: list[Client] = []
        self.agents: list[FakeAgent] = []
        self._sites: list[Any] = []
        self.master = self.new_master()
        self.do(self.master.elect)

    def new_master(self) -> Master:
        async def start() -> Master:
            master = Master(self.options, self.registry)
            credential = CREDENTIAL if self.options.authenticate else None
            runner, port = await serve(make_app(master, credential))
            master.bind(port)
            self._sites.append(runner)
            return master

        return self.run(start())

    def fail_over(self, standby: Master) -> None:
        """Let the leader die and the other master lead."""
        self.do(self.master.stop)
        self.run(self._sites.pop(0).cleanup())
        self.master = standby
        self.do(standby.elect)

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(TIMEOUT)

    def do(self, function: Any, *arguments: Any) -> Any:
        async def call() -> Any:
            return function(*arguments)

        return self.run(call())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.master.info.port}"

    def get(self, path: str, **more: Any) -> requests.Response:
        return requests.get(
            self.url + path, **{"auth": AUTH, "allow_redirects": False, "timeout": TIMEOUT, **more}
        )

    def post(self, path: str, data: Any = None, **more: Any) -> requests.Response:
        given = {"auth": AUTH, "allow_redirects": False, "timeout": TIMEOUT, **more}
        return requests.post(self.url + path, data=data, **given)

    def operator(self, kind: str, **payload: Any) -> requests.Response:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        return self.post("/api/v1", json.dumps({"type": kind, **payload}), headers=headers)

    def agent(
        self,
        total: str | None = None,
        *,
        attributes: Any = (),
        **amounts: float,
    ) -> FakeAgent:
        """Register an agent with cpus 4, mem 4096, disk 10000, ports, or with the given scalars."""
        if amounts:
            resources = Resources.scalars(**amounts)
        else:
            message = pb.Resource(name="ports", type=pb.Value.RANGES)
            message.ranges.range.add(begin=31000, end=32000)
            resources = Resources.scalars(cpus=4, mem=4096, disk=10000) + resources_from([message])
        made = FakeAgent(self, resources, 5051 + len(self.agents), attributes)
        self.agents.append(made)
        made.register()
        return made

    def client(
        self,
        content_type: ContentType = ContentType.JSON,
        *,
        subscribe: dict[str, Any] | None = None,
        auth: Any = AUTH,
        **info: Any,
    ) -> Client:
        """Ask for a subscription and leave the answer to the caller."""
        made = framework_info(**info)
        body: dict[str, Any] = {
            "type": "SUBSCRIBE",
            "subscribe": {"framework_info": made, **(subscribe or {})},
        }
        if "id" in made:
            body["framework_id"] = made["id"]
        client = Client(self.url + "/api/v1/scheduler", body, content_type, auth)
        self.clients.append(client)
        return client

    def framework(self, content_type: ContentType = ContentType.JSON, **given: Any) -> Client:
        """Subscribe."""
        client = self.client(content_type, **given)
        client.framework_id = client.until("SUBSCRIBED")["framework_id"]["value"]
        return client

    def close(self) -> None:
        self.do(self.master.stop)
        for client in self.clients:
            client.close()
        for runner in self._sites:
            self.run(runner.cleanup())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@contextmanager
def running_world(**options: Any) -> Any:
    made = World(**options)
    try:
        yield made
    finally:
        made.close()


def run_task(world: World, client: Client, task_id: str = "t", **more: Any) -> FakeAgent:
    """Launch a task on the only agent and let it run."""
    agent = world.agents[0]
    (offer,) = client.offers()
    client.accept(offer, operations=[launch(task(task_id, agent.agent_id, **more))], refuse=3600)
    agent.heard("run_task")
    agent.update(client.framework_id, task_id, "TASK_RUNNING")
    client.acknowledge(client.status())
    return agent
