"""The attempts of a run as CSV (RFC 4180): one row for each, and for a task that had none."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from mesos_batch.model.resources import CPUS, MEM
from mesos_batch.model.sandbox import stderr_of
from mesos_batch.reports.causes import why
from mesos_batch.reports.spans import Span, spans_of

if TYPE_CHECKING:
    from mesos_batch.history import RunHistory
    from mesos_batch.model.snapshot import TaskView

HEADER = (
    "task",
    "attempt",
    "phase",
    "state",
    "agent_id",
    "hostname",
    "cpus",
    "mem_mb",
    "launched_at",
    "started_at",
    "ended_at",
    "run_seconds",
    "exit_status",
    "signal",
    "reason",
    "why",
    "stderr",
)
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(history: RunHistory) -> str:
    """The rows with their header, lines ended by CR LF."""
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(HEADER)
    launched = set()
    for span in spans_of(history):
        launched.add(span.task.spec.task_id)
        rows.writerow(_row(span))
    for task in history.snapshot.tasks:
        if task.spec.task_id not in launched:
            rows.writerow(_row_of_none(task))
    return out.getvalue()


def _row(span: Span) -> list[object]:
    attempt = span.attempt
    return [
        _text(span.task.spec.task_id),
        attempt.number,
        attempt.phase.value,
        attempt.state.name if attempt.state is not None else "",
        _text(attempt.agent_id),
        _text(attempt.hostname),
        *_sizes(span.task),
        _time(attempt.launched_at),
        _time(attempt.started_at),
        _time(attempt.ended_at),
        f"{span.ran:.3f}" if span.has_ended else "",
        attempt.exit_status,
        _text(attempt.signal),
        _text(attempt.reason),
        _text(why(attempt)[0]),
        _text(stderr_of(attempt.sandbox_path, attempt.sandbox_url)),
    ]


def _row_of_none(task: TaskView) -> list[object]:
    sentence = why(task)[0] if task.phase.is_end else ""
    state = task.state.name if task.state is not None else ""
    known = {
        "task": _text(task.spec.task_id),
        "phase": task.phase.value,
        "state": state,
        "ended_at": _time(task.ended_at),
        "reason": _text(task.reason),
        "why": _text(sentence),
        **dict(zip(("cpus", "mem_mb"), _sizes(task), strict=True)),
    }
    return [known.get(column, "") for column in HEADER]


def _sizes(task: TaskView) -> tuple[str, str]:
    resources = task.spec.resources
    return f"{resources.amount(CPUS):g}", f"{resources.amount(MEM):g}"


def _time(at: float | None) -> str:
    return "" if at is None else f"{at:.3f}"


def _text(text: str | None) -> str:
    """Text as text: an apostrophe before what would be a formula keeps it from being one."""
    if not text:
        return ""
    return f"'{text}" if text.startswith(_FORMULA) else text
