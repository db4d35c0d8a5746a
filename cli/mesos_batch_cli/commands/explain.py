"""``mesos-batch explain TASK [RUN]``: why a task waits, or how it came to its end."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesos_batch.config import command_settings as commands
from mesos_batch.config import settings as the
from mesos_batch.config.masters import LOCAL
from mesos_batch.errors import ClusterError, ExitCode, UsageError
from mesos_batch.model.facts import Phase
from mesos_batch_cli.output.streams import emit
from mesos_batch_cli.task_choice import no_such_task
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.model.snapshot import TaskView
    from mesos_batch.model.task import TaskSpec
    from mesos_batch.options import RunOptions

USAGE = ("mesos-batch explain TASK [RUN] [flags]",)
ABOUT = (
    "Says of one task why it waits (what the best agent lacks now, by what the master tells), "
    "where it runs, or why it ended as it did. RUN is the id of a run, a part of it that no other "
    "has, or 'last'; without it, the last run begun."
)
SETTINGS = commands.EXPLAIN


def run(arguments: Sequence[str]) -> int:
    """Print the explanation; 0 whatever it is.

    Raises:
        UsageError: a flag is wrong, or no task of the run has that id.
        JournalError: there is no such run, or its journal cannot be read.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=2)
    if not values.words:
        raise UsageError("no task is named", "Write mesos-batch explain TASK [RUN].")

    from mesos_batch import runs
    from mesos_batch.explaining import what_it_waits_for
    from mesos_batch_cli.cluster_meant import cluster_of
    from mesos_batch_cli.keeping import state_dir
    from mesos_batch_cli.output.as_json import as_json, task_fields
    from mesos_batch_cli.output.task_page import task_page

    name, which = values.words[0], (*values.words[1:], "last")[0]
    info = runs.find_run(which, state_dir(values))
    snapshot, options = runs.read_snapshot(info), runs.options_of(info)
    position = _named(name, snapshot.tasks, info.run_id)
    task, why = snapshot.tasks[position], None
    if task.phase is Phase.WAITING:
        why = what_it_waits_for(snapshot.tasks, position)
    if task.phase is Phase.WAITING and why is None and options.master != LOCAL:
        running = sum(count for phase, count in info.counts.items() if phase.is_active)
        why = _why_it_waits(task.spec, options, running, cluster_of(values, options))
    if values[the.JSON]:
        emit(
            sys.stdout,
            as_json("explanation", {**task_fields(task), "run_id": info.run_id, "why": why}),
        )
    else:
        emit(sys.stdout, task_page(task, info.run_id, why))
    return ExitCode.FINISHED


def _named(name: str, tasks: Sequence[TaskView], run_id: str) -> int:
    for position, task in enumerate(tasks):
        if task.spec.task_id == name:
            return position
    raise no_such_task(name, tasks, run_id)


def _why_it_waits(task: TaskSpec, options: RunOptions, running: int, cluster: RunOptions) -> str:
    from mesos_batch.explaining import why_it_waits
    from mesos_batch.volumes import look

    try:
        return why_it_waits(task, options, running, look(cluster))
    except ClusterError as error:
        return f"the master cannot be asked: {error.message}"
