"""How tasks are scheduled is the same in the run that was begun and in the one that goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from program import as_json, task

from mesos_batch import runs
from mesos_batch.api import Keep, RunOptions, create, resume, start
from mesos_batch.errors import UsageError
from mesos_batch.model.constraint_text import parse_constraint
from mesos_batch.model.scheduling import ORDINARY, Scheduling
from mesos_batch.model.task import TaskSpec
from mesos_batch.options import from_json, to_json
from mesos_batch.spec.load import load_task_list

NOBODY = "127.0.0.1:1"
RACK, HOST, GPU = map(parse_constraint, ("rack:in:r1,r2", "hostname:unique", "gpu:like:a,b:[0-9]"))
OPTIONS = RunOptions(
    master=NOBODY,
    constraints=(RACK, GPU),
    max_running=5,
    executor="command",
    revive_interval=0.5,
)


def labels(**values: str) -> dict[str, object]:
    return {"labels": [{"key": f"mesos_batch.{key}", "value": value}
                       for key, value in values.items()]}  # fmt: skip


def tasks() -> tuple[TaskSpec, ...]:
    urgent = labels(priority="7", expected_runtime="90secs", constraint="hostname:unique")
    return load_task_list(
        as_json(
            {**task("a", "true"), "labels": urgent},
            {**task("b", "true"), "labels": urgent},
            {**task("c", "true"), "labels": labels(constraint="gpu:like:a,b:[0-9]")},
            task("d", "true"),
            task("e", "true"),
        ).encode(),
        "list",
    ).tasks


URGENT = Scheduling(7, 90.0, (RACK, GPU, HOST))
WANTED = [URGENT, URGENT, *[Scheduling(constraints=(RACK, GPU))] * 3]


def schedulings(views: object) -> list[Scheduling]:
    return [view.spec.scheduling for view in views]  # type: ignore[attr-defined]


def test_constraints_of_the_run_are_those_of_every_task_beside_its_own() -> None:
    with start(tasks(), OPTIONS) as run:
        found = schedulings(run.snapshot().tasks)
    assert found == WANTED
    # Who places tasks compares objects.
    assert found[0] is found[1]
    assert found[3] is found[4]


def test_without_them_tasks_stay_as_they_are() -> None:
    given = tasks()
    with start(given, RunOptions(master=NOBODY)) as run:
        assert all(
            view.spec is spec for view, spec in zip(run.snapshot().tasks, given, strict=True)
        )


def test_a_run_goes_on_as_it_began(tmp_path: Path) -> None:
    run_id = create(tasks(), OPTIONS, Keep(tmp_path))
    for _ in range(2):
        with resume(run_id, tmp_path) as run:
            found = schedulings(run.snapshot().tasks)
            run.detach()
            run.wait(10)
        assert found == WANTED
        assert found[0] is found[1]
        assert found[3] is found[4]


def test_a_new_run_of_the_same_tasks_may_have_other_constraints(tmp_path: Path) -> None:
    create(tasks(), OPTIONS, Keep(tmp_path))
    info = runs.find_run("last", tmp_path)
    options = replace(runs.options_of(info), constraints=(HOST,))
    again = [view.spec for view in runs.read_snapshot(info).tasks]

    with start(again, options) as run:
        found = schedulings(run.snapshot().tasks)

    assert found[0] == Scheduling(7, 90.0, (HOST,))
    assert found[2:] == [
        Scheduling(constraints=(HOST, GPU)),
        *[Scheduling(constraints=(HOST,))] * 2,
    ]


def test_the_options_are_kept() -> None:
    options = replace(OPTIONS, user="ann")
    assert from_json(NOBODY, to_json(options)) == options
    assert from_json(NOBODY, {"user": "ann"}) == RunOptions(master=NOBODY, user="ann")


def test_an_executor_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="executor 'docker' is none of command, pool, auto"):
        start(tasks(), replace(OPTIONS, executor="docker"))


def test_a_task_without_labels_is_ordinary() -> None:
    assert tasks()[3].scheduling is ORDINARY
