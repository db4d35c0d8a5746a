"""Plain tables: a dim head, columns as wide as they need, cut where a terminal is narrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mesos_batch_cli.output.streams import Paint
from mesos_batch_cli.output.text import one_line, shortened

_GAP = "  "
_NARROWEST = 12

Row = Sequence[str]


def table(
    columns: Sequence[str],
    rows: Sequence[Row],
    paint: Paint,
    width: int | None,
    *,
    right: Sequence[str] = (),
    color: Callable[[int], Callable[[str], str] | None] = lambda _index: None,
    notes: Sequence[str | None] = (),
    empty: str = "-",
) -> list[str]:
    """The lines of a table; empty columns are left out, cells are shown as ``empty``.

    ``right`` are the columns of numbers. ``color`` paints the row of an index as a whole.
    ``notes`` come under the row of the same place.
    """
    cells = [[one_line(cell) or empty for cell in row] for row in rows]
    kept = [index for index, _ in enumerate(columns) if any(row[index] != empty for row in cells)]
    widths = {i: max(len(columns[i]), *(len(row[i]) for row in cells)) for i in kept}
    if width is not None:
        _fit(widths, width)

    def laid_out(row: Sequence[str]) -> str:
        texts = []
        for index in kept:
            text = shortened(row[index], widths[index])
            number = columns[index] in right
            texts.append(text.rjust(widths[index]) if number else text.ljust(widths[index]))
        return _GAP.join(texts).rstrip()

    lines = [paint.dim(laid_out(columns))]
    for position, row in enumerate(cells):
        painted = color(position)
        text = laid_out(row)
        lines.append(text if painted is None else painted(text))
        note = notes[position] if position < len(notes) else None
        if note is not None:
            lines.append(f"{_GAP}{_GAP}{paint.dim(one_line(note))}")
    return lines


def _fit(widths: dict[int, int], width: int) -> None:
    """Take what is too much from the widest columns."""
    while sum(widths.values()) + len(_GAP) * (len(widths) - 1) > width:
        widest = max(widths, key=lambda index: widths[index])
        if widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1
