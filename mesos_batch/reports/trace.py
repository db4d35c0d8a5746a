"""A run in the event format of Chrome's tracing, which Perfetto reads too.

Each agent is a process, each lane of it a thread, each attempt a complete event. Times are
microseconds since the first launch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mesos_batch.reports.gantt import by_agent, lanes_of
from mesos_batch.reports.spans import Span, spans_of
from mesos_batch.reports.usage import usage_of

if TYPE_CHECKING:
    from mesos_batch.history import RunHistory

_MICROSECONDS = 1_000_000
_COUNTED = 500


def render(history: RunHistory) -> str:
    """The trace, an event on each line."""
    about = {"run": history.info.run_id, "source": history.info.source}
    head = f'{{"displayTimeUnit": "ms", "otherData": {json.dumps(about)}, "traceEvents": ['
    events = ",\n".join(json.dumps(event) for event in _events(spans_of(history)))
    return f"{head}\n{events}\n]}}\n"


def _events(spans: list[Span]) -> Iterator[dict[str, Any]]:
    begin = min((span.begin for span in spans), default=0.0)
    for pid, own in enumerate(by_agent(spans).values(), start=1):
        yield _name("process_name", pid, 0, own[0].agent)
        placed = lanes_of(own)
        for tid in range(1, 2 + max(lane for _, lane in placed)):
            yield _name("thread_name", pid, tid, f"lane {tid}")
        for span, lane in placed:
            yield _event(span, begin, pid, lane + 1)
    usage = usage_of(spans, _COUNTED)
    if usage is None:
        return
    for number, (cpus, running) in enumerate(zip(usage.cpus, usage.tasks, strict=True)):
        at = round(number * usage.cell * _MICROSECONDS)
        for name, amount in (("cpus held", cpus), ("attempts at one time", running)):
            yield {"name": name, "ph": "C", "ts": at, "pid": 0, "args": {"mean": round(amount, 3)}}


def _name(kind: str, pid: int, tid: int, name: str) -> dict[str, Any]:
    return {"name": kind, "ph": "M", "pid": pid, "tid": tid, "args": {"name": name}}


def _event(span: Span, begin: float, pid: int, tid: int) -> dict[str, Any]:
    attempt = span.attempt
    told = {
        "attempt": attempt.number,
        "state": None if attempt.state is None else attempt.state.name,
        "exit_status": attempt.exit_status,
        "signal": attempt.signal,
        "message": attempt.message,
        "cpus": span.cpus,
        "seconds_to_start": (
            None if attempt.started_at is None else round(attempt.started_at - span.begin, 6)
        ),
    }
    return {
        "name": span.task.spec.task_id,
        "cat": attempt.phase.value,
        "ph": "X",
        "ts": round((span.begin - begin) * _MICROSECONDS),
        "dur": round(span.held * _MICROSECONDS),
        "pid": pid,
        "tid": tid,
        "args": {name: value for name, value in told.items() if value is not None},
    }
