"""``mesos-batch runs``: all runs, with how far each is."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from mesos_batch.config import command_settings as commands
from mesos_batch.config import settings as the
from mesos_batch.errors import ExitCode
from mesos_batch_cli.output.streams import emit
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch runs [flags]",)
ABOUT = (
    "Lists the runs of this user on this machine, the newest first, with how far each is. A run "
    "is running while a process drives it, stopped when it can be resumed, ended when it is over."
)
SETTINGS = commands.RUNS


def run(arguments: Sequence[str]) -> int:
    """Print the list.

    Raises:
        UsageError: a flag is wrong.
        JournalError: the directory of the runs cannot be read.
    """
    values = Values(arguments, os.environ, SETTINGS)

    from mesos_batch.runs import list_runs
    from mesos_batch_cli.keeping import state_dir
    from mesos_batch_cli.output.as_json import as_json, run_fields
    from mesos_batch_cli.output.run_table import run_table
    from mesos_batch_cli.output.streams import paint_for, width_of

    found = list_runs(state_dir(values))
    if values[the.JSON]:
        emit(sys.stdout, as_json("runs", {"runs": [run_fields(info) for info in found]}))
    elif not found:
        emit(sys.stderr, "there are no runs")
    else:
        paint = paint_for(sys.stdout, values[the.COLOR], os.environ)
        emit(sys.stdout, run_table(found, paint, width_of(sys.stdout, os.environ)))
    return ExitCode.FINISHED
