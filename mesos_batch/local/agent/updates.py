"""Delivering status updates: each at least once, those of one task strictly one after another.

Only the head of a task's queue is sent; it is sent again after 10 s, then after twice as long
each time up to 10 minutes, until it is acknowledged. Operation statuses go the same way.
Source: ``src/slave/task_status_update_manager.cpp``, ``STATUS_UPDATE_RETRY_INTERVAL_*``.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

MAX_RETRY_INTERVAL = 600.0
KeyT = TypeVar("KeyT", bound=Hashable)
StatusT = TypeVar("StatusT")


@dataclass(frozen=True, slots=True)
class Sending(Generic[KeyT, StatusT]):
    """An update to send now, and the newest one its queue holds."""

    key: KeyT
    head: StatusT
    latest: StatusT


@dataclass(slots=True)
class _Queue(Generic[StatusT]):
    updates: deque[tuple[bytes, StatusT]] = field(default_factory=deque)
    interval: float = 0.0
    deadline: float = 0.0


class UpdateQueues(Generic[KeyT, StatusT]):
    """The queues of unacknowledged updates by key; pure, the time is passed in (seconds)."""

    def __init__(self, retry_interval: float) -> None:
        self._retry_interval = retry_interval
        self._queues: dict[KeyT, _Queue[StatusT]] = {}

    def add(
        self, key: KeyT, uuid: bytes, status: StatusT, now: float
    ) -> Sending[KeyT, StatusT] | None:
        """Queue an update; it is sent at once when nothing of its key is waiting."""
        queue = self._queues.setdefault(key, _Queue())
        queue.updates.append((uuid, status))
        return self._send(key, queue, now) if len(queue.updates) == 1 else None

    def acknowledge(self, key: KeyT, uuid: bytes, now: float) -> Sending[KeyT, StatusT] | None:
        """Drop the head if it has this uuid and give the next one."""
        queue = self._queues.get(key)
        if queue is None or queue.updates[0][0] != uuid:
            return None
        queue.updates.popleft()
        if not queue.updates:
            del self._queues[key]
            return None
        return self._send(key, queue, now)

    def due(self, now: float) -> list[Sending[KeyT, StatusT]]:
        """The heads whose time to be sent again has come."""
        return [
            self._send(key, queue, now, again=True)
            for key, queue in self._queues.items()
            if queue.deadline <= now
        ]

    def flush(self, now: float) -> list[Sending[KeyT, StatusT]]:
        """Every head, after a registration; the intervals begin anew."""
        return [self._send(key, queue, now) for key, queue in self._queues.items()]

    def forget(self, key: KeyT) -> None:
        """Drop what is queued under the key."""
        self._queues.pop(key, None)

    def pending(self, key: KeyT) -> bool:
        """Whether an update of the key waits for its acknowledgement."""
        return key in self._queues

    @property
    def deadline(self) -> float | None:
        """When the next head is due."""
        return min((queue.deadline for queue in self._queues.values()), default=None)

    def _send(
        self, key: KeyT, queue: _Queue[StatusT], now: float, *, again: bool = False
    ) -> Sending[KeyT, StatusT]:
        queue.interval = (
            min(queue.interval * 2, MAX_RETRY_INTERVAL) if again else self._retry_interval
        )
        queue.deadline = now + queue.interval
        return Sending(key, queue.updates[0][1], queue.updates[-1][1])


class UpdateManager(Generic[KeyT, StatusT]):
    """Drives :class:`UpdateQueues` with the clock of the running event loop."""

    def __init__(
        self, retry_interval: float, send: Callable[[Sending[KeyT, StatusT]], None]
    ) -> None:
        self._queues: UpdateQueues[KeyT, StatusT] = UpdateQueues(retry_interval)
        self._retry_interval = retry_interval
        self._send = send
        self._timer: asyncio.TimerHandle | None = None

    def add(self, key: KeyT, uuid: bytes, status: StatusT) -> None:
        """Queue an update and send it when it is the head."""
        self._deliver(self._queues.add(key, uuid, status, self._now()))

    def acknowledge(self, key: KeyT, uuid: bytes) -> None:
        """Drop an acknowledged head and send the next one."""
        self._deliver(self._queues.acknowledge(key, uuid, self._now()))

    def flush(self) -> None:
        """Send every head again."""
        for sending in self._queues.flush(self._now()):
            self._deliver(sending)

    def forget(self, key: KeyT) -> None:
        """Drop what is queued under the key."""
        self._queues.forget(key)

    def pending(self, key: KeyT) -> bool:
        """Whether an update of the key waits for its acknowledgement."""
        return self._queues.pending(key)

    def stop(self) -> None:
        """Send nothing again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _deliver(self, sending: Sending[KeyT, StatusT] | None) -> None:
        if sending is not None:
            self._arm(self._now() + self._retry_interval)
            self._send(sending)

    def _arm(self, deadline: float) -> None:
        if self._timer is not None:
            if self._timer.when() <= deadline:
                return
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(deadline, self._retry)

    def _retry(self) -> None:
        self._timer = None
        for sending in self._queues.due(self._now()):
            self._send(sending)
        deadline = self._queues.deadline
        if deadline is not None:
            self._arm(deadline)
