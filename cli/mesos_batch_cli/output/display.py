"""Where a run is shown while it goes on: on a live display, or line by line."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Protocol

from mesos_batch.model.facts import AttemptSuperseded, ChangeWaits, Fact, RunResumed, Warned
from mesos_batch.model.snapshot import RunSnapshot
from mesos_batch_cli.output.lines import Lines
from mesos_batch_cli.output.progress import Progress
from mesos_batch_cli.output.streams import emit, pour

if TYPE_CHECKING:
    from mesos_batch_cli.output.live import LiveView


class Watched(Protocol):
    """The part of a run that a display looks at."""

    def snapshot(self) -> RunSnapshot:
        """The state of the run."""


class Display(Protocol):
    """Shows a run; all calls come from one thread."""

    def show(self, happened: Fact) -> None:
        """Take a fact in."""

    def tick(self, run: Watched) -> None:
        """Bring what is on the screen up to date."""

    def say(self, line: str) -> None:
        """Show a line of ours that stays."""

    def write(self, text: str) -> None:
        """Print what tasks wrote, whole lines, on stdout."""

    def close(self) -> None:
        """Make way for the summary."""


class LineDisplay:
    """A line for each fact, on stderr."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def show(self, happened: Fact) -> None:
        """Print the fact, if it is worth a line."""
        line = self._lines.line(happened)
        if line is not None:
            emit(sys.stderr, line)

    def tick(self, run: Watched) -> None:
        """Do nothing: lines need no refreshing."""

    def say(self, line: str) -> None:
        """Print it."""
        emit(sys.stderr, line)

    def write(self, text: str) -> None:
        """Print it."""
        pour(sys.stdout, text)

    def close(self) -> None:
        """Do nothing: lines stay."""


# What a live view would have nowhere to show.
_LINES_ABOVE = (RunResumed, AttemptSuperseded, Warned, ChangeWaits)


class LiveDisplay:
    """The live view of a terminal; little becomes lines above it."""

    def __init__(self, view: LiveView, lines: Lines) -> None:
        self._view = view
        self._lines = lines
        self._progress = Progress()

    def show(self, happened: Fact) -> None:
        """Remember the fact for the next refresh."""
        self._progress.add(happened)
        line = self._lines.line(happened) if isinstance(happened, _LINES_ABOVE) else None
        if line is not None:
            self._view.write(line)

    def tick(self, run: Watched) -> None:
        """Draw the run as it is now."""
        self._view.draw(run.snapshot(), self._progress, time.time())

    def say(self, line: str) -> None:
        """Print it above the view."""
        self._view.write(line)

    def write(self, text: str) -> None:
        """Print it above the view where that is on the same terminal."""
        if sys.stdout.isatty():
            self._view.write(text.removesuffix("\n"))
        else:
            pour(sys.stdout, text)

    def close(self) -> None:
        """Take the view away."""
        self._view.close()
