"""``mesos-batch [flags]``: run a task list."""

from __future__ import annotations

import os
import queue
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mesos_batch import __version__
from mesos_batch.config import settings as the
from mesos_batch.errors import ExitCode
from mesos_batch_cli.help import help_text
from mesos_batch_cli.output.streams import emit, say_error, say_warning
from mesos_batch_cli.run_options import check_flags, credentials_for, run_options
from mesos_batch_cli.seedflags import asks_for_help
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.api import RunOptions
    from mesos_batch.model.facts import RunEnded
    from mesos_batch.model.snapshot import RunSnapshot
    from mesos_batch.model.task import TaskSpec
    from mesos_batch_cli.output.display import Display

USAGE = (
    "mesos-batch --master=HOST:PORT|local --task_list=FILE [flags]",
    "mesos-batch local [flags]          a local cluster for other frameworks",
    "mesos-batch secret set|delete      keep a secret in the keyring",
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
    values = Values(arguments, os.environ, the.RUN)
    if values[the.VERSION]:
        emit(sys.stdout, f"mesos-batch {__version__}")
        return ExitCode.FINISHED
    master = check_flags(values)
    credentials = credentials_for(values, master)
    for warning in credentials.warnings:
        say_warning(warning)

    from mesos_batch_cli.task_list import read_task_list

    task_list = read_task_list(values[the.TASK_LIST] or "", values[the.ROLE], credentials.principal)
    if task_list is None:
        return ExitCode.USAGE
    return _run_tasks(task_list.tasks, run_options(values, master, credentials), values)


def _run_tasks(tasks: Sequence[TaskSpec], options: RunOptions, values: Values) -> int:
    from mesos_batch import api
    from mesos_batch_cli.follow import Mailbox, follow
    from mesos_batch_cli.interrupts import LeaveAtOnceError, interrupts

    mailbox: Mailbox = queue.SimpleQueue()
    try:
        with interrupts(mailbox.put), api.start(tasks, options) as batch:
            display = _open_display(tasks, options, values, os.environ)
            try:
                ended = follow(batch, display, mailbox)
            finally:
                display.close()
            snapshot = batch.wait()
    except LeaveAtOnceError as left:
        say_error("left at once, without waiting for the tasks to end")
        return left.exit_code
    if batch.work_dir is not None and not values[the.QUIET]:
        emit(sys.stderr, f"what the tasks wrote is in {batch.work_dir}")
    return _result(snapshot, ended, values)


def _open_display(
    tasks: Sequence[TaskSpec],
    options: RunOptions,
    values: Values,
    environment: Mapping[str, str],
) -> Display:
    from mesos_batch_cli.output.display import LineDisplay, LiveDisplay
    from mesos_batch_cli.output.lines import Level, Lines
    from mesos_batch_cli.output.streams import is_terminal, paint_for

    level = Level.NORMAL
    if values[the.QUIET]:
        level = Level.QUIET
    elif values[the.VERBOSE]:
        level = Level.VERBOSE
    paint = paint_for(sys.stderr, values[the.COLOR], environment)
    lines = Lines(paint, level, tasks)
    if level is not Level.NORMAL or not is_terminal(sys.stderr, environment):
        return LineDisplay(lines)

    from mesos_batch_cli.output.live import LiveView

    return LiveDisplay(LiveView(options.framework_name, colored=paint.enabled), lines)


def _result(snapshot: RunSnapshot, ended: RunEnded | None, values: Values) -> int:
    from mesos_batch_cli.output.streams import is_terminal, paint_for
    from mesos_batch_cli.output.summary import summary

    if ended is None:
        return ExitCode.INTERNAL
    if ended.message is not None:
        say_error(ended.message)
    width = None
    if is_terminal(sys.stdout, os.environ):
        width = os.get_terminal_size(sys.stdout.fileno()).columns or None
    paint = paint_for(sys.stdout, values[the.COLOR], os.environ)
    emit(sys.stdout, summary(snapshot, paint, width, every_failure=values[the.VERBOSE]))
    return ended.exit_code
