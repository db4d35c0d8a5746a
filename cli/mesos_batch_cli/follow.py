"""Follows a run to its end: facts go to the display, signals to the run."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING

from mesos_batch.errors import ExitCode
from mesos_batch.model.facts import RunEnded, Subscribed
from mesos_batch_cli.output.display import Display
from mesos_batch_cli.task_output import Mailbox, TaskOutput, Written

if TYPE_CHECKING:
    from mesos_batch.api import Run

REFRESH_SECONDS = 0.2
_KILLING = "interrupted: killing the tasks and waiting for them; once more leaves at once"
_WAITING = "interrupted: waiting for what was sent; once more leaves at once"
_LEAVING = "interrupted: leaving, the tasks run on; once more leaves at once"


def follow(
    run: Run,
    display: Display,
    mailbox: Mailbox,
    output: TaskOutput,
    *,
    leaves_tasks: bool,
    cancels: bool = False,
) -> RunEnded | None:
    """Show the run until it is over; its last fact, ``None`` when it broke off without one.

    An interruption kills the tasks or, with ``leaves_tasks``, leaves them running. A run to be
    cancelled is so once the master has let us in. Waits are short, because Windows delivers a
    signal only between two of them.
    """
    threading.Thread(target=_pump, args=(run, mailbox), name="facts", daemon=True).start()
    ended: RunEnded | None = None
    next_refresh = 0.0
    while True:
        try:
            message = mailbox.get(timeout=REFRESH_SECONDS)
        except queue.Empty:
            display.tick(run)
            continue
        match message:
            case None:
                return ended
            case ExitCode() if leaves_tasks:
                display.say(_LEAVING)
                run.detach(message)
            case ExitCode():
                display.say(_KILLING if run.snapshot().tasks else _WAITING)
                run.cancel(message)
            case Written():
                display.write(output.text(message))
            case RunEnded():
                ended = message
                display.show(message)
            case _:
                output.take(message, run)
                display.show(message)
                if cancels and isinstance(message, Subscribed):
                    run.cancel(ExitCode.INTERRUPTED)
                    cancels = False
        if time.monotonic() >= next_refresh:
            display.tick(run)
            next_refresh = time.monotonic() + REFRESH_SECONDS


def _pump(run: Run, mailbox: Mailbox) -> None:
    try:
        for happened in run.facts():
            mailbox.put(happened)
    finally:
        mailbox.put(None)
