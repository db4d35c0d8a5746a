"""How problems are printed."""

from __future__ import annotations

import pytest

from mesos_batch.errors import ExitCode, TaskListError
from mesos_batch.spec.problems import InvalidTaskListError, Problem, Severity, format_path


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (
            Problem(Severity.ERROR, "a.json", 3, 7, "tasks[0].name", "is wrong", "mend it"),
            "a.json:3:7: error: tasks[0].name: is wrong (mend it)",
        ),
        (
            Problem(Severity.WARNING, "a.json", 3, 7, "", "is odd"),
            "a.json:3:7: warning: is odd",
        ),
        (
            Problem(Severity.ERROR, "a.pb", None, None, "tasks[0]", "is wrong"),
            "a.pb: error: tasks[0]: is wrong",
        ),
    ],
)
def test_a_problem_is_one_line(problem: Problem, line: str) -> None:
    assert problem.format() == line


def test_paths_are_printed_as_they_are_written() -> None:
    assert format_path(("tasks", 3, "limits", "cpus")) == "tasks[3].limits.cpus"
    assert format_path(("tasks", 0, "limits", "a b")) == 'tasks[0].limits["a b"]'


def test_an_invalid_list_is_an_error_of_usage() -> None:
    warning = Problem(Severity.WARNING, "a", 1, 1, "", "odd")
    error = Problem(Severity.ERROR, "a", 1, 1, "", "wrong")

    raised = InvalidTaskListError("a.json", [warning, error])

    assert isinstance(raised, TaskListError)
    assert raised.exit_code is ExitCode.USAGE
    assert raised.problems == (warning, error)
    assert str(raised) == "a.json has 1 error"
