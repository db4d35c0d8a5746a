"""Reads what --task_list and --persistent_volume_resource name, and checks all of it, offline."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch.config import settings as the
from mesos_batch.errors import TaskListError, UsageError
from mesos_batch.spec.source import File, Inline, Stdin, classify
from mesos_batch_cli.output.streams import emit, say_error
from mesos_batch_cli.output.text import one_line
from mesos_batch_cli.values import Origin, Values

if TYPE_CHECKING:
    from mesos_batch.spec.load import TaskList
    from mesos_batch.spec.problems import InvalidTaskListError, Problem
    from mesos_batch.spec.volume_resource import VolumeResource


def list_meant(values: Values) -> str | None:
    """What names the task list: the word of the command, or --task_list.

    Raises:
        UsageError: both are given.
    """
    word = values.word
    if word is None:
        return values[the.TASK_LIST]
    if values.origin(the.TASK_LIST) is Origin.FLAG:
        raise UsageError(f"'{word}' and --task_list both name a task list")
    return word


def read_task_list(value: str, role: str, principal: str | None) -> TaskList | None:
    """The tasks; ``None`` after all problems of an invalid list were printed.

    Warnings of a valid list are printed too. Tasks that a framework of this role and principal
    could never run count as invalid.

    Raises:
        TaskListError: it cannot be read.
    """
    from mesos_batch.spec.load import load_task_list
    from mesos_batch.spec.problems import InvalidTaskListError

    data, name = _read(value, "--task_list", "the task list")
    try:
        task_list = load_task_list(data, name)
    except InvalidTaskListError as error:
        _refuse(error)
        return None
    if not fits_role(task_list, role, principal, data):
        return None
    _print(task_list.warnings)
    return task_list


def fits_role(
    task_list: TaskList, role: str, principal: str | None, data: bytes | None = None
) -> bool:
    """Whether a framework of this role and principal could run the tasks; prints why not.

    ``data`` are the bytes the list was read from, for positions in it.
    """
    from mesos_batch.spec.load import check_for_role
    from mesos_batch.spec.problems import InvalidTaskListError, Severity

    problems = check_for_role(task_list, role, principal, data)
    if any(problem.severity is Severity.ERROR for problem in problems):
        _refuse(InvalidTaskListError(task_list.name, problems))
        return False
    _print(problems)
    return True


def _refuse(error: InvalidTaskListError) -> None:
    _print(error.problems)
    say_error(f"{error.message}; nothing was sent to any cluster")


def _print(problems: Iterable[Problem]) -> None:
    for problem in problems:
        emit(sys.stderr, one_line(problem.format()))


def read_volume_resource(
    value: str, flag: str, role: str, principal: str | None
) -> VolumeResource | None:
    """What to reserve and create; ``None`` after all problems of it were printed.

    Raises:
        TaskListError: it cannot be read.
    """
    from mesos_batch.spec.problems import InvalidTaskListError
    from mesos_batch.spec.volume_resource import load_volume_resource

    data, name = _read(value, flag, "the volume resource")
    try:
        found = load_volume_resource(data, name, role, principal)
    except InvalidTaskListError as error:
        _refuse(error)
        return None
    _print(found.warnings)
    return found


def _read(value: str, flag: str, what: str) -> tuple[bytes, str]:
    """The bytes of a flag's value and the name they have in messages."""
    match classify(value):
        case Inline(text):
            return text.encode("utf-8", "surrogateescape"), flag
        case Stdin():
            return sys.stdin.buffer.read(), "<stdin>"
        case File(path):
            return _read_file(path, what), path


def _read_file(path: str, what: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise TaskListError(
            f"{what} '{path}' cannot be read: {error.strerror}",
            "A file, the JSON itself, or - for standard input can be given.",
        ) from error
