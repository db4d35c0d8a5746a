"""How a run came out, in a headline and in what its exit code means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mesos_batch.errors import ExitCode
from mesos_batch.model.facts import Phase
from mesos_batch.runs import RunState

if TYPE_CHECKING:
    from mesos_batch.history import RunHistory


class Tone(Enum):
    """How a verdict sounds."""

    GOOD = "good"
    BAD = "bad"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One word, a headline, and what the exit code means."""

    word: str
    tone: Tone
    headline: str
    meaning: str


_MEANINGS = {
    ExitCode.FINISHED: "every task finished",
    ExitCode.TASK_FAILED: "at least one task failed, was killed, was lost or was refused",
    ExitCode.UNPLACEABLE: "every task that did not finish is one that no agent could hold",
    ExitCode.CLUSTER: "the cluster could not be reached, or did not let us in",
    ExitCode.JOURNAL: "the journal of the run could not be written",
    ExitCode.INTERRUPTED: "the run was interrupted (Ctrl-C, or cancelled)",
    ExitCode.TERMINATED: "the run was told to end (SIGTERM, or its terminal was closed)",
}
_INTERRUPTED = (ExitCode.INTERRUPTED, ExitCode.TERMINATED)


def verdict_of(history: RunHistory) -> Verdict:
    """How the run came out, or how it is."""
    info = history.info
    if info.state is RunState.RUNNING:
        return Verdict("running", Tone.DOUBTFUL, _counted(history), "the run goes on")
    if info.state is RunState.STOPPED or info.exit_code is None:
        code = "" if info.exit_code is None else f" (exit code {int(info.exit_code)})"
        meaning = f"the run stopped before its end{code}; 'mesos-batch resume' goes on with it"
        return Verdict("stopped", Tone.DOUBTFUL, _counted(history), meaning)
    means = _MEANINGS.get(info.exit_code, "mesos-batch made a mistake")
    meaning = f"exit code {int(info.exit_code)}: {means}"
    if info.exit_code is ExitCode.FINISHED:
        return Verdict("finished", Tone.GOOD, _counted(history), meaning)
    if info.exit_code in _INTERRUPTED:
        return Verdict("interrupted", Tone.DOUBTFUL, _counted(history), meaning)
    return Verdict("failed", Tone.BAD, _counted(history), meaning)


def _counted(history: RunHistory) -> str:
    counts, total = history.snapshot.counts(), len(history.snapshot.tasks)
    if not total:
        return "No tasks"
    finished = counts.pop(Phase.FINISHED, 0)
    if finished == total:
        return f"All {total:,} tasks finished" if total > 1 else "The task finished"
    others = ", ".join(f"{count:,} {phase.value}" for phase, count in counts.most_common())
    return f"{finished:,} of {total:,} tasks finished, {others}"
