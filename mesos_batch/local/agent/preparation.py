"""What is done for a task before it starts, and a kill can interrupt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")


class KilledEarlyError(Exception):
    """The task was killed before it started."""


class Preparation:
    """Fetching, pulling, making directories: it ends with a result or is interrupted."""

    def __init__(self) -> None:
        self._work: asyncio.Future[Any] | None = None
        self._interrupted = False

    def interrupt(self) -> None:
        """Do not begin, or stop."""
        self._interrupted = True
        if self._work is not None:
            self._work.cancel()

    async def run(self, prepare: Callable[[], Coroutine[Any, Any, ResultT]]) -> ResultT:
        """Do the work and give its result.

        Raises:
            KilledEarlyError: it was interrupted.
        """
        if self._interrupted:
            raise KilledEarlyError
        work = asyncio.get_running_loop().create_task(prepare())
        self._work = work
        try:
            await asyncio.wait([work])
        finally:
            work.cancel()
        # What is ready when the kill comes is not used either.
        if self._interrupted:
            if not work.cancelled():
                work.exception()
            raise KilledEarlyError
        return work.result()
