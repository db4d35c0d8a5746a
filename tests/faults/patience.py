"""Whether the scheduler goes on asking: a question or a kill may be lost and must be repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from faults.sim_executors import is_anchor

from mesos_batch.engine import commands as do

# A slow call may hold the engine up for 75 s; questions are repeated within 60 s, kills in 15 s.
LONGEST_SILENCE = 150.0
KILL_AGAIN_WITHIN = 100.0


class Patience:
    """What the scheduler waits for within one subscription."""

    def __init__(self, is_over: Callable[[str], bool], is_open: Callable[[str], bool]) -> None:
        self._is_over = is_over
        self._is_open = is_open
        self._asked_operations: dict[str, float] = {}
        self._asked: dict[str, float] = {}
        self._killed: dict[str, float] = {}

    def begin_anew(self) -> None:
        """The connection is another, or none."""
        self._asked.clear()
        self._asked_operations.clear()
        self._killed.clear()

    def heard_of(self, attempt_id: str) -> None:
        self._asked.pop(attempt_id, None)

    def calls(self, command: do.Command, now: float) -> None:
        if isinstance(command, do.Reconcile):
            for attempt_id, _ in command.tasks:
                self._asked[attempt_id] = now
        elif isinstance(command, do.ReconcileOperations):
            for operation_id, _ in command.operations:
                self._asked_operations[operation_id] = now
        elif isinstance(command, do.Kill) and is_anchor(command.task_id):
            # It ends by itself, should the kill be lost.
            pass
        elif isinstance(command, do.Kill) and not self._is_over(command.task_id):
            self._killed[command.task_id] = now

    def overdue(self, now: float) -> Iterator[tuple[str, str]]:
        """What should have been repeated by now."""
        for rule, waiting, limit in (
            ("asks again", self._asked, LONGEST_SILENCE),
            ("kills again", self._killed, KILL_AGAIN_WITHIN),
        ):
            for attempt_id, since in list(waiting.items()):
                if self._is_over(attempt_id):
                    del waiting[attempt_id]
                elif now - since > limit:
                    yield rule, f"{attempt_id}: {now - since:.0f} s ago, and not since"
        for operation_id, since in list(self._asked_operations.items()):
            if not self._is_open(operation_id):
                del self._asked_operations[operation_id]
            elif now - since > LONGEST_SILENCE:
                text = f"{operation_id}: {now - since:.0f} s ago, and not since"
                yield "asks about operations again", text
