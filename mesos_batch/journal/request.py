"""What another process may ask of the one that drives a run."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from pathlib import Path

from mesos_batch.errors import ExitCode, JournalError
from mesos_batch.journal.database import connect_to_write, transaction
from mesos_batch.journal.failures import told_as_journal_errors
from mesos_batch.journal.paths import JOURNAL
from mesos_batch.journal.read import RunState, read_run


def ask_cancel(directory: Path, exit_code: ExitCode) -> None:
    """Ask the process that drives a run to kill its tasks and end with this code.

    Raises:
        JournalError: nobody drives it here, or its journal cannot be written.
    """
    run = read_run(directory)
    if run.state is RunState.ENDED:
        raise JournalError(f"run {run.run_id} has ended")
    if run.state is not RunState.RUNNING:
        raise JournalError(
            f"nobody drives run {run.run_id}: it is {run.state.value}",
            "'mesos-batch resume' takes it up.",
        )
    if run.host not in (None, socket.gethostname()):
        raise JournalError(
            f"run {run.run_id} is driven by process {run.pid} on {run.host}",
            "Cancel it there: two hosts must not write to one journal.",
        )
    path = directory / JOURNAL
    row = (time.time(), int(exit_code))
    with (
        told_as_journal_errors(path, "write"),
        closing(connect_to_write(path)) as db,
        transaction(db),
    ):
        db.execute("INSERT INTO requests (at, exit_code) VALUES (?, ?)", row)
