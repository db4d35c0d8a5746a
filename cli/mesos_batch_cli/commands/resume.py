"""``mesos-batch resume [RUN]``: go on with a run whose program ended."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mesos_batch.config import command_settings as commands
from mesos_batch.config.report_settings import REPORT
from mesos_batch_cli.run_options import check_output
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch resume [RUN] [flags]",)
ABOUT = (
    "Goes on with a run whose program was killed, cut off or told to leave. Tasks that still run "
    "are taken over, what ended meanwhile is counted, the rest is launched. RUN is the id of a "
    "run, a part of it that no other has, or 'last'; without it, the newest run that stopped."
)
SETTINGS = commands.RESUME


def run(arguments: Sequence[str]) -> int:
    """Drive the run to its end and give its exit code.

    Raises:
        UsageError: a flag is wrong.
        JournalError: there is no such run, or it cannot be taken up.
    """
    from mesos_batch_cli.background import taken_over
    from mesos_batch_cli.keeping import newest_stopped, run_meant
    from mesos_batch_cli.report_files import check_files
    from mesos_batch_cli.take_up import take_up

    handed_over = taken_over(os.environ)
    values = Values(arguments, os.environ, SETTINGS, takes_words=1)
    check_output(values)
    check_files(values[REPORT])
    info = newest_stopped(values) if values.word is None else run_meant(values)
    return take_up(info, values, handed_over)
