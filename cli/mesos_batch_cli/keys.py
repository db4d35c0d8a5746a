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
        return
    with _key_by_key():
        yield _next_key


def _no_key(seconds: float) -> str:
    time.sleep(seconds)
    return ""


if sys.platform == "win32":
    import msvcrt

    @contextmanager
    def _key_by_key() -> Iterator[None]:
        """Nothing is needed for that."""
        yield

    def _next_key(seconds: float) -> str:
        end = time.monotonic() + seconds
        while not msvcrt.kbhit():
            if time.monotonic() >= end:
                return ""
            time.sleep(_LOOK_SECONDS)
        return msvcrt.getwch()

else:
    import os
    import select
    import termios
    import tty

    @contextmanager
    def _key_by_key() -> Iterator[None]:
        """Let the terminal pass on each key, and show none."""
        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
        try:
            tty.setcbreak(terminal)
            yield
        finally:
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)

    def _next_key(seconds: float) -> str:
        readable, _, _ = select.select([sys.stdin], [], [], seconds)
        return os.read(sys.stdin.fileno(), 1).decode(errors="replace") if readable else ""
