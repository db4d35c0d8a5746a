"""Each example does what examples/README.md says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mesos_batch.jobs.document import Syntax
from mesos_batch.jobs.load import Expansion, open_job
from mesos_batch.jobs.sources import Inputs
from mesos_batch.spec.load import TaskList, load_task_list
from mesos_batch.spec.problems import InvalidTaskListError
from mesos_batch.spec.volume_resource import load_volume_resource

EXAMPLES = Path(__file__).parents[2] / "examples"
INVALID = "five-mistakes.json"
VOLUME_RESOURCE = "persistent_volume_resource.json"
JOB_FILES = {"tiles.yaml": Syntax.YAML, "seasons.toml": Syntax.TOML}
ROWS = "tiles.csv"
NO_TASK_LISTS = (INVALID, VOLUME_RESOURCE, ROWS)
FILES = sorted(path.name for path in EXAMPLES.iterdir() if path.name != "README.md")


def load(name: str) -> TaskList:
    if name in JOB_FILES:
        job = open_job((EXAMPLES / name).read_bytes(), name, JOB_FILES[name])
        return Expansion(job, Inputs(EXAMPLES)).task_list()
    return load_task_list((EXAMPLES / name).read_bytes(), name)


@pytest.mark.parametrize("name", [name for name in FILES if name not in NO_TASK_LISTS])
def test_is_valid_without_a_warning(name: str) -> None:
    task_list = load(name)
    assert task_list.tasks
    assert task_list.warnings == ()


def test_the_volumes_written_and_read_are_the_one_created() -> None:
    data = (EXAMPLES / VOLUME_RESOURCE).read_bytes()
    loaded = load_volume_resource(data, VOLUME_RESOURCE, "test", "test")
    assert loaded.warnings == ()
    (created,) = loaded.resources.persistent_volumes()
    for name in ("volume-write.json", "volume-read.json"):
        for task in load(name).tasks:
            (used,) = task.resources.persistent_volumes()
            assert used.disk is not None
            assert created.disk is not None
            assert used.disk.persistence_id == created.disk.persistence_id


def test_five_mistakes_are_five_of_different_kinds() -> None:
    with pytest.raises(InvalidTaskListError) as caught:
        load(INVALID)
    problems = caught.value.problems
    assert len(problems) == 5
    assert len({problem.message for problem in problems}) == 5
    assert all(problem.line and problem.column for problem in problems)


def test_the_readme_has_a_line_for_each() -> None:
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `(.+?)` \|", text, re.MULTILINE)) == FILES


def test_the_quickstart_has_a_dozen_small_tasks_and_one_bigger_than_the_rest() -> None:
    sizes = sorted(task.resources.amount("cpus") for task in load("quickstart.json").tasks)
    assert len(sizes) == 12
    assert sizes[-1] > sizes[-2]


def test_both_quickstarts_hold_the_same_tasks() -> None:
    posix, windows = (
        [(task.task_id, task.name, task.resources) for task in load(name).tasks]
        for name in ("quickstart.json", "quickstart-windows.json")
    )
    assert posix == windows


def test_the_unplaceable_task_stands_before_ten_small_ones() -> None:
    first, *rest = load("unplaceable.json").tasks
    assert first.resources.amount("cpus") == 99
    assert len(rest) == 10


def test_the_reserved_tasks_are_in_the_form_of_the_original() -> None:
    assert '"reservation": { "principal": "test" }' in (EXAMPLES / "reserved.json").read_text(
        encoding="utf-8"
    )
    for task in load("reserved.json").tasks:
        assert task.resources.roles() == ["test"]
        assert not task.resources.unreserved()


def test_the_job_file_of_tiles_is_twelve_lines_and_as_many_tasks_as_its_rows() -> None:
    lines = (EXAMPLES / "tiles.yaml").read_text(encoding="utf-8").splitlines()
    rows = (EXAMPLES / ROWS).read_text(encoding="utf-8").splitlines()[1:]
    assert len(lines) == 12
    assert len(load("tiles.yaml").tasks) == len(rows) + 1
