"""Files of a sandbox as ``ls -l`` lists them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from mesos_batch_cli.output.streams import Paint
from mesos_batch_cli.output.table import table

if TYPE_CHECKING:
    from mesos_batch.sandboxes import SandboxFile

_COLUMNS = ("MODE", "OWNER", "SIZE", "CHANGED", "NAME")
_UNITS = ("kB", "MB", "GB", "TB", "PB", "EB", "ZB")
_THOUSAND = 1000
# From here on rounding makes one digit more.
_NEXT_UNIT, _TWO_DIGITS = 999.5, 9.95


def file_table(files: Sequence[SandboxFile], paint: Paint, width: int | None) -> list[str]:
    """One line for each, directories with a slash behind their names."""
    rows = [_row(entry) for entry in files]
    return table(
        _COLUMNS,
        rows,
        paint,
        width,
        right=("SIZE",),
        color=lambda index: paint.bold if files[index].is_directory else None,
    )


def bytes_text(size: int) -> str:
    """``812 B``, ``4.1 kB``, ``12 MB``: thousands, as disks are sold."""
    if size < _THOUSAND:
        return f"{size} B"
    amount, units = size / _THOUSAND, iter(_UNITS)
    unit = next(units)
    while amount >= _NEXT_UNIT:
        amount, unit = amount / _THOUSAND, next(units)
    return f"{amount:.1f} {unit}" if amount < _TWO_DIGITS else f"{amount:.0f} {unit}"


def _row(entry: SandboxFile) -> tuple[str, ...]:
    changed = datetime.fromtimestamp(entry.mtime).astimezone()
    name = f"{entry.name}/" if entry.is_directory else entry.name
    return entry.mode, entry.uid, bytes_text(entry.size), f"{changed:%Y-%m-%d %H:%M:%S}", name
