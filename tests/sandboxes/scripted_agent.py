"""An agent whose answers a test decides, and the files it has."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from mesos_batch.model.sandbox import Sandbox
from mesos_batch.options import RunOptions

ROOT = "/frameworks/F/executors"
OPTIONS = RunOptions(master="127.0.0.1:5050")


class ScriptedAgent:
    """Serves ``files`` by their paths; an entry of ``refusals`` is answered instead."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[str, bytes] = {}
        self.listings: dict[str, object] = {}
        self.refusals: dict[str, tuple[int, bytes]] = {}
        self.wants: tuple[str, str] | None = None
        self.asked: list[str] = []
        self.credentials: list[str | None] = []
        self.changed = threading.Condition()
        # Who asks for one of these is answered when its event is set.
        self.gates: dict[str, threading.Event] = {}

    def sandbox(self, task_id: str = "t", attempt: int = 1) -> Sandbox:
        url = f"{self.address}/files/browse?path={ROOT}/{task_id}"
        return Sandbox(task_id, attempt, "S0", "here", url)

    def write(self, task_id: str, data: bytes, stream: str = "stdout") -> None:
        """What a task has written; the other stream is there too."""
        for name in ("stdout", "stderr"):
            self.files.setdefault(f"{ROOT}/{task_id}/{name}", b"")
        self.files[f"{ROOT}/{task_id}/{stream}"] += data

    def until_asked(self, times: int, path: str) -> None:
        """Wait until a file has been asked for so often."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.asked.count(path) >= times, 30)

    def answer(self, endpoint: str, query: dict[str, str], who: str | None) -> tuple[int, bytes]:
        path = query.get("path", "")
        with self.changed:
            self.asked.append(path)
            self.credentials.append(who)
            self.changed.notify_all()
        if self.wants is not None and who != ":".join(self.wants):
            return 401, b""
        if path in self.gates:
            self.gates[path].wait(30)
        if path in self.refusals:
            return self.refusals[path]
        if endpoint == "/files/browse":
            return 200, json.dumps(self.listings.get(path, [])).encode()
        data = self.files.get(path)
        if data is None:
            return 404, b""
        if endpoint == "/files/download":
            return 200, data
        offset = int(query["offset"])
        if offset == -1:
            return 200, b'{"data":"","offset":%d}' % len(data)
        piece = data[offset : offset + min(int(query["length"]), 65536)]
        return 200, b'{"data":"%b","offset":%d}' % (as_mesos(piece), offset)


def as_mesos(data: bytes) -> bytes:
    """Bytes between quotes as Mesos puts them there, whether they are text or not."""
    escaped = {ord('"'): b'\\"', ord("\\"): b"\\\\", ord("\n"): b"\\n"}
    parts = [
        escaped.get(byte) or (b"\\u%04x" % byte if byte < 0x20 else bytes([byte])) for byte in data
    ]
    return b"".join(parts)


def listed(path: str, size: int = 3, mode: str = "-rw-r--r--") -> dict[str, object]:
    """A file in a listing."""
    return {
        "path": path,
        "size": size,
        "mode": mode,
        "mtime": 1.0,
        "nlink": 1,
        "uid": "root",
        "gid": "root",
    }


@contextmanager
def scripted_agent() -> Iterator[ScriptedAgent]:
    """An agent on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            told = self.headers.get("Authorization")
            who = None if told is None else b64decode(told.removeprefix("Basic ")).decode()
            status, body = agent.answer(url.path, query, who)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Who hangs up without a question wanted to speak TLS."""

    server = Server(("127.0.0.1", 0), Handler)
    agent = ScriptedAgent(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield agent
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
