"""How long to wait before the next try."""

from __future__ import annotations

import random

FIRST = 0.2
LONGEST = 15.0


class Backoff:
    """Doubling pauses, capped at 15 s as Mesos advises, with jitter so that clients spread."""

    def __init__(self, generator: random.Random | None = None) -> None:
        self._random = generator or random.Random()  # noqa: S311
        self._pause = FIRST

    def reset(self) -> None:
        """Begin anew."""
        self._pause = FIRST

    def held_for(self, seconds: float) -> None:
        """What was tried held for so long: begin anew, unless it broke sooner than we paused."""
        if seconds >= self._pause:
            self.reset()

    def next(self) -> float:
        """The next pause in seconds."""
        pause = self._pause * self._random.uniform(0.5, 1.0)
        self._pause = min(2 * self._pause, LONGEST)
        return pause
