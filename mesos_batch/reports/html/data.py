"""What the script of the page draws: rows rather than objects, to be short."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mesos_batch.model.agent_name import agent_name
from mesos_batch.model.facts import Phase
from mesos_batch.reports.causes import why

if TYPE_CHECKING:
    from mesos_batch.history import RunHistory
    from mesos_batch.model.snapshot import TaskView
    from mesos_batch.reports.gantt import Gantt
    from mesos_batch.reports.spans import Span

MOST_ROWS = 5_000
_LONGEST_MESSAGE = 240


def data_of(history: RunHistory, spans: Sequence[Span], gantt: Gantt) -> str:
    """Chart and tasks as JSON in which no text can end the element it stands in."""
    text = json.dumps(_data(history, spans, gantt), separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _data(history: RunHistory, spans: Sequence[Span], gantt: Gantt) -> dict[str, Any]:
    begin = min((span.begin for span in spans), default=history.snapshot.started_at)
    end = max((span.end for span in spans), default=begin)
    phases = [phase.value for phase in Phase]
    return {
        "seconds": round(end - begin, 3),
        "phases": phases,
        "agents": [
            {
                "name": agent.name,
                "lanes": agent.lanes,
                # lane, begin, start, end, phase, task, attempt, how many, why
                "bars": [
                    [
                        bar.lane,
                        round(bar.begin - begin, 3),
                        round((bar.span.attempt.started_at or bar.begin) - begin, 3),
                        round(bar.end - begin, 3),
                        phases.index(bar.span.attempt.phase.value),
                        bar.span.task.spec.task_id,
                        bar.span.attempt.number,
                        bar.count,
                        _told_of(bar.span),
                    ]
                    for bar in agent.bars
                ],
            }
            for agent in gantt.agents
        ],
        "tasks": [_row(task, begin) for task in _rows(history.snapshot.tasks)],
    }


def _told_of(span: Span) -> str:
    if not span.has_ended or span.attempt.phase is Phase.FINISHED:
        return ""
    return why(span.attempt)[0][:_LONGEST_MESSAGE]


def _rows(tasks: Sequence[TaskView]) -> list[TaskView]:
    """The tasks of the table: where not all have room, what did not finish comes first."""
    if len(tasks) <= MOST_ROWS:
        return list(tasks)
    return sorted(tasks, key=lambda task: task.phase is Phase.FINISHED)[:MOST_ROWS]


def _row(task: TaskView, begin: float) -> list[object]:
    started = task.started_at if task.started_at is not None else task.launched_at
    ran = None if started is None or task.ended_at is None else task.ended_at - started
    told = why(task)[0] if task.phase.is_end and task.phase is not Phase.FINISHED else ""
    return [
        task.spec.task_id,
        task.phase.value,
        task.launches,
        agent_name(task.agent_id, task.hostname),
        None if started is None else round(started - begin, 3),
        None if ran is None else round(max(0.0, ran), 3),
        _exit_of(task),
        told[:_LONGEST_MESSAGE],
    ]


def _exit_of(task: TaskView) -> str:
    if task.signal is not None:
        return task.signal
    return "" if task.exit_status is None else str(task.exit_status)
