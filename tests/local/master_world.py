"""A master behind real HTTP, with agents that only write down what they are told."""

from __future__ import annotations

import asyncio
import json
import queue
import threading
import time
import uuid
from contextlib import contextmanager
from typing import Any

import requests

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.local.links import Registration, TaskReport
from mesos_batch.local.master import Master
from mesos_batch.local.master_site import make_app
from mesos_batch.local.options import Credential, LocalOptions
from mesos_batch.local.registry import Registry
from mesos_batch.local.server import serve
from mesos_batch.model.resources import Resources
from mesos_batch.protocol import json_dialect
from mesos_batch.protocol.codec import ContentType
from mesos_batch.protocol.recordio import Decoder
from mesos_batch.protocol.values import resources_from, resources_to

TIMEOUT = 20
CREDENTIAL = Credential("tester", "secret of the test")
AUTH = (CREDENTIAL.principal, CREDENTIAL.secret)
CAPABILITIES = ("TASK_KILLING_STATE", "PARTITION_AWARE", "RESERVATION_REFINEMENT", "MULTI_ROLE")
# Batches come much faster than heartbeats, so that two heartbeats prove that nothing was offered.
OPTIONS = {"allocation_interval": 0.02, "heartbeat_interval": 0.1}

Call = scheduler_pb2.Call
Event = scheduler_pb2.Event


def scalar(name: str, value: float, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "SCALAR", "scalar": {"value": value}, **more}


def reservation(role: str, principal: str | None = "tester") -> list[dict[str, Any]]:
    by = {} if principal is None else {"principal": principal}
    return [{"type": "DYNAMIC", "role": role, **by}]


def volume(
    size: float, volume_id: str, *, role: str = "test", principal: str | None = "tester"
) -> dict[str, Any]:
    by = {} if principal is None else {"principal": principal}
    return scalar(
        "disk",
        size,
        reservations=reservation(role),
        disk={
            "persistence": {"id": volume_id, **by},
            "volume": {"container_path": "data", "mode": "RW"},
        },
    )


def task(task_id: str, agent_id: str = "", /, **more: Any) -> dict[str, Any]:
    """A valid task; ``None`` takes a field away."""
    made = {
        "name": task_id,
        "task_id": {"value": task_id},
        "agent_id": {"value": agent_id},
        "resources": [scalar("cpus", 0.1), scalar("mem", 32)],
        "command": {"value": "true"},
        **more,
    }
    return {name: value for name, value in made.items() if value is not None}


def launch(*tasks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "LAUNCH", "launch": {"task_infos": list(tasks)}}


def default_executor(framework_id: str, /, **more: Any) -> dict[str, Any]:
    made = {
        "type": "DEFAULT",
        "executor_id": {"value": "pool"},
        "framework_id": {"value": framework_id},
        "resources": [scalar("cpus", 0.1), scalar("mem", 32), scalar("disk", 10)],
        **more,
    }
    return {name: value for name, value in made.items() if value is not None}


def launch_group(executor: dict[str, Any], *tasks: dict[str, Any]) -> dict[str, Any]:
    group = {"executor": executor, "task_group": {"tasks": list(tasks)}}
    return {"type": "LAUNCH_GROUP", "launch_group": group}


class FakeAgent:
    """An agent link that remembers; updates are sent when the test says so."""

    def __init__(self, world: World, total: Resources, port: int, attributes: Any = ()) -> None:
        self.world = world
        self.total = total
        self.calls: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.info = pb.AgentInfo(hostname="127.0.0.1", port=port)
        for name, text in attributes:
            attribute = self.info.attributes.add(name=name, type=pb.Value.TEXT)
            attribute.text.value = text
        self.tasks: dict[tuple[str, str], TaskReport] = {}

    @property
    def agent_id(self) -> str:
        return self.info.id.value

    def register(self) -> None:
        del self.info.resources[:]
        self.info.resources.extend(resources_to(self.total))
        message = pb.AgentInfo()
        message.CopyFrom(self.info)
        registration = Registration(message, self.total, list(self.tasks.values()))
        self.world.do(self.world.master.register_agent, registration, self)

    # AgentLink

    def detected(self, master: Any) -> None:
        self.calls.put(("detected", master))

    def registered(self, agent_id: str, master: Any) -> None:
        self.info.id.value = agent_id

    def run_task(self, framework: Any, task: Any, executor: Any) -> None:
        self._remember(framework, task, executor)
        self.calls.put(("run_task", (framework, task, executor)))

    def run_task_group(self, framework: Any, executor: Any, tasks: Any) -> None:
        for one in tasks:
            self._remember(framework, one, executor)
        self.calls.put(("run_task_group", (framework, executor, tasks)))

    def kill_task(self, framework_id: str, task_id: str, kill_policy: Any) -> None:
        self.calls.put(("kill_task", (framework_id, task_id, kill_policy)))

    def shutdown_executor(self, framework_id: str, executor_id: str) -> None:
        self.calls.put(("shutdown_executor", (framework_id, executor_id)))

    def shutdown_framework(self, framework_id: str) -> None:
        self.calls.put(("shutdown_framework", framework_id))

    def update_framework(self, framework: Any) -> None:
        self.calls.put(("update_framework", framework))

    def acknowledge(self, framework_id: str, task_id: str, uuid: bytes) -> None:
        self.calls.put(("acknowledge", (framework_id, task_id, uuid)))

    def apply_operation(self, framework_id: Any, operation: Any, uuid: Any, total: Any) -> None:
        self.total = total
        self.calls.put(("apply_operation", (framework_id, operation, uuid, total)))

    def acknowledge_operation(self, status_uuid: bytes) -> None:
        self.calls.put(("acknowledge_operation", status_uuid))

    def shutdown(self) -> None:
        self.calls.put(("shutdown", None))

    # What tests do with it.

    def heard(self, name: str) -> Any:
        """What came with the next message of this name; others are passed over."""
        while True:
            called, arguments = self.calls.get(timeout=TIMEOUT)
            if called == name:
                return arguments

    def update(self, framework_id: str, task_id: str, state: str, **more: Any) -> bytes:
        """Send a status update and give its uuid."""
        status = pb.TaskStatus(
            task_id=pb.TaskID(value=task_id),
            state=pb.TaskState.Value(state),
            source=pb.TaskStatus.SOURCE_EXECUTOR,
            agent_id=pb.AgentID(value=self.agent_id),
            timestamp=time.time(),
            uuid=uuid.uuid4().bytes,
            **more,
        )
        status.container_status.container_id.value = "container"
        known = self.tasks[framework_id, task_id]
        self.tasks[framework_id, task_id] = TaskReport(
            known.framework, known.task, known.executor, status
        )
        self.world.do(
            self.world.master.status_update, self.agent_id, framework_id, status, status.state
        )
        return status.uuid

    def finish_operation(self, framework_id: str, operation_uuid: bytes) -> bytes:
        """Answer an operation and give the uuid of the status."""
        status = pb.OperationStatus(state=pb.OPERATION_FINISHED)
        status.agent_id.value = self.agent_id
        status.uuid.value = uuid.uuid4().bytes
        self.world.do(
            self.world.master.operation_status,
            self.agent_id,
            framework_id,
            status,
            operation_uuid,
        )
        return status.uuid.value

    def _remember(self, framework: Any, task: Any, executor: Any) -> None:
        latest = pb.TaskStatus(task_id=task.task_id, state=pb.TASK_STAGING)
        key = (framework.id.value, task.task_id.value)
        self.tasks[key] = TaskReport(framework, task, executor, latest)


class Client:
    """A framework over HTTP; events come as JSON values whatever travels."""

    def __init__(
        self, url: str, body: dict[str, Any], content_type: ContentType, auth: Any = AUTH
    ) -> None:
        self.content_type = content_type
        self.headers = {"Content-Type": content_type.value, "Accept": content_type.value}
        self.url = url
        self.auth = auth
        self.response = requests.post(
            url,
            data=self._encode(body),
            headers=self.headers,
            auth=auth,
            stream=True,
            allow_redirects=False,
            timeout=TIMEOUT,
        )
        self.stream_id = self.response.headers.get("Mesos-Stream-Id")
        self.framework_id = ""
        self._decoder = Decoder()
        self._events: list[dict[str, Any]] = []
        self._session = requests.Session()

    def _encode(self, body: dict[str, Any]) -> bytes:
        if self.content_type is ContentType.JSON:
            return json.dumps(body).encode()
        return json_dialect.from_value(body, Call).SerializeToString()

    def _decode(self, record: bytes) -> dict[str, Any]:
        if self.content_type is ContentType.JSON:
            event: dict[str, Any] = json.loads(record)
            return event
        return json_dialect.to_value(Event.FromString(record))

    def event(self) -> dict[str, Any] | None:
        """The next event, ``None`` at the end of the stream."""
        while not self._events:
            data = self.response.raw.read1(1 << 16)
            if not data:
                return None
            self._events.extend(map(self._decode, self._decoder.feed(data)))
        return self._events.pop(0)

    def until(self, kind: str) -> dict[str, Any]:
        """The payload of the next event of a kind; others are passed over."""
        while True:
            event = self.event()
            assert event is not None, f"the stream ended before {kind}"
            if event["type"] == kind:
                payload: dict[str, Any] = event.get(kind.lower(), {})
                return payload

    def before_two_heartbeats(self) -> list[str]:
        """What comes until two heartbeats after everything that was sent before this call."""
        marker = {"operation_id": {"value": str(uuid.uuid4())}}
        self.call("RECONCILE_OPERATIONS", reconcile_operations={"operations": [marker]})
        kinds: list[str] = []
        seen = 0
        marked = False
        while seen < 2:
            event = self.event()
            assert event is not None
            status = event.get("update_operation_status", {}).get("status", {})
            if status.get("operation_id") == marker["operation_id"]:
                marked = True
            elif event["type"] != "HEARTBEAT":
                kinds.append(event["type"])
            else:
                seen += marked
        return kinds

    def offers(self) -> list[dict[str, Any]]:
        offers: list[dict[str, Any]] = self.until("OFFERS")["offers"]
        return offers

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = self.until("UPDATE")["status"]
        return status

    def operation_status(self) -> dict[str, Any]:
        status: dict[str, Any] = self.until("UPDATE_OPERATION_STATUS")["status"]
        return status

    def post(self, body: dict[str, Any], **headers: str | None) -> requests.Response:
        """Send anything; a header of ``None`` is left out."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {**self.headers, "Mesos-Stream-Id": self.stream_id, **named}
        return self._session.post(
            self.url,
            data=self._encode(body),
            headers={name: value for name, value in sent.items() if value is not None},
            auth=self.auth,
            timeout=TIMEOUT,
        )

    def call(self, kind: str, **payload: Any) -> None:
        body = {"type": kind, "framework_id": {"value": self.framework_id}, **payload}
        answer = self.post(body)
        assert answer.status_code == 202, answer.text

    def accept(
        self, *offers: dict[str, Any], operations: list[dict[str, Any]], refuse: float = 0
    ) -> None:
        self.call(
            "ACCEPT",
            accept={
                "offer_ids": [offer["id"] for offer in offers],
                "operations": operations,
                "filters": {"refuse_seconds": refuse},
            },
        )

    def decline(self, offer: dict[str, Any], refuse: float | None = None) -> None:
        filters = {} if refuse is None else {"filters": {"refuse_seconds": refuse}}
        self.call("DECLINE", decline={"offer_ids": [offer["id"]], **filters})

    def acknowledge(self, status: dict[str, Any]) -> None:
        self.call(
            "ACKNOWLEDGE",
            acknowledge={name: status[name] for name in ("agent_id", "task_id", "uuid")},
        )

    def disconnect(self) -> None:
        self.response.raw.shutdown()
        self.response.close()

    def close(self) -> None:
        self.response.close()
        self._session.close()


def framework_info(**more: Any) -> dict[str, Any]:
    made = {
        "user": "root",
        "name": "test",
        "roles": ["*"],
        "capabilities": [{"type": name} for name in CAPABILITIES],
        **more,
    }
    return {name: value for name, value in made.items() if value is not None}


def capabilities(*names: str) -> list[dict[str, str]]:
    return [{"type": name} for name in names]


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
