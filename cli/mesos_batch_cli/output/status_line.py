"""One line that tells how far a run is and is written over, on a terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO

from mesos_batch_cli.output.bar import part_counts
from mesos_batch_cli.output.streams import Paint, surviving_readers, width_of
from mesos_batch_cli.output.text import elapsed, shortened

if TYPE_CHECKING:
    from mesos_batch.runs import RunInfo

_START_OVER = "\r\x1b[2K"


class StatusLine:
    """The line; whoever shows it clears it in the end."""

    def __init__(self, stream: TextIO, paint: Paint) -> None:
        self._stream = stream
        self._paint = paint

    def show(self, info: RunInfo, now: float) -> None:
        """Show how far the run is."""
        width = width_of(self._stream, os.environ) or 80
        self._write(_START_OVER + self._paint.dim(shortened(progress_text(info, now), width - 1)))

    def clear(self) -> None:
        """Leave an empty line to go on with."""
        self._write(_START_OVER)

    def _write(self, text: str) -> None:
        with surviving_readers(self._stream):
            self._stream.write(text)
            self._stream.flush()


def progress_text(info: RunInfo, now: float) -> str:
    """``ID: 120 of 200 finished, 3 failed, 12 running, 65 waiting, 12m05s``."""
    first, *others = part_counts(info.counts)
    parts = [f"{first[1]:,} of {info.total:,} finished"]
    parts += [f"{count:,} {part.word}" for part, count in others if count]
    parts.append(elapsed(now - info.created_at))
    return f"{info.run_id}: {', '.join(parts)}"
