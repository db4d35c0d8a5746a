"""What every format of a file comes to: messages, findings, and where fields stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.spec.findings import Blocked, Finding
from mesos_batch.spec.positions import Places, Position
from mesos_batch.spec.problems import Path, Problem, format_path

Placing = Callable[[Sequence[Finding]], list[Problem]]


@dataclass(slots=True)
class Reading:
    """A file that has been read: the tasks of a list, or one task.

    ``problems`` are those that have a position already, ``findings`` those that name a field.
    ``locate`` and ``position`` find fields and offsets; formats without lines have neither.
    """

    source: str
    tasks: Sequence[pb.TaskInfo] = ()
    problems: list[Problem] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    blocked: Blocked = field(default_factory=Blocked)
    locate: Callable[[Iterable[Path]], Places] | None = None
    position: Callable[[int], Position] | None = None

    def place(self, findings: Sequence[Finding]) -> list[Problem]:
        """Give findings their positions."""
        paths = [finding.path for finding in findings]
        paths += [finding.refers_to for finding in findings if finding.refers_to is not None]
        places = self.locate(paths) if self.locate is not None and paths else Places()
        return [self._problem(finding, places) for finding in findings]

    def _problem(self, finding: Finding, places: Places) -> Problem:
        find = places.name if finding.at_key else places.value
        line, column = self._position(find(finding.path))
        message = finding.message
        if finding.refers_to is not None:
            other, _ = self._position(places.value(finding.refers_to))
            message += f" in line {other}" if other is not None else ""
        if finding.rows:
            message += f", for {finding.rows}"
        field_path = format_path(finding.path)
        return Problem(
            finding.severity, self.source, line, column, field_path, message, finding.hint
        )

    def _position(self, offset: int | None) -> tuple[int, int] | tuple[None, None]:
        if offset is None or self.position is None:
            return None, None
        return self.position(offset)
