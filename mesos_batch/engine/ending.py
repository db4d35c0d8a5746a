"""How a run ends: its framework is torn down, and its exit code is found.

A run that stops before its tasks have ended leaves its framework in the cluster and can be
resumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch.engine import commands as do
from mesos_batch.errors import ExitCode
from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase
from mesos_batch.model.saved import EndEntry, FrameworkEntry

if TYPE_CHECKING:
    from mesos_batch.engine.books import Books

# How long a run whose tasks have all ended waits for a master to tear the framework down.
LAST_CONTACT = 60.0
LEAVE = ("leave", 0)


class Ending:
    """Ends the run in the books; ``tearing_down`` while TEARDOWN is under way."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.tearing_down = False

    def tear_down(self) -> None:
        """Nothing is left to do: have the framework torn down, by a master yet to be found too."""
        books = self._books
        undecided = books.halted is not None and any(True for _ in books.changes.open())
        if books.framework_id is None or undecided:
            # Only the framework that sent an operation can ask what became of it.
            self._stop_for_good()
        elif not books.connected:
            books.timers.set_once(LEAVE, books.now + LAST_CONTACT)
        elif not self.tearing_down:
            self.tearing_down = True
            books.send(do.Teardown())

    def subscribed(self) -> None:
        """There is a master to ask, perhaps again."""
        self._books.timers.cancel(LEAVE)
        self.tearing_down = False

    def torn_down(self) -> None:
        """Nothing of us is left in the cluster; what was halted goes on as a new framework."""
        books = self._books
        books.connected = False
        books.framework_id = None
        if books.halted is not None:
            books.save(FrameworkEntry(books.now, None))

    def leave(self) -> None:
        """End although no master could be told."""
        books = self._books
        if books.all_ended or books.halted is not None:
            lingers = (
                "no master could be told that the run is over: it keeps framework"
                f" {books.framework_id} for another {books.policy.failover_timeout:g} s"
            )
            books.tell(fact.Warned(books.now, message=lingers))
            self._stop_for_good()

    def stop(self, code: ExitCode, message: str | None, *, final: bool = True) -> None:
        """End the run; one that is not ``final`` can be resumed, its framework stays."""
        books = self._books
        books.exit_code = code
        books.message = message
        books.turn.end = EndEntry(books.now, code, message, final)
        books.tell(fact.RunEnded(books.now, exit_code=code, message=message))

    def _stop_for_good(self) -> None:
        books = self._books
        if books.halted is not None:
            self.stop(ExitCode.TASK_FAILED, books.halted, final=False)
        else:
            self.stop(self._exit_code(), books.message)

    def _exit_code(self) -> ExitCode:
        books = self._books
        if books.cancel_code is not None:
            return books.cancel_code
        # What was skipped was so for what another task did.
        phases = {record.phase for record in books.tasks.records} - {Phase.SKIPPED}
        if phases <= {Phase.FINISHED}:
            return ExitCode.FINISHED
        if phases <= {Phase.FINISHED, Phase.UNPLACEABLE}:
            return ExitCode.UNPLACEABLE
        return ExitCode.TASK_FAILED
