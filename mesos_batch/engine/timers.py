"""Deadlines by name. The engine asks what is due; it never waits."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT")


class Timers(Generic[KeyT]):
    """A set of deadlines, at most one per key."""

    def __init__(self) -> None:
        self._deadlines: dict[KeyT, float] = {}
        self._heap: list[tuple[float, int, KeyT]] = []
        self._count = 0

    def set(self, key: KeyT, at: float) -> None:
        """Set or move the deadline of ``key``."""
        self._deadlines[key] = at
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, key))

    def set_once(self, key: KeyT, at: float) -> None:
        """Set the deadline of ``key`` unless it has one."""
        if key not in self._deadlines:
            self.set(key, at)

    def cancel(self, key: KeyT) -> None:
        """Forget the deadline of ``key``, if there is one."""
        self._deadlines.pop(key, None)

    def next(self) -> float | None:
        """When the first deadline is due."""
        while self._heap and self._is_stale(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, now: float) -> KeyT | None:
        """Take the key whose deadline came first, ``None`` when none has come."""
        at = self.next()
        if at is None or at > now:
            return None
        key = heapq.heappop(self._heap)[2]
        del self._deadlines[key]
        return key

    def due(self, now: float) -> Iterator[KeyT]:
        """Take the keys whose deadline has come, first deadline first.

        One that is cancelled meanwhile is not among them.
        """
        while (key := self.take(now)) is not None:
            yield key

    def _is_stale(self, entry: tuple[float, int, KeyT]) -> bool:
        at, _, key = entry
        return self._deadlines.get(key) != at
