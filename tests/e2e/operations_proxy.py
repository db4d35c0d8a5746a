"""A proxy in front of a master that loses operations and kills the scheduler at a chosen moment."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.protocol.codec import ContentType
from mesos_batch.protocol.recordio import Decoder

Call, Event = scheduler_pb2.Call, scheduler_pb2.Event
Operation = pb.Offer.Operation
_PASSED_ON = ("Content-Type", "Accept", "Mesos-Stream-Id", "Authorization")
_HOP_BY_HOP = ("transfer-encoding", "content-length", "connection", "date", "server")


class Proxy:
    """Passes everything on; ``on_call`` and ``on_event`` may do something about it first.

    ``on_call`` gives the call to pass on, or ``None`` when nothing is to be passed on any more;
    ``on_event`` is told of each event once it was passed on.
    """

    def __init__(self, master: str) -> None:
        self.master = master
        self.on_call: Callable[[Call], Call | None] = lambda call: call
        self.on_event: Callable[[Event], None] = lambda _: None
        self.killed = threading.Event()
        self._victim: subprocess.Popen[str] | None = None
        self._begun = threading.Event()
        self._server = Server(("127.0.0.1", 0), partial(Handler, self))
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def threatens(self, victim: subprocess.Popen[str]) -> None:
        """This is the process that :meth:`kill` kills."""
        self._victim = victim
        self._begun.set()

    def kill(self) -> None:
        """SIGKILL, and pass on everything from now on."""
        self._begun.wait()
        assert self._victim is not None
        self._victim.kill()
        self._victim.wait()
        self.on_call, self.on_event = lambda call: call, lambda _: None
        self.killed.set()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    # --- what may happen ---------------------------------------------------------------------

    def lose_create_and_kill_at(self, moment: str) -> None:
        """Lose CREATE; kill once RESERVE is told to be done, or once that is acknowledged."""

        def on_call(call: Call) -> Call | None:
            if moment == "acknowledged" and call.type == Call.ACKNOWLEDGE_OPERATION_STATUS:
                self.kill()
                return None
            kept = [it for it in call.accept.operations if it.type != Operation.CREATE]
            del call.accept.operations[:]
            call.accept.operations.extend(kept)
            return call

        def on_event(event: Event) -> None:
            if moment == "told" and _is_done(event):
                self.kill()

        self.on_call, self.on_event = on_call, on_event

    def spoil_create(self) -> None:
        """Give volumes to be created an id that the master refuses."""

        def on_call(call: Call) -> Call:
            for operation in call.accept.operations:
                for volume in operation.create.volumes:
                    volume.disk.persistence.id = "no/id"
            return call

        self.on_call = on_call

    def kill_at_accept(self) -> None:
        """Kill when operations are sent; they are lost."""

        def on_call(call: Call) -> Call | None:
            if call.type == Call.ACCEPT and call.accept.operations:
                self.kill()
                return None
            return call

        self.on_call = on_call

    def kill_when_done(self, count: int) -> None:
        """Kill when so many operations are done; no acknowledgement is passed on before."""
        done = set[str]()

        def on_call(call: Call) -> Call | None:
            if call.type == Call.ACKNOWLEDGE_OPERATION_STATUS:
                self.killed.wait()
                return None
            return call

        def on_event(event: Event) -> None:
            if _is_done(event):
                done.add(event.update_operation_status.status.operation_id.value)
            if len(done) == count:
                self.kill()

        self.on_call, self.on_event = on_call, on_event


def _is_done(event: Event) -> bool:
    status = event.update_operation_status.status
    return event.type == Event.UPDATE_OPERATION_STATUS and status.state == pb.OPERATION_FINISHED


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A scheduler that is killed leaves its connections as they are."""


class Handler(BaseHTTPRequestHandler):
    """One connection of a scheduler."""

    protocol_version = "HTTP/1.1"

    def __init__(self, proxy: Proxy, *about: Any) -> None:
        self._proxy = proxy
        super().__init__(*about)

    def do_GET(self) -> None:
        self._pass_on(None)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path.endswith("/scheduler"):
            form = ContentType(self.headers["Content-Type"])
            call = self._proxy.on_call(form.decode(body, Call))
            if call is None:
                self.close_connection = True
                return
            body = form.encode(call)
        self._pass_on(body)

    def _pass_on(self, body: bytes | None) -> None:
        kept = {name: self.headers[name] for name in _PASSED_ON if name in self.headers}
        connection = HTTPConnection(self._proxy.master)
        try:
            connection.request(self.command, self.path, body, kept)
            self._answer(connection.getresponse())
        except OSError:
            # One of the two has gone away.
            self.close_connection = True
        finally:
            connection.close()

    def _answer(self, response: HTTPResponse) -> None:
        streams = response.headers.get("Transfer-Encoding") == "chunked"
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        if streams:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self._stream(response)
            return
        data = response.read()
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, response: HTTPResponse) -> None:
        form, decoder = ContentType(response.headers["Content-Type"]), Decoder()
        while data := response.read1():
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            for record in decoder.feed(data):
                self._proxy.on_event(form.decode(record, Event))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def proxy_of(master: str) -> Iterator[Proxy]:
    made = Proxy(master)
    try:
        yield made
    finally:
        made.close()
