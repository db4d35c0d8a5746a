"""Follows what tasks write while they run, and reads it out when they end."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesos_batch.errors import AgentAwayError, ClusterError, SandboxGoneError
from mesos_batch.model.sandbox import STREAMS, Sandbox
from mesos_batch.sandboxes.cutting import LineCutter
from mesos_batch.sandboxes.find import asked_for
from mesos_batch.sandboxes.jobs import Job, Jobs
from mesos_batch.sandboxes.reading import start_of_last, start_of_last_own

if TYPE_CHECKING:
    from mesos_batch.options import RunOptions
    from mesos_batch.sandboxes.source import Source, Sources

FOLLOWED_AT_ONCE = 32
THREADS = 2
SHORTEST_WAIT, LONGEST_WAIT = 0.2, 2.0
# However many are followed, this long between two looks: the scheduler has other things to do.
LOOKS_APART = 0.02
# How often an agent that does not answer is asked for what an ended task wrote.
TRIES_AT_THE_END = 5
_PIECES_AT_ONCE = 16

# Told of whole lines of an attempt, without their ends; it may block to slow us down.
Show = Callable[[Sandbox, str, Sequence[bytes]], None]


@dataclass(slots=True)
class _Stream:
    name: str
    offset: int = 0
    cutter: LineCutter = field(default_factory=LineCutter)


@dataclass(slots=True)
class _Followed:
    sandbox: Sandbox
    streams: tuple[_Stream, ...]
    ended: bool = False
    may_be_nothing: bool = False
    wait: float = 0.0
    tries: int = 0
    begun: bool = False
    job: Job | None = None


class Follower:
    """Reads the output of many attempts, and gives it line by line.

    No more than ``FOLLOWED_AT_ONCE`` are looked at while they run; the others are read when one
    of those ends, or when they end themselves. ``tail`` is with how many lines of each file to
    begin, of which those of executors count with ``whole``; ``None`` begins with the first.
    ``framework_id`` is that of the run: with it the cluster is asked where a sandbox is that nobody
    has told of.
    """

    def __init__(
        self,
        options: RunOptions,
        show: Show,
        *,
        streams: Sequence[str] = STREAMS,
        tail: int | None = None,
        whole: bool = True,
    ) -> None:
        self._options = options
        self._jobs = Jobs(options, THREADS, "follow logs")
        self._show = show
        self._names = tuple(streams)
        self._tail = tail
        self._start = start_of_last if whole else start_of_last_own
        self._lock = threading.Lock()
        self._open: dict[tuple[str, int], _Followed] = {}
        self._done: set[tuple[str, int]] = set()
        self._live: set[tuple[str, int]] = set()
        self._queued: deque[tuple[str, int]] = deque()
        self.missing: list[tuple[Sandbox, str]] = []
        self.framework_id: str | None = None

    @property
    def stalled_for(self) -> float:
        """For how many seconds nothing has come."""
        return self._jobs.stalled_for

    @property
    def pending(self) -> int:
        """How many attempts are not read out."""
        return self._jobs.pending + len(self._queued)

    def add(self, sandbox: Sandbox) -> None:
        """Begin with an attempt that runs; a second time nothing happens."""
        key = _key(sandbox)
        with self._lock:
            if key in self._open or key in self._done:
                return
            streams = tuple(_Stream(name) for name in self._names)
            self._open[key] = _Followed(sandbox, streams)
            self._queued.append(key)
        self._fill()

    def ended(self, sandbox: Sandbox, *, may_be_nothing: bool = False) -> None:
        """Read an attempt that has ended to the end of its files, and leave it.

        Of what never began there ``may_be_nothing``; then nothing of it is missing.
        """
        self.add(sandbox)
        key = _key(sandbox)
        with self._lock:
            followed = self._open.get(key)
            if followed is None:
                return
            followed.ended, followed.may_be_nothing = True, may_be_nothing
            # Where it is may be known only now.
            followed.sandbox = sandbox
            job = followed.job
            if job is None:
                self._queued.remove(key)
                self._begin(key)
        if job is not None:
            self._jobs.hurry(job)

    def end_all(self) -> None:
        """Read out whatever there is, though it may go on: nobody will tell how it ends."""
        with self._lock:
            open_ones = [item.sandbox for item in self._open.values()]
        for sandbox in open_ones:
            self.ended(sandbox)

    def wait(self, seconds: float) -> bool:
        """Wait until all that ended is read out, at most some seconds; whether it is."""
        return self._jobs.wait(seconds)

    def close(self) -> None:
        """Read no more."""
        self._jobs.close()

    def _fill(self) -> None:
        """Look at as many as may be looked at."""
        with self._lock:
            while self._queued and len(self._live) < FOLLOWED_AT_ONCE:
                self._begin(self._queued.popleft())

    def _begin(self, key: tuple[str, int]) -> None:
        followed = self._open[key]
        self._live.add(key)
        followed.job = self._jobs.put(lambda sources, _: self._look(followed, sources))

    def _look(self, followed: _Followed, sources: Sources) -> float | None:
        ended = followed.ended
        try:
            sandbox = asked_for(followed.sandbox, self.framework_id, self._options, sources)
            source = sources.open(sandbox)
            came, more = self._read(followed, source)
        except AgentAwayError as error:
            followed.tries += 1
            if ended and followed.tries >= TRIES_AT_THE_END:
                self._leave(followed, error.message)
                return None
            return LONGEST_WAIT
        except ClusterError as error:
            is_gone = isinstance(error, SandboxGoneError)
            if ended or not is_gone:
                self._leave(
                    followed, None if is_gone and followed.may_be_nothing else error.message
                )
                return None
            came = more = False
        followed.tries = 0
        if more:
            return 0.0
        if ended:
            self._leave(followed, None)
            return None
        shortest = max(SHORTEST_WAIT, LOOKS_APART * len(self._live))
        followed.wait = shortest if came else min(max(followed.wait * 2, shortest), LONGEST_WAIT)
        return followed.wait

    def _read(self, followed: _Followed, source: Source) -> tuple[bool, bool]:
        """Read on; whether anything came, and whether there is more."""
        came = more = False
        gone: SandboxGoneError | None = None
        if not followed.begun and self._tail is not None:
            self._skip(followed.streams, source, self._tail)
        for stream in followed.streams:
            try:
                came_of_it, more_of_it = self._read_stream(followed.sandbox, stream, source)
            except SandboxGoneError as error:
                gone = error
                continue
            followed.begun = True
            came, more = came or came_of_it, more or more_of_it
        # Not every executor writes both, but one of them.
        if gone is not None and not followed.begun:
            raise gone
        return came, more

    def _skip(self, streams: Sequence[_Stream], source: Source, tail: int) -> None:
        """Begin with the last lines."""
        for stream in streams:
            with suppress(SandboxGoneError):
                stream.offset = self._start(source, stream.name, tail)

    def _read_stream(self, sandbox: Sandbox, stream: _Stream, source: Source) -> tuple[bool, bool]:
        came = False
        for _ in range(_PIECES_AT_ONCE):
            data = source.read(stream.name, stream.offset)
            if not data:
                return came, False
            came = True
            stream.offset += len(data)
            self._jobs.progressed()
            lines = stream.cutter.feed(data)
            if lines:
                self._show(sandbox, stream.name, lines)
        return came, True

    def _leave(self, followed: _Followed, why: str | None) -> None:
        for stream in followed.streams:
            rest = stream.cutter.rest()
            if rest:
                self._show(followed.sandbox, stream.name, rest)
        followed.ended = True
        with self._lock:
            if why is not None:
                self.missing.append((followed.sandbox, why))
            key = _key(followed.sandbox)
            self._live.discard(key)
            self._open.pop(key, None)
            self._done.add(key)
        self._fill()


def _key(sandbox: Sandbox) -> tuple[str, int]:
    return sandbox.task_id, sandbox.attempt
