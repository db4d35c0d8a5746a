"""Plain SVG charts for docs/performance.md, readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

WIDTH, ROW, LEFT, RIGHT, TOP = 760, 22, 285, 90, 46
INK, BAR = "#57606a", "#2f6fde"
_FRAME = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
    ' viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif" font-size="13">'
    '<text x="12" y="24" font-size="15" font-weight="600" fill="{ink}">{title}</text>{body}</svg>\n'
)


def bars(path: Path, title: str, rows: Sequence[tuple[str, float]], unit: str) -> None:
    """One horizontal bar for each row, from zero to its value."""
    longest = max(value for _, value in rows)
    room = WIDTH - LEFT - RIGHT
    body = []
    for number, (label, value) in enumerate(rows):
        y = TOP + number * ROW
        length = max(1.0, room * value / longest)
        body.append(
            f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end" fill="{INK}">{escape(label)}'
            f'</text><rect x="{LEFT}" y="{y + 3}" width="{length:.1f}" height="{ROW - 7}" rx="2"'
            f' fill="{BAR}"/><text x="{LEFT + length + 6:.1f}" y="{y + 14}" fill="{INK}">'
            f"{value:,.4g}{escape(unit)}</text>"
        )
    _write(path, title, body, TOP + len(rows) * ROW + 12)


def _write(path: Path, title: str, body: Sequence[str], height: int) -> None:
    drawn = "".join(body)
    text = _FRAME.format(width=WIDTH, height=height, ink=INK, title=escape(title), body=drawn)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
