"""``mesos-batch [flags]``: run a task list."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesos_batch import __version__
from mesos_batch.config import settings as the
from mesos_batch.config import volume_flags as flags
from mesos_batch.errors import ExitCode, JournalError, UsageError
from mesos_batch_cli.help import help_text
from mesos_batch_cli.keeping import state_dir
from mesos_batch_cli.output.streams import emit
from mesos_batch_cli.run_options import check_flags, credentials_for, leaves_tasks, run_options
from mesos_batch_cli.seedflags import asks_for_help
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.api import Run, RunOptions
    from mesos_batch.model.change import Change
    from mesos_batch.model.task import TaskSpec

USAGE = (
    "mesos-batch --master=HOST:PORT|local --task_list=FILE [flags]",
    "mesos-batch plan LIST              how long it would take, and what would never fit",
    "mesos-batch resume [RUN]           go on with a run that stopped",
    "mesos-batch retry RUN              run again what failed",
    "mesos-batch runs                   list runs",
    "mesos-batch status|wait|cancel RUN look at a run, wait for its end, end it",
    "mesos-batch explain TASK [RUN]     why a task waits, or how it came to its end",
    "mesos-batch volumes COMMAND        persistent volumes: list, create, destroy, audit",
    "mesos-batch reservations COMMAND   reservations: list, reserve, unreserve",
    "mesos-batch local [flags]          a local cluster for other frameworks",
    "mesos-batch secret set|delete      keep a secret in the keyring",
)
COMMANDS = (
    "plan",
    "resume",
    "retry",
    "runs",
    "status",
    "wait",
    "cancel",
    "volumes",
    "reservations",
    "local",
    "secret",
)
ABOUT = (
    "Runs the tasks of a list in parallel on Apache Mesos and ends with 0 when all of them "
    "finished."
)


def run(arguments: Sequence[str]) -> int:
    """Do what the flags say and give the exit code.

    Raises:
        MesosBatchError: nothing was run, for a reason the user can do something about.
    """
    if asks_for_help(arguments):
        emit(sys.stdout, help_text(USAGE, ABOUT, the.RUN))
        return ExitCode.FINISHED
    _refuse_commands(arguments)
    values = Values(arguments, os.environ, the.RUN)
    if values[the.VERSION]:
        emit(sys.stdout, f"mesos-batch {__version__}")
        return ExitCode.FINISHED
    master = check_flags(values)
    leave = leaves_tasks(values, master)
    credentials = credentials_for(values, master, values[the.PRINCIPAL])

    options = run_options(values, master, credentials)
    if values[flags.REMOVE_PERSISTENT_VOLUME]:
        from mesos_batch_cli.original_volumes import remove

        return remove(options, values)

    from mesos_batch_cli.task_list import read_task_list

    task_list = read_task_list(values[the.TASK_LIST] or "", values[the.ROLE], credentials.principal)
    if task_list is None:
        return ExitCode.USAGE
    changes: Sequence[Change] = ()
    if values[flags.PERSISTENT_VOLUME]:
        from mesos_batch_cli.original_volumes import wanted

        found = wanted(options, values)
        if found is None:
            return ExitCode.USAGE
        changes = found
    return run_new(task_list.tasks, options, task_list.name, values, leave=leave, changes=changes)


def _refuse_commands(arguments: Sequence[str]) -> None:
    """Tell who mistypes a command which ones there are."""
    if not arguments or arguments[0].startswith("-"):
        return
    from difflib import get_close_matches

    for near in get_close_matches(arguments[0], COMMANDS, n=1):
        raise UsageError(
            f"there is no command '{arguments[0]}'", f"Did you mean 'mesos-batch {near}'?"
        )


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
        UsageError: an option makes no sense.
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

        try:
            run_id = api.create(tasks, options, keep, changes)
        except JournalError as error:
            raise _unkept(error) from error
        return detach(run_id, options, values, leave=leave)
    title = options.framework_name
    how = Drive(tasks=tasks, title=title, begins=True, leaves_tasks=leave)
    return drive(begin, how, values)


def _unkept(error: JournalError) -> JournalError:
    """Say what helps where no journal can be written at all."""
    return JournalError(
        error.message,
        "Nothing was sent to any cluster. --state_dir=PATH keeps the run elsewhere, --no-journal "
        "nowhere: then it cannot be resumed.",
    )
