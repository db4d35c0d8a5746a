"""Problems before they have a position: rules name fields, not lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mesos_batch.spec.problems import Path, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem at a field.

    ``at_key`` puts the position at the name of the field instead of its value. ``refers_to`` is
    another field whose line is told too. ``rows`` of a job file are those it is about, where they
    decide. ``blocks`` are fields whose value the user meant to
    give here: what is said about them besides would only repeat this finding.
    """

    path: Path
    message: str
    hint: str | None = None
    severity: Severity = Severity.ERROR
    at_key: bool = False
    refers_to: Path | None = None
    rows: str = ""
    blocks: tuple[Path, ...] = ()

    def under(self, *prefix: str | int) -> Finding:
        """The same finding in a message that is itself a field."""
        return replace(self, path=(*prefix, *self.path))


class Blocked:
    """The fields already complained about; one mistake must not give two messages."""

    def __init__(self) -> None:
        self._paths: set[Path] = set()
        self._parents: set[Path] = set()

    def add(self, path: Path) -> None:
        """Say nothing more of this field, of what is in it and of the message around it."""
        self._paths.add(path)
        self._parents.add(path[:-1])

    def covers(self, path: Path) -> bool:
        """Whether a finding at ``path`` would follow from an earlier one."""
        if not self._paths:
            return False
        return path in self._parents or any(
            path[:length] in self._paths for length in range(len(path) + 1)
        )

    def take(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings that follow from no earlier one; they block later ones in turn."""
        kept: list[Finding] = []
        wrong: set[Path] = set()
        for finding in findings:
            if finding.path in wrong or self.covers(finding.path):
                continue
            kept.append(finding)
            if finding.severity is Severity.ERROR:
                wrong.add(finding.path)
        for finding in kept:
            if finding.severity is Severity.ERROR:
                self.add(finding.path)
                for path in finding.blocks:
                    self.add(path)
        return kept
