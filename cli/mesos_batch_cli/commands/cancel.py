"""``mesos-batch cancel RUN``: kill the tasks of a run and end it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from mesos_batch.config import command_settings as commands
from mesos_batch.config.progress_settings import LIVE, PLAIN
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.output.streams import emit
from mesos_batch_cli.run_options import check_output
from mesos_batch_cli.showing import progress_meant
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch cancel RUN [flags]",)
ABOUT = (
    "Kills the tasks of a run and ends it. A run that another process drives is asked to end; one "
    "that stopped is taken up for it. RUN is the id of a run, a part of it that no other has, or "
    "'last'."
)
SETTINGS = commands.CANCEL


def run(arguments: Sequence[str]) -> int:
    """End the run; 0 when it has ended.

    Raises:
        UsageError: a flag is wrong.
        JournalError: there is no such run, or it cannot be asked.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=1)
    check_output(values)
    if values.word is None:
        raise UsageError("no run is given", "Write mesos-batch cancel RUN; RUN may be 'last'.")

    from mesos_batch.runs import RunState, ask_cancel, read_snapshot
    from mesos_batch_cli.drive import show_result
    from mesos_batch_cli.keeping import run_again, run_meant
    from mesos_batch_cli.output.outcome import tell_nothing_done
    from mesos_batch_cli.take_up import take_up_to_cancel
    from mesos_batch_cli.watch import watch

    info = run_meant(values)
    if info.state is RunState.ENDED:
        told = f"run {info.run_id} has ended already, with exit code {info.exit_code}"
        tell_nothing_done(told, values)
        return ExitCode.FINISHED
    if info.state is RunState.RUNNING:
        ask_cancel(info, ExitCode.INTERRUPTED)
        if progress_meant(values) in (LIVE, PLAIN):
            emit(sys.stderr, f"asked process {info.pid} to kill the tasks of run {info.run_id}")
        info = watch(info, values)
        if info.state is RunState.ENDED:
            show_result(read_snapshot(info), None, values, info.run_id)
            return ExitCode.FINISHED
    exit_code = take_up_to_cancel(info, values)
    ended = run_again(info, values).state is RunState.ENDED
    return ExitCode.FINISHED if ended else exit_code
