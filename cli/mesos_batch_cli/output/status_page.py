"""What ``mesos-batch status`` prints of a run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from mesos_batch.model.snapshot import RunSnapshot
from mesos_batch.runs import RunState
from mesos_batch_cli.output.bar import Part, part_cells, part_counts
from mesos_batch_cli.output.run_table import moment
from mesos_batch_cli.output.streams import Paint, speaks_unicode
from mesos_batch_cli.output.summary import summary
from mesos_batch_cli.output.text import elapsed, one_line

if TYPE_CHECKING:
    from mesos_batch.runs import RunInfo

_WIDEST_BAR = 100


def status_page(
    info: RunInfo,
    snapshot: RunSnapshot,
    now: float,
    paint: Paint,
    width: int | None,
    *,
    resume: str,
    logs: str,
    every_failure: bool,
) -> str:
    """How the run is, a bar where there is a terminal of ``width``, agents, failures, counts.

    ``resume`` is the command line that goes on with it, ``logs`` the one that prints what failed
    tasks wrote.
    """
    if info.state is RunState.RUNNING:
        snapshot = replace(snapshot, at=now)
    parts = ["\n".join(_head(info, snapshot, now, paint, resume))]
    if snapshot.tasks and width is not None:
        parts.append("\n".join(_bar(snapshot, paint, width)))
    parts.append(summary(snapshot, paint, width, every_failure=every_failure, logs_command=logs))
    return "\n\n".join(parts)


def _head(
    info: RunInfo, snapshot: RunSnapshot, now: float, paint: Paint, resume: str
) -> Iterator[str]:
    yield f"run {paint.bold(info.run_id)} {_state(info, snapshot)}"
    rows = [
        ("master", info.master),
        ("tasks", info.source),
        ("started", moment(info.created_at)),
        ("framework", info.framework_id or ""),
    ]
    match info.state:
        case RunState.RUNNING:
            rows.append(("process", f"{info.pid} on {info.host}" if info.pid else ""))
        case RunState.STOPPED:
            rows.append(("why", info.message or "its program was killed"))
            rows.append(("stopped", f"{elapsed(now - info.touched_at)} ago"))
            rows.append(("go on", resume))
        case _:
            rows.append(("exit code", str(int(info.exit_code or 0))))
            rows.append(("why", info.message or ""))
    for name, value in rows:
        if value:
            yield f"  {paint.dim(f'{name:<9}')}  {one_line(value)}"


def _state(info: RunInfo, snapshot: RunSnapshot) -> str:
    if info.state is RunState.RUNNING and snapshot.cancelling:
        return "is being cancelled"
    return {
        RunState.RUNNING: "is running",
        RunState.STOPPED: "has stopped and can go on",
    }.get(info.state, "has ended")


def _bar(snapshot: RunSnapshot, paint: Paint, width: int) -> Iterator[str]:
    colors: dict[str, Callable[[str], str]] = {
        "green": paint.good,
        "red": paint.bad,
        "yellow": paint.doubtful,
        "dim": paint.dim,
    }
    unicode, counts = speaks_unicode(sys.stdout), snapshot.counts()

    def signs(part: Part, cells: int) -> str:
        return colors.get(part.style, str)(part.sign_in(unicode=unicode) * cells)

    yield "".join(signs(*each) for each in part_cells(counts, min(width, _WIDEST_BAR)))
    yield "   ".join(
        f"{signs(part, 1)} {count:,} {part.word}" for part, count in part_counts(counts) if count
    )
