"""A run for programs: ``mesos-batch.report/1``. Times are seconds since the epoch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mesos_batch.model.resources import CPUS, MEM
from mesos_batch.model.sandbox import stderr_of
from mesos_batch.reports.causes import why
from mesos_batch.reports.figures import figures_of
from mesos_batch.reports.spans import Span, spans_of
from mesos_batch.reports.verdict import verdict_of

if TYPE_CHECKING:
    from mesos_batch.history import RunHistory
    from mesos_batch.model.snapshot import TaskView

SCHEMA = "mesos-batch.report/1"


def render(history: RunHistory) -> str:
    """One object; each task stands on a line of its own."""
    spans = spans_of(history)
    head = json.dumps(_head(history, spans), indent=2)
    own: dict[str, list[Span]] = {}
    for span in spans:
        own.setdefault(span.task.spec.task_id, []).append(span)
    tasks = ",\n    ".join(
        json.dumps(_task(task, own.get(task.spec.task_id, ()))) for task in history.snapshot.tasks
    )
    return f'{head.removesuffix("}").rstrip()},\n  "tasks": [\n    {tasks}\n  ]\n}}\n'


def _head(history: RunHistory, spans: Sequence[Span]) -> dict[str, Any]:
    info, verdict = history.info, verdict_of(history)
    figures = asdict(figures_of(history, spans))
    agents = figures.pop("agents")
    return {
        "schema": SCHEMA,
        "run_id": info.run_id,
        "state": info.state.value,
        "verdict": verdict.word,
        "exit_code": info.exit_code,
        "message": info.message,
        "master": info.master,
        "source": info.source,
        "version": info.version,
        "framework_id": info.framework_id,
        "created_at": info.created_at,
        "touched_at": info.touched_at,
        "options": info.options,
        "counts": {phase.value: count for phase, count in history.snapshot.counts().items()},
        "figures": figures,
        "agents": agents,
    }


def _task(task: TaskView, spans: Sequence[Span]) -> dict[str, Any]:
    sentence, hint = why(task) if task.phase.is_end else (task.message, None)
    resources = task.spec.resources
    return {
        "task_id": task.spec.task_id,
        "name": task.spec.name,
        "command": task.spec.command,
        "cpus": resources.amount(CPUS),
        "mem": resources.amount(MEM),
        "phase": task.phase.value,
        "why": sentence,
        "hint": hint,
        "ended_at": task.ended_at,
        "attempts": [_attempt(span) for span in spans],
    }


def _attempt(span: Span) -> dict[str, Any]:
    attempt = span.attempt
    return {
        "number": attempt.number,
        "phase": attempt.phase.value,
        "state": None if attempt.state is None else attempt.state.name,
        "agent_id": attempt.agent_id,
        "hostname": attempt.hostname,
        "launched_at": attempt.launched_at,
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
        "exit_status": attempt.exit_status,
        "signal": attempt.signal,
        "reason": attempt.reason,
        "message": attempt.message,
        "stderr": stderr_of(attempt.sandbox_path, attempt.sandbox_url),
    }
