"""The table of ``mesos-batch runs``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch.model.change import ChangePhase
from mesos_batch.runs import RunState
from mesos_batch_cli.output.bar import part_counts
from mesos_batch_cli.output.streams import Paint
from mesos_batch_cli.output.text import one_line, shortened

if TYPE_CHECKING:
    from mesos_batch.runs import RunInfo

_COLUMNS = ("RUN", "STATE", "MASTER", "SOURCE", "STARTED", "PROGRESS", "FAILED", "EXIT")
_RIGHT = ("PROGRESS", "FAILED", "EXIT")
_GAP = "  "
# On a narrow terminal these are cut to so many letters, then left out, one after the other.
_NARROWEST = 12
_LEFT_OUT = ("MASTER", "SOURCE", "STARTED")


def run_table(runs: Sequence[RunInfo], paint: Paint, width: int | None) -> str:
    """A row for each run; what is too wide for a terminal of ``width`` is cut or left out."""
    rows = [_row(info, on_terminal=width is not None) for info in runs]
    widths = {
        name: max(map(len, column))
        for name, column in zip(_COLUMNS, zip(_COLUMNS, *rows, strict=True), strict=True)
    }
    if width is not None:
        _fit(widths, width)
    return "\n".join(_lines(runs, rows, widths, paint))


def _row(info: RunInfo, *, on_terminal: bool) -> tuple[str, ...]:
    if info.state is RunState.UNREADABLE:
        return (info.run_id, info.state.value, "-", "-", moment(info.created_at), "-", "-", "-")
    counts = {part.word: count for part, count in part_counts(info.counts)}
    source = Path(info.source).name if on_terminal else info.source
    return (
        info.run_id,
        info.state.value,
        one_line(info.master),
        one_line(source) or "-",
        moment(info.created_at),
        _progress(info, counts["finished"]),
        str(_failed(info, counts["failed"]) or "-"),
        str(int(info.exit_code)) if info.exit_code is not None else "-",
    )


def _failed(info: RunInfo, tasks: int) -> int:
    return tasks + info.changes.get(ChangePhase.FAILED, 0)


def _progress(info: RunInfo, finished: int) -> str:
    """How many tasks have finished, or changes where a run has no tasks."""
    if info.total or not info.changes:
        return f"{finished}/{info.total}"
    return f"{info.changes.get(ChangePhase.DONE, 0)}/{sum(info.changes.values())} changes"


def _fit(widths: dict[str, int], width: int) -> None:
    """Take away what is too much, from columns that may be cut, then whole columns."""
    for name in ("SOURCE", "MASTER"):
        excess = _total(widths) - width
        if excess > 0:
            widths[name] = max(widths[name] - excess, min(widths[name], _NARROWEST))
    for name in _LEFT_OUT:
        if _total(widths) > width:
            del widths[name]


def _total(widths: Mapping[str, int]) -> int:
    return sum(widths.values()) + len(_GAP) * (len(widths) - 1)


def _lines(
    runs: Sequence[RunInfo],
    rows: Sequence[Sequence[str]],
    widths: Mapping[str, int],
    paint: Paint,
) -> Iterator[str]:
    yield paint.dim(_laid_out(_COLUMNS, widths, {}))
    for info, row in zip(runs, rows, strict=True):
        yield _laid_out(row, widths, {"STATE": _color(info, paint), "FAILED": paint.bad})
        if info.state is RunState.UNREADABLE and info.message is not None:
            yield _GAP + paint.bad(one_line(info.message))


def _laid_out(
    row: Sequence[str], widths: Mapping[str, int], colors: Mapping[str, Callable[[str], str]]
) -> str:
    cells = []
    for name, text in zip(_COLUMNS, row, strict=True):
        width = widths.get(name)
        if width is None:
            continue
        shown = shortened(text, width)
        room = " " * (width - len(shown))
        # Only what is there is coloured, not the room around it.
        colored = colors[name](shown) if name in colors and shown != "-" else shown
        cells.append(room + colored if name in _RIGHT else colored + room)
    return _GAP.join(cells).rstrip()


def _color(info: RunInfo, paint: Paint) -> Callable[[str], str]:
    match info.state:
        case RunState.RUNNING:
            return paint.bold
        case RunState.STOPPED:
            return paint.doubtful
        case RunState.UNREADABLE:
            return paint.bad
        case RunState.ENDED:
            return paint.good if info.exit_code == 0 else paint.bad


def moment(at: float) -> str:
    """Local date and time: ``2026-11-22 21:10``."""
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M")
