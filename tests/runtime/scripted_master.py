"""A master that answers by script: real HTTP on loopback, byte by byte as the test says."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.protocol import json_dialect, recordio


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def call(self) -> scheduler_pb2.Call:
        return scheduler_pb2.Call.FromString(self.body)

    @property
    def type(self) -> str:
        return scheduler_pb2.Call.Type.Name(self.call.type) if self.body else self.method


Answer = Iterator[bytes] | bytes
Script = Callable[[Request, int], Answer]


class ScriptedMaster:
    """Calls ``script(request, number of SUBSCRIBEs so far)`` and sends what it gives."""

    def __init__(self, script: Script) -> None:
        self.requests: list[Request] = []
        self.released = threading.Event()
        self._subscriptions = 0
        master = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                while (request := _read(self.rfile)) is not None:
                    master.requests.append(request)
                    if request.type == "SUBSCRIBE":
                        master._subscriptions += 1
                    answer = script(request, master._subscriptions)
                    parts = [answer] if isinstance(answer, bytes) else answer
                    try:
                        for part in parts:
                            self.wfile.write(part)
                    except OSError:
                        return
                    if not isinstance(answer, bytes):
                        return

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def types(self) -> list[str]:
        return [request.type for request in self.requests]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def hold(self) -> Iterator[bytes]:
        """Send nothing more until the test is over."""
        self.released.wait()
        yield b""


def _read(stream: Any) -> Request | None:
    line = stream.readline()
    if not line.strip():
        return None
    method, path, _ = line.decode().split(" ", 2)
    headers: dict[str, str] = {}
    while (header := stream.readline().strip()) != b"":
        name, _, value = header.decode().partition(":")
        headers[name] = value.strip()
    body = stream.read(int(headers.get("Content-Length", "0")))
    return Request(method, path, headers, body)


def status(code: int, body: str = "", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {code} X", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def head(stream_id: str = "S") -> bytes:
    return (
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n"
        f"Transfer-Encoding: chunked\r\nMesos-Stream-Id: {stream_id}\r\n\r\n"
    ).encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(**fields: Any) -> bytes:
    """One RecordIO record of an event, given in JSON form."""
    message = json_dialect.from_value(fields, scheduler_pb2.Event)
    return chunk(recordio.encode(message.SerializeToString()))


def subscribed(framework_id: str = "F", heartbeat: float = 15) -> bytes:
    return event(
        type="SUBSCRIBED",
        subscribed={
            "framework_id": {"value": framework_id},
            "heartbeat_interval_seconds": heartbeat,
        },
    )


def error(message: str) -> bytes:
    return event(type="ERROR", error={"message": message})


def offers(*agents: str, cpus: float = 4) -> bytes:
    return event(
        type="OFFERS",
        offers={
            "offers": [
                {
                    "id": {"value": f"O-{agent}"},
                    "framework_id": {"value": "F"},
                    "agent_id": {"value": agent},
                    "hostname": agent,
                    "resources": [
                        {"name": "cpus", "type": "SCALAR", "scalar": {"value": cpus}},
                        {"name": "mem", "type": "SCALAR", "scalar": {"value": 1024}},
                    ],
                }
                for agent in agents
            ]
        },
    )


def update(task_id: str, state: str, uuid: str = "AAAAAAAAAAAAAAAAAAAAAA==") -> bytes:
    return event(
        type="UPDATE",
        update={
            "status": {
                "task_id": {"value": task_id},
                "agent_id": {"value": "a"},
                "state": state,
                "uuid": uuid,
            }
        },
    )
