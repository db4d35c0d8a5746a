"""A subscription read in a thread, so that a test can wait for events instead of sleeping."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import requests
import urllib3

from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.protocol import json_dialect
from mesos_batch.protocol.codec import ContentType
from mesos_batch.protocol.recordio import Decoder

PATIENCE = 20.0
Json = dict[str, Any]
_END, _CUT = "end", "cut"


class EventStream:
    """The events of one subscription, as JSON values, taken out by those who wait for them."""

    def __init__(self, response: requests.Response, content_type: ContentType) -> None:
        self.stream_id = response.headers["Mesos-Stream-Id"]
        self._response = response
        self._content_type = content_type
        self._arrivals: queue.Queue[Json | str] = queue.Queue()
        self.events: list[Json] = []
        self.heartbeats = 0
        self.end: str | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def take(self, wanted: Callable[[Json], bool], what: str) -> Json:
        """Wait for an event and take it out.

        Raises:
            AssertionError: the stream ended without it, or it does not come.
        """
        found: list[Json] = []

        def look() -> bool:
            found.extend(event for event in self.events if wanted(event))
            return bool(found)

        self.wait(look, what)
        self.events.remove(found[0])
        return found[0]

    def wait(self, done: Callable[[], bool], what: str) -> None:
        """Wait until the events in hand satisfy ``done``.

        Raises:
            AssertionError: the stream ended before, or it takes too long.
        """
        deadline = time.monotonic() + PATIENCE
        while not done():
            if self.end is not None:
                raise AssertionError(f"the stream ended before {what}; left: {self.events}")
            self._arrive(deadline - time.monotonic(), what)

    def catch_up(self) -> None:
        """Take in what has arrived already."""
        while not self._arrivals.empty():
            self._arrive(PATIENCE, "")

    def listen(self, seconds: float) -> None:
        """Take in what arrives within so long: the only way to see that nothing comes."""
        deadline = time.monotonic() + seconds
        while self.end is None and (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(AssertionError):
                self._arrive(left, "anything")

    def wait_end(self) -> str:
        """Wait for the end: ``end`` when it was in order, ``cut`` when the connection broke."""
        deadline = time.monotonic() + PATIENCE
        while self.end is None:
            self._arrive(deadline - time.monotonic(), "the end of the stream")
        self._thread.join()
        return self.end

    def drop(self) -> None:
        """Break the connection, as a scheduler does that dies."""
        with contextlib.suppress(ValueError):  # it ended by itself meanwhile
            self._response.raw.shutdown()
        self.wait_end()

    def _arrive(self, seconds: float, what: str) -> None:
        try:
            event = self._arrivals.get(timeout=max(0.0, seconds))
        except queue.Empty:
            raise AssertionError(f"{what} did not come; in hand: {self.events}") from None
        if isinstance(event, str):
            self.end = event
        elif event["type"] == "HEARTBEAT":
            self.heartbeats += 1
        else:
            self.events.append(event)

    def _read(self) -> None:
        decoder = Decoder()
        raw: Any = self._response.raw
        end = _END
        try:
            while data := raw.read1(1 << 16):
                for record in decoder.feed(data):
                    event = self._content_type.decode(record, scheduler_pb2.Event)
                    self._arrivals.put(json_dialect.to_value(event))
        except (urllib3.exceptions.HTTPError, OSError, ValueError):
            end = _CUT
        self._response.close()
        self._arrivals.put(_CUT if decoder.pending_bytes else end)
