"""Work on sandboxes in a few threads: the most urgent first, and again what came to nothing."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesos_batch.sandboxes.source import Sources

if TYPE_CHECKING:
    from mesos_batch.options import RunOptions


@dataclass(order=True, slots=True)
class Job:
    """One piece of work, in the order in which it is taken.

    ``work`` does a part of it, and gives the seconds until it is to be called again or, when it
    is done, ``None``. It may change the urgency with which it is called again.
    """

    urgency: int
    number: int
    work: Callable[[Sources, Job], float | None] = field(compare=False)
    hurried: bool = field(default=False, compare=False)


class Jobs:
    """Threads that work until they are closed; they keep no process alive."""

    def __init__(self, options: RunOptions, threads: int, name: str) -> None:
        self._options = options
        self._changed = threading.Condition()
        self._ready: list[Job] = []
        self._later: list[tuple[float, int, Job]] = []
        self._pending = 0
        self._number = 0
        self._closed = False
        self._progress_at = time.monotonic()
        for _ in range(threads):
            threading.Thread(target=self._run, name=name, daemon=True).start()

    @property
    def pending(self) -> int:
        """How many jobs are not done."""
        return self._pending

    @property
    def stalled_for(self) -> float:
        """For how many seconds nothing has come of any job."""
        return time.monotonic() - self._progress_at

    def put(self, work: Callable[[Sources, Job], float | None], urgency: int = 0) -> Job:
        """Have something done; what has a low ``urgency`` number is done first."""
        with self._changed:
            self._number += 1
            self._pending += 1
            self._progress_at = time.monotonic()
            job = Job(urgency, self._number, work)
            heapq.heappush(self._ready, job)
            self._changed.notify_all()
            return job

    def hurry(self, job: Job) -> None:
        """Do at once what waits for its time, or once more what is being done."""
        with self._changed:
            job.hurried = True
            waiting = [entry for entry in self._later if entry[2] is job]
            if waiting:
                self._later.remove(waiting[0])
                heapq.heapify(self._later)
                heapq.heappush(self._ready, job)
                self._changed.notify_all()

    def progressed(self) -> None:
        """Something came of a job: it does not stall."""
        self._progress_at = time.monotonic()

    def wait(self, seconds: float) -> bool:
        """Wait until all is done, at most some seconds; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._pending, seconds)

    def close(self) -> None:
        """Let the threads end after what they are at."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        sources = Sources(self._options)
        try:
            while (job := self._next()) is not None:
                again: float | None = None
                try:
                    again = job.work(sources, job)
                finally:
                    self._put_back(job, again)
        finally:
            sources.close()

    def _next(self) -> Job | None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                while self._later and self._later[0][0] <= now:
                    heapq.heappush(self._ready, heapq.heappop(self._later)[2])
                if self._ready:
                    job = heapq.heappop(self._ready)
                    job.hurried = False
                    return job
                self._changed.wait(self._later[0][0] - now if self._later else None)
            return None

    def _put_back(self, job: Job, again: float | None) -> None:
        with self._changed:
            # Behind those of its urgency that wait already.
            self._number += 1
            job.number = self._number
            if again is None:
                self._pending -= 1
                self._progress_at = time.monotonic()
            elif again <= 0 or job.hurried:
                heapq.heappush(self._ready, job)
            else:
                heapq.heappush(self._later, (time.monotonic() + again, job.number, job))
            self._changed.notify_all()
