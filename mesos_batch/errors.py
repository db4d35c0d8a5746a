"""Every error this library raises on purpose, and the exit code each one leads to.

MesosBatchError
├── UsageError              2   a flag or a setting is wrong
└── TaskListError           2   the task list cannot be read or is not valid

A cluster that cannot be reached or does not let us in raises nothing: it ends the run, whose last
fact then carries exit code 4 and the sentence.
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
    INTERNAL = 70
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
