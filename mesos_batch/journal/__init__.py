"""What a run must not forget, on disk before anything is done about it.

``Journal`` is for the process that drives a run, the functions are for everybody else.
"""

from mesos_batch.journal.failures import PassingJournalError
from mesos_batch.journal.header import Json, RunHeader, digest_of
from mesos_batch.journal.read import (
    RunInfo,
    RunState,
    find_run,
    list_runs,
    read_attempts,
    read_changes,
    read_history,
    read_operations,
    read_run,
    read_snapshot,
)
from mesos_batch.journal.request import ask_cancel
from mesos_batch.journal.write import Journal

__all__ = [
    "Journal",
    "Json",
    "PassingJournalError",
    "RunHeader",
    "RunInfo",
    "RunState",
    "ask_cancel",
    "digest_of",
    "find_run",
    "list_runs",
    "read_attempts",
    "read_changes",
    "read_history",
    "read_operations",
    "read_run",
    "read_snapshot",
]
