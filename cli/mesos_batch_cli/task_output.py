"""What tasks write, during a run: shown while they run, collected when they end."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mesos_batch.errors import ExitCode
from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Fact, Phase
from mesos_batch.model.sandbox import Sandbox
from mesos_batch_cli.interrupts import LeaveAtOnceError
from mesos_batch_cli.output.streams import emit, is_terminal, paint_for, pour, say_warning
from mesos_batch_cli.output.text import one_line, tasks

if TYPE_CHECKING:
    from mesos_batch.api import RunOptions
    from mesos_batch.model.snapshot import RunSnapshot
    from mesos_batch.sandboxes import Collector, Follower
    from mesos_batch_cli.output.log_lines import LogLines

# How long nothing may come at the end before what is missing is given up.
PATIENCE_SECONDS = 60.0
TOLD_MISSING = 5
_TOLD_AFTER = 1.0
_LOOK_SECONDS = 0.1
# Who writes faster than we print is read no faster either.
_WAITING_AT_ONCE = 8
# What ended so has a sandbox, though nobody may have told where.
_WAS_SOMEWHERE = (Phase.FINISHED, Phase.FAILED)


@dataclass(frozen=True, slots=True)
class Written:
    """Whole lines that an attempt wrote, without their ends."""

    sandbox: Sandbox
    stream: str
    lines: Sequence[bytes]


# Facts, what tasks wrote, the exit code a signal asks for, and None after the last fact.
Mailbox = queue.SimpleQueue[Fact | Written | ExitCode | None]


class Watched(Protocol):
    """The part of a run that is looked at."""

    def snapshot(self) -> RunSnapshot:
        """The state of the run."""


class TaskOutput:
    """Follows and collects as it is wanted; all calls come from the thread that shows the run."""

    def __init__(
        self,
        options: RunOptions,
        task_ids: Iterable[str],
        mailbox: Mailbox,
        *,
        stream: bool,
        color: str,
    ) -> None:
        """Begin.

        Raises:
            UsageError: the output directory cannot be made.
        """
        self._mailbox = mailbox
        self._room = threading.Semaphore(_WAITING_AT_ONCE)
        self._follower: Follower | None = None
        self._lines: LogLines | None = None
        self._collector: Collector | None = None
        self._readers: list[Collector | Follower] = []
        # The attempts that are known to have begun, and have not ended.
        self._begun: set[tuple[str, int]] = set()
        if options.output_dir is not None:
            from mesos_batch.sandboxes import Collector

            self._collector = Collector(Path(options.output_dir), options)
            self._readers.append(self._collector)
        if stream:
            self._follow(options, task_ids, color)

    def _follow(self, options: RunOptions, task_ids: Iterable[str], color: str) -> None:
        from mesos_batch.sandboxes import Follower
        from mesos_batch_cli.output.log_lines import Labels, LogLines

        self._lines = LogLines(
            paint_for(sys.stdout, color, os.environ),
            Labels.TASK,
            task_ids,
            on_terminal=is_terminal(sys.stdout, os.environ),
        )
        self._follower = Follower(options, self._show)
        self._readers.append(self._follower)

    @property
    def directory(self) -> Path | None:
        """Where what the tasks wrote is collected."""
        return None if self._collector is None else self._collector.directory

    def take(self, happened: Fact, run: Watched) -> None:
        """Take a fact of the run in."""
        if not self._readers:
            return
        match happened:
            case fact.Subscribed(framework_id=framework_id):
                self._know(framework_id)
            case fact.RunResumed():
                self._take_over(run.snapshot())
            case fact.TaskUpdated(sandbox=sandbox) if sandbox is not None and sandbox.is_known:
                self._begun.add((sandbox.task_id, sandbox.attempt))
                if self._follower is not None:
                    self._follower.add(sandbox)
            case fact.TaskRequeued(sandbox=sandbox, phase=phase):
                self._ended(sandbox, phase, final=False)
            case fact.TaskEnded(sandbox=sandbox, phase=phase):
                self._ended(sandbox, phase, final=True)

    def text(self, written: Written) -> str:
        """What tasks wrote, as it is printed."""
        self._room.release()
        assert self._lines is not None
        return self._lines.text(written.sandbox.task_id, written.stream, written.lines)

    def finish(self) -> None:
        """Show and collect the rest, as long as any comes; an interruption leaves it."""
        if self._follower is not None:
            self._follower.end_all()
        try:
            self._wait()
        except LeaveAtOnceError:
            emit(sys.stderr, "interrupted: what is missing is left")
        self._tell_missing()

    def close(self) -> None:
        """Read no more."""
        for reader in self._readers:
            reader.close()

    def _wait(self) -> None:
        told_at = time.monotonic() + _TOLD_AFTER
        while True:
            left = sum(reader.pending for reader in self._readers)
            self._print_what_came(_LOOK_SECONDS if left else 0.0)
            if not left or min(r.stalled_for for r in self._readers) > PATIENCE_SECONDS:
                return
            if time.monotonic() > told_at:
                emit(sys.stderr, f"reading what {tasks(left)} wrote; Ctrl-C leaves it")
                told_at = float("inf")

    def _print_what_came(self, wait: float) -> None:
        """Print what is in the mailbox, or comes within some seconds."""
        while True:
            try:
                message = self._mailbox.get(timeout=wait)
            except queue.Empty:
                return
            if isinstance(message, ExitCode):
                raise LeaveAtOnceError(message)
            if isinstance(message, Written):
                pour(sys.stdout, self.text(message))
            wait = 0.0

    def _show(self, sandbox: Sandbox, stream: str, lines: Sequence[bytes]) -> None:
        self._room.acquire()
        self._mailbox.put(Written(sandbox, stream, lines))

    def _ended(self, sandbox: Sandbox | None, phase: Phase, *, final: bool) -> None:
        if sandbox is None:
            return
        key = sandbox.task_id, sandbox.attempt
        may_be_nothing = phase is Phase.LOST and key not in self._begun
        self._begun.discard(key)
        if not (sandbox.is_known or phase in _WAS_SOMEWHERE):
            return
        if self._follower is not None:
            self._follower.ended(sandbox, may_be_nothing=may_be_nothing)
        if self._collector is not None:
            failed = phase is not Phase.FINISHED
            self._collector.add(sandbox, final=final, failed=failed, may_be_nothing=may_be_nothing)

    def _know(self, framework_id: str | None) -> None:
        for reader in self._readers:
            reader.framework_id = framework_id

    def _take_over(self, run: RunSnapshot) -> None:
        """Follow what runs already, and collect what ended while nobody did."""
        self._know(run.framework_id)
        for task in run.tasks:
            sandbox = task.sandbox
            if sandbox is None or not (sandbox.is_known or task.phase in _WAS_SOMEWHERE):
                continue
            if task.phase.is_active and task.started_at is not None:
                self._begun.add((sandbox.task_id, sandbox.attempt))
            if task.phase.is_active and self._follower is not None:
                self._follower.add(sandbox)
            if task.phase.is_end and self._collector is not None:
                self._collector.add_missing(sandbox, failed=task.phase is not Phase.FINISHED)

    def _tell_missing(self) -> None:
        missing = {} if self._collector is None else dict(_named(self._collector.missing()))
        if self._follower is not None:
            missing.update(_named(self._follower.missing))
        for name, why in list(missing.items())[:TOLD_MISSING]:
            say_warning(f"what {name} wrote is missing: {why}")
        if len(missing) > TOLD_MISSING:
            say_warning(f"and that of {len(missing) - TOLD_MISSING:,} more")


def _named(missing: Iterable[tuple[Sandbox, str]]) -> Iterable[tuple[str, str]]:
    for sandbox, why in missing:
        yield f"task {one_line(sandbox.task_id)} (attempt {sandbox.attempt})", why
