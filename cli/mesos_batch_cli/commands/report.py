"""``mesos-batch report [RUN]``: write reports of a run that is over, or goes on."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from mesos_batch.config import command_settings as commands
from mesos_batch.config import settings as the
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

    if values[the.JSON] and any(target.path is None for target in targets):
        raise UsageError("--json and a report both want standard output")

    from mesos_batch_cli.keeping import run_meant
    from mesos_batch_cli.report_files import check_writable, write_reports

    check_writable(targets)
    info = run_meant(values)
    write_reports(info, targets)
    if values[the.JSON]:
        from mesos_batch_cli.output.as_json import as_json
        from mesos_batch_cli.output.streams import emit

        written = [{"format": it.format, "path": str(it.path)} for it in targets]
        emit(sys.stdout, as_json("reports", {"run_id": info.run_id, "reports": written}))
    return ExitCode.FINISHED
