"""A master whose agents do nothing: as much of the scheduler API as a batch of tasks needs.

``python benchmarks/null_master.py [AGENTS] [CPUS]`` prints its port and serves one framework after
the other. Every task goes through STARTING, RUNNING and FINISHED, each sent when the one before is
acknowledged. It checks nothing and is lean, so that what is measured is the scheduler.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.protocol.codec import ContentType

Call = scheduler_pb2.Call
Event = scheduler_pb2.Event
STATES = (pb.TASK_STARTING, pb.TASK_RUNNING, pb.TASK_FINISHED)
DATE = b"Date: Sat, 01 Jan 2000 00:00:00 GMT"
ACCEPTED = b"HTTP/1.1 202 Accepted\r\n%b\r\nContent-Length: 0\r\n\r\n" % DATE
UPDATE = (
    '{"type":"UPDATE","update":{"status":{"task_id":{"value":"<task>"},"state":"%s",'
    '"source":"SOURCE_EXECUTOR","agent_id":{"value":"<agent>"},"executor_id":{"value":"<task>"},'
    '"timestamp":<time>,"uuid":"<uuid>","container_status":{"container_id":{"value":"c-<task>"},'
    '"network_infos":[{"ip_addresses":[{"ip_address":"127.0.0.1"}]}]}}}}'
)
UPDATES = [UPDATE % pb.TaskState.Name(state) for state in STATES]


class Agent:
    """Slots on one host."""

    def __init__(self, number: int, slots: int) -> None:
        self.id = f"null-S{number}"
        self.slots = slots
        self.free = slots
        self.offered = 0


class NullMaster:
    """Agents, and the framework that is subscribed."""

    def __init__(self, agents: int, slots: int) -> None:
        self.agents = {agent.id: agent for agent in (Agent(i, slots) for i in range(agents))}
        self.begin(None, ContentType.PROTOBUF)

    def begin(self, stream: asyncio.Transport | None, kind: ContentType) -> None:
        """Forget what was: there is a new framework."""
        self.stream, self.kind = stream, kind
        self.tasks: dict[str, tuple[str, int]] = {}
        self.offers: dict[str, Agent] = {}
        self.number = 0
        self.declined = self.due = False
        self.records: list[bytes] = []
        for agent in self.agents.values():
            agent.free, agent.offered = agent.slots, 0

    def subscribe(self, stream: asyncio.Transport, kind: ContentType) -> None:
        """Answer SUBSCRIBE."""
        self.begin(stream, kind)
        stream.write(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nMesos-Stream-Id: null\r\n"
            b"Content-Type: %s\r\n\r\n" % kind.value.encode()
        )
        event = Event(type=Event.SUBSCRIBED)
        event.subscribed.framework_id.value = "null-F"
        event.subscribed.heartbeat_interval_seconds = 3600
        self.send(kind.encode(event))

    def handle(self, body: bytes) -> None:
        """Do what a call asks for."""
        if self.kind is ContentType.JSON:
            self.handle_json(json.loads(body))
        else:
            self.handle_protobuf(Call.FromString(body))
        if not self.due:
            self.due = True
            asyncio.get_running_loop().call_soon(self.flush)

    def handle_protobuf(self, call: Call) -> None:
        """The same in one content type."""
        if call.type == Call.ACKNOWLEDGE:
            self.acknowledge(call.acknowledge.task_id.value)
        elif call.type == Call.ACCEPT:
            ids = [offer.value for offer in call.accept.offer_ids]
            tasks = (task for it in call.accept.operations for task in it.launch.task_infos)
            self.accept(ids, (task.task_id.value for task in tasks))
        elif call.type == Call.DECLINE:
            self.decline([offer.value for offer in call.decline.offer_ids])
        else:
            self.other(Call.Type.Name(call.type))

    def handle_json(self, call: dict[str, Any]) -> None:
        """The same in the other."""
        kind = call["type"]
        if kind == "ACKNOWLEDGE":
            self.acknowledge(call["acknowledge"]["task_id"]["value"])
        elif kind == "ACCEPT":
            ids = [offer["value"] for offer in call["accept"]["offer_ids"]]
            tasks = (
                task
                for operation in call["accept"].get("operations", ())
                for task in operation["launch"]["task_infos"]
            )
            self.accept(ids, (task["task_id"]["value"] for task in tasks))
        elif kind == "DECLINE":
            self.decline([offer["value"] for offer in call["decline"]["offer_ids"]])
        else:
            self.other(kind)

    def accept(self, offer_ids: list[str], task_ids: Iterable[str]) -> None:
        """Launch tasks, of one cpu each."""
        agent = self.offers[offer_ids[0]]
        for offer_id in offer_ids:
            self.offers.pop(offer_id)
        for task_id in task_ids:
            self.tasks[task_id] = (agent.id, 0)
            agent.free -= 1
            self.update(task_id, agent.id, 0)
        agent.offered = 0

    def acknowledge(self, task_id: str) -> None:
        """Go on to the next state, or take the slot back."""
        agent_id, at = self.tasks[task_id]
        if at + 1 < len(STATES):
            self.tasks[task_id] = (agent_id, at + 1)
            self.update(task_id, agent_id, at + 1)
        else:
            del self.tasks[task_id]
            self.agents[agent_id].free += 1

    def decline(self, offer_ids: list[str]) -> None:
        """Take offers back until they are asked for."""
        for offer_id in offer_ids:
            agent = self.offers.pop(offer_id, None)
            if agent is not None:
                agent.offered = 0
        self.declined = True

    def other(self, kind: str) -> None:
        """REVIVE, SUPPRESS and TEARDOWN; there is nothing to kill or to reconcile."""
        if kind == "REVIVE":
            self.declined = False
        elif kind == "SUPPRESS":
            self.declined = True
        elif kind == "TEARDOWN" and self.stream is not None:
            self.stream.write(b"0\r\n\r\n")
            self.begin(None, self.kind)

    def update(self, task_id: str, agent_id: str, at: int) -> None:
        """Queue a status update."""
        self.number += 1
        uuid = b"%016d" % self.number
        if self.kind is ContentType.JSON:
            record = UPDATES[at].replace("<task>", task_id).replace("<agent>", agent_id)
            record = record.replace("<time>", f"{time.time():f}")
            self.records.append(record.replace("<uuid>", b64encode(uuid).decode()).encode())
            return
        event = Event(type=Event.UPDATE)
        status = event.update.status
        status.task_id.value = status.executor_id.value = task_id
        status.state = STATES[at]
        status.source = pb.TaskStatus.SOURCE_EXECUTOR
        status.agent_id.value = agent_id
        status.timestamp = time.time()
        status.uuid = uuid
        status.container_status.container_id.value = f"c-{task_id}"
        status.container_status.network_infos.add().ip_addresses.add(ip_address="127.0.0.1")
        self.records.append(event.SerializeToString())

    def offer(self) -> None:
        """Offer what is free, but for an agent that still has more than half of its slots busy."""
        event = Event(type=Event.OFFERS)
        for agent in self.agents.values():
            if agent.offered or 2 * agent.free < agent.slots:
                continue
            self.number += 1
            agent.offered = agent.free
            offer = event.offers.offers.add(hostname=agent.id)
            offer.id.value = f"null-O{self.number}"
            offer.agent_id.value = agent.id
            offer.framework_id.value = "null-F"
            offer.allocation_info.role = "*"
            offer.url.scheme, offer.url.path = "http", "/slave(1)"
            offer.url.address.ip, offer.url.address.port = "127.0.0.1", 5051
            for name, value in (("cpus", agent.free), ("mem", 64 * agent.free)):
                resource = offer.resources.add(name=name, type=pb.Value.SCALAR)
                resource.scalar.value = value
                resource.allocation_info.role = "*"
            self.offers[offer.id.value] = agent
        if event.offers.offers:
            self.records.append(self.kind.encode(event))

    def flush(self) -> None:
        """Write what the calls of this turn brought about."""
        self.due = False
        if self.stream is None:
            return
        if not self.declined:
            self.offer()
        if self.records:
            self.send(*self.records)
            self.records.clear()

    def send(self, *records: bytes) -> None:
        """Write records as one chunk."""
        assert self.stream is not None
        data = b"".join(b"%d\n%b" % (len(record), record) for record in records)
        self.stream.write(b"%x\r\n%b\r\n" % (len(data), data))


class Connection(asyncio.Protocol):
    """One connection: requests with a Content-Length, answered in their order."""

    def __init__(self, master: NullMaster) -> None:
        self.master = master
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer the requests that are complete."""
        self.buffer += data
        answers = 0
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            start = end + 4
            length = _number(head, b"content-length: ")
            if len(self.buffer) < start + length:
                break
            body = self.buffer[start : start + length]
            self.buffer = self.buffer[start + length :]
            if not head.startswith(b"post /api/v1/scheduler"):
                self.transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            elif b"mesos-stream-id" not in head:
                json_wanted = b"application/json" in head
                kind = ContentType.JSON if json_wanted else ContentType.PROTOBUF
                self.master.subscribe(self.transport, kind)
                self.master.flush()
            else:
                self.master.handle(body)
                answers += 1
        if answers:
            self.transport.write(ACCEPTED * answers)


def _number(head: bytes, name: bytes) -> int:
    at = head.find(name)
    return 0 if at < 0 else int(head[at + len(name) :].partition(b"\r")[0])


async def serve(agents: int, slots: int) -> None:
    """Serve until stdin ends."""
    master = NullMaster(agents, slots)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(master), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    asyncio.run(serve(*(numbers or [32, 8])))
