"""One thing that was looked at, and how it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mesos_batch.errors import ExitCode


class Verdict(Enum):
    """How it is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it is, and what helps.

    ``exit_code`` is what a run would end with for this reason.
    """

    name: str
    verdict: Verdict
    told: str
    remedy: str | None = None
    exit_code: ExitCode = ExitCode.FINISHED


def good(name: str, told: str) -> Check:
    """All is well."""
    return Check(name, Verdict.OK, told)


def doubtful(name: str, told: str, remedy: str | None = None) -> Check:
    """A run would begin; something may go wrong or be missing."""
    return Check(name, Verdict.WARNING, told, remedy)


def failed(name: str, told: str, remedy: str | None, exit_code: ExitCode) -> Check:
    """A run would not begin."""
    return Check(name, Verdict.FAILED, told, remedy, exit_code)
