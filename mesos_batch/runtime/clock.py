"""The time: seconds since the epoch that never jump, whatever happens to the wall clock."""

from __future__ import annotations

import time
from collections.abc import Callable


def _steady() -> Callable[[], float]:
    """A clock that goes on while the machine sleeps, as the cluster does, where there is one."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic if boot is None else lambda: time.clock_gettime(boot)


class Clock:
    """Starts at the wall clock and goes on with a steady one."""

    def __init__(self) -> None:
        self._steady = _steady()
        self._offset = time.time() - self._steady()

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._steady() + self._offset
