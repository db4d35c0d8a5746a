"""All that a run has been through, from its journal: every attempt, not only the latest.

history = read_history(find_run("last"))
print(len(history.attempts), "attempts of", len(history.snapshot.tasks), "tasks")
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesos_batch import journal

if TYPE_CHECKING:
    from mesos_batch.journal import RunInfo
    from mesos_batch.model.saved import AttemptEntry
    from mesos_batch.model.snapshot import RunSnapshot


@dataclass(frozen=True, slots=True)
class RunHistory:
    """A run at one moment: what it is, its tasks and agents, and all attempts.

    ``attempts`` are by position of their task in ``snapshot.tasks`` and by number.
    """

    info: RunInfo
    snapshot: RunSnapshot
    attempts: tuple[AttemptEntry, ...]


def read_history(info: RunInfo) -> RunHistory:
    """The run as its journal tells of it now.

    Raises:
        JournalError: its journal cannot be read.
    """
    now, snapshot, attempts = journal.read_history(info.directory)
    return RunHistory(now, snapshot, tuple(attempts))
