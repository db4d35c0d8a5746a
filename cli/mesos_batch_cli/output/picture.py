"""The picture of a run on a terminal: a pure function of the run, the moment and the size."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from mesos_batch.model.change import ChangePhase
from mesos_batch.model.facts import Phase
from mesos_batch_cli.output.bar import part_cells, part_counts
from mesos_batch_cli.output.change_summary import as_phases
from mesos_batch_cli.output.layout import share_rows
from mesos_batch_cli.output.picture_tables import HEAD, agents, failures, running
from mesos_batch_cli.output.text import elapsed, one_line, rate_text

if TYPE_CHECKING:
    from mesos_batch.overview import Estimate, Overview
    from mesos_batch_cli.output.progress import Remarks

_INDENT = "  "
_WIDEST_BAR = 120
# The time of day of an end that is seconds away tells nobody anything.
_CLOCKS_FROM = 90.0
_RUN_ID_FROM = 76
_SHOWN_UNPLACEABLE, _SHOWN_RESTING = 3, 2
# One character for one, so that styles stay where they are.
_IN_ASCII = str.maketrans("…×–·━─", "~x-|#-")


@dataclass(frozen=True, slots=True)
class Heading:
    """What a run is called: the name of its framework, and its id where it is kept."""

    title: str
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What a picture is drawn into: its size in cells, and whether it can be more than ASCII."""

    width: int
    height: int
    unicode: bool = True


def picture(
    overview: Overview, remarks: Remarks, heading: Heading, now: float, frame: Frame
) -> list[Text]:
    """The lines of the picture, none wider and no more than fit into the frame.

    The first and the last lines have what must be seen; the tables between share the rest.
    """
    head = _head(overview, heading, now, frame)
    tail = _tail(remarks, now)
    room = frame.height - len(head) - len(tail)
    tables = [
        running(overview.active(), now, frame.width, frame.height),
        failures(overview.causes(), overview.failed, frame.width),
        # A run that only makes or undoes volumes uses no agent.
        agents(overview.agents() if overview.total else (), frame.width, frame.height),
    ]
    rows = share_rows(room, [HEAD + len(part.rows) for part in tables], HEAD + 1)
    body = [
        line
        for part, count in zip(tables, rows, strict=True)
        for line in part.lines(count, frame.width)
    ]
    lines = [*head, *body, *tail][: frame.height]
    return [_fitted(line, frame) for line in lines]


def _fitted(line: Text, frame: Frame) -> Text:
    """The line as wide as the frame at most, in characters that it can show."""
    line.truncate(frame.width, overflow="ellipsis")
    if not frame.unicode:
        line.plain = line.plain.translate(_IN_ASCII)
    return line


def _head(overview: Overview, heading: Heading, now: float, frame: Frame) -> list[Text]:
    run = overview.run
    where = f" on {one_line(run.master)}" if run.master else ""
    right = elapsed(now - run.started_at)
    if heading.run_id is not None and frame.width >= _RUN_ID_FROM:
        right = f"{heading.run_id}  {right}"
    name = Text(one_line(heading.title) + where, style="bold")
    name.truncate(max(frame.width - len(right) - 2, 1), overflow="ellipsis")
    name.append(" " * (frame.width - name.cell_len - len(right)))
    name.append(right, "not bold")
    counts = _counts(overview)
    lines = [name, _bar(counts, frame), _legend(counts, frame)]
    return [*lines, _figures(overview, now)] if overview.total else lines


def _counts(overview: Overview) -> Counter[Phase]:
    """Where the tasks are; before them, or without any, where the changes are."""
    run = overview.run
    waiting = any(view.phase is ChangePhase.WAITING for view in run.changes)
    return as_phases(run.changes) if waiting or not run.tasks else overview.counts


def _bar(counts: Counter[Phase], frame: Frame) -> Text:
    bar = Text()
    for part, cells in part_cells(counts, min(frame.width, _WIDEST_BAR)):
        bar.append(part.sign_in(unicode=frame.unicode) * cells, part.style)
    return bar


def _legend(counts: Counter[Phase], frame: Frame) -> Text:
    legend = Text()
    for part, count in part_counts(counts):
        if count:
            legend.append("   " if legend else "")
            legend.append(part.sign_in(unicode=frame.unicode), part.style)
            legend.append(f" {count:,} {part.word}")
    return legend


def _figures(overview: Overview, now: float) -> Text:
    """How much is done, how fast, and when it will be over, as far as that can be said."""
    share = overview.ended * 100 // overview.total
    figures = [f"{share}% of {overview.total:,} tasks ended"]
    rate = overview.rate()
    if rate is not None:
        figures.append(rate_text(rate))
    estimate = overview.estimate(now)
    if estimate is not None:
        figures.append(_left(estimate, now))
    return Text("  ·  ".join(figures))


def _left(estimate: Estimate, now: float) -> str:
    low, high = elapsed(estimate.low), elapsed(estimate.high)
    if low == high:
        return f"about {low} left"
    if estimate.low < 1:
        return f"up to {high} left"
    if estimate.likely < _CLOCKS_FROM:
        return f"{low} to {high} left"
    begin, end = _clock(now + estimate.low), _clock(now + estimate.high)
    clocks = begin if begin == end else f"{begin}–{end}"
    return f"{low} to {high} left ({clocks})"


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M")


def _tail(remarks: Remarks, now: float) -> list[Text]:
    """Why the rest waits, which agents rest, and what fits no agent."""
    lines: list[Text] = []
    if remarks.why_waiting is not None:
        lines += [Text(), Text(_INDENT + remarks.why_waiting)]
    lines += [Text(_INDENT + text, "yellow") for text in remarks.resting[:_SHOWN_RESTING]]
    if len(remarks.resting) > _SHOWN_RESTING:
        lines.append(_more(len(remarks.resting) - _SHOWN_RESTING))
    count = len(remarks.unplaceable)
    if count:
        lines += [Text(), Text(f"{_INDENT}FITS NO AGENT ({count:,})", "bold yellow")]
    for task in remarks.unplaceable[:_SHOWN_UNPLACEABLE]:
        left = elapsed(task.deadline - now)
        text = f"{one_line(task.task_id)}: {one_line(task.explanation)}; given up in {left}"
        lines.append(Text(_INDENT + text))
    if count > _SHOWN_UNPLACEABLE:
        lines.append(_more(count - _SHOWN_UNPLACEABLE))
    return lines


def _more(count: int) -> Text:
    return Text(f"{_INDENT}… and {count:,} more", "dim")
