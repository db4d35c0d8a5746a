"""Each input that is wrong gets one clear message and the right exit code, and nothing is sent.

The inputs are kept in ``tests/malformed``, and ``messages.toml`` there has what is said of each.
"""

from __future__ import annotations

import os
import shutil
import tomllib
from pathlib import Path

import pytest
from program import Program, task, write

INPUTS = Path(__file__).parents[1] / "malformed"
MESSAGES: dict[str, dict[str, str]] = tomllib.loads(
    (INPUTS / "messages.toml").read_text(encoding="utf-8")
)
FILES = ("task_lists", "job_files", "volume_resources", "config_files")
# What job files read; those that are wrong are so on purpose.
ROWS = ".csv"
ASKED_FOR_A_VOLUME = ("--role=earth", "--principal=alice", "--persistent_volume")


def cases(kind: str) -> pytest.MarkDecorator:
    """One test for each input of a kind."""
    return pytest.mark.parametrize(("name", "told"), MESSAGES[kind].items(), ids=MESSAGES[kind])


@pytest.fixture
def refused(tmp_path: Path, mesos_batch: Program):
    """Runs tasks as somebody would; gives what was said when they were refused."""
    write(tmp_path / "list.json", task("a", "true"))

    def run(tasks: str, *flags: str) -> str:
        done = mesos_batch("run", tasks, *flags)
        assert (done.returncode, done.stdout) == (2, "")
        assert not (tmp_path / "state").exists(), "no run was begun"
        return done.stderr.replace(f"{tmp_path}{os.sep}", "")

    return run


@pytest.mark.parametrize("kind", FILES)
def test_each_input_has_its_message(kind: str) -> None:
    inputs = {path.name for path in (INPUTS / kind).iterdir() if path.suffix != ROWS}
    assert inputs == set(MESSAGES[kind])


@cases("task_lists")
def test_a_task_list(name: str, told: str, tmp_path: Path, refused) -> None:
    shutil.copy(INPUTS / "task_lists" / name, tmp_path)

    assert refused(name, "--master=local") == _one_error(told, name)


@cases("job_files")
def test_a_job_file(name: str, told: str, tmp_path: Path, refused) -> None:
    for path in (INPUTS / "job_files" / name, *(INPUTS / "job_files").glob(f"*{ROWS}")):
        shutil.copy(path, tmp_path)

    assert refused(name, "--master=local") == _one_error(told, name)


@cases("volume_resources")
def test_a_volume_resource(name: str, told: str, tmp_path: Path, refused) -> None:
    shutil.copy(INPUTS / "volume_resources" / name, tmp_path)

    flag = f"--persistent_volume_resource={name}"
    said = refused("list.json", "--master=local", *ASKED_FOR_A_VOLUME, flag)

    assert said == _one_error(told, f"the volume resource {name}")


@cases("config_files")
def test_a_config_file(name: str, told: str, tmp_path: Path, refused) -> None:
    shutil.copy(INPUTS / "config_files" / name, tmp_path / "mesos-batch.toml")
    master = () if name.startswith("master-") else ("--master=local",)

    assert refused("list.json", *master) == told


@cases("flags")
def test_a_flag(name: str, told: str, refused) -> None:
    assert refused("list.json", *name.split()) == told


def _one_error(told: str, name: str) -> str:
    return f"{told}\nmesos-batch: {name} has 1 error; nothing was sent to any cluster\n"
