"""``mesos-batch wait [RUN]``: wait for the end of a run, and end with its exit code."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mesos_batch.config import command_settings as commands
from mesos_batch.errors import JournalError
from mesos_batch_cli.run_options import check_output
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch wait [RUN] [flags]",)
ABOUT = (
    "Waits until a run that another process drives has ended, prints its result and ends with its "
    "exit code. RUN is the id of a run, a part of it that no other has, or 'last'; without it, "
    "the last run begun."
)
SETTINGS = commands.WAIT


def run(arguments: Sequence[str]) -> int:
    """Wait, and give the exit code of the run.

    Raises:
        UsageError: a flag is wrong.
        JournalError: there is no such run, or nobody drives it to its end.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=1)
    check_output(values)

    from mesos_batch.runs import RunState, read_snapshot
    from mesos_batch_cli.drive import show_result
    from mesos_batch_cli.keeping import again, run_meant
    from mesos_batch_cli.watch import watch

    info = watch(run_meant(values), values)
    if info.state is not RunState.ENDED or info.exit_code is None:
        why = f": {info.message}" if info.message is not None else ""
        raise JournalError(
            f"run {info.run_id} has stopped before its end{why}",
            f"'{again('resume', info.run_id, values)}' goes on with it.",
        )
    show_result(read_snapshot(info), info.message, values, info.run_id)
    return info.exit_code
