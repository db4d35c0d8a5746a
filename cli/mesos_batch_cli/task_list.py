"""Reads what --task_list and --persistent_volume_resource name, and checks all of it, offline."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch.config import settings as the
from mesos_batch.errors import TaskListError, UsageError
from mesos_batch.spec.source import File, Inline, Stdin, classify
from mesos_batch_cli.output.streams import emit
from mesos_batch_cli.output.text import one_line
from mesos_batch_cli.values import Origin, Values

if TYPE_CHECKING:
    from mesos_batch.jobs.expand import Tasks
    from mesos_batch.jobs.load import Expansion
    from mesos_batch.spec.load import TaskList
    from mesos_batch.spec.problems import InvalidTaskListError, Problem
    from mesos_batch.spec.reading import Placing
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


class NothingSentError(TaskListError):
    """A file has problems, all of which were printed; ``problems`` has them for programs."""

    def __init__(self, invalid: InvalidTaskListError) -> None:
        super().__init__(f"{invalid.message}; nothing was sent to any cluster")
        self.problems = invalid.problems


def read_task_list(value: str, role: str, principal: str | None) -> TaskList:
    """The tasks of a task list or a job file, after all its problems and warnings were printed.

    Tasks that a framework of this role and principal could never run count as invalid.

    Raises:
        NothingSentError: it is not valid.
        TaskListError: it cannot be read.
    """
    from mesos_batch.spec.problems import InvalidTaskListError

    try:
        task_list = checked(value, role, principal)
    except InvalidTaskListError as error:
        raise _printed(error) from None
    print_problems(task_list.warnings)
    return task_list


def checked(value: str, role: str, principal: str | None, flag: str = "--task_list") -> TaskList:
    """The tasks of a task list or a job file, with all warnings about it.

    ``flag`` is what messages call a list that is the value itself.

    Raises:
        TaskListError: it cannot be read.
        InvalidTaskListError: something is wrong; ``problems`` is all that is.
    """
    from mesos_batch.spec.load import check_for_role
    from mesos_batch.spec.problems import InvalidTaskListError, Severity

    task_list, placing = _load(value, flag)
    problems = (*task_list.warnings, *check_for_role(task_list, role, principal, placing))
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise InvalidTaskListError(task_list.name, problems)
    return replace(task_list, warnings=problems)


def _load(value: str, flag: str) -> tuple[TaskList, Placing]:
    """All tasks of a task list or a job file, and what finds findings their places in it.

    Raises:
        TaskListError: it cannot be read.
        InvalidTaskListError: something is wrong; ``problems`` is all that is.
    """
    from mesos_batch.spec.load import load_task_list, placing_in

    data, name = _read(value, flag, "the task list")
    expansion = _expansion(value, data, name)
    if expansion is not None:
        return expansion.task_list(), expansion.place
    return load_task_list(data, name), placing_in(data, name)


def tasks_of(value: str) -> Tasks:
    """The tasks of a job file, made one after the other, or those of a task list.

    Raises:
        TaskListError: it cannot be read.
        InvalidTaskListError: something is wrong; ``problems`` is all that is.
    """
    from mesos_batch.jobs.expand import ListedTasks
    from mesos_batch.spec.load import load_task_list, placing_in

    data, name = _read(value, "FILE", "the job file")
    expansion = _expansion(value, data, name)
    if expansion is not None:
        return expansion
    return ListedTasks(load_task_list(data, name), placing_in(data, name))


def _expansion(value: str, data: bytes, name: str) -> Expansion | None:
    """The tasks of a job file; ``None`` for a task list."""
    from mesos_batch.jobs.recognise import recognise

    syntax = recognise(data, name)
    if syntax is None:
        return None
    # A task list needs none of what job files do.
    from mesos_batch.jobs.load import Expansion, open_job
    from mesos_batch.jobs.sources import Inputs

    match classify(value):
        case File(path):
            inputs = Inputs(Path(path).parent, _stdin_lines())
        case Stdin():
            inputs = Inputs(Path())
        case Inline():
            inputs = Inputs(Path(), _stdin_lines())
    return Expansion(open_job(data, name, syntax), inputs)


def _stdin_lines() -> Iterator[str]:
    """The lines of standard input, which is not touched before the first is asked for."""
    with io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", newline="") as lines:
        yield from lines


def check_role(task_list: TaskList, role: str, principal: str | None) -> None:
    """See that a framework of this role and principal could run the tasks.

    Raises:
        NothingSentError: it could not; why was printed.
    """
    from mesos_batch.spec.load import check_for_role
    from mesos_batch.spec.problems import InvalidTaskListError, Severity

    problems = check_for_role(task_list, role, principal)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise _printed(InvalidTaskListError(task_list.name, problems))
    print_problems(problems)


def _printed(error: InvalidTaskListError) -> NothingSentError:
    print_problems(error.problems)
    return NothingSentError(error)


def print_problems(problems: Iterable[Problem]) -> None:
    """Print each on a line of its own, on stderr."""
    for problem in problems:
        emit(sys.stderr, one_line(problem.format()))


def read_volume_resource(value: str, flag: str, role: str, principal: str | None) -> VolumeResource:
    """What to reserve and create, after all its problems and warnings were printed.

    Raises:
        NothingSentError: it is not valid.
        TaskListError: it cannot be read.
    """
    from mesos_batch.spec.problems import InvalidTaskListError
    from mesos_batch.spec.volume_resource import load_volume_resource

    data, name = _read(value, flag, "the volume resource")
    try:
        found = load_volume_resource(data, name, role, principal)
    except InvalidTaskListError as error:
        raise _printed(error) from None
    print_problems(found.warnings)
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
            "A file, its text itself, or - for standard input can be given.",
        ) from error
