"""What is wrong with the tasks of a job file, said once and not for each of a million rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mesos_batch.spec.findings import Finding
from mesos_batch.spec.problems import Path, Severity


@dataclass(slots=True)
class _Complaint:
    finding: Finding
    where: str
    last: str
    more: int = 0


class Complaints:
    """Findings in terms of the job file.

    Of a field whose value differs from row to row the first bad row is told, and how many more
    there are.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Path, Severity, str], _Complaint] = {}

    def add(self, finding: Finding, where: str = "") -> None:
        """Note a finding; ``where`` is the row, for a field that the row decides."""
        key = (finding.path, finding.severity, "" if where else finding.message)
        known = self._known.get(key)
        if known is None:
            self._known[key] = _Complaint(finding, where, where)
        elif where != known.last:
            # One row may say the same of several fields of a task.
            known.last = where
            known.more += 1

    @property
    def has_errors(self) -> bool:
        """Whether one of them is an error."""
        return any(severity is Severity.ERROR for _, severity, _ in self._known)

    def findings(self) -> Iterator[Finding]:
        """All of them."""
        for complaint in self._known.values():
            rows = complaint.where
            if rows and complaint.more:
                rows += f" and {complaint.more:,} more"
            yield replace(complaint.finding, rows=rows)
