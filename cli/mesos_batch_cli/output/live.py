"""The live display of a terminal: counts, a bar, what runs, what failed, why the rest waits."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from mesos_batch.messages import explain
from mesos_batch.model.change import ChangePhase
from mesos_batch.model.facts import Phase, TaskEnded
from mesos_batch.model.snapshot import RunSnapshot, TaskView
from mesos_batch_cli.output.bar import part_counts, split_width
from mesos_batch_cli.output.change_summary import as_phases
from mesos_batch_cli.output.progress import Progress
from mesos_batch_cli.output.streams import surviving_readers
from mesos_batch_cli.output.text import agent_name, elapsed, one_line

SHOWN_UNPLACEABLE = 3
SHOWN_RESTING = 2
_FEWEST_RUNNING = 2
_RUNNING_HEAD_ROWS = 3
_INDENT = "  "


class LiveView:
    """Draws a run; the caller says when. Nothing of it stays on the screen after the end."""

    def __init__(self, title: str, *, colored: bool) -> None:
        self._title = title
        self._console = Console(
            file=sys.stderr, no_color=not colored, highlight=False, markup=False, emoji=False
        )
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._live.start()

    def draw(self, run: RunSnapshot, progress: Progress, now: float) -> None:
        """Show the state of the run at ``now``."""
        with surviving_readers(sys.stderr):
            self._live.update(self._screen(run, progress, now), refresh=True)

    def write(self, line: str) -> None:
        """Print a line above the display that stays."""
        with surviving_readers(sys.stderr):
            self._console.print(line, soft_wrap=True)

    def close(self) -> None:
        """Take the display away."""
        with surviving_readers(sys.stderr):
            self._live.stop()

    def _screen(self, run: RunSnapshot, progress: Progress, now: float) -> RenderableType:
        head = [self._title_line(run, now), self._bar(run), self._legend(run)]
        height = self._console.height
        failures = _failures(run, list(progress.failures)[-max(1, height // 8) :])
        tail = [*failures, *self._waiting(run, progress, now)]
        room = height - len(head) - len(tail) - _RUNNING_HEAD_ROWS
        return Group(*head, *_running(run, now, max(room, _FEWEST_RUNNING)), *tail)

    def _title_line(self, run: RunSnapshot, now: float) -> RenderableType:
        line = Table.grid(expand=True)
        line.add_column(no_wrap=True)
        line.add_column(no_wrap=True, justify="right")
        where = f" on {one_line(run.master)}" if run.master else ""
        line.add_row(Text(self._title + where, style="bold"), elapsed(now - run.started_at))
        return line

    def _bar(self, run: RunSnapshot) -> Text:
        counts = part_counts(_counts(run))
        width = min(self._console.width, 100)
        cells = split_width([count for _, count in counts], width)
        bar = Text(no_wrap=True)
        for (part, _), length in zip(counts, cells, strict=True):
            bar.append((part.sign if self._is_unicode else part.plain_sign) * length, part.style)
        return bar

    def _legend(self, run: RunSnapshot) -> Text:
        legend = Text(no_wrap=True, overflow="ellipsis")
        for part, count in part_counts(_counts(run)):
            if count:
                sign = part.sign if self._is_unicode else part.plain_sign
                legend.append(sign, part.style)
                legend.append(f" {count:,} {part.word}   ")
        return legend

    def _waiting(self, run: RunSnapshot, progress: Progress, now: float) -> list[Text]:
        lines: list[Text] = []
        why = progress.why_waiting(run, now)
        if why is not None:
            lines += [Text(""), Text(_INDENT + why, no_wrap=True, overflow="ellipsis")]
        resting = progress.resting(now)
        for text in resting[:SHOWN_RESTING]:
            lines.append(Text(_INDENT + text, no_wrap=True, overflow="ellipsis", style="yellow"))
        if len(resting) > SHOWN_RESTING:
            lines.append(_more(len(resting) - SHOWN_RESTING))
        unplaceable = list(progress.unplaceable.values())
        if unplaceable:
            count = len(unplaceable)
            lines += [Text(""), Text(f"{_INDENT}FITS NO AGENT ({count:,})", style="bold yellow")]
        for task in unplaceable[:SHOWN_UNPLACEABLE]:
            left = elapsed(task.deadline - now)
            text = f"{one_line(task.task_id)}: {one_line(task.explanation)}; given up in {left}"
            lines.append(Text(_INDENT + text, no_wrap=True, overflow="ellipsis"))
        if len(unplaceable) > SHOWN_UNPLACEABLE:
            lines.append(_more(len(unplaceable) - SHOWN_UNPLACEABLE))
        return lines

    @property
    def _is_unicode(self) -> bool:
        return self._console.encoding.startswith("utf")


def _counts(run: RunSnapshot) -> Counter[Phase]:
    """Where the tasks are; before them, or without any, where the changes are."""
    waiting = any(view.phase is ChangePhase.WAITING for view in run.changes)
    return as_phases(run.changes) if waiting or not run.tasks else run.counts()


def _running(run: RunSnapshot, now: float, room: int) -> list[RenderableType]:
    active = [task for task in run.tasks if task.phase.is_active]
    if not active:
        return []
    # The longest first: the ones somebody waits for.
    active.sort(key=lambda task: task.started_at or task.launched_at or now)
    shown = active if len(active) <= room else active[: room - 1]
    table = Table(box=None, expand=False, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    table.add_column(f"{_INDENT}RUNNING", no_wrap=True, overflow="ellipsis", max_width=48)
    table.add_column("AGENT", no_wrap=True, overflow="ellipsis", max_width=32)
    table.add_column("TIME", no_wrap=True, justify="right")
    table.add_column("", no_wrap=True)
    for task in shown:
        table.add_row(
            _INDENT + one_line(task.spec.task_id),
            agent_name(task.agent_id, task.hostname),
            elapsed(now - (task.started_at or task.launched_at or now)),
            _apart(task),
        )
    more = [_more(len(active) - len(shown))] if len(shown) < len(active) else []
    return [Text(""), table, *more]


def _apart(task: TaskView) -> str:
    """What sets an active task apart from one that just runs."""
    words = [f"attempt {task.launches}"] if task.launches > 1 else []
    if task.phase is Phase.LAUNCHED:
        words.append("starting")
    elif task.phase is Phase.UNREACHABLE:
        words.append("its agent does not answer")
    return ", ".join(words)


def _failures(run: RunSnapshot, recent: Sequence[TaskEnded]) -> list[Text]:
    if not recent:
        return []
    failed = sum(1 for task in run.failures if task.phase not in (Phase.CANCELLED, Phase.SKIPPED))
    longest = max(len(one_line(end.task_id)) for end in recent)
    lines = [Text(""), Text(f"{_INDENT}FAILED ({failed:,})", style="bold red")]
    for end in reversed(recent):
        state = end.state.name if end.state is not None else end.phase.value
        why = explain(state, end.reason, end.message).sentence
        text = f"{one_line(end.task_id).ljust(longest)}  {state:<11}  {one_line(why)}"
        lines.append(Text(_INDENT + text, no_wrap=True, overflow="ellipsis"))
    if failed > len(recent):
        lines.append(_more(failed - len(recent)))
    return lines


def _more(count: int) -> Text:
    return Text(f"{_INDENT}… and {count:,} more", style="dim")
