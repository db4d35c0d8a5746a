"""What is wrong with a task list, in the form a user reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from mesos_batch.errors import TaskListError

Path = tuple[str | int, ...]
_PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*")
# Fields of a task are not as deep; what nests deeper is a mistake.
_MOST_STEPS = 16


class Severity(Enum):
    """Whether the task list can be used in spite of the problem."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right.

    ``line`` and ``column`` count from 1, columns in characters; both are ``None`` where the
    format has no lines (protobuf binary). ``field`` is a path such as
    ``tasks[3].resources[0].scalar.value``, empty for the task list as a whole.
    """

    severity: Severity
    source: str
    line: int | None
    column: int | None
    field: str
    message: str
    hint: str | None = None

    def format(self) -> str:
        """One line as compilers print them: ``file:line:column: error: field: message (hint)``."""
        place = self.source
        if self.line is not None:
            place += f":{self.line}:{self.column}"
        field = f"{self.field}: " if self.field else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}: {self.severity.value}: {field}{self.message}{hint}"


class InvalidTaskListError(TaskListError):
    """A task list has problems; ``problems`` holds all of them, warnings too, by position."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = sum(problem.severity is Severity.ERROR for problem in self.problems)
        super().__init__(f"{source} has {count} error{'' if count == 1 else 's'}")


def sort_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems in the order a reader of the file meets them."""
    return tuple(
        sorted(problems, key=lambda item: (item.line or 0, item.column or 0, item.severity.value))
    )


def format_path(path: Path) -> str:
    """Print a path: ``tasks[3].limits.cpus``; odd names are quoted, what nests too deep is cut."""
    if len(path) > _MOST_STEPS:
        half = _MOST_STEPS // 2
        return f"{format_path(path[:half])}…{format_path(path[-half:])}"
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text
