"""The attempts of a run as GNU parallel logs its jobs, for whatever reads such logs.

``parallel --joblog FILE --resume-failed`` passes over what finished here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mesos_batch.model.facts import Phase
from mesos_batch.reports.spans import Span, spans_of

if TYPE_CHECKING:
    from mesos_batch.history import RunHistory

HEADER = (
    "Seq",
    "Host",
    "Starttime",
    "JobRuntime",
    "Send",
    "Receive",
    "Exitval",
    "Signal",
    "Command",
)
# What parallel says of a job that has no exit value of its own.
_NO_EXIT_VALUE = -1
_SIGNALS = {
    "Hangup": 1,
    "Interrupt": 2,
    "Quit": 3,
    "Illegal instruction": 4,
    "Aborted": 6,
    "Bus error": 7,
    "Floating point exception": 8,
    "Killed": 9,
    "Segmentation fault": 11,
    "Broken pipe": 13,
    "Terminated": 15,
}
_SPACE = re.compile(r"\s+")


def render(history: RunHistory) -> str:
    """A row for each attempt that has ended, in the order of their ends."""
    ended = [span for span in spans_of(history) if span.has_ended]
    lines = ["\t".join(HEADER)]
    lines += [_row(span) for span in sorted(ended, key=lambda span: span.end)]
    return "\n".join(lines) + "\n"


def _row(span: Span) -> str:
    exit_value, signal = _outcome(span)
    begin = span.attempt.started_at or span.begin
    return "\t".join(
        (
            str(span.attempt.position + 1),
            _SPACE.sub("_", span.agent) or "-",
            f"{begin:.3f}",
            f"{span.ran:10.3f}",
            "0",
            "0",
            str(exit_value),
            str(signal),
            # parallel reads it back so.
            span.task.spec.command.replace("\n", "\0"),
        )
    )


def _outcome(span: Span) -> tuple[int, int]:
    """Exit value and signal; both are 0 for what finished and for nothing else."""
    attempt = span.attempt
    if attempt.phase is Phase.FINISHED:
        return 0, 0
    if attempt.signal is not None:
        number = _SIGNALS.get(attempt.signal)
        return (0, number) if number is not None else (_NO_EXIT_VALUE, 0)
    return attempt.exit_status or _NO_EXIT_VALUE, 0
