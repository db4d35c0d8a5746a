"""Ctrl-C, SIGTERM and a closed terminal: the first one asks, the second one insists."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from mesos_batch.errors import ExitCode

EXIT_CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
if hasattr(signal, "SIGBREAK"):
    EXIT_CODES[signal.SIGBREAK] = ExitCode.INTERRUPTED
if hasattr(signal, "SIGHUP"):
    EXIT_CODES[signal.SIGHUP] = ExitCode.TERMINATED


class LeaveAtOnceError(BaseException):
    """The user asked a second time; raised in the middle of whatever the main thread does."""

    def __init__(self, exit_code: ExitCode) -> None:
        super().__init__()
        self.exit_code = exit_code


@contextmanager
def interrupts(ask: Callable[[ExitCode], None]) -> Iterator[None]:
    """Within, the first signal calls ``ask`` and the second raises LeaveAtOnceError.

    ``ask`` runs between two steps of the main thread, so it may only do what is safe there,
    such as ``SimpleQueue.put``.
    """
    asked = False

    def on_signal(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        exit_code = EXIT_CODES[signal.Signals(number)]
        if asked:
            raise LeaveAtOnceError(exit_code)
        asked = True
        ask(exit_code)

    before = {
        number: signal.signal(number, on_signal) for number in EXIT_CODES if not _is_nohup(number)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_nohup(number: signal.Signals) -> bool:
    """Whether who started us wants us to outlive the terminal, as ``nohup`` does."""
    return number.name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN
