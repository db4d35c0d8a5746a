"""The tables of the picture of a run: what runs, what failed and why, how agents are used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from mesos_batch.model.facts import Phase
from mesos_batch_cli.output.bar import gauge
from mesos_batch_cli.output.streams import Paint
from mesos_batch_cli.output.table import table
from mesos_batch_cli.output.text import agent_name, elapsed, one_line

if TYPE_CHECKING:
    from mesos_batch.model.snapshot import TaskView
    from mesos_batch.overview import AgentUse, Cause

# An empty line and the line of column names.
HEAD = 2
_INDENT = "  "
_METER_CELLS = 10
_FEW_AGENTS = 8
_METER = "━+"
# Narrower pictures leave something out.
_METERS_FROM, _EVERY_COLUMN_FROM = 72, 60
_MB_OF_GB = 1024
_PLAIN = Paint(enabled=False)


@dataclass(frozen=True, slots=True)
class Rows:
    """A table that may have room for some of its rows only.

    ``rest`` tells what is left out when so many rows are shown.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    rest: Callable[[int], str]
    style: str = "bold"
    right: Sequence[str] = ()

    def lines(self, count: int, width: int) -> list[Text]:
        """At most ``count`` lines: the head, then rows, of which the last may tell of the rest."""
        room = count - HEAD
        if room <= 0 or not self.rows:
            return []
        shown = self.rows
        if len(shown) > room:
            # One row says more than how many there are, which the head does.
            shown = shown[: max(room - 1, 1)]
        left_out = len(shown) < len(self.rows) and room > 1
        texts = table(
            self.columns, shown, _PLAIN, width - len(_INDENT), right=self.right, empty=" "
        )
        head, *body = (Text(_INDENT + text) for text in texts)
        head.stylize(self.style)
        for line in body:
            line.highlight_regex(_METER, "cyan")
        if left_out:
            body.append(Text(f"{_INDENT}… and {self.rest(len(shown))}", "dim"))
        return [Text(), head, *body]


def running(active: Sequence[TaskView], now: float, width: int, height: int) -> Rows:
    """The tasks the cluster holds, the one that has run longest first: somebody waits for it."""
    columns: Sequence[str] = (f"RUNNING ({len(active):,})", "AGENT", "TIME", " ")
    rows: list[Sequence[str]] = [
        (
            one_line(task.spec.task_id),
            agent_name(task.agent_id, task.hostname),
            elapsed(now - (task.started_at or task.launched_at or now)),
            _apart(task),
        )
        for task in active[:height]
    ]
    if width < _EVERY_COLUMN_FROM:
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    return Rows(columns, rows, lambda shown: f"{len(active) - shown:,} more", right=("TIME",))


def _apart(task: TaskView) -> str:
    """What sets an active task apart from one that just runs."""
    words = [f"attempt {task.launches}"] if task.launches > 1 else []
    if task.phase is Phase.LAUNCHED:
        words.append("starting")
    elif task.phase is Phase.UNREACHABLE:
        words.append("its agent does not answer")
    return ", ".join(words)


def failures(causes: Sequence[Cause], count: int, width: int) -> Rows:
    """Why tasks failed, the most frequent cause first, and which failed last of it."""
    columns: Sequence[str] = (f"FAILED ({count:,})", "LAST OF THEM")
    rows: list[Sequence[str]] = [
        (f"{cause.count:,}× {one_line(cause.why)}", _named(cause)) for cause in causes
    ]
    if width < _EVERY_COLUMN_FROM:
        columns, rows = columns[:-1], [row[:-1] for row in rows]

    def rest(shown: int) -> str:
        left = sum(cause.count for cause in causes[shown:])
        return f"{left:,} for {len(causes) - shown:,} other reasons"

    return Rows(columns, rows, rest, style="bold red")


def _named(cause: Cause) -> str:
    names = ", ".join(one_line(task_id) for task_id in cause.task_ids)
    return f"{names}, …" if cause.count > len(cause.task_ids) else names


def agents(uses: Sequence[AgentUse], width: int, height: int) -> Rows:
    """How much of each agent is used by the tasks of the run.

    Of many the most used come first; few keep their places, which is easier on the eye.
    """
    if len(uses) <= _FEW_AGENTS:
        # Names with numbers in them, in the order of the numbers.
        uses = sorted(
            uses,
            key=lambda use: (len(use.hostname), use.hostname, len(use.agent_id), use.agent_id),
        )
    meters = width >= _METERS_FROM
    columns: Sequence[str] = (f"AGENT ({len(uses):,})", "TASKS", "CPUS", "MEM")
    rows: list[Sequence[str]] = [
        (
            agent_name(use.agent_id, use.hostname),
            f"{use.tasks:,}",
            _used(use.cpus_used, use.cpus, _cpus, meters=meters),
            _used(use.mem_used, use.mem, _memory, meters=meters),
        )
        for use in uses[:height]
    ]
    if width < _EVERY_COLUMN_FROM:
        columns, rows = columns[:-1], [row[:-1] for row in rows]

    def rest(shown: int) -> str:
        others = uses[shown:]
        count = sum(use.tasks for use in others)
        cpus = _used(
            sum(use.cpus_used for use in others),
            sum(use.cpus or 0.0 for use in others),
            _cpus,
            meters=False,
        )
        return f"{len(others):,} more with {count:,} tasks on cpus {cpus}"

    return Rows(columns, rows, rest, right=("TASKS",))


def _used(used: float, whole: float | None, show: Callable[[float], str], *, meters: bool) -> str:
    """How much of a whole that may be unknown."""
    if not whole:
        return show(used)
    text = f"{show(used)} of {show(whole)}"
    if not meters:
        return text
    return f"{gauge(used, whole, _METER_CELLS, unicode=True)} {text}"


def _cpus(amount: float) -> str:
    return f"{amount:.4g}"


def _memory(megabytes: float) -> str:
    if megabytes >= _MB_OF_GB:
        return f"{megabytes / _MB_OF_GB:.3g} GB"
    return f"{megabytes:.4g} MB"
