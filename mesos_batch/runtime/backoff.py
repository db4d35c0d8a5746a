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
        """Begin with the first pause again."""
        self._pause = FIRST

    def next(self) -> float:
        """The next pause in seconds."""
        pause = self._pause * self._random.uniform(0.5, 1.0)
        self._pause = min(2 * self._pause, LONGEST)
        return pause
