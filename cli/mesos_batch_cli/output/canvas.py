"""The lower end of a terminal, drawn over and over without flicker."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

from mesos_batch_cli.output.streams import emit, speaks_unicode, surviving_readers

_HIDE_CURSOR, _SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
# Terminals that know these show a frame when it is whole, the others pay no heed.
_BEGIN_FRAME, _END_FRAME = "\x1b[?2026h", "\x1b[?2026l"
_REST_OF_LINE, _ALL_BELOW = "\x1b[K", "\x1b[J"


def print_lines(stream: TextIO, lines: Sequence[Text], *, colored: bool) -> None:
    """Print lines that stay."""
    console = Console(
        file=stream,
        force_terminal=colored,
        no_color=not colored,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )
    # By itself it would end the program with 1 when nobody reads on.
    with console.capture() as captured:
        for line in lines:
            console.print(line)
    emit(stream, captured.get().removesuffix("\n"))


class Canvas:
    """Draws lines over those it drew before. Nothing of it stays after :meth:`close`.

    Lines are written over and never blanked first; the last column stays free, because some
    terminals break the line as soon as it is used.
    """

    def __init__(self, stream: TextIO, *, colored: bool) -> None:
        self._stream = stream
        self._console = Console(
            file=stream, no_color=not colored, highlight=False, markup=False, emoji=False
        )
        self._drawn: list[Text] = []
        self._row_width = 0
        self._write(_HIDE_CURSOR)

    @property
    def width(self) -> int:
        """How many cells a line may have."""
        return max(self._console.width - 1, 1)

    @property
    def height(self) -> int:
        """How many lines there may be."""
        return max(self._console.height - 1, 1)

    @property
    def unicode(self) -> bool:
        """Whether the terminal shows more than ASCII."""
        return speaks_unicode(self._stream)

    def draw(self, lines: Sequence[Text]) -> None:
        """Show these lines in the place of the last ones."""
        shown = "".join(f"{self._ansi(line)}{_REST_OF_LINE}\n" for line in lines)
        self._write(_BEGIN_FRAME + self._to_top() + shown + _ALL_BELOW + _END_FRAME)
        self._drawn = list(lines)
        self._row_width = self._console.width

    def write(self, line: str) -> None:
        """Print a line above the picture that stays."""
        self._write(f"{self._to_top()}{_ALL_BELOW}{line}\n")
        drawn, self._drawn = self._drawn, []
        if drawn:
            self.draw(drawn)

    def close(self) -> None:
        """Take the picture away."""
        self._write(self._to_top() + _ALL_BELOW + _SHOW_CURSOR)
        self._drawn = []

    def _to_top(self) -> str:
        """To where the picture begins; in a window made narrower meanwhile its lines are folded."""
        width = max(self._console.width, 1)
        rows = len(self._drawn)
        if width < self._row_width:
            rows = sum(max(1, math.ceil(line.cell_len / width)) for line in self._drawn)
        return f"\x1b[{rows}A\r" if rows else "\r"

    def _ansi(self, line: Text) -> str:
        with self._console.capture() as captured:
            self._console.print(line, end="", no_wrap=True, crop=False, overflow="ignore")
        return captured.get()

    def _write(self, text: str) -> None:
        with surviving_readers(self._stream):
            self._stream.write(text)
            self._stream.flush()
