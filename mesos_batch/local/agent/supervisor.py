"""The process between an agent and a command that outlives it: it waits, and notes the end.

A script of its own (``python supervisor.py RECORD``) that imports next to nothing, since there is
one for each task of a framework with checkpoints. What to run comes through stdin: an agent that
dies while it says so must start nothing. ``supervised.py`` is the agent's side.
"""

from __future__ import annotations

import marshal
import os
import signal
import sys
from typing import NoReturn

if sys.platform != "win32":
    import fcntl

# In the directory RECORD: our process id, and later the wait status of the command.
PID_FILE, EXIT_FILE = "forked.pid", "exit.status"
LAUNCH_ERROR = 1
_OURS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM) if sys.platform != "win32" else ()
# How often we look for an agent before we give up.
_LOOKS = 15
# Python ignores these; a command must not inherit that.
_PYTHONS = (signal.SIGPIPE, signal.SIGXFSZ) if sys.platform != "win32" else ()


def main(path: str) -> None:
    """Run the command that stdin describes and note in a directory how it ends."""
    for number in _OURS:
        signal.signal(number, signal.SIG_IGN)
    try:
        ready, lock, patience, *command = marshal.load(sys.stdin.buffer)  # noqa: S302 - our agent's
    except (EOFError, ValueError, TypeError):
        return
    record = os.open(path, os.O_RDONLY)
    if not claim(record, os.getpid()):
        return
    pid = os.fork()
    if pid == 0:
        os.close(ready)
        os.close(record)
        _run(*command)
    _say(ready, pid)
    _end_without_agent(pid, os.open(lock, os.O_RDONLY), patience)
    _, status = os.waitpid(pid, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    # Nothing stays behind: as long as a group has members, its id is nobody else's.
    _kill_group(pid)
    try:
        _write(record, f"{EXIT_FILE}.tmp", status)
        os.rename(f"{EXIT_FILE}.tmp", EXIT_FILE, src_dir_fd=record, dst_dir_fd=record)
    except OSError:
        # The disk is full, or nobody wants to know any more; stderr is the task's.
        sys.exit(1)


def claim(record: int, pid: int) -> bool:
    """Become the one who runs the command; ``False`` when somebody was first."""
    mine = f"{PID_FILE}.{pid}"
    _write(record, mine, pid)
    try:
        os.link(mine, PID_FILE, src_dir_fd=record, dst_dir_fd=record)
    except FileExistsError:
        return False
    finally:
        os.unlink(mine, dir_fd=record)
    return True


def _end_without_agent(pid: int, lock: int, patience: float) -> None:
    """Kill the command when nobody has been its agent for so many seconds."""
    missed = 0

    def look(*_: object) -> None:
        nonlocal missed
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            missed = 0
            return
        fcntl.flock(lock, fcntl.LOCK_UN)
        missed += 1
        if missed == _LOOKS:
            _kill_group(pid)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, patience / _LOOKS, patience / _LOOKS)


def _say(ready: int, pid: int) -> None:
    try:
        os.write(ready, f"{pid}".encode())
    except BrokenPipeError:
        # The agent has died meanwhile; the next one finds us by the file.
        return
    finally:
        os.close(ready)


def _write(record: int, name: str, number: int) -> None:
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600, dir_fd=record)
    os.write(file, f"{number}".encode())
    os.close(file)


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _run(
    program: str,
    argv: list[str],
    environment: dict[str, str],
    directory: str,
    account: tuple[int, int, tuple[int, ...]] | None,
) -> NoReturn:
    try:
        for number in (*_OURS, *_PYTHONS):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
        os.chdir(directory)
        os.setsid()
        if account is not None:
            uid, gid, groups = account
            os.setgroups(groups)
            os.setgid(gid)
            os.setuid(uid)
        os.execvpe(program, argv, environment)  # noqa: S606 - the task's own command
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        os.write(sys.stderr.fileno(), f"Failed to execute '{program}': {reason}\n".encode())
    finally:
        os._exit(LAUNCH_ERROR)


if __name__ == "__main__":
    main(sys.argv[1])
