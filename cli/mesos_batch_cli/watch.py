"""Watches a run that another process drives, through its journal."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from mesos_batch.config import settings as the
from mesos_batch_cli.keeping import run_again
from mesos_batch_cli.output.status_line import StatusLine
from mesos_batch_cli.output.streams import is_terminal, paint_for
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.runs import RunInfo

_LOOK_SECONDS = 0.5


def watch(info: RunInfo, values: Values) -> RunInfo:
    """Wait until nobody drives the run any more, and give how it is then.

    On a terminal one line tells how far it is.

    Raises:
        JournalError: its journal cannot be read.
    """
    from mesos_batch.runs import RunState

    shown = is_terminal(sys.stderr, os.environ) and not values[the.QUIET]
    line = StatusLine(sys.stderr, paint_for(sys.stderr, values[the.COLOR], os.environ))
    try:
        while info.state is RunState.RUNNING:
            if shown:
                line.show(info, time.time())
            time.sleep(_LOOK_SECONDS)
            info = run_again(info, values)
    finally:
        if shown:
            line.clear()
    return info
