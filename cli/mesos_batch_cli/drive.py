"""Drives a run in this process: shows it, takes signals, and gives its exit code."""

from __future__ import annotations

import os
import queue
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesos_batch.config import settings as the
from mesos_batch.config.progress_settings import NONE
from mesos_batch.errors import ExitCode
from mesos_batch.model.change import ChangeKind, ChangePhase
from mesos_batch.model.operation import OperationType
from mesos_batch_cli.follow import follow
from mesos_batch_cli.interrupts import LeaveAtOnceError, interrupts
from mesos_batch_cli.keeping import again, can_be_resumed, state_dir
from mesos_batch_cli.output.streams import emit, paint_for, say_error
from mesos_batch_cli.showing import events_meant, open_display, progress_meant
from mesos_batch_cli.task_output import Mailbox, TaskOutput
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.api import Run, RunOptions
    from mesos_batch.config.report_settings import ReportTarget
    from mesos_batch.model.facts import RunEnded
    from mesos_batch.model.snapshot import RunSnapshot
    from mesos_batch.model.task import TaskSpec
    from mesos_batch_cli.output.display import Display
    from mesos_batch_cli.output.events_file import EventsFile

_DOCTOR = "'mesos-batch doctor' with the same flags says what is in the way."
_CANCELLING = "cancelling: killing the tasks and waiting for them; Ctrl-C leaves at once"
_ENDING = "cancelling: waiting for what was sent; Ctrl-C leaves at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """What to do with a run: ``title`` heads the live view, ``cancel`` ends it at once.

    A run that ``begins`` tells its id; one that is resumed tells it with how far it is.
    ``options`` are those of the run. ``streams`` says that what the tasks write is shown. The
    ``reports`` are written when it is over.
    """

    tasks: Sequence[TaskSpec]
    title: str
    options: RunOptions
    streams: bool = False
    begins: bool = False
    leaves_tasks: bool = False
    cancel: bool = False
    reports: tuple[ReportTarget, ...] = ()


def drive(begin: Callable[[], Run], how: Drive, values: Values) -> ExitCode:
    """Show the run that ``begin`` gives until it is over, then its result.

    Raises:
        UsageError: it cannot be shown as the flags say, or the file for events not be written.
        MesosBatchError: ``begin`` did.
    """
    progress_meant(values)
    with events_meant(values) as events:
        return _drive(begin, how, values, events)


def _drive(
    begin: Callable[[], Run], how: Drive, values: Values, events: EventsFile | None
) -> ExitCode:
    run: Run | None = None
    run_id: str | None = None
    mailbox: Mailbox = queue.SimpleQueue()
    output = _open_output(how, mailbox, values)
    try:
        with interrupts(mailbox.put), begin() as run:
            run_id = run.run_id
            display = _open_display(how, run, values, events)
            try:
                ended = follow(
                    run, display, mailbox, output, leaves_tasks=how.leaves_tasks, cancels=how.cancel
                )
            finally:
                display.close()
            output.finish()
            snapshot = run.wait()
    except LeaveAtOnceError as left:
        _tell_left(run, run_id, values)
        return left.exit_code
    finally:
        output.close()
    kept_in = output.directory or run.work_dir
    if kept_in is not None and progress_meant(values) != NONE:
        display.say(f"what the tasks wrote is in {kept_in}")
    exit_code = _result(snapshot, ended, run_id, values, how)
    if run_id is not None and how.reports:
        from mesos_batch.runs import find_run
        from mesos_batch_cli.report_files import write_after_run

        write_after_run(find_run(run_id, state_dir(values)), how.reports)
    return exit_code


def _tell_left(run: Run | None, run_id: str | None, values: Values) -> None:
    """Say what becomes of a run that was left at once."""
    said = run.snapshot().message if run is not None else None
    hint = None
    if run_id is not None and can_be_resumed(run_id, values):
        hint = (
            f"'{again('resume', run_id, values)}' goes on with the run, "
            f"'{again('cancel', run_id, values)}' ends it."
        )
    elif run_id is not None and run is not None and run.snapshot().tasks:
        hint = f"'{again('retry', run_id, values, '--unfinished')}' runs what did not finish."
    say_error(said or "left at once, without waiting for the tasks to end", hint)


def _open_output(how: Drive, mailbox: Mailbox, values: Values) -> TaskOutput:
    return TaskOutput(
        how.options,
        (task.task_id for task in how.tasks),
        mailbox,
        stream=how.streams,
        color=values[the.COLOR],
    )


def _open_display(how: Drive, run: Run, values: Values, events: EventsFile | None) -> Display:
    display = open_display(values, how.title, run.run_id, how.tasks)
    if events is not None:
        from mesos_batch_cli.output.events_file import RecordingDisplay

        display = RecordingDisplay(display, events, run.run_id)
    if how.cancel:
        display.say(_CANCELLING if run.snapshot().tasks else _ENDING)
    elif how.begins and run.run_id is not None and progress_meant(values) != NONE:
        display.say(f"run {run.run_id}")
    return display


def _result(
    snapshot: RunSnapshot,
    ended: RunEnded | None,
    run_id: str | None,
    values: Values,
    how: Drive,
) -> ExitCode:
    if ended is None:
        return ExitCode.INTERNAL
    show_result(snapshot, ended.message, values, run_id, how.options)
    if run_id is not None and can_be_resumed(run_id, values):
        emit(sys.stderr, f"the run can go on: {again('resume', run_id, values)}")
    if run_id is not None and _left_something(snapshot) and not how.cancel:
        undo = again("volumes destroy", f"--run={run_id}", values)
        emit(sys.stderr, f"what it made can be undone: {undo}")
    return ended.exit_code


def _left_something(snapshot: RunSnapshot) -> bool:
    """Whether a change that was to make something was done in part."""
    return any(
        view.change.kind is ChangeKind.MAKE
        and view.phase is not ChangePhase.DONE
        and view.finished(OperationType.RESERVE)
        for view in snapshot.changes
    )


def show_result(
    snapshot: RunSnapshot,
    message: str | None,
    values: Values,
    run_id: str | None,
    options: RunOptions | None = None,
) -> None:
    """Print how a run ended: the message on stderr, the summary on stdout.

    With ``options``, which say who we are to the agents, it has what failed tasks wrote last. With
    ``--json`` the result is what 'status --json' tells.
    """
    from mesos_batch_cli.excerpts import excerpts
    from mesos_batch_cli.output.streams import width_of
    from mesos_batch_cli.output.summary import summary

    if message is not None:
        say_error(message, _DOCTOR if snapshot.exit_code is ExitCode.CLUSTER else None)
    if values[the.JSON]:
        emit(sys.stdout, _result_page(snapshot, values, run_id))
        return
    paint = paint_for(sys.stdout, values[the.COLOR], os.environ)
    width = width_of(sys.stdout, os.environ)
    page = summary(
        snapshot,
        paint,
        width,
        every_failure=values[the.VERBOSE],
        excerpts={} if options is None else excerpts(snapshot, options),
        logs_command=None if run_id is None else again("logs", run_id, values),
    )
    emit(sys.stdout, page)


def _result_page(snapshot: RunSnapshot, values: Values, run_id: str | None) -> str:
    from mesos_batch.runs import find_run
    from mesos_batch_cli.output.as_json import run_page, unkept_run_page

    if run_id is None:
        return unkept_run_page(snapshot)
    return run_page(find_run(run_id, state_dir(values)), snapshot)
