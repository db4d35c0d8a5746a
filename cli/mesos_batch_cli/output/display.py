"""Where a run is shown while it goes on: in a live view, or line by line for people or programs."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Protocol

from mesos_batch.model.facts import AttemptSuperseded, ChangeWaits, Fact, Phase, RunResumed, Warned
from mesos_batch.model.snapshot import RunSnapshot
from mesos_batch_cli.output.event_json import event_line, message_line, progress_line
from mesos_batch_cli.output.lines import Lines
from mesos_batch_cli.output.streams import emit, pour

if TYPE_CHECKING:
    from mesos_batch_cli.output.canvas import Canvas
    from mesos_batch_cli.output.picture import Heading
    from mesos_batch_cli.output.progress import Progress


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


# Of ten seconds at most one goes into pictures, however large the run is.
_REST_OF_DRAWING = 10
# What a live view would have nowhere to show.
_LINES_ABOVE = (RunResumed, AttemptSuperseded, Warned, ChangeWaits)


class LiveDisplay:
    """The live view of a terminal; little becomes lines above it."""

    def __init__(self, canvas: Canvas, heading: Heading, lines: Lines, progress: Progress) -> None:
        from mesos_batch.overview import Overview

        self._canvas = canvas
        self._heading = heading
        self._lines = lines
        self._progress = progress
        self._overview = Overview()
        self._next = 0.0

    def show(self, happened: Fact) -> None:
        """Remember the fact for the next refresh."""
        self._progress.add(happened)
        line = self._lines.line(happened) if isinstance(happened, _LINES_ABOVE) else None
        if line is not None:
            self._canvas.write(line)

    def tick(self, run: Watched) -> None:
        """Draw the run as it is now, unless drawing the last picture took long."""
        begun = time.monotonic()
        if begun < self._next:
            return
        self._draw(run.snapshot(), time.time())
        took = time.monotonic() - begun
        self._next = begun + took * _REST_OF_DRAWING

    def _draw(self, run: RunSnapshot, now: float) -> None:
        from mesos_batch_cli.output.picture import Frame, picture

        overview, canvas = self._overview, self._canvas
        overview.take(run, now)
        remarks = self._progress.remarks(run, overview.counts[Phase.WAITING], now)
        frame = Frame(canvas.width, canvas.height, canvas.unicode)
        canvas.draw(picture(overview, remarks, self._heading, now, frame))

    def say(self, line: str) -> None:
        """Print it above the view."""
        self._canvas.write(line)

    def write(self, text: str) -> None:
        """Print it above the view where that is on the same terminal."""
        if sys.stdout.isatty():
            self._canvas.write(text.removesuffix("\n"))
        else:
            pour(sys.stdout, text)

    def close(self) -> None:
        """Take the view away."""
        self._canvas.close()


PROGRESS_SECONDS = 1.0


class JsonDisplay:
    """A JSON object for each fact and, every second, for how far the run is; on stderr."""

    def __init__(self, run_id: str | None) -> None:
        from mesos_batch.overview import Overview

        self._run_id = run_id
        self._overview = Overview()
        self._next = 0.0

    def show(self, happened: Fact) -> None:
        """Print the fact."""
        emit(sys.stderr, event_line(happened, self._run_id))

    def tick(self, run: Watched) -> None:
        """Print how far the run is, when that was last done a while ago."""
        now = time.time()
        if now >= self._next:
            self._next = now + PROGRESS_SECONDS
            self._overview.take(run.snapshot(), now)
            emit(sys.stderr, progress_line(self._overview, self._run_id, now))

    def say(self, line: str) -> None:
        """Print it as an object too: who reads these lines reads nothing else."""
        emit(sys.stderr, message_line(line, self._run_id, time.time()))

    def write(self, text: str) -> None:
        """Print it."""
        pour(sys.stdout, text)

    def close(self) -> None:
        """Do nothing: lines stay."""
