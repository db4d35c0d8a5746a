"""The time: seconds since the epoch that never jump, whatever happens to the wall clock."""

from __future__ import annotations

import time


class Clock:
    """Starts at the wall clock and goes on with the monotonic one."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.monotonic() + self._offset
