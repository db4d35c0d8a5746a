"""``mesos-batch [run LIST] [flags]``: run a task list."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesos_batch import __version__
from mesos_batch.config import command_settings as commands
from mesos_batch.config import output_settings as task_output
from mesos_batch.config import settings as the
from mesos_batch.config import volume_flags as flags
from mesos_batch.config.report_settings import REPORT
from mesos_batch.errors import ExitCode, JournalError
from mesos_batch_cli.keeping import state_dir
from mesos_batch_cli.output.streams import emit
from mesos_batch_cli.run_options import check_flags, credentials_for, leaves_tasks, run_options
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.api import Run, RunOptions
    from mesos_batch.model.change import Change
    from mesos_batch.model.task import TaskSpec

USAGE = (
    "mesos-batch --master=HOST:PORT|local --task_list=FILE [flags]",
    "mesos-batch run LIST --master=HOST:PORT|local [flags]",
)
ABOUT = (
    "Runs the tasks of a list or a job file in parallel on Apache Mesos and ends with 0 when all "
    "of them finished."
)
SETTINGS = commands.RUN


def run(arguments: Sequence[str]) -> int:
    """Do what the flags say and give the exit code.

    Raises:
        MesosBatchError: nothing was run, for a reason the user can do something about.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=1)
    if values[the.VERSION]:
        emit(sys.stdout, f"mesos-batch {__version__}")
        return ExitCode.FINISHED

    from mesos_batch_cli.task_list import list_meant, read_task_list

    given = list_meant(values)
    master = check_flags(values, given)
    leave = leaves_tasks(values, master)
    credentials = credentials_for(values, master, values[the.PRINCIPAL])

    options = run_options(values, master, credentials)
    if values[flags.REMOVE_PERSISTENT_VOLUME]:
        from mesos_batch_cli.original_volumes import remove

        return remove(options, values)

    task_list = read_task_list(given or "", values[the.ROLE], credentials.principal)
    changes: Sequence[Change] = ()
    if values[flags.PERSISTENT_VOLUME]:
        from mesos_batch_cli.original_volumes import wanted

        changes = wanted(options, values)
    return run_new(task_list.tasks, options, task_list.name, values, leave=leave, changes=changes)


def run_new(
    tasks: Sequence[TaskSpec],
    options: RunOptions,
    source: str,
    values: Values,
    *,
    leave: bool,
    changes: Sequence[Change] = (),
) -> ExitCode:
    """Start a run and drive it to its end, or leave it in the background.

    ``source`` names the task list, ``leave`` says that an interruption leaves the tasks running,
    ``changes`` of reservations and volumes come before the tasks.

    Raises:
        UsageError: an option makes no sense, or the file for events cannot be written.
        JournalError: the run cannot be kept.
    """
    from mesos_batch import api
    from mesos_batch_cli.drive import Drive, drive

    keep = api.Keep(state_dir(values), source) if values[the.JOURNAL] else None

    def begin() -> Run:
        try:
            return api.start(tasks, options, keep, changes)
        except JournalError as error:
            raise _unkept(error) from error

    if keep is not None and values[the.DETACH]:
        from mesos_batch_cli.background import detach
        from mesos_batch_cli.showing import check_detached

        check_detached(values)
        try:
            run_id = api.create(tasks, options, keep, changes)
        except JournalError as error:
            raise _unkept(error) from error
        return detach(run_id, options, values, leave=leave)
    title = options.framework_name
    how = Drive(
        tasks=tasks,
        title=title,
        options=options,
        streams=values[task_output.STREAM_LOGS],
        begins=True,
        leaves_tasks=leave,
        reports=values[REPORT],
    )
    return drive(begin, how, values)


def _unkept(error: JournalError) -> JournalError:
    """Say what helps where no journal can be written at all."""
    return JournalError(
        error.message,
        "Nothing was sent to any cluster. --state_dir=PATH keeps the run elsewhere, --no-journal "
        "nowhere: then it cannot be resumed.",
    )
