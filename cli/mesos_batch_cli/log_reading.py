"""Prints what tasks wrote, and goes on with what they write."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesos_batch.config import log_settings as logs
from mesos_batch.errors import (
    ClusterError,
    ExitCode,
    SandboxError,
    SandboxGoneError,
    UsageError,
)
from mesos_batch.model.facts import Phase
from mesos_batch_cli.keeping import run_again
from mesos_batch_cli.output.streams import emit, pour, say_error
from mesos_batch_cli.output.text import one_line

if TYPE_CHECKING:
    from mesos_batch.model.snapshot import TaskView
    from mesos_batch.runs import RunInfo
    from mesos_batch.sandboxes import Follower, Sandbox, Source
    from mesos_batch_cli.log_access import LogAccess
    from mesos_batch_cli.output.log_lines import LogLines
    from mesos_batch_cli.task_choice import PickedTask
    from mesos_batch_cli.values import Values

_LOOK_SECONDS = 0.5


class _NoReaderError(Exception):
    """Nobody reads what we print any more."""


def print_logs(
    access: LogAccess,
    tasks: Sequence[PickedTask],
    streams: Sequence[str],
    lines: LogLines,
    *,
    tail: int | None,
) -> ExitCode:
    """Print what the tasks have written up to now, one after the other.

    Of several tasks each that cannot be read is told, and the others are printed.

    Raises:
        UsageError: the only task was never launched.
        ClusterError: what the only task wrote cannot be read.
    """
    unread = 0
    try:
        for task in tasks:
            try:
                _print_task(access, task, streams, lines, tail)
            except (SandboxError, UsageError) as error:
                if len(tasks) == 1:
                    raise
                # Who was never launched has written all there is.
                unread += isinstance(error, SandboxError)
                say_error(error.message)
    except _NoReaderError:
        return ExitCode.FINISHED
    if unread:
        return ExitCode.CLUSTER
    if lines.left_out and not lines.matched and not lines.has_pattern:
        emit(sys.stderr, "nothing but what executors say of themselves; --stderr shows it")
    return _code(lines)


def _print_task(
    access: LogAccess,
    task: PickedTask,
    streams: Sequence[str],
    lines: LogLines,
    tail: int | None,
) -> None:
    sandbox = access.sandbox(task)
    task_id = task.view.spec.task_id
    if sandbox is None:
        raise UsageError(
            f"task {one_line(task_id)} was never launched, so it has written nothing",
            f"'mesos-batch explain {one_line(task_id)}' says why.",
        )
    gone: SandboxGoneError | None = None
    for stream in streams:
        try:
            source = access.source(task, sandbox, stream)
            _print_stream(source, task_id, stream, lines, tail)
        except SandboxGoneError as error:
            # Not every executor writes both.
            if gone is not None or len(streams) == 1:
                raise
            gone = error


def _print_stream(
    source: Source, task_id: str, stream: str, lines: LogLines, tail: int | None
) -> None:
    from mesos_batch.sandboxes import LineCutter, pieces, start_of_last, start_of_last_own

    start_of = start_of_last if lines.is_whole else start_of_last_own
    start = 0 if tail is None else start_of(source, stream, tail)
    cutter = LineCutter()
    for piece in pieces(source, stream, start):
        if lines.is_plain:
            _pour(piece.decode(errors="surrogateescape"))
        else:
            _pour(lines.text(task_id, stream, cutter.feed(piece)))
    _pour(lines.text(task_id, stream, cutter.rest()))


def _pour(text: str) -> None:
    if text and not pour(sys.stdout, text):
        raise _NoReaderError


def follow_logs(
    access: LogAccess,
    tasks: Sequence[PickedTask],
    streams: Sequence[str],
    lines: LogLines,
    values: Values,
) -> ExitCode:
    """Print what the tasks write until all of them have ended; Ctrl-C ends it before.

    Raises:
        ClusterError: what the only task wrote cannot be read.
        JournalError: the journal of the run cannot be read.
    """
    from mesos_batch.sandboxes import Follower

    if all(task.view.phase.is_end for task in tasks):
        return print_logs(access, tasks, streams, lines, tail=values[logs.TAIL])
    printing = threading.Lock()
    unread = threading.Event()

    def show(sandbox: Sandbox, stream: str, written: Sequence[bytes]) -> None:
        with printing:
            text = lines.text(sandbox.task_id, stream, written)
            if not unread.is_set() and not pour(sys.stdout, text):
                unread.set()

    follower = Follower(
        access.options, show, streams=streams, tail=values[logs.TAIL], whole=lines.is_whole
    )
    try:
        feed = _Feed(access, tasks, follower)
        while not unread.is_set():
            began = time.monotonic()
            if not feed.look(values):
                break
            # Of a run of very many tasks not all the time.
            pause = max(_LOOK_SECONDS, 4 * (time.monotonic() - began))
            unread.wait(pause)
        while not unread.is_set() and not follower.wait(_LOOK_SECONDS):
            pass
    finally:
        follower.close()
    for sandbox, why in follower.missing:
        say_error(f"task {one_line(sandbox.task_id)}: {why}")
    return ExitCode.CLUSTER if follower.missing else _code(lines)


class _Feed:
    """Tells a follower which attempts there are and which have ended, as the journal has it."""

    def __init__(self, access: LogAccess, tasks: Sequence[PickedTask], follower: Follower) -> None:
        self._access = access
        self._follower = follower
        # The attempts before the latest are over; those that come are followed.
        self._seen = {task.position: max(task.view.launches - 1, 0) for task in tasks}
        self._asked: dict[tuple[int, int], Sandbox] = {}

    def look(self, values: Values) -> bool:
        """Look at the journal once; whether there will be more to tell."""
        from mesos_batch import runs

        # Before the tasks: who ends a run has written the end of its tasks by then.
        info = run_again(self._access.run.info, values)
        views = runs.read_snapshot(info).tasks
        for position in list(self._seen):
            self._look_at(info, position, views[position])
            if views[position].phase.is_end:
                del self._seen[position]
        if self._seen and info.state is not runs.RunState.RUNNING:
            emit(sys.stderr, f"nobody drives run {info.run_id} now: its tasks may go on")
            self._follower.end_all()
            return False
        return bool(self._seen)

    def _look_at(self, info: RunInfo, position: int, view: TaskView) -> None:
        from mesos_batch import runs
        from mesos_batch.sandboxes import sandbox_of_attempt

        seen = self._seen[position]
        if view.launches > seen + 1:
            for entry in runs.read_attempts(info, position):
                if seen < entry.number < view.launches:
                    before = sandbox_of_attempt(view.spec.task_id, entry)
                    if before.is_known:
                        self._follower.ended(before)
            self._seen[position] = view.launches - 1
        sandbox = view.sandbox
        is_over = view.phase.is_end or view.phase is Phase.WAITING
        if sandbox is None or (view.phase is Phase.LAUNCHED and not sandbox.is_known):
            return
        sandbox = self._located(position, sandbox)
        if not sandbox.is_known:
            return
        if is_over:
            self._follower.ended(sandbox)
        else:
            self._follower.add(sandbox)

    def _located(self, position: int, sandbox: Sandbox) -> Sandbox:
        """The sandbox with where it is; whoever knows is asked once."""
        if sandbox.is_known:
            return sandbox
        key = position, sandbox.attempt
        if key not in self._asked:
            try:
                self._asked[key] = self._access.located(sandbox)
            except ClusterError as error:
                self._asked[key] = sandbox
                say_error(error.message, error.hint)
        return self._asked[key]


def _code(lines: LogLines) -> ExitCode:
    """1 when something was looked for and not found, as of grep."""
    found = lines.matched or not lines.has_pattern
    return ExitCode.FINISHED if found else ExitCode.TASK_FAILED
