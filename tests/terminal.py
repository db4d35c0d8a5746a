"""The program on a terminal of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from program import PROGRAM, STATE_DIR, clean_environment

# Makes the terminal that is its standard input its own, as a login does, and becomes the program.
ON_ITS_OWN_TERMINAL = (
    "import fcntl, os, signal, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "sys.argv[1] == 'nohup' and signal.signal(signal.SIGHUP, signal.SIG_IGN); "
    "os.execv(sys.argv[2], sys.argv[2:])"
)


class Terminal:
    """Our side of a terminal that a program has."""

    def __init__(self, ours: int) -> None:
        self._ours: int | None = ours
        self.shown = ""

    def wait_for(self, text: str) -> None:
        """Read until the program has shown ``text``."""
        while text not in self.shown:
            more = self._read()
            assert more, self.shown
            self.shown += more

    def read_all(self) -> str:
        """Everything up to the end of the program."""
        while more := self._read():
            self.shown += more
        return self.shown

    def type(self, text: str) -> None:
        """Press keys."""
        assert self._ours is not None
        os.write(self._ours, text.encode())

    def close(self) -> None:
        """Close the window."""
        if self._ours is not None:
            os.close(self._ours)
            self._ours = None

    def _read(self) -> str:
        assert self._ours is not None
        try:
            return os.read(self._ours, 65536).decode(errors="replace")
        except OSError:
            # That is how Linux tells that the other side is gone.
            return ""


@contextmanager
def on_terminal(
    *arguments: str, cwd: Path, nohup: bool = False
) -> Iterator[tuple[subprocess.Popen[bytes], Terminal]]:
    """The program on a terminal of its own, which ``nohup`` lets it outlive."""
    import pty

    ours, its = pty.openpty()
    terminal = Terminal(ours)
    with subprocess.Popen(
        [
            *(sys.executable, "-c", ON_ITS_OWN_TERMINAL, "nohup" if nohup else "hup"),
            *PROGRAM,
            *arguments,
        ],
        stdin=its,
        stdout=its,
        stderr=its,
        cwd=cwd,
        start_new_session=True,
        env={
            **clean_environment({STATE_DIR: str(cwd / "state")}),
            "TERM": "xterm",
            "COLUMNS": "90",
            "LINES": "30",
        },
    ) as process:
        os.close(its)
        try:
            yield process, terminal
        finally:
            process.kill()
            terminal.close()
