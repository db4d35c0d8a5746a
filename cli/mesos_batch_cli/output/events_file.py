"""The file of --events: a line for each fact, appended while the run goes on."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch import __version__
from mesos_batch.errors import UsageError
from mesos_batch.model.facts import Fact
from mesos_batch_cli.output.display import Display, Watched
from mesos_batch_cli.output.event_json import event_line, opened_line

if TYPE_CHECKING:
    from io import FileIO


class EventsFile:
    """A file that lines are appended to; those of one moment are written together."""

    def __init__(self, path: Path, file: FileIO) -> None:
        self.path = path
        self._file = file
        self._lines: list[str] = []

    def add(self, line: str) -> None:
        """Take a line in."""
        self._lines.append(line)

    def write(self) -> None:
        """Write what was taken in since.

        Raises:
            OSError: it cannot be written, or not all of it.
        """
        data = "".join(f"{line}\n" for line in self._lines).encode()
        self._lines.clear()
        while data:
            data = data[self._file.write(data) :]


@contextmanager
def events_file(path: Path) -> Iterator[EventsFile]:
    """Open the file to append to it; its first line, written at once, says who writes.

    Raises:
        UsageError: it cannot be written.
    """
    with ExitStack() as opened:
        try:
            # Unbuffered: what was written is there even when we are killed.
            file = opened.enter_context(path.open("ab", buffering=0))
            events = EventsFile(path, file)
            if _breaks_off(path):
                events.add("")
            events.add(opened_line(time.time(), __version__))
            events.write()
        except OSError as error:
            raise _unwritable(path, error) from error
        yield events


class RecordingDisplay:
    """A display beside which every fact is written to a file."""

    def __init__(self, display: Display, events: EventsFile, run_id: str | None) -> None:
        self._display = display
        self._events: EventsFile | None = events
        self._run_id = run_id

    def show(self, happened: Fact) -> None:
        """Show the fact, and write it at the next tick."""
        if self._events is not None:
            self._events.add(event_line(happened, self._run_id))
        self._display.show(happened)

    def tick(self, run: Watched) -> None:
        """Write what came since the last one."""
        self._write()
        self._display.tick(run)

    def say(self, line: str) -> None:
        """Show a line of ours; it is no fact."""
        self._display.say(line)

    def write(self, text: str) -> None:
        """Print what tasks wrote; it is no fact."""
        self._display.write(text)

    def close(self) -> None:
        """Write what is left."""
        self._write()
        self._display.close()

    def _write(self) -> None:
        """Write, or say once that it is no use: the run matters more than what is told of it."""
        if self._events is None:
            return
        try:
            self._events.write()
        except OSError as error:
            path, self._events = self._events.path, None
            self._display.say(
                f"warning: {path} cannot be written any more: {error.strerror}; "
                "the run goes on, later events are in its journal only"
            )


def check_events(path: Path) -> None:
    """Refuse a file that cannot be appended to, without writing to it.

    Raises:
        UsageError: why it cannot.
    """
    try:
        with path.open("ab"):
            pass
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"--events: {path} cannot be written: {error.strerror}", "Nothing was sent to any cluster."
    )


def _breaks_off(path: Path) -> bool:
    """Whether the last line of a file was not written to its end."""
    if not path.is_file() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() != b"\n"
