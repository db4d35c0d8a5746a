"""Keys as they are pressed, without waiting for the end of a line."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOOK_SECONDS = 0.05

# Waits so many seconds for a key at most, and gives it; an empty text when there was none.
NextKey = Callable[[float], str]


@contextmanager
def keys() -> Iterator[NextKey]:
    """Read keys from stdin; where it is no terminal, there are none."""
    if not sys.stdin.isatty():
        yield _no_key
    elif sys.platform == "win32":
        yield _windows_key
    else:
        import termios
        import tty

        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
        try:
            tty.setcbreak(terminal)
            yield _posix_key
        finally:
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _no_key(seconds: float) -> str:
    time.sleep(seconds)
    return ""


def _posix_key(seconds: float) -> str:
    import os
    import select

    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    return os.read(sys.stdin.fileno(), 1).decode(errors="replace") if readable else ""


def _windows_key(seconds: float) -> str:
    if sys.platform != "win32":
        raise NotImplementedError
    import msvcrt

    end = time.monotonic() + seconds
    while not msvcrt.kbhit():
        if time.monotonic() >= end:
            return ""
        time.sleep(_LOOK_SECONDS)
    return msvcrt.getwch()
