"""The result of a run, printed on stdout when it is over."""

from __future__ import annotations

import shlex
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from mesos_batch.messages import Explanation, explain
from mesos_batch.model.facts import Phase
from mesos_batch.model.sandbox import stderr_of
from mesos_batch.model.snapshot import RunSnapshot, TaskView
from mesos_batch.reporting import efficiency
from mesos_batch_cli.output.change_summary import change_headline, change_table
from mesos_batch_cli.output.streams import Paint
from mesos_batch_cli.output.text import agent_name, elapsed, one_line, shortened, tasks

SHOWN_FAILURES = 20
SHOWN_AGENTS = 10
SHOWN_REASONS = 3
# A few tasks are no batch whose efficiency says anything.
FEWEST_MEASURED = 10

_COLUMNS = ("TASK", "ENDED AS", "EXIT", "AGENT", "ATTEMPTS")
_AGENT_COLUMNS = ("AGENT", "TASKS", "FINISHED", "TASK TIME")
_WIDEST_TASK, _WIDEST_AGENT = 40, 30
_INDENT = "  "
_LABEL = "    {:<6}  "
_NARROWEST = 30
_LONGEST_LINE = 200

# Ended unfinished for something else that the result tells.
_NO_FAULT_OF_THEIRS = (Phase.CANCELLED, Phase.SKIPPED)
# What the headline counts besides finished tasks.
_COUNTED = {
    Phase.FAILED: "failed",
    Phase.KILLED: "killed",
    Phase.LOST: "lost",
    Phase.ERROR: "error",
    Phase.UNPLACEABLE: "unplaceable",
    Phase.SKIPPED: "skipped",
    Phase.CANCELLED: "cancelled",
    Phase.RUNNING: "still running",
    Phase.LAUNCHED: "still starting",
    Phase.UNREACHABLE: "out of reach",
    Phase.WAITING: "still waiting",
}


def summary(
    run: RunSnapshot,
    paint: Paint,
    width: int | None,
    *,
    every_failure: bool,
    excerpts: Mapping[str, Sequence[str]] = MappingProxyType({}),
    logs_command: str | None = None,
) -> str:
    """Which agents did how much, a table of the failures, notes, then counts and wall time.

    Lines are folded to ``width``; ``None``, for pipes, leaves each entry on one line. The verdict
    is the last line, where it is still seen after a long table. ``excerpts`` are what failed tasks
    wrote last, by task id, and ``logs_command`` is what prints all of it.
    """
    failures = [task for task in run.failures if task.phase not in _NO_FAULT_OF_THEIRS]
    shown = failures if every_failure else failures[:SHOWN_FAILURES]
    repeated = any(task.launches > 1 for task in run.tasks)
    table = list(_table(shown, paint, width, excerpts, attempts=repeated)) if shown else []
    if len(failures) > len(shown):
        rest = len(failures) - len(shown)
        table.append(f"{_INDENT}… and {rest:,} more; --verbose lists all of them")
    if logs_command is not None and any(task.launches for task in shown):
        of_one = f" {shlex.quote(one_line(shown[0].spec.task_id))}" if len(failures) == 1 else ""
        what = "all it wrote" if of_one else "all they wrote"
        table.append(f"{_INDENT}{paint.dim(f'{what}:')} {logs_command}{of_one}")
    changes = (
        change_table(run.changes, paint, width, every_change=every_failure) if run.changes else []
    )
    measured = every_failure or len(run.tasks) >= FEWEST_MEASURED
    notes = [*(_figures(run) if measured else ()), *_notes(run)]
    parts = [changes, list(_agents(run, paint)), table, notes]
    return "\n\n".join(["\n".join(part) for part in parts if part] + [_headline(run, paint)])


def _figures(run: RunSnapshot) -> Iterator[str]:
    """How well the cluster was used; a run that was cut short tells nothing of that."""
    if run.cancelling:
        return
    measured = efficiency(run)
    if measured is not None:
        least = f"{elapsed(measured.lower_bound)} by {measured.bound_by}"
        took = elapsed(measured.makespan)
        yield (
            f"{took} from first launch to last end, at least {least}:"
            f" {measured.share:.0%} efficient"
        )
    if run.offers.came:
        offers = run.offers
        answered = f"{offers.used:,} used, {offers.declined:,} declined, none held"
        yield f"{offers.came:,} offers: {answered}"


def _notes(run: RunSnapshot) -> Iterator[str]:
    """What the numbers alone do not tell."""
    yield from _skipped(run)
    repeated = sum(task.launches > 1 for task in run.tasks)
    if repeated:
        yield f"{tasks(repeated)} took more than one attempt"
    if run.restart_losses:
        lost = (
            "1 attempt was" if run.restart_losses == 1 else f"{run.restart_losses:,} attempts were"
        )
        them = "it" if run.restart_losses == 1 else "them"
        yield f"{lost} lost to restarts of agents; --checkpoint would have saved {them}"


def _skipped(run: RunSnapshot) -> Iterator[str]:
    """Why tasks were skipped, what cost most of them first."""
    skipped = Counter(task.message or "" for task in run.tasks if task.phase is Phase.SKIPPED)
    shown = skipped.most_common(SHOWN_REASONS)
    for why, count in shown:
        yield f"{tasks(count)} skipped: {one_line(why)}"
    rest = skipped.total() - sum(count for _, count in shown)
    if rest:
        yield f"… and {tasks(rest)} skipped for other reasons"


def _agents(run: RunSnapshot, paint: Paint) -> Iterator[str]:
    """How the tasks were spread, busiest agent first; a single agent needs no table."""
    by_agent: dict[str, list[TaskView]] = {}
    for task in run.tasks:
        if task.agent_id is not None:
            by_agent.setdefault(task.agent_id, []).append(task)
    if len(by_agent) < 2:
        return
    busiest = sorted(by_agent.values(), key=lambda held: -len(held))
    rows = [_agent_row(held, run.at) for held in busiest[:SHOWN_AGENTS]]
    widths = [max(map(len, column)) for column in zip(_AGENT_COLUMNS, *rows, strict=True)]
    yield paint.dim(_laid_out(_AGENT_COLUMNS, widths))
    for row in rows:
        yield _laid_out(row, widths)
    if len(busiest) > SHOWN_AGENTS:
        yield f"{_INDENT}… and {len(busiest) - SHOWN_AGENTS:,} more agents"


def _agent_row(held: Sequence[TaskView], now: float) -> tuple[str, str, str, str]:
    finished = sum(task.phase is Phase.FINISHED for task in held)
    ran = sum(_run_time(task, now) for task in held)
    name = agent_name(held[0].agent_id, held[0].hostname)
    return shortened(name, _WIDEST_AGENT), f"{len(held):,}", f"{finished:,}", elapsed(ran)


def _run_time(task: TaskView, now: float) -> float:
    until = now if task.phase.is_active else task.ended_at
    return until - task.started_at if task.started_at and until else 0.0


def _headline(run: RunSnapshot, paint: Paint) -> str:
    took = elapsed(run.at - run.started_at)
    counts = run.counts()
    finished, total = counts[Phase.FINISHED], len(run.tasks)
    if not total and run.changes:
        return change_headline(run.changes, run.at - run.started_at, paint)
    if not total:
        return "the task list is empty: nothing to do"
    if finished == total:
        return paint.good(f"{'all ' if total > 1 else ''}{tasks(total)} finished in {took}")
    others = [f"{counts[phase]:,} {word}" for phase, word in _COUNTED.items() if counts[phase]]
    return paint.bold(f"{finished:,} of {tasks(total)} finished, {', '.join(others)}, in {took}")


def _table(
    failures: Sequence[TaskView],
    paint: Paint,
    width: int | None,
    excerpts: Mapping[str, Sequence[str]],
    *,
    attempts: bool,
) -> Iterator[str]:
    columns = _COLUMNS if attempts else _COLUMNS[:-1]
    rows = [_row(task)[: len(columns)] for task in failures]
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    yield paint.dim(_laid_out(columns, widths))
    for task, row in zip(failures, rows, strict=True):
        yield paint.bad(_laid_out(row, widths))
        why = _why(task)
        yield from _labelled("why", one_line(why.sentence), paint, width)
        if why.hint is not None:
            yield from _labelled("hint", why.hint, paint, width)
        log, excerpt = log_of(task), excerpts.get(task.spec.task_id, ())
        if log is not None and not excerpt:
            # Never folded, so that it can be copied.
            yield from _labelled("stderr", one_line(log), paint, None)
        for position, line in enumerate(excerpt):
            label = "wrote" if position == 0 else ""
            yield from _labelled(label, _within(line, width), paint, None)


def _row(task: TaskView) -> tuple[str, ...]:
    exit_status = "-" if task.exit_status is None else str(task.exit_status)
    return (
        shortened(one_line(task.spec.task_id), _WIDEST_TASK),
        task.state.name if task.state is not None else task.phase.value,
        one_line(task.signal) if task.signal is not None else exit_status,
        shortened(agent_name(task.agent_id, task.hostname), _WIDEST_AGENT) or "-",
        str(task.launches),
    )


def _laid_out(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    return (_INDENT + "  ".join(cells)).rstrip()


def _labelled(label: str, text: str, paint: Paint, width: int | None) -> Iterator[str]:
    margin = _LABEL.format("")
    lines = [text]
    if width is not None:
        lines = textwrap.wrap(text, max(width - len(margin), _NARROWEST)) or [""]
    yield paint.dim(_LABEL.format(label)) + lines[0]
    yield from (margin + line for line in lines[1:])


def _within(line: str, width: int | None) -> str:
    room = _LONGEST_LINE if width is None else max(width - len(_LABEL.format("")), _NARROWEST)
    return shortened(line, room).rstrip()


def _why(task: TaskView) -> Explanation:
    return explain(
        task.state.name if task.state is not None else None,
        task.reason,
        task.message,
        exit_status=task.exit_status,
        signal=task.signal,
    )


def log_of(task: TaskView) -> str | None:
    """Where the standard error of a task is: a path on this machine, or a URL of its agent."""
    return stderr_of(task.sandbox_path, task.sandbox_url)
