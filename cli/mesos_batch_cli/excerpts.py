"""The last words of what failed, for the summary of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch.errors import AgentAwayError, SandboxError
from mesos_batch.model.facts import Phase
from mesos_batch.model.sandbox import STDERR, STDOUT
from mesos_batch_cli.output.text import terminal_line

if TYPE_CHECKING:
    from mesos_batch.api import RunOptions
    from mesos_batch.model.snapshot import RunSnapshot
    from mesos_batch.sandboxes import Source

MOST_TASKS = 3
MOST_LINES = 5
# To connect and to answer: nobody waits for the end of a run that is over.
_PATIENCE = 1.0, 2.0


def excerpts(run: RunSnapshot, options: RunOptions) -> dict[str, list[str]]:
    """What the first failed tasks wrote last, by task id; of standard error if there is any."""
    failed = [task for task in run.failures if task.phase is not Phase.CANCELLED]
    told = [task.sandbox for task in failed if task.sandbox is not None][:MOST_TASKS]
    if not told:
        return {}
    from mesos_batch.sandboxes import Sources

    found: dict[str, list[str]] = {}
    sources = Sources(options, _PATIENCE)
    try:
        for sandbox in told:
            try:
                lines = _last_words(sources.open(sandbox))
            except AgentAwayError:
                break
            except SandboxError:
                continue
            if lines:
                found[sandbox.task_id] = lines
    finally:
        sources.close()
    return found


def _last_words(source: Source) -> list[str]:
    from mesos_batch.sandboxes import last_own_lines

    for stream in (STDERR, STDOUT):
        lines = last_own_lines(source, stream, MOST_LINES)
        shown = [terminal_line(line.decode(errors="replace"), colored=False) for line in lines]
        if any(line.strip() for line in shown):
            return shown
    return []
