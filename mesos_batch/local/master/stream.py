"""The stream of events a subscription gets: RecordIO over one chunked answer."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.protocol import recordio

if TYPE_CHECKING:
    from aiohttp import web

    from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
    from mesos_batch.protocol.codec import ContentType

Event = scheduler_pb2.Event
_HEARTBEAT = Event(type=Event.HEARTBEAT)


class EventStream:
    """Events go in at any time, bytes go out while :meth:`pump` runs."""

    def __init__(self, content_type: ContentType) -> None:
        self.content_type = content_type
        self.stream_id = str(uuid.uuid4())
        self._chunks: list[bytes] = []
        self._closed = False
        self._wake = asyncio.Event()
        self._heartbeat: asyncio.TimerHandle | None = None

    def send(self, event: Event) -> None:
        """Queue an event; after :meth:`close` it is dropped."""
        if self._closed:
            return
        self._chunks.append(recordio.encode(self.content_type.encode(event)))
        self._wake.set()

    def send_status(self, status: pb.TaskStatus) -> None:
        """Queue an UPDATE event."""
        event = Event(type=Event.UPDATE)
        event.update.status.CopyFrom(status)
        self.send(event)

    def start_heartbeats(self, interval: float) -> None:
        """Send a heartbeat now and again every ``interval`` seconds."""
        if self._closed:
            return
        self.send(_HEARTBEAT)
        loop = asyncio.get_running_loop()
        self._heartbeat = loop.call_later(interval, self.start_heartbeats, interval)

    def close(self) -> None:
        """End the stream after what is queued."""
        self._closed = True
        self.stop_heartbeats()
        self._wake.set()

    def stop_heartbeats(self) -> None:
        """Send no more heartbeats."""
        if self._heartbeat is not None:
            self._heartbeat.cancel()

    def fail(self, message: str) -> None:
        """Send an ERROR event and end the stream."""
        event = Event(type=Event.ERROR)
        event.error.message = message
        self.send(event)
        self.close()

    async def pump(self, response: web.StreamResponse) -> None:
        """Write what is queued until the stream is closed.

        Raises:
            OSError: the client is gone.
        """
        ended = False
        while not ended:
            await self._wake.wait()
            self._wake.clear()
            # What is queued during the write wakes the loop once more.
            ended = self._closed
            data = b"".join(self._chunks)
            self._chunks.clear()
            if data:
                await response.write(data)
