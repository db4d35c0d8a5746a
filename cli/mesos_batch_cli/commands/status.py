"""``mesos-batch status [RUN]``: how far a run is, and what failed in it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence

from mesos_batch.config import command_settings as commands
from mesos_batch.config import settings as the
from mesos_batch.errors import ExitCode
from mesos_batch_cli.output.streams import emit
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch status [RUN] [flags]",)
ABOUT = (
    "Shows how far a run is, what its agents did and what failed, whoever drives it. RUN is the id "
    "of a run, a part of it that no other has, or 'last'; without it, the last run begun."
)
SETTINGS = commands.STATUS


def run(arguments: Sequence[str]) -> int:
    """Print how the run is; 0 whatever became of it.

    Raises:
        UsageError: a flag is wrong.
        JournalError: there is no such run, or its journal cannot be read.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=1)

    from mesos_batch.runs import read_snapshot
    from mesos_batch_cli.keeping import again, run_meant
    from mesos_batch_cli.output.as_json import run_page
    from mesos_batch_cli.output.status_page import status_page
    from mesos_batch_cli.output.streams import paint_for, width_of

    info = run_meant(values)
    snapshot = read_snapshot(info)
    if values[the.JSON]:
        emit(sys.stdout, run_page(info, snapshot))
        return ExitCode.FINISHED
    text = status_page(
        info,
        snapshot,
        time.time(),
        paint_for(sys.stdout, values[the.COLOR], os.environ),
        width_of(sys.stdout, os.environ),
        resume=again("resume", info.run_id, values),
        logs=again("logs", info.run_id, values),
        every_failure=values[the.VERBOSE],
    )
    emit(sys.stdout, text)
    return ExitCode.FINISHED
