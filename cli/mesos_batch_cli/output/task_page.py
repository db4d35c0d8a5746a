"""One task of a run, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mesos_batch.messages import explain
from mesos_batch.model.facts import Phase
from mesos_batch_cli.output.summary import log_of
from mesos_batch_cli.output.text import agent_name, elapsed, one_line

if TYPE_CHECKING:
    from mesos_batch.model.snapshot import TaskView

SHOWN_NAMES = 10
_LABEL = "  {:<10} {}"


def task_page(task: TaskView, run_id: str, why: str | None) -> str:
    """Where the task is, what it needs, why it waits or how it ended, and where its output is."""
    return "\n".join(_lines(task, run_id, why))


def _lines(task: TaskView, run_id: str, why: str | None) -> Iterator[str]:
    yield f"task {one_line(task.spec.task_id)} of run {run_id} {_state(task)}"
    yield _LABEL.format("needs", one_line(str(task.spec.resources)))
    scheduling = task.spec.scheduling
    if scheduling.constraints:
        yield _LABEL.format("only where", one_line(" and ".join(map(str, scheduling.constraints))))
    before = _before(task)
    if before:
        yield _LABEL.format("after", one_line(before))
    if task.spec.command:
        yield _LABEL.format("command", one_line(task.spec.command))
    if task.launches:
        yield _LABEL.format("attempts", f"{task.launches}, {task.failures} of them failed")
        yield _LABEL.format("agent", agent_name(task.agent_id, task.hostname))
    if task.started_at is not None and task.ended_at is not None:
        yield _LABEL.format("ran for", elapsed(task.ended_at - task.started_at))
    yield from _reasons(task, why)
    log = log_of(task)
    if log is not None:
        yield _LABEL.format("stderr", one_line(log))


def _before(task: TaskView) -> str:
    """What the task waits for by its own wish."""
    names = task.spec.depends_on
    text = ", ".join(names[:SHOWN_NAMES])
    if len(names) > SHOWN_NAMES:
        text += f" and {len(names) - SHOWN_NAMES:,} more"
    if task.spec.always:
        return (text or "all tasks that are not 'always'") + ", however they end"
    return text


def _reasons(task: TaskView, why: str | None) -> Iterator[str]:
    if why is not None:
        yield _LABEL.format("waits", one_line(why.removeprefix("waits ")))
    elif task.phase is Phase.WAITING and task.message:
        yield _LABEL.format("last time", one_line(task.message))
    if task.phase is Phase.FINISHED or not task.phase.is_end:
        return
    words = explain(
        task.state.name if task.state is not None else None,
        task.reason,
        task.message,
        exit_status=task.exit_status,
        signal=task.signal,
    )
    yield _LABEL.format("why", one_line(words.sentence))
    if words.hint is not None:
        yield _LABEL.format("hint", words.hint)


def _state(task: TaskView) -> str:
    return {
        Phase.WAITING: "waits",
        Phase.LAUNCHED: "is starting",
        Phase.RUNNING: "runs",
        Phase.UNREACHABLE: "is on an agent that is unreachable",
        Phase.FINISHED: "finished",
        Phase.SKIPPED: "was skipped",
    }.get(task.phase, f"ended as {task.phase.value}")
