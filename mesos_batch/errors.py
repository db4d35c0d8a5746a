"""Every error this library raises on purpose, and the exit code each one leads to.

MesosBatchError
├── UsageError              2   a flag or a setting is wrong
├── TaskListError           2   the task list cannot be read or is not valid
├── NoRoomError             3   no agent could ever hold what is to be reserved or created
├── RefusedError            1   a volume or reservation must not be touched; nothing was
├── ClusterError            4   the master or ZooKeeper is away, or refuses us
├── ListingError            4   an S3 server is away, or refuses to list a bucket
│   └── SandboxError        4   what a task wrote cannot be read
│       ├── SandboxGoneError    the sandbox, or a file in it, is not there
│       └── AgentAwayError      its agent does not answer now, and may later
└── JournalError            5   the journal of a run cannot be read, written or taken up
    └── NoSuchRunError      5   no run has this id

A cluster that a run cannot reach, or that does not let it in, raises nothing: it ends the run,
whose last fact then carries exit code 4 and the sentence.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a program ends; documented in docs/exit-codes.md."""

    FINISHED = 0
    TASK_FAILED = 1
    USAGE = 2
    UNPLACEABLE = 3
    CLUSTER = 4
    JOURNAL = 5
    INTERNAL = 70
    OUTPUT = 74
    INTERRUPTED = 130
    TERMINATED = 143


class MesosBatchError(Exception):
    """An error with a sentence for the user and, where there is one, a remedy."""

    exit_code = ExitCode.INTERNAL

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(MesosBatchError):
    """A flag, an environment variable or a setting is wrong."""

    exit_code = ExitCode.USAGE


class TaskListError(MesosBatchError):
    """A task list cannot be read or is not valid."""

    exit_code = ExitCode.USAGE


class NoRoomError(MesosBatchError):
    """No agent could ever hold what is to be reserved or created."""

    exit_code = ExitCode.UNPLACEABLE


class RefusedError(MesosBatchError):
    """A volume or a reservation is not ours, in use, or out of reach; nothing was touched."""

    exit_code = ExitCode.TASK_FAILED


class ClusterError(MesosBatchError):
    """The cluster cannot be reached or refuses us, before there is a run that could end so."""

    exit_code = ExitCode.CLUSTER


class ListingError(MesosBatchError):
    """An S3 server cannot be reached or refuses to list a bucket."""

    exit_code = ExitCode.CLUSTER


class SandboxError(ClusterError):
    """The sandbox of a task, or a file in it, cannot be read."""


class SandboxGoneError(SandboxError):
    """The sandbox, or a file in it, is not there: not yet, or not any more."""


class AgentAwayError(SandboxError):
    """An agent does not answer now, and may later."""


class JournalError(MesosBatchError):
    """The journal of a run cannot be read or written, or the run cannot be taken up."""

    exit_code = ExitCode.JOURNAL


class NoSuchRunError(JournalError):
    """No run has this id, nor one of which it is a part."""
