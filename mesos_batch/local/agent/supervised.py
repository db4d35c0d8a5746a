"""Commands that go on when the agent's process ends, and are followed by the next one.

A supervisor of its own (``supervisor.py``) starts each, waits for it and notes the wait status in
a directory, the record. It needs a Python interpreter, which a frozen program does not have, and
process groups, which Windows does not have.
"""

from __future__ import annotations

import asyncio
import contextlib
import marshal
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path

import psutil

from mesos_batch.local.agent.process import Command, Exit, resolve, signal_tree
from mesos_batch.local.agent.sandbox import inherited_environment
from mesos_batch.local.agent.supervisor import EXIT_FILE, PID_FILE, claim

AVAILABLE = sys.platform != "win32" and bool(sys.executable) and not hasattr(sys, "frozen")
# Executors of Mesos wait as long for an agent that has gone (``MESOS_RECOVERY_TIMEOUT``).
RECOVERY_TIMEOUT = 900.0
_SCRIPT = Path(__file__).with_name("supervisor.py")
_NOBODY = 0
_LOOK_INTERVAL = 0.05


class SupervisedProcess:
    """A command with a supervisor, which need not be a child of ours.

    Nobody knows how it ended when somebody killed the supervisor; then it is killed too.
    """

    def __init__(
        self,
        pid: int | None,
        record: Path,
        wait: Callable[[], object],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Follow the command ``pid``; ``wait`` returns when its supervisor has ended."""
        self.pid = pid
        self.exited: asyncio.Future[Exit | None] = loop.create_future()
        self._command: psutil.Process | None = None
        if pid is not None:
            with contextlib.suppress(psutil.Error):
                self._command = psutil.Process(pid)
        self._record = record
        self._wait_for_supervisor = wait
        self._loop = loop
        threading.Thread(target=self._wait, name=f"wait-{pid}", daemon=True).start()

    def terminate(self) -> None:
        """Ask the whole process tree to end (SIGTERM). Blocks."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the whole process tree at once (SIGKILL). Blocks."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        # Its id may be somebody else's by now; psutil compares the times they started.
        if self._command is not None and self._command.is_running():
            signal_tree(self._command.pid, number)

    def _wait(self) -> None:
        self._wait_for_supervisor()
        ended = exit_noted(self._record)
        if ended is None:
            self.kill()
        with contextlib.suppress(RuntimeError):
            # The loop is closed when the cluster went away without waiting for us.
            self._loop.call_soon_threadsafe(resolve, self.exited, ended)


def spawn_supervised(
    command: Command,
    stdout: Path,
    stderr: Path,
    record: Path,
    lock: Path,
    loop: asyncio.AbstractEventLoop,
) -> SupervisedProcess:
    """Start a command with its output appended to two files. Blocks; call it off the loop.

    Somebody is its agent as long as ``lock`` is locked.

    Raises:
        OSError: one of the files cannot be opened, or the supervisor does not start.
    """
    told, tell = os.pipe()
    with stdout.open("ab") as out, stderr.open("ab") as err, os.fdopen(told) as ready:
        try:
            popen = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_SCRIPT), str(record)],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                cwd="/",
                env=inherited_environment(),
                pass_fds=(tell,),
                start_new_session=True,
            )
        finally:
            os.close(tell)
        assert popen.stdin is not None
        with contextlib.suppress(BrokenPipeError), popen.stdin as pipe:
            pipe.write(_described(command, tell, lock))
        pid = ready.read()
    return SupervisedProcess(int(pid) if pid else None, record, popen.wait, loop)


def _described(command: Command, ready: int, lock: Path) -> bytes:
    return marshal.dumps(
        (
            ready,
            str(lock),
            RECOVERY_TIMEOUT,
            command.program,
            list(command.argv),
            dict(command.environment),
            str(command.directory),
            None if command.account is None else astuple(command.account),
        )
    )


def take_over(record: Path, loop: asyncio.AbstractEventLoop) -> SupervisedProcess | None:
    """Follow the command of an earlier agent process to its end, which may be past. Blocks.

    ``None`` when it never started, or its supervisor was killed.
    """
    supervisor = _supervisor(record)
    if supervisor is not None:
        with contextlib.suppress(psutil.Error):
            # A supervisor has one child, the command, until it has ended.
            pid = next((child.pid for child in supervisor.children()), None)
            return SupervisedProcess(pid, record, lambda: _wait_for(supervisor), loop)
    if exit_noted(record) is not None:
        return SupervisedProcess(None, record, lambda: None, loop)
    return None


def _wait_for(stranger: psutil.Process) -> None:
    # Who reaps it may take his time: a zombie has ended.
    with contextlib.suppress(psutil.NoSuchProcess):
        while stranger.is_running() and stranger.status() != psutil.STATUS_ZOMBIE:
            time.sleep(_LOOK_INTERVAL)


def never_starts(record: Path) -> bool:
    """See to it that a command that has not started does not; ``False`` if it has. Blocks."""
    directory = os.open(record, os.O_RDONLY)
    try:
        return claim(directory, _NOBODY)
    finally:
        os.close(directory)


def exit_noted(record: Path) -> Exit | None:
    """How a command ended, if a supervisor has noted it. Blocks."""
    try:
        return Exit.of(int((record / EXIT_FILE).read_text(encoding="ascii")))
    except (OSError, ValueError):
        return None


def _supervisor(record: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(int((record / PID_FILE).read_text(encoding="ascii")))
        # The id may be somebody else's; the last argument is the supervisor's alone.
        return process if process.cmdline()[-1:] == [str(record)] else None
    except (OSError, ValueError, psutil.Error):
        return None
