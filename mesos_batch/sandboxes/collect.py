"""Collects what tasks wrote in a directory of this machine, before their sandboxes vanish.

``DIR/<task>/stdout`` and ``stderr`` are of the attempt with which the task ended; those of an
earlier attempt have its number at the end, as ``stderr.1``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch.errors import AgentAwayError, ClusterError, SandboxGoneError, UsageError
from mesos_batch.model.sandbox import STREAMS, Sandbox
from mesos_batch.sandboxes.find import asked_for
from mesos_batch.sandboxes.jobs import Job, Jobs
from mesos_batch.sandboxes.names import directory_name
from mesos_batch.sandboxes.source import DiskSource
from mesos_batch.whole_file import whole_file

if TYPE_CHECKING:
    from mesos_batch.options import RunOptions
    from mesos_batch.sandboxes.source import Source, Sources

THREADS = 4
# What failed is what somebody wants to read; what an agent did not give comes last.
FAILED_FIRST, FINISHED_NEXT, AWAY_LAST = 0, 1, 2
_AGAIN_SECONDS = 2.0
FOLDS_CASE = os.name == "nt"


class Collector:
    """Copies the output of attempts in threads of its own.

    ``framework_id`` is that of the run: with it the cluster is asked where a sandbox is that
    nobody has told of, as that of a task which ended while nobody drove the run.
    """

    def __init__(self, directory: Path, options: RunOptions) -> None:
        """Make the directory.

        Raises:
            UsageError: it cannot be made.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"--output_dir={directory}: it cannot be made: {error.strerror or error}"
            ) from error
        self.directory = directory
        self._options = options
        self._jobs = Jobs(options, THREADS, "collect output")
        self._lock = threading.Lock()
        self._open: dict[tuple[str, int], tuple[Sandbox, str]] = {}
        self._missing: list[tuple[Sandbox, str]] = []
        self.framework_id: str | None = None

    @property
    def pending(self) -> int:
        """How many attempts are yet to be copied."""
        return self._jobs.pending

    @property
    def stalled_for(self) -> float:
        """For how many seconds nothing has come."""
        return self._jobs.stalled_for

    def add(
        self, sandbox: Sandbox, *, final: bool, failed: bool, may_be_nothing: bool = False
    ) -> None:
        """Copy the output of an attempt that has ended; a ``final`` one is the last of its task.

        Of what never began there ``may_be_nothing``; then nothing of it is missing.
        """
        with self._lock:
            self._open[_key(sandbox)] = (sandbox, "it is yet to come")

        def work(sources: Sources, job: Job) -> float | None:
            try:
                self._copy(sandbox, sources, final=final, may_be_nothing=may_be_nothing)
            except AgentAwayError as error:
                with self._lock:
                    self._open[_key(sandbox)] = (sandbox, error.message)
                job.urgency = AWAY_LAST
                return _AGAIN_SECONDS
            return None

        self._jobs.put(work, FAILED_FIRST if failed else FINISHED_NEXT)

    def add_missing(self, sandbox: Sandbox, *, failed: bool) -> None:
        """Copy the output with which a task ended, unless it was copied before."""
        if copy_of(self.directory, sandbox, final=True) is None:
            self.add(sandbox, final=True, failed=failed)

    def wait(self, seconds: float) -> bool:
        """Wait until all is copied, at most some seconds; whether it is."""
        return self._jobs.wait(seconds)

    def missing(self) -> list[tuple[Sandbox, str]]:
        """What could not be copied or is not yet, each with why."""
        with self._lock:
            return [*self._missing, *self._open.values()]

    def close(self) -> None:
        """Copy no more."""
        self._jobs.close()

    def _copy(
        self, sandbox: Sandbox, sources: Sources, *, final: bool, may_be_nothing: bool
    ) -> None:
        try:
            located = asked_for(sandbox, self.framework_id, self._options, sources)
            self._copy_streams(sandbox, sources.open(located), final=final)
        except AgentAwayError:
            raise
        except ClusterError as error:
            never_was = may_be_nothing and isinstance(error, SandboxGoneError)
            self._done(sandbox, None if never_was else error.message)
        except OSError as error:
            where = output_directory(self.directory, sandbox.task_id)
            self._done(sandbox, f"{where} cannot be written: {error.strerror or error}")
        else:
            self._done(sandbox, None)

    def _copy_streams(self, sandbox: Sandbox, source: Source, *, final: bool) -> None:
        directory = output_directory(self.directory, sandbox.task_id)
        directory.mkdir(exist_ok=True)
        gone = 0
        for stream in STREAMS:
            name = copy_name(stream, None if final else sandbox.attempt)
            try:
                with whole_file(directory / name) as file:
                    file.writelines(self._watched(source.download(stream)))
            except SandboxGoneError:
                # Not every executor writes both.
                gone += 1
                if gone == len(STREAMS):
                    raise

    def _watched(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._jobs.progressed()
            yield piece

    def _done(self, sandbox: Sandbox, why: str | None) -> None:
        with self._lock:
            self._open.pop(_key(sandbox), None)
            if why is not None:
                self._missing.append((sandbox, why))


def output_directory(directory: Path, task_id: str) -> Path:
    """Where in an output directory the files of a task are."""
    return directory / directory_name(task_id, folds_case=FOLDS_CASE)


def copy_of(directory: Path, sandbox: Sandbox, *, final: bool) -> Source | None:
    """What was collected of an attempt, ``final`` if the task ended with it; ``None`` if nothing.

    It holds ``stdout`` and ``stderr`` and nothing else.
    """
    place = output_directory(directory, sandbox.task_id)
    attempt = None if final else sandbox.attempt
    if not any((place / copy_name(stream, attempt)).exists() for stream in STREAMS):
        return None
    return DiskSource(place, copy_name("", attempt))


def copy_name(stream: str, attempt: int | None) -> str:
    """The name of a copy; ``attempt`` is ``None`` for the one with which the task ended."""
    return stream if attempt is None else f"{stream}.{attempt}"


def _key(sandbox: Sandbox) -> tuple[str, int]:
    return sandbox.task_id, sandbox.attempt
