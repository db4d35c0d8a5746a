"""Job files into tasks: expanded one by one, and checked as those of a task list are."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mesos_batch.collector import collector_paused
from mesos_batch.jobs.build import Entry, build
from mesos_batch.jobs.complaints import Complaints
from mesos_batch.jobs.document import Document, Syntax, read_document
from mesos_batch.jobs.rows import rows_of_entry
from mesos_batch.jobs.schema import JobFile
from mesos_batch.jobs.sources import Inputs
from mesos_batch.jobs.templates import TemplateError
from mesos_batch.jobs.text_rows import Row, SourceError
from mesos_batch.jobs.validation import validate
from mesos_batch.model.task import TaskSpec
from mesos_batch.spec.check import TaskChecker
from mesos_batch.spec.field_reader import FieldReader
from mesos_batch.spec.findings import Blocked, Finding
from mesos_batch.spec.json_task import read_task
from mesos_batch.spec.load import TaskList
from mesos_batch.spec.problems import (
    InvalidTaskListError,
    Problem,
    Severity,
    sort_problems,
)


@dataclass(frozen=True, slots=True)
class Job:
    """A job file in which nothing is wrong but what its rows may bring."""

    name: str
    file: JobFile
    document: Document
    entries: tuple[Entry, ...]


def open_job(data: bytes, name: str, syntax: Syntax) -> Job:
    """Read a job file; none of its rows is looked at.

    Raises:
        InvalidTaskListError: there are errors; all of them are in ``problems``.
    """
    document = read_document(data, name, syntax)
    reading = document.reading
    if reading.problems:
        raise InvalidTaskListError(name, reading.problems)
    file, findings = validate(document.value)
    if file is None:
        raise InvalidTaskListError(name, sort_problems(reading.place(findings)))
    entries = tuple(build(file, index) for index in range(len(file.tasks)))
    findings = [finding for entry in entries for finding in entry.findings]
    if findings:
        raise InvalidTaskListError(name, sort_problems(reading.place(findings)))
    return Job(name, file, document, entries)


class Expansion:
    """The tasks of a job file, made one after the other when they are asked for."""

    def __init__(self, job: Job, inputs: Inputs) -> None:
        self._job = job
        self._inputs = inputs
        self._complaints = Complaints()
        self._reader = FieldReader()
        self._blocked = Blocked()
        self._checker = TaskChecker(self._blocked)
        self._begins: list[int] = []  # the number of the first task of each entry
        self._count = 0
        self._last: tuple[Entry, Row] | None = None

    @property
    def name(self) -> str:
        """What messages call the job file."""
        return self._job.name

    @property
    def has_errors(self) -> bool:
        """Whether something was wrong with the tasks so far."""
        return self._complaints.has_errors

    def specs(self, *, keep: bool = False) -> Iterator[TaskSpec]:
        """Every task that is right; what is wrong with the others is then in ``problems``.

        With ``keep`` they all stay in memory, so that ``task_list`` can be asked.
        """
        for entry in self._job.entries:
            self._begins.append(self._count)
            for row in self._rows(entry):
                spec = self._made(entry, row, keep=keep)
                if spec is not None:
                    self._last = entry, row
                    yield spec
                self._count += 1

    def task_list(self) -> TaskList:
        """All tasks, checked.

        Raises:
            InvalidTaskListError: there are errors; all of them are in ``problems``.
        """
        with collector_paused():
            for _ in self.specs(keep=True):
                pass
            # Tasks of rows that failed are missing: what depends on them is not at fault.
            if not self.has_errors:
                self._judge_across()
        if self.has_errors:
            raise InvalidTaskListError(self.name, self.problems)
        checker = self._checker
        return TaskList(self.name, tuple(checker.specs), self.problems, checker.samples)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong with the tasks so far."""
        reading = self._job.document.reading
        return sort_problems(reading.place(list(self._complaints.findings())))

    def place(self, findings: Iterable[Finding]) -> list[Problem]:
        """Findings about tasks by their number, put where the job file says so."""
        complaints = Complaints()
        for finding in findings:
            number = int(finding.path[1])
            at = bisect_right(self._begins, number) - 1
            entry = self._job.entries[at]
            where = f"row {number - self._begins[at]}" if entry.has_rows else ""
            complaints.add(self._translated(entry, finding), where)
        return self._job.document.reading.place(list(complaints.findings()))

    def tell(self, findings: Iterable[Finding]) -> None:
        """Note what somebody else finds wrong with the task that was given last."""
        assert self._last is not None, "a task was given"
        self._note(*self._last, (item.under("tasks", self._count) for item in findings))

    def _judge_across(self) -> None:
        """Judge what tasks say of each other."""
        self._checker.finish()
        for finding in self._checker.findings:
            entry = self._entry_of(int(finding.path[1]))
            self._complaints.add(self._explained(self._translated(entry, finding)))

    def _explained(self, finding: Finding) -> Finding:
        """What depends on an entry without rows depends on nothing: told so."""
        match finding.path:
            case ("tasks", int(index), "depends_on", int(number)):
                wanted = (self._job.file.tasks[index].depends_on or [])[number]
                empty = self._without_rows().get(wanted)
                if empty is not None:
                    hint = f"that is tasks[{empty}], which has no rows"
                    return replace(finding, hint=hint)
        return finding

    def _without_rows(self) -> dict[str, int]:
        """The entries that made no task, by name, but for names that others have too."""
        ends = [*self._begins[1:], self._count]
        empty: dict[str, int] = {}
        names: set[str] = set()
        for number, (begin, end) in enumerate(zip(self._begins, ends, strict=True)):
            name = self._job.file.tasks[number].name
            if begin == end:
                empty.setdefault(name, number)
            else:
                names.add(name)
        return {name: number for name, number in empty.items() if name not in names}

    def _entry_of(self, number: int) -> Entry:
        return self._job.entries[bisect_right(self._begins, number) - 1]

    def _rows(self, entry: Entry) -> Iterator[Row]:
        """The rows of an entry, up to where its source cannot be read any further."""
        path = (*entry.path, "foreach")
        count = 0
        try:
            for row in rows_of_entry(entry.task, self._job.file.vars, self._inputs):
                if row.fault is not None:
                    self._complaints.add(Finding(path, row.fault), row.where)
                yield row
                count += 1
        except (SourceError, TemplateError) as error:
            self._complaints.add(Finding(path, str(error), error.hint))
        else:
            if count == 0:
                message = "there are no rows, so there are no tasks of this entry"
                self._complaints.add(Finding(path, message, severity=Severity.WARNING))

    def _made(self, entry: Entry, row: Row, *, keep: bool) -> TaskSpec | None:
        """The task of a row; ``None`` when something is wrong with it, which is then noted."""
        if row.fault is not None:
            return None
        faults: list[Finding] = []
        value = entry.fill(row.names, faults)
        for fault in faults:
            self._complaints.add(fault, row.where)
        return None if faults else self._checked(entry, row, value, keep=keep)

    def _checked(self, entry: Entry, row: Row, value: object, *, keep: bool) -> TaskSpec | None:
        """The task that JSON describes, when it is right; the checker has it too, to ``keep``."""
        specs = self._checker.specs
        before = len(specs)
        task = read_task(value, ("tasks", self._count), self._reader)
        findings = self._blocked.take(self._reader.findings)
        self._checker.check(self._count, task)
        findings += self._checker.findings
        self._reader.findings.clear()
        self._checker.findings.clear()
        self._note(entry, row, findings)
        spec = specs[-1] if len(specs) > before else None
        if not keep:
            specs.clear()
        is_right = all(finding.severity is not Severity.ERROR for finding in findings)
        return spec if is_right else None

    def _note(self, entry: Entry, row: Row, findings: Iterable[Finding]) -> None:
        for finding in findings:
            found = self._translated(entry, finding)
            self._complaints.add(found, row.where if entry.changes(found.path) else "")

    def _translated(self, entry: Entry, finding: Finding) -> Finding:
        """A finding about a task as one about the entry it was made from."""
        message, other = finding.message, finding.refers_to
        if other is not None:
            # Its number is that of the expanded list, which nobody has seen.
            number = int(other[1])
            first = self._entry_of(number)
            message = message.replace(f"tasks[{number}]", "another task")
            other = first.origin(other[2:])
        path = entry.origin(finding.path[2:])
        # Two rows of one entry: the line is told already.
        return replace(
            finding, path=path, message=message, refers_to=None if other == path else other
        )
