"""``mesos-batch validate FILE``: check a task list or a job file without a cluster."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mesos_batch.config import job_settings as jobs
from mesos_batch.config import settings as the
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.output.streams import emit, say_error
from mesos_batch_cli.output.text import one_line, tasks
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.spec.problems import Problem

USAGE = ("mesos-batch validate FILE [flags]",)
ABOUT = (
    "Checks a task list of any format, or a job file with all its rows, as a run does before it "
    "sends anything, and says how many tasks there are. FILE may be - for standard input."
)
SETTINGS = jobs.VALIDATE


def run(arguments: Sequence[str]) -> int:
    """Print the verdict; 2 when something is wrong.

    Raises:
        UsageError: a flag is wrong, or no file is named.
        TaskListError: the file cannot be read.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=1)
    if values.word is None:
        raise UsageError("no file is given", "Write mesos-batch validate FILE.")

    from mesos_batch.spec.problems import InvalidTaskListError
    from mesos_batch_cli.task_list import checked, print_problems

    count: int | None = None
    try:
        role, principal = values[jobs.FOR_ROLE], values[jobs.FOR_PRINCIPAL]
        task_list = checked(values.word, role, principal, flag="FILE")
        count, problems, name = len(task_list.tasks), task_list.warnings, task_list.name
    except InvalidTaskListError as error:
        problems, name = error.problems, error.source
        verdict = error.message
    if values[the.JSON]:
        from mesos_batch_cli.output.as_json import as_json

        emit(sys.stdout, as_json("validation", _fields(name, count, problems)))
    else:
        print_problems(problems)
        if count is None:
            say_error(verdict)
        else:
            emit(sys.stdout, one_line(f"{name} is valid: {tasks(count)}"))
    return ExitCode.USAGE if count is None else ExitCode.FINISHED


def _fields(name: str, count: int | None, problems: Sequence[Problem]) -> dict[str, Any]:
    """The verdict for programs; ``tasks`` is ``null`` when something is wrong."""
    from mesos_batch_cli.output.as_json import problem_fields

    return {
        "source": name,
        "valid": count is not None,
        "tasks": count,
        "problems": [problem_fields(problem) for problem in problems],
    }
