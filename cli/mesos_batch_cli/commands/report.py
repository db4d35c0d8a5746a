"""``mesos-batch report [RUN]``: write reports of a run that is over, or goes on."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mesos_batch.config import command_settings as commands
from mesos_batch.config.report_settings import REPORT_NOW
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch report [RUN] --report=[FORMAT:]PATH... [flags]",)
ABOUT = (
    "Writes reports of a run from its journal: a page for people (html), JUnit XML for continuous "
    "integration, CSV, JSON, a job log as GNU parallel writes it, a trace for Perfetto. RUN is the "
    "id of a run, a part of it that no other has, or 'last'; without it, the last run begun."
)
SETTINGS = commands.REPORT_COMMAND


def run(arguments: Sequence[str]) -> int:
    """Write the reports; 0 whatever became of the run.

    Raises:
        UsageError: a flag is wrong, or a report cannot be written.
        JournalError: there is no such run, or its journal cannot be read.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=1)
    targets = values[REPORT_NOW]
    if not targets:
        raise UsageError(
            "no report is asked for", "Add --report=run.html; 'mesos-batch report --help' has all."
        )

    from mesos_batch_cli.keeping import run_meant
    from mesos_batch_cli.report_files import check_writable, write_reports

    check_writable(targets)
    write_reports(run_meant(values), targets)
    return ExitCode.FINISHED
