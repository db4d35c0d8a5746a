"""Commands as real processes: spawned, waited for and killed with everything they started.

A command runs in a session of its own with /dev/null as stdin; what it leaves behind when it
ends is killed, as a container's processes are. On Windows it runs in a process group of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import psutil

if TYPE_CHECKING:
    from mesos_batch.local.agent.guard import Guard

LAUNCH_ERROR = 1
# Files and connections need descriptors too, and many systems allow 1024.
_HIGHEST_DESCRIPTOR = 511
_LOOK_AGAIN_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended: with a status, or by a signal."""

    status: int = 0
    signal: int | None = None
    core_dumped: bool = False

    @classmethod
    def of(cls, wait_status: int) -> Exit:
        """What a status of ``waitpid`` says."""
        if os.WIFSIGNALED(wait_status):
            return cls(signal=os.WTERMSIG(wait_status), core_dumped=os.WCOREDUMP(wait_status))
        return cls(os.WEXITSTATUS(wait_status))

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with status 0."""
        return self.signal is None and self.status == 0

    @property
    def code(self) -> int:
        """The status a shell would show: 128 + signal for a signal."""
        return self.status if self.signal is None else 128 + self.signal

    def __str__(self) -> str:
        """The words of Mesos (``src/common/status_utils.hpp``)."""
        if self.signal is None:
            return f"exited with status {self.status}"
        name = signal.strsignal(self.signal) or f"Unknown signal {self.signal}"
        return f"terminated with signal {name}" + (" (core dumped)" if self.core_dumped else "")


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system account a command runs as."""

    uid: int
    gid: int
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """What to run: an argument list whose program may differ from ``argv[0]``."""

    program: str
    argv: Sequence[str] | str  # one string on Windows, where cmd has quoting rules of its own
    environment: Mapping[str, str]
    directory: Path
    account: Account | None = None

    @classmethod
    def shell(
        cls,
        value: str,
        environment: Mapping[str, str],
        directory: Path,
        account: Account | None = None,
    ) -> Command:
        """A script for ``sh -c`` (``cmd /c`` on Windows)."""
        if sys.platform == "win32":
            program = os.environ.get("COMSPEC", "cmd.exe")
            return cls(program, f"cmd /c {value}", environment, directory, account)
        return cls("/bin/sh", ["sh", "-c", value], environment, directory, account)


class Process(Protocol):
    """A command that was started; ``exited`` tells how it ended, ``None`` when nobody knows."""

    exited: asyncio.Future[Exit | None]

    @property
    def pid(self) -> int | None:
        """The root of the process tree; ``None`` when it never started."""

    def terminate(self) -> None:
        """Ask the whole process tree to end. Blocks."""

    def kill(self) -> None:
        """End the whole process tree at once. Blocks."""


class TaskProcess:
    """A running command that is a child of ours; :func:`spawn` makes it.

    Nobody knows how it ended when somebody else in this program took the status. Linux tells the
    event loop of its end; elsewhere, and when very many run, a thread waits for it.
    """

    def __init__(
        self, popen: subprocess.Popen[bytes], guard: Guard, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.pid = popen.pid
        self.exited: asyncio.Future[Exit | None] = loop.create_future()
        self._popen = popen
        self._guard = guard
        self._loop = loop
        self._lock = threading.Lock()
        self._ended = False
        descriptor = _descriptor_of(self.pid)
        if descriptor is None:
            threading.Thread(target=self._wait, name=f"wait-{self.pid}", daemon=True).start()
        else:
            loop.call_soon_threadsafe(self._watch, descriptor)

    def terminate(self) -> None:
        """Ask the whole process tree to end (SIGTERM, CTRL_BREAK on Windows). Blocks."""
        if sys.platform == "win32":
            with self._lock:
                if not self._ended:
                    # Without a console nobody can be asked.
                    with contextlib.suppress(OSError):
                        self._popen.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            self._signal_tree(signal.SIGTERM)

    def kill(self) -> None:
        """End the whole process tree at once (SIGKILL). Blocks."""
        if sys.platform == "win32":
            with self._lock:
                if not self._ended:
                    for process in _tree(self.pid):
                        with contextlib.suppress(psutil.Error):
                            process.kill()
        else:
            self._signal_tree(signal.SIGKILL)

    def _signal_tree(self, number: int) -> None:
        # While the lock is held the process is not reaped, so its id is not anybody else's.
        with self._lock:
            if not self._ended:
                signal_tree(self.pid, number)

    def _watch(self, descriptor: int) -> None:
        self._loop.add_reader(descriptor, self._has_ended, descriptor)

    def _has_ended(self, descriptor: int) -> None:
        self._loop.remove_reader(descriptor)
        os.close(descriptor)
        self._reap_soon()

    def _reap_soon(self) -> None:
        # Who is about to kill it may take a while to find all of the tree.
        if self._lock.acquire(blocking=False):
            try:
                ended = self._reap()
            finally:
                self._lock.release()
            resolve(self.exited, ended)
        else:
            self._loop.call_later(_LOOK_AGAIN_SECONDS, self._reap_soon)

    def _wait(self) -> None:
        ended = self._wait_windows() if sys.platform == "win32" else self._wait_posix()
        with contextlib.suppress(RuntimeError):
            # The loop is closed when the cluster went away without waiting for us.
            self._loop.call_soon_threadsafe(resolve, self.exited, ended)

    def _wait_windows(self) -> Exit:
        status = self._popen.wait()
        with self._lock:
            self._ended = True
        return Exit(status)

    def _wait_posix(self) -> Exit | None:
        if hasattr(os, "waitid"):
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
            with self._lock:
                return self._reap()
        return self._reap()

    def _reap(self) -> Exit | None:
        """Take the status of the process that has ended, and end what it left behind."""
        try:
            if hasattr(os, "waitid"):
                # Nothing stays behind: the zombie, if it is there, still holds the id of the group.
                os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
                kill_group(self.pid, signal.SIGKILL)
            self._ended = True
            self._guard.ended(self.pid)
            _, status = os.waitpid(self.pid, 0)
        except ChildProcessError:
            self._ended = True
            self._guard.ended(self.pid)
            self._popen.returncode = 0
            return None
        self._popen.returncode = os.waitstatus_to_exitcode(status)
        return Exit.of(status)


class FailedProcess:
    """A command that could not be executed: Mesos's launcher prints why and exits with 1."""

    pid: int | None = None

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.exited: asyncio.Future[Exit | None] = loop.create_future()
        loop.call_soon_threadsafe(self.exited.set_result, Exit(LAUNCH_ERROR))

    def terminate(self) -> None:
        """Nothing runs."""

    def kill(self) -> None:
        """Nothing runs."""


def spawn(
    command: Command, stdout: Path, stderr: Path, guard: Guard, loop: asyncio.AbstractEventLoop
) -> TaskProcess | FailedProcess:
    """Start a command with its output appended to two files. Blocks for a moment.

    ``guard`` ends it when we cannot.

    Raises:
        OSError: one of the files cannot be opened.
    """
    with stdout.open("ab") as out, stderr.open("ab") as err:
        guard.start()
        try:
            popen = _popen(command, out.fileno(), err.fileno())
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            err.write(f"Failed to execute '{command.program}': {reason}\n".encode())
            return FailedProcess(loop)
    guard.runs(popen.pid)
    return TaskProcess(popen, guard, loop)


def _popen(command: Command, stdout: int, stderr: int) -> subprocess.Popen[bytes]:
    if sys.platform == "win32":
        return subprocess.Popen(
            command.argv,
            executable=command.program,
            cwd=command.directory,
            env=dict(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            creationflags=subprocess.CREATE_NEW_PROCESS_GROUP,
        )
    account = command.account
    return subprocess.Popen(
        command.argv,
        executable=command.program,
        cwd=command.directory,
        env=dict(command.environment),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else account.groups,
    )


def signal_tree(leader: int, number: int) -> None:
    """Send a signal to all that the leader of a session has started."""
    strays = [process.pid for process in _tree(leader)] + _session(leader)
    kill_group(leader, number)
    for pid in {*strays} - {leader}:
        with contextlib.suppress(OSError):
            if os.getpgid(pid) != leader:
                os.kill(pid, number)


def kill_group(group: int, number: int) -> None:
    """Send a signal to a process group that may be gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _descriptor_of(pid: int) -> int | None:
    """What becomes readable when a process ends, if there is such a thing to spare."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return None
    if descriptor <= _HIGHEST_DESCRIPTOR:
        return descriptor
    os.close(descriptor)
    return None


def resolve(future: asyncio.Future[Exit | None], ended: Exit | None) -> None:
    """Tell how a process ended, unless nobody wants to know any more."""
    if not future.done():
        future.set_result(ended)


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []


def _session(leader: int) -> list[int]:
    members = []
    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            if os.getsid(pid) == leader:
                members.append(pid)
    return members
