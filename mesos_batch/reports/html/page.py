"""The page: what stands in it, and the template filled with it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined

from mesos_batch import __version__
from mesos_batch.model.agent_name import agent_name
from mesos_batch.model.duration import elapsed
from mesos_batch.model.facts import Phase
from mesos_batch.model.sandbox import stderr_of
from mesos_batch.options import RunOptions, to_json
from mesos_batch.reports.causes import NOT_TO_BLAME, causes_of_attempts, causes_of_tasks
from mesos_batch.reports.figures import figures_of
from mesos_batch.reports.gantt import gantt_of
from mesos_batch.reports.histogram import histogram_of
from mesos_batch.reports.html import charts
from mesos_batch.reports.html.data import MOST_ROWS, data_of
from mesos_batch.reports.spans import did_not_finish, spans_of
from mesos_batch.reports.usage import usage_of
from mesos_batch.reports.verdict import verdict_of

if TYPE_CHECKING:
    from mesos_batch.history import RunHistory
    from mesos_batch.model.saved import AttemptEntry
    from mesos_batch.model.snapshot import TaskView
    from mesos_batch.reports.figures import Figures
    from mesos_batch.reports.gantt import Gantt
    from mesos_batch.reports.spans import Span

# What one page holds at most; it stays below three megabytes however large the run.
_MOST_BARS, _MOST_LANES = 24_000, 2_400
_MOST_CAUSES, _MOST_EXAMPLES = 30, 8
_MOST_AGENTS = 200
_CELLS = 260
_LEAST_SHOWN = 0.001
# Options that every run has a value of, whoever asked for it.
_SETTLED = ("user", "failover_timeout")
# Of fewer a chart of their lengths tells nothing.
_FEWEST_LENGTHS = 5
# Phases in the order they are drawn and counted in; one not named here comes last.
_ORDER = ("finished", "failed", "error", "killed", "lost", "unplaceable")


def render(history: RunHistory) -> str:
    """The whole file."""
    spans = spans_of(history)
    gantt = gantt_of(spans, most_bars=_MOST_BARS, most_lanes=_MOST_LANES)
    script, style = _file("report.js"), _file("report.css")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"elapsed": elapsed, "moment": _moment, "plain": _plain}
    template = environment.from_string(_file("report.html"))
    return template.render(
        **_content(history, spans, gantt),
        style=style,
        script=script,
        style_hash=_hash_of(style),
        script_hash=_hash_of(script),
        data=data_of(history, spans, gantt),
    )


def _content(history: RunHistory, spans: Sequence[Span], gantt: Gantt) -> dict[str, Any]:
    """All that stands in the page without a script."""
    run, figures = history.snapshot, figures_of(history, spans)
    failures = [task for task in run.failures if task.phase.value not in NOT_TO_BLAME]
    # The last attempt of a task that failed is told with the task.
    again = [
        span
        for span in did_not_finish(spans)
        if span.attempt.number < span.task.launches or not span.task.phase.is_end
    ]
    causes = causes_of_tasks(failures)
    finished = [span.ran for span in spans if span.attempt.phase is Phase.FINISHED]
    lengths = histogram_of(finished) if len(finished) >= _FEWEST_LENGTHS else None
    return {
        "run": run,
        "info": history.info,
        "verdict": verdict_of(history),
        "figures": figures,
        "parts": _parts(run.tasks),
        "failures": len(failures),
        "causes": causes[:_MOST_CAUSES],
        "more_causes": max(0, len(causes) - _MOST_CAUSES),
        "again": len(again),
        "again_causes": causes_of_attempts(again)[:_MOST_CAUSES],
        "examples": _MOST_EXAMPLES,
        "log_of": _log_of,
        "agent_of": _agent_of,
        "agents": figures.agents[:_MOST_AGENTS],
        "more_agents": max(0, len(figures.agents) - _MOST_AGENTS),
        "left_out": gantt.left_out,
        "merged": sum(bar.count - 1 for agent in gantt.agents for bar in agent.bars),
        "usage": _usage_charts(spans, figures),
        "lengths": lengths,
        "columns": charts.column_chart(lengths, height=190) if lengths is not None else None,
        "left": charts.LEFT,
        "right": charts.WIDTH - charts.RIGHT,
        "chart_width": charts.WIDTH,
        "options": _options(history),
        "rows": min(len(run.tasks), MOST_ROWS),
        "version": __version__,
    }


def _usage_charts(spans: Sequence[Span], figures: Figures) -> dict[str, Any] | None:
    usage = usage_of(spans, _CELLS)
    if usage is None:
        return None
    seconds, capacity = usage.cell * _CELLS, figures.cpus or None
    mean = sum(usage.cpus) / len(usage.cpus)
    return {
        "cpus": charts.area_chart(usage.cpus, seconds, limit=capacity, height=190),
        "tasks": charts.area_chart(usage.tasks, seconds, limit=None, height=130),
        "share": None if capacity is None else mean / capacity,
        "most_tasks": usage.most_tasks,
    }


def _parts(tasks: Sequence[TaskView]) -> list[dict[str, Any]]:
    """How many tasks are in each phase, and from where to where on a bar of 1000."""
    counts: dict[str, int] = {}
    for task in tasks:
        counts[task.phase.value] = counts.get(task.phase.value, 0) + 1
    found, at = [], 0.0
    for phase in sorted(counts, key=lambda phase: (_rank(phase), phase)):
        width = 1000 * counts[phase] / len(tasks)
        found.append({"phase": phase, "count": counts[phase], "x": at, "width": width})
        at += width
    return found


def _rank(phase: str) -> int:
    return _ORDER.index(phase) if phase in _ORDER else len(_ORDER)


def _options(history: RunHistory) -> list[tuple[str, str]]:
    """What of the run was asked for otherwise than by default; no secret is kept among it."""
    # Through JSON as those of the journal went.
    usual = _flat(json.loads(json.dumps(to_json(RunOptions(master=history.info.master)))))
    return [
        (name, value if isinstance(value, str) else json.dumps(value))
        for name, value in _flat(history.info.options).items()
        if name not in _SETTLED and value != usual.get(name)
    ]


def _flat(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as flags name them: those of the local cluster are options by themselves."""
    found: dict[str, Any] = {}
    for name, value in options.items():
        if isinstance(value, dict):
            found |= {f"{name}_{key}": each for key, each in value.items()}
        else:
            found[name] = value
    return found


def _log_of(of: TaskView | AttemptEntry) -> str | None:
    """A link to the standard error; ``None`` for what is no place a browser may go to."""
    log = stderr_of(of.sandbox_path, of.sandbox_url)
    if log is None or log.startswith(("http://", "https://")):
        return log
    # A journal may have been brought here from another system.
    return Path(log).as_uri() if of.sandbox_path and Path(log).is_absolute() else None


def _agent_of(of: TaskView | AttemptEntry) -> str:
    return agent_name(of.agent_id, of.hostname)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _plain(number: float) -> str:
    """A number without digits that say nothing."""
    if 0 < number < _LEAST_SHOWN:
        return f"<{_LEAST_SHOWN}"
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _hash_of(text: str) -> str:
    """By which a policy knows what may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
