"""Which other tasks a task waits for, in words."""

from __future__ import annotations

import pytest

from mesos_batch.explaining import what_it_waits_for
from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import Resources
from mesos_batch.model.snapshot import TaskView
from mesos_batch.model.task import TaskSpec

ENDED = ("b", "t1", "e1")


def view(task_id: str, name: str = "", *depends_on: str, always: bool = False) -> TaskView:
    spec = TaskSpec(
        task_id, name or task_id, Resources(), b"", depends_on=depends_on, always=always
    )
    return TaskView(spec, Phase.FAILED if task_id in ENDED else Phase.WAITING)


OTHERS = [
    *map(view, ("a", "b", "c", "d")),
    *(view(f"t{number}", "t") for number in range(4)),
    *(view(f"e{number}", "e") for number in range(2)),
]


@pytest.mark.parametrize(
    ("depends_on", "text"),
    [
        (["a"], "waits for a, which is waiting"),
        (["b"], None),
        (["t"], "waits for 3 of 4 tasks named t"),
        (["e"], "waits for e0, the last of 2 tasks named e"),
        (["t", "a", "b"], "waits for 3 of 4 tasks named t and a, which is waiting"),
        (["a", "b", "c", "d"], "waits for 3 of 4 tasks named by their ids"),
        ([], None),
    ],
)
def test_what_a_task_waits_for(depends_on: list[str], text: str | None) -> None:
    tasks = [*OTHERS, view("own", "t", *depends_on)]
    # The task itself has the name t, and does not wait for itself.
    assert what_it_waits_for(tasks, len(OTHERS)) == text


def test_what_always_runs_waits_for_all_that_does_not() -> None:
    tasks = [*OTHERS, view("end", always=True), view("other", always=True)]
    assert what_it_waits_for(tasks, len(OTHERS)) == "waits for 7 of 10 tasks that are not 'always'"
