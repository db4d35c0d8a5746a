"""A job file, or a task list, as the plain ``TaskGroupInfo`` that every mesos-batch takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from mesos_batch.jobs.exact import Volumes, plain_json
from mesos_batch.model.task import TaskSpec
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.load import TaskList
from mesos_batch.spec.problems import InvalidTaskListError, Problem
from mesos_batch.spec.reading import Placing


class Tasks(Protocol):
    """Tasks that are made one after the other, and what is wrong with them."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong with the tasks so far."""

    @property
    def has_errors(self) -> bool:
        """Whether one of them is an error."""

    def specs(self) -> Iterator[TaskSpec]:
        """Every task that is right."""

    def tell(self, findings: Iterable[Finding]) -> None:
        """Note what somebody else finds wrong with the task that was given last."""


class ListedTasks:
    """The tasks of a task list."""

    def __init__(self, task_list: TaskList, placing: Placing) -> None:
        self._list = task_list
        self._placing = placing
        self._findings: list[Finding] = []
        self._number = 0

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._list.name

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong with the tasks so far."""
        placed = self._placing(self._findings) if self._findings else []
        return (*self._list.warnings, *placed)

    @property
    def has_errors(self) -> bool:
        """Whether one of them is an error."""
        return bool(self._findings)

    def specs(self) -> Iterator[TaskSpec]:
        """Every task."""
        for number, spec in enumerate(self._list.tasks):
            self._number = number
            yield spec

    def tell(self, findings: Iterable[Finding]) -> None:
        """Note what somebody else finds wrong with the task that was given last."""
        self._findings += [finding.under("tasks", self._number) for finding in findings]


def expand(tasks: Tasks, volumes: Volumes) -> Iterator[str]:
    """The ``TaskGroupInfo`` in pieces of JSON, one task on each line.

    Nothing comes after a task that is wrong, so that what was printed cannot be taken for a list.

    Raises:
        InvalidTaskListError: there are errors; all of them are in ``problems``.
        MesosBatchError: a task names a volume, and the cluster cannot be looked at.
    """
    before = '{"tasks": [\n'
    for spec in tasks.specs():
        text, findings = plain_json(spec, volumes)
        if findings:
            tasks.tell(findings)
        if not tasks.has_errors:
            yield before + text
            before = ",\n"
    if tasks.has_errors:
        raise InvalidTaskListError(tasks.name, tasks.problems)
    yield "\n]}\n" if before == ",\n" else '{"tasks": []}\n'
