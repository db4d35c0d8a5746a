"""The journal as the engine thread uses it: patient with what may pass; none when not kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mesos_batch.journal import PassingJournalError
from mesos_batch.model.facts import Fact, Warned

if TYPE_CHECKING:
    from mesos_batch.errors import ExitCode
    from mesos_batch.journal import Journal
    from mesos_batch.model.saved import Entry
    from mesos_batch.runtime.clock import Clock

# A full disk may be cleared; meanwhile nothing is sent and the cluster repeats what it said.
PATIENCE_SECONDS = 60.0
TRY_AGAIN_SECONDS = 1.0
POLL_SECONDS = 1.0


class Keeper:
    """Commits entries and looks for requests of other processes.

    ``leave`` is set when the user wants to wait no longer.
    """

    def __init__(
        self,
        journal: Journal | None,
        clock: Clock,
        publish: Callable[[Sequence[Fact]], None],
        leave: threading.Event,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._publish = publish
        self._leave = leave
        self._next_poll = 0.0

    @property
    def poll_seconds(self) -> float | None:
        """How often to look for requests; ``None`` when nobody can make one."""
        return None if self._journal is None else POLL_SECONDS

    def commit(self, entries: Sequence[Entry]) -> None:
        """Write entries; waits a while for a disk that is full or a lock that is held.

        Raises:
            JournalError: they are not on disk.
        """
        if self._journal is None or not entries:
            return
        give_up_at: float | None = None
        while True:
            try:
                self._journal.commit(entries)
            except PassingJournalError as error:
                if give_up_at is None:
                    give_up_at = self._clock.now() + PATIENCE_SECONDS
                    waiting = f"{error.message}: nothing is sent until it can be written"
                    self._publish([Warned(self._clock.now(), message=waiting)])
                elif self._clock.now() >= give_up_at:
                    raise
                if self._leave.wait(TRY_AGAIN_SECONDS):
                    raise
            else:
                return

    def cancel_request(self) -> ExitCode | None:
        """What another process asked the run to end with, when it has just done so."""
        if self._journal is None or self._clock.now() < self._next_poll:
            return None
        self._next_poll = self._clock.now() + POLL_SECONDS
        try:
            return self._journal.cancel_request()
        except PassingJournalError:
            return None
