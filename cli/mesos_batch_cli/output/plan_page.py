"""A plan as a page and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mesos_batch.model.duration import format_duration
from mesos_batch.model.resource_text import in_few_words
from mesos_batch.model.resources import CPUS, GPUS, MEM
from mesos_batch_cli.output.streams import Paint
from mesos_batch_cli.output.table import table
from mesos_batch_cli.output.text import agent_name, counted, elapsed, one_line, tasks

if TYPE_CHECKING:
    from mesos_batch.model.resources import Resources
    from mesos_batch.planning import NeverFits, Plan

SHOWN_AGENTS = 10
SHOWN_TASKS = 5

_INDENT = "  "
_LABEL = f"{_INDENT}{{:<11}}  "
_COLUMNS = ("AGENT", "CPUS", "MEM", "TASKS", "BUSY")
_NAMES = (CPUS, MEM, GPUS)
_NARROWEST = 40


def plan_page(plan: Plan, paint: Paint, width: int | None, *, everything: bool) -> str:
    """Numbers first, then the agents, then what does not fit, which is what is to be changed.

    Lines are folded to ``width``; ``everything`` shows each agent and each task.
    """
    parts = [
        [paint.bold(_head(plan)), *_folded(_numbers(plan), width)],
        list(_agents(plan, paint, width, everything=everything)),
        list(_waiting(plan, paint, width, everything=everything)),
        list(_never(plan, paint, width, everything=everything)),
        list(_skipped(plan, paint, width, everything=everything)),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _head(plan: Plan) -> str:
    agents = counted(len(plan.agents), "agent")
    head, free = f"{tasks(plan.tasks)} on {agents}", _in_few_words(plan.capacity)
    if not free:
        return head
    return f"{head} ({free} free)" if plan.held_by_others else f"{head} ({free})"


def _numbers(plan: Plan) -> Iterator[tuple[str, str]]:
    if plan.waves:
        yield "makespan", f"about {elapsed(plan.makespan)}"
        least = f"{elapsed(plan.bound.seconds)}, set by {plan.bound.by}"
        yield "lower bound", f"{least}; {plan.efficiency:.0%} efficient"
        chain = "tasks run one after another on an agent"
        none = "no task waits for another"
        if plan.dependent:
            none = "on an agent no task waits for room"
        yield "waves", f"{plan.waves:,} ({none if plan.waves == 1 else chain})"
        cpu, memory = _hours(plan.cpu_hours), _hours(plan.gb_hours)
        yield "cost", f"{cpu} cpu-hours, {memory} GB-hours of memory"
    if plan.dependent:
        waiting = f"{tasks(plan.dependent)} wait{'s' if plan.dependent == 1 else ''}"
        yield "order", f"{waiting} for others to end"
    yield from _assumptions(plan)


def _assumptions(plan: Plan) -> Iterator[tuple[str, str]]:
    said: list[str] = []
    if plan.assumed:
        those = "the 1 task" if plan.assumed == 1 else f"each of {tasks(plan.assumed)}"
        runtime = format_duration(plan.assumed_runtime)
        said.append(f"{runtime} for {those} without mesos_batch.expected_runtime")
    if plan.waves and plan.start_seconds:
        said.append(f"{format_duration(plan.start_seconds)} to start a task")
    if plan.held_by_others:
        said.append(f"other frameworks keep what they hold ({_in_few_words(plan.held_by_others)})")
    if plan.left_out:
        agents = (
            "1 agent with gpus makes"
            if plan.left_out == 1
            else f"{plan.left_out:,} agents with gpus make"
        )
        said.append(f"{agents} no offers to a list that asks for none")
    for index, sentence in enumerate(said):
        yield "" if index else "assumed", sentence


def _agents(plan: Plan, paint: Paint, width: int | None, *, everything: bool) -> Iterator[str]:
    """The busiest first; a single agent needs no table."""
    if len(plan.agents) < 2 or not plan.waves:
        return
    ordered = sorted(plan.agents, key=lambda share: -share.busy)
    shown = ordered if everything else ordered[:SHOWN_AGENTS]
    rows = [
        (
            agent_name(share.agent_id, share.hostname),
            f"{share.cpus:g}",
            f"{share.mem:g}",
            f"{share.tasks:,}",
            f"{share.busy:.0%}",
        )
        for share in shown
    ]
    for line in table(_COLUMNS, rows, paint, width, right=_COLUMNS[1:]):
        yield _INDENT + line
    if len(ordered) > len(shown):
        yield f"{_INDENT}… and {len(ordered) - len(shown):,} more; --verbose lists all of them"


def _waiting(plan: Plan, paint: Paint, width: int | None, *, everything: bool) -> Iterator[str]:
    if plan.must_wait:
        verb = "waits" if len(plan.must_wait) == 1 else "wait"
        head = f"{tasks(len(plan.must_wait))} {verb} until other frameworks give something back:"
        yield paint.doubtful(head)
        yield from _paragraph(_listed(plan.must_wait, everything=everything), width)


def _never(plan: Plan, paint: Paint, width: int | None, *, everything: bool) -> Iterator[str]:
    if plan.never_fits:
        yield paint.bad(f"{tasks(plan.unplaceable)} will never fit:")
        for group in plan.never_fits:
            names = _listed(group.task_ids, everything=everything)
            yield from _paragraph(f"{names}: {one_line(group.explanation)}", width)


def _skipped(plan: Plan, paint: Paint, width: int | None, *, everything: bool) -> Iterator[str]:
    if plan.skipped:
        verb = "depends" if len(plan.skipped) == 1 else "depend"
        yield paint.doubtful(f"{tasks(len(plan.skipped))} {verb} on these and would be skipped:")
        yield from _paragraph(_listed(plan.skipped, everything=everything), width)


def _listed(task_ids: Sequence[str], *, everything: bool) -> str:
    shown = task_ids if everything else task_ids[:SHOWN_TASKS]
    names = ", ".join(one_line(task_id) for task_id in shown)
    rest = len(task_ids) - len(shown)
    return f"{names} and {rest:,} more" if rest else names


def _paragraph(text: str, width: int | None) -> list[str]:
    return textwrap.wrap(
        text,
        max(width or len(text) + len(_INDENT), _NARROWEST),
        initial_indent=_INDENT,
        subsequent_indent=2 * _INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _folded(rows: Iterator[tuple[str, str]], width: int | None) -> Iterator[str]:
    for label, text in rows:
        head = _LABEL.format(label)
        yield from textwrap.wrap(
            text,
            max(width or len(head) + len(text), _NARROWEST),
            initial_indent=head,
            subsequent_indent=" " * len(head),
            break_long_words=False,
            break_on_hyphens=False,
        )


def _in_few_words(resources: Resources) -> str:
    """What planners count: cpus, memory, gpus."""
    return in_few_words(resources.filter(lambda item: item.name in _NAMES)).replace(";", "")


def _hours(hours: float) -> str:
    return f"{hours:,.2f}" if hours >= 0.1 or not hours else f"{hours:.2g}"


def plan_fields(plan: Plan) -> dict[str, Any]:
    """A plan for programs. Times are seconds, amounts those of Mesos (cpus, MB)."""
    return {
        "tasks": plan.tasks,
        "makespan": plan.makespan,
        "lower_bound": plan.bound.seconds,
        "bounded_by": plan.bound.by,
        "efficiency": plan.efficiency,
        "waves": plan.waves,
        "cpu_hours": plan.cpu_hours,
        "gb_hours": plan.gb_hours,
        "free": in_few_words(plan.capacity) or None,
        "held_by_others": in_few_words(plan.held_by_others) or None,
        "agents": [asdict(share) for share in plan.agents],
        "agents_left_out": plan.left_out,
        "never_fits": [_never_fields(group) for group in plan.never_fits],
        "must_wait": list(plan.must_wait),
        "skipped": list(plan.skipped),
        "dependent_tasks": plan.dependent,
        "assumed_tasks": plan.assumed,
        "assumed_runtime": plan.assumed_runtime,
        "assumed_start": plan.start_seconds,
    }


def _never_fields(group: NeverFits) -> dict[str, Any]:
    return {"explanation": group.explanation, "task_ids": list(group.task_ids)}
