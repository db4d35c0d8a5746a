"""``mesos-batch logs [RUN] [TASK...]``: what tasks wrote, or write."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesos_batch.config import log_settings as logs
from mesos_batch.config import settings as the
from mesos_batch.errors import UsageError
from mesos_batch.model.facts import Phase
from mesos_batch_cli.output.streams import emit, is_terminal, paint_for
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch_cli.output.log_lines import LogLines
    from mesos_batch_cli.task_choice import ChosenRun, PickedTask

USAGE = ("mesos-batch logs [RUN] [TASK...] [flags]",)
ABOUT = (
    "Prints what tasks wrote, wherever they ran: standard output as 'task | line', standard error "
    "as 'task ! line'. RUN is the id of a run, a part of it that no other has, or 'last'; without "
    "it, the last run begun. TASK is the id of a task, or a pattern such as 'tile-*'; without any, "
    "the tasks that failed are shown or, when none did, all if they are few."
)
SETTINGS = logs.LOGS
FEW = 10
_MOST_WORDS = 10_000
_FAILED = (Phase.FAILED, Phase.KILLED, Phase.LOST, Phase.ERROR)


def run(arguments: Sequence[str]) -> int:
    """Print it; 0, or 1 when ``--grep`` found nothing.

    Raises:
        UsageError: a flag is wrong, or no task is meant.
        JournalError: there is no such run, or its journal cannot be read.
        ClusterError: an agent does not answer, or what is asked for is not there any more.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=_MOST_WORDS)
    if values[logs.STDOUT] and values[logs.STDERR]:
        raise UsageError("--stdout contradicts --stderr", "Without them both are shown.")
    if values[logs.FAILED] and values[logs.ALL]:
        raise UsageError("--failed contradicts --all")
    if values[logs.FOLLOW] and values[logs.ATTEMPT] is not None:
        raise UsageError("--follow goes on with the next attempt, --attempt keeps to one")

    from mesos_batch import runs
    from mesos_batch.sandboxes import STDERR, STDOUT
    from mesos_batch_cli.cluster_meant import cluster_of
    from mesos_batch_cli.log_access import LogAccess
    from mesos_batch_cli.log_reading import follow_logs, print_logs
    from mesos_batch_cli.task_choice import choose_run

    chosen = choose_run(values.words, values)
    tasks = _tasks_meant(chosen, values)
    streams = [STDOUT, STDERR]
    if values[logs.STDOUT] or values[logs.STDERR]:
        streams = [STDOUT if values[logs.STDOUT] else STDERR]
    options = runs.options_of(chosen.info)
    access = LogAccess(
        chosen, cluster_of(values, options), options.output_dir, values[logs.ATTEMPT]
    )
    lines = _lines(tasks, streams, values)
    try:
        if values[logs.FOLLOW]:
            return follow_logs(access, tasks, streams, lines, values)
        return print_logs(access, tasks, streams, lines, tail=values[logs.TAIL])
    finally:
        access.close()


def _tasks_meant(chosen: ChosenRun, values: Values) -> list[PickedTask]:
    """The tasks to show.

    Raises:
        UsageError: a name means none, or nothing says which of many.
    """
    from mesos_batch_cli.task_choice import PickedTask, pick_tasks

    run_id, views = chosen.info.run_id, chosen.snapshot.tasks
    named = [PickedTask(position, view) for position, view in enumerate(views)]
    if chosen.words:
        named = pick_tasks(chosen.words, chosen.snapshot, run_id)
    failed = [task for task in named if task.view.phase in _FAILED]
    if values[logs.FAILED]:
        if not failed:
            meant = "of those named" if chosen.words else f"of run {run_id}"
            raise UsageError(f"no task {meant} has failed")
        return failed
    if chosen.words:
        return named
    if values[logs.ALL]:
        return named if values[logs.FOLLOW] else _launched(named, run_id)
    open_ones = [task for task in named if not task.view.phase.is_end]
    if values[logs.FOLLOW] and open_ones:
        return open_ones
    if failed:
        if len(failed) < len(named):
            emit(sys.stderr, _what_is_shown(len(failed), len(named)))
        return failed[:FEW]
    return _all_of_few(named, run_id)


def _what_is_shown(failed: int, total: int) -> str:
    if failed > FEW:
        return (
            f"the first {FEW} of {failed:,} tasks that failed; --failed shows all of them,"
            f" --all all {total:,} tasks"
        )
    return f"{failed} of {total:,} tasks failed; --all shows what the others wrote too"


def _all_of_few(named: Sequence[PickedTask], run_id: str) -> list[PickedTask]:
    launched = _launched(named, run_id)
    if len(launched) > FEW:
        raise UsageError(
            f"none of the {len(named):,} tasks of run {run_id} failed: which are meant?",
            "Name them, as in 'mesos-batch logs tile-7' or 'mesos-batch logs \"tile-*\"', or add"
            " --all.",
        )
    return launched


def _launched(named: Sequence[PickedTask], run_id: str) -> list[PickedTask]:
    launched = [task for task in named if task.view.launches]
    if not launched:
        raise UsageError(f"no task of run {run_id} was ever launched")
    return launched


def _lines(tasks: Sequence[PickedTask], streams: Sequence[str], values: Values) -> LogLines:
    from mesos_batch_cli.output.log_lines import JsonLogLines, Labels, LogLines

    if values[the.JSON]:
        return JsonLogLines(values[logs.GREP], whole=values[logs.STDERR])
    labels = Labels.NONE
    if len(tasks) > 1:
        labels = Labels.TASK
    elif len(streams) > 1:
        labels = Labels.STREAM
    return LogLines(
        paint_for(sys.stdout, values[the.COLOR], os.environ),
        labels,
        [task.view.spec.task_id for task in tasks],
        on_terminal=is_terminal(sys.stdout, os.environ),
        pattern=values[logs.GREP],
        whole=values[logs.STDERR],
    )
