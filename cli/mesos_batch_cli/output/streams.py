"""Standard output and error: encodings, broken pipes, colours."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TextIO

from mesos_batch_cli.output.text import one_line

_BOLD, _DIM, _RED, _GREEN, _YELLOW = "1", "2", "31", "32", "33"
# Without red, which is for what failed.
_HUES = ("36", "35", "34", "33", "32", "96", "95", "94")


_READER_GONE = (errno.EPIPE, errno.EINVAL, errno.EIO)


def prepare_streams() -> None:
    """Let any text be printed: UTF-8 on Windows, escapes for what an encoding lacks.

    A stream that was closed before we began is nowhere, and there is nothing to read from it.
    """
    sys.stdin = sys.stdin or _nowhere("r")
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = "utf-8" if sys.platform == "win32" else None
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def emit(stream: TextIO, text: str) -> bool:
    """Print a line at once; when nobody reads any more, print to nowhere from now on.

    Gives whether it could be printed.

    A run goes on and keeps its exit code when its output is cut off by ``| head`` or its terminal
    is closed.
    """
    with surviving_readers(stream):
        print(text, file=stream, flush=True)
        return True
    return False


def pour(stream: TextIO, text: str) -> bool:
    """Print text as it is, bytes that are none included; whether anybody still reads.

    Such bytes are in it as ``surrogateescape`` decodes them.
    """
    with surviving_readers(stream):
        stream.flush()
        stream.buffer.write(text.encode(errors="surrogateescape"))
        stream.flush()
        return True
    return False


@contextmanager
def surviving_readers(stream: TextIO) -> Iterator[None]:
    """What is written to the stream within, and ever after, may find nobody to read it."""
    try:
        yield
    except OSError as error:
        with _nowhere() as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
        # Windows says EINVAL for a broken pipe, a terminal that was closed EIO.
        if error.errno not in _READER_GONE and stream is not sys.stderr:
            say_error(f"standard output cannot be written: {error.strerror}")


def _nowhere(mode: Literal["r", "w"] = "w") -> TextIO:
    return Path(os.devnull).open(mode, encoding="utf-8")


def say_error(message: str, hint: str | None = None) -> None:
    """Print what went wrong and, on a line of its own, what to do about it."""
    emit(sys.stderr, f"mesos-batch: {one_line(message)}")
    if hint is not None:
        emit(sys.stderr, f"  {one_line(hint)}")


def say_warning(message: str) -> None:
    """Print something the user should know that stops nothing."""
    emit(sys.stderr, f"mesos-batch: warning: {one_line(message)}")


class Paint:
    """Colours for a stream, or none; words carry the meaning, colours repeat it."""

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled

    def bold(self, text: str) -> str:
        """Text that stands out."""
        return self._in(_BOLD, text)

    def dim(self, text: str) -> str:
        """Text of less weight."""
        return self._in(_DIM, text)

    def bad(self, text: str) -> str:
        """A failure."""
        return self._in(_RED, text)

    def good(self, text: str) -> str:
        """A success."""
        return self._in(_GREEN, text)

    def doubtful(self, text: str) -> str:
        """Something to look at."""
        return self._in(_YELLOW, text)

    def hue(self, number: int, text: str) -> str:
        """One of several things that are told apart."""
        return self._in(_HUES[number % len(_HUES)], text)

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.enabled and text else text


def paint_for(stream: TextIO, color: str, environment: Mapping[str, str]) -> Paint:
    """Colours as ``--color`` says: auto takes them on a terminal that shows them."""
    if color != "auto":
        return Paint(enabled=color == "always" and _understands_colors(stream))
    wanted = is_terminal(stream, environment) and not environment.get("NO_COLOR")
    return Paint(enabled=wanted and _understands_colors(stream))


def is_terminal(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether a person looks at the stream, on a terminal that can move its cursor."""
    return stream.isatty() and environment.get("TERM") != "dumb"


def speaks_unicode(stream: TextIO) -> bool:
    """Whether blocks and the like can be printed there."""
    return (stream.encoding or "").lower().startswith("utf")


def width_of(stream: TextIO, environment: Mapping[str, str]) -> int | None:
    """How wide the terminal is; ``None`` for a stream that is none."""
    if not is_terminal(stream, environment):
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except OSError:
        # It was closed a moment ago.
        return None


def _understands_colors(stream: TextIO) -> bool:
    """Switch escape sequences on where that is needed, which is the Windows console."""
    if sys.platform != "win32" or not stream.isatty():
        return True
    import ctypes
    import msvcrt

    virtual_terminal_processing = 0x0004
    handle = msvcrt.get_osfhandle(stream.fileno())
    mode = ctypes.c_ulong()
    kernel = ctypes.windll.kernel32
    if not kernel.GetConsoleMode(handle, ctypes.byref(mode)):
        return False
    return bool(kernel.SetConsoleMode(handle, mode.value | virtual_terminal_processing))
