"""``mesos-batch expand FILE``: a job file as a plain task list."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mesos_batch.config import job_settings as jobs
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.output.streams import say_error, surviving_readers
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.model.cluster import ClusterView

USAGE = ("mesos-batch expand FILE [flags]",)
ABOUT = (
    "Prints the tasks of a job file as a TaskGroupInfo in JSON, which --task_list takes, here and "
    "in the original mesos-batch. Each task is printed as soon as it is made. FILE may be - for "
    "standard input, or a task list of any format."
)
SETTINGS = jobs.EXPAND


def run(arguments: Sequence[str]) -> int:
    """Print the task list; 2 when something is wrong with a task, and then it is not complete.

    Raises:
        UsageError: a flag is wrong, or no file is named.
        TaskListError: the file cannot be read.
        ClusterError: a task names a volume, and no master answers.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=1)
    if values.word is None:
        raise UsageError("no job file is given", "Write mesos-batch expand FILE.")

    from mesos_batch.jobs.exact import Volumes
    from mesos_batch.jobs.expand import expand
    from mesos_batch.spec.problems import InvalidTaskListError
    from mesos_batch_cli.task_list import print_problems, tasks_of

    try:
        tasks = tasks_of(values.word)
        volumes = Volumes(_look(values), values[jobs.OF_ROLE])
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # as JSON has to be, whatever the terminal has
        with surviving_readers(sys.stdout):
            for text in expand(tasks, volumes):
                sys.stdout.write(text)
            sys.stdout.flush()
    except InvalidTaskListError as error:
        print_problems(error.problems)
        say_error(error.message)
        return ExitCode.USAGE
    print_problems(tasks.problems)
    return ExitCode.FINISHED


def _look(values: Values) -> Callable[[], ClusterView] | None:
    """What looks at the cluster; ``None`` when no master is given."""
    if values[jobs.MASTER] is None:
        return None

    def look() -> ClusterView:
        from mesos_batch import volumes
        from mesos_batch_cli.cluster_meant import cluster_of

        return volumes.look(cluster_of(values))

    return look
