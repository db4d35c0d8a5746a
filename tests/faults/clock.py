"""Virtual time: a heap of what happens next, and the pipes messages travel through."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random
from typing import Any

Action = Callable[..., None]


class Clock:
    """Runs actions in the order of their times; equal times in the order they were asked for."""

    def __init__(self, start: float) -> None:
        self.now = start
        self.steps = 0
        self._heap: list[tuple[float, int, Action, tuple[Any, ...]]] = []
        self._count = 0

    def after(self, delay: float, action: Action, *args: Any) -> None:
        self.at(self.now + delay, action, *args)

    def at(self, when: float, action: Action, *args: Any) -> None:
        self._count += 1
        heapq.heappush(self._heap, (max(when, self.now), self._count, action, args))

    def run(self, until: float, stop: Callable[[], bool], most_steps: int) -> None:
        """Go on until it is late, ``stop`` says so, or too much has happened."""
        heap = self._heap
        while heap and not stop():
            if heap[0][0] > until:
                break
            self.now, _, action, args = heapq.heappop(heap)
            self.steps += 1
            if self.steps > most_steps:
                return
            action(*args)
        if not stop():
            self.now = max(self.now, until)


class Pipe:
    """One direction of a connection: messages arrive late but in order, or not at all."""

    def __init__(self, clock: Clock, rng: Random, slowest: float, receive: Action) -> None:
        self._clock = clock
        self._random = rng.random
        self._slowest = slowest
        self._receive = receive
        self._epoch = 0
        self._last = 0.0
        self._held: list[Any] | None = None
        self._holds = 0

    def send(self, message: Any) -> None:
        delay = self._random()
        # Mostly quick, sometimes as slow as may be.
        when = self._clock.now + self._slowest * delay * delay * delay
        self._last = max(self._last, when)
        self._clock.at(self._last, self._arrive, self._epoch, message)

    def hold(self) -> None:
        """Packets are lost and sent again: nothing arrives until as many calls of ``release``."""
        self._holds += 1
        if self._held is None:
            self._held = []

    def release(self) -> None:
        self._holds -= 1
        if self._holds > 0:
            return
        held, self._held = self._held, None
        for message in held or ():
            self._clock.at(self._clock.now, self._arrive, self._epoch, message)

    def cut(self) -> None:
        """The connection broke: what was under way is lost; the next message goes a new way."""
        self._epoch += 1
        if self._held is not None:
            self._held = []

    def _arrive(self, epoch: int, message: Any) -> None:
        if epoch != self._epoch:
            return
        if self._held is not None:
            self._held.append(message)
        else:
            self._receive(message)
