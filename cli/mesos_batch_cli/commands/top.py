"""``mesos-batch top [RUN]``: the live view of a run that another process drives."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesos_batch.config import command_settings as commands
from mesos_batch.config import settings as the
from mesos_batch.config.progress_settings import ONCE
from mesos_batch.errors import ExitCode
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.runs import RunInfo

USAGE = ("mesos-batch top [RUN] [flags]",)
ABOUT = (
    "Shows a run that another process drives as that process would: what runs, what failed and "
    "why, when it will be over. q or Ctrl-C leaves and does nothing to the run. RUN is the id of a "
    "run, a part of it that no other has, or 'last'; without it, the last run begun."
)
SETTINGS = commands.TOP

_LOOK_SECONDS = 0.5
# A picture that nobody looks at on a terminal is as wide as most are, and shows much.
_UNKNOWN_WIDTH, _PRINTED_LINES = 100, 60
_LEAVING = ("q", "Q", "\x03", "\x04")


def run(arguments: Sequence[str]) -> int:
    """Show the run; 0 whatever becomes of it.

    Raises:
        UsageError: a flag is wrong.
        JournalError: there is no such run, or its journal cannot be read.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=1)

    from mesos_batch.runs import RunState
    from mesos_batch_cli.keeping import run_meant
    from mesos_batch_cli.output.streams import is_terminal

    info = run_meant(values)
    goes_on = info.state is RunState.RUNNING
    if values[the.JSON]:
        from mesos_batch.runs import read_snapshot
        from mesos_batch_cli.output.as_json import run_page
        from mesos_batch_cli.output.streams import emit

        emit(sys.stdout, run_page(info, read_snapshot(info)))
        return ExitCode.FINISHED
    if values[ONCE] or not goes_on or not is_terminal(sys.stdout, os.environ):
        _print_once(info, values)
        return ExitCode.FINISHED
    try:
        info = _show_live(info, values)
    except KeyboardInterrupt:
        return ExitCode.FINISHED
    if info.state is not RunState.RUNNING:
        _print_end(info, values)
    return ExitCode.FINISHED


def _show_live(info: RunInfo, values: Values) -> RunInfo:
    from mesos_batch.runs import options_of
    from mesos_batch_cli.keys import keys
    from mesos_batch_cli.output.progress import ProgressElsewhere
    from mesos_batch_cli.showing import live_display
    from mesos_batch_cli.watch import watch_on

    title = options_of(info).framework_name
    display = live_display(values, title, info.run_id, sys.stdout, ProgressElsewhere())
    try:
        with keys() as next_key:
            return watch_on(display, info, values, lambda: next_key(_LOOK_SECONDS) in _LEAVING)
    finally:
        display.close()


def _print_once(info: RunInfo, values: Values) -> None:
    """Print the run as it is now, or as it was left."""
    from mesos_batch.model.facts import Phase
    from mesos_batch.overview import Overview
    from mesos_batch.runs import RunState, options_of, read_snapshot
    from mesos_batch_cli.output.canvas import print_lines
    from mesos_batch_cli.output.picture import Frame, Heading, picture
    from mesos_batch_cli.output.progress import ProgressElsewhere
    from mesos_batch_cli.output.streams import paint_for, speaks_unicode, width_of

    snapshot = read_snapshot(info)
    now = time.time() if info.state is RunState.RUNNING else snapshot.at
    overview = Overview()
    overview.take(snapshot, now)
    remarks = ProgressElsewhere().remarks(snapshot, overview.counts[Phase.WAITING], now)
    width = width_of(sys.stdout, os.environ) or _UNKNOWN_WIDTH
    frame = Frame(width, _PRINTED_LINES, speaks_unicode(sys.stdout))
    heading = Heading(options_of(info).framework_name, info.run_id)
    lines = picture(overview, remarks, heading, now, frame)
    paint = paint_for(sys.stdout, values[the.COLOR], os.environ)
    print_lines(sys.stdout, lines, colored=paint.enabled)
    _tell_stopped(info, values)


def _print_end(info: RunInfo, values: Values) -> None:
    """Print the result of a run that nobody drives any more."""
    from mesos_batch.runs import read_snapshot
    from mesos_batch_cli.drive import show_result

    show_result(read_snapshot(info), info.message, values, info.run_id)
    _tell_stopped(info, values)


def _tell_stopped(info: RunInfo, values: Values) -> None:
    from mesos_batch.runs import RunState
    from mesos_batch_cli.keeping import again
    from mesos_batch_cli.output.streams import emit

    if info.state is RunState.STOPPED:
        emit(sys.stderr, f"the run can go on: {again('resume', info.run_id, values)}")
