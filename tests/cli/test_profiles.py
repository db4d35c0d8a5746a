"""``mesos-batch profile`` and ``config``: what is kept, what is shown, what is left alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from program import Program, task, write

POSIX = pytest.mark.skipif(os.name != "posix", reason="the task is for a POSIX shell")
MINE = '# mine\nrole = "science"  # ask Anna\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config" / "mesos-batch" / "config.toml"


@pytest.fixture
def here(mesos_batch: Program, tmp_path: Path) -> Program:
    """The program with a configuration directory of the test."""

    def run(*arguments: str, env: dict[str, str] | None = None, stdin: str = "") -> object:
        env = {"XDG_CONFIG_HOME": str(tmp_path / "config"), **(env or {})}
        return mesos_batch(*arguments, env=env, stdin=stdin)

    return run  # type: ignore[return-value]


def test_a_profile_from_its_beginning_to_its_end(here: Program, config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text(MINE, encoding="utf-8")

    added = here("profile", "add", "prod", "--master=m:5050", "--max_running=9", "--checkpoint")
    used = here("profile", "use", "prod")
    listed = here("profile", "list")
    shown = here("profile", "show")
    settings = here("config", "show", "--origin")
    removed = here("profile", "remove", "prod")

    assert added.stdout == f"profile prod is in {config}\n"
    assert used.stdout == f"{config} says to use profile prod\n"
    assert listed.stdout.splitlines()[1].split() == ["*", "prod", "m:5050", str(config)]
    assert shown.stdout.splitlines()[-1].split() == ["max_running", "9", f"{config}:9"]
    rows = {line.split()[0]: line.split()[1:] for line in settings.stdout.splitlines()}
    assert rows["master"] == ["m:5050", f"{config}:7", "(profile", "prod)"]
    assert rows["role"] == ["science", f"{config}:4"]
    assert rows["executor"] == ["auto", "default"]
    assert removed.returncode == 0
    assert config.read_text(encoding="utf-8") == MINE


@POSIX
def test_a_run_takes_what_its_profile_says(here: Program, tmp_path: Path) -> None:
    listed = write(tmp_path / "list.json", task("t", "true"))
    here("profile", "add", "here", "--master=local", "--framework_name=tiles")

    done = here("run", str(listed), "--profile=here")

    assert done.returncode == 0, done.stderr
    assert "no master is given" in here("run", str(listed)).stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "--master=h:1"], "no name is given"),
        (["add", "p"], "the profile would say nothing"),
        (["add", "p.q", "--master=h:1"], "cannot be the name of a profile"),
        (["add", "prod", "--role=r"], "there is a profile 'prod' already, in "),
        (["add", "p", "--secret=x"], "there is no flag --secret"),
        (["add", "p", "--master=zk://u:pw@h:1/m"], "a password is not kept in a profile"),
        (["add", "p", "--max_attempts=0"], "--max_attempts: 0 is less than 1"),
        (["remove", "p"], "has no profile 'p'"),
        (["use", "prdo"], "there is no profile 'prdo'"),
        (["use"], "name one profile, or none"),
        (["use", "prod", "--none"], "name one profile, or none"),
        (["show"], "no profile is used by default"),
        (["nonsense"], "is followed by add, list, show, use or remove"),
    ],
)
def test_what_is_wrong_is_told_and_the_file_stays(
    here: Program, config: Path, arguments: list[str], said: str
) -> None:
    before = '[profiles.prod]\nmaster = "m:5050"\n'
    config.parent.mkdir(parents=True)
    config.write_text(before, encoding="utf-8")

    done = here("profile", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert config.read_text(encoding="utf-8") == before


def test_a_file_that_cannot_be_changed_safely_is_left_alone(here: Program, config: Path) -> None:
    config.parent.mkdir(parents=True)
    inline = 'profiles = {prod = {master = "m:5050"}}\n'
    config.write_text(inline, encoding="utf-8")

    done = here("profile", "remove", "prod")

    assert done.returncode == 2
    assert "Change it by hand" in done.stderr
    assert config.read_text(encoding="utf-8") == inline


def test_a_project_may_want_another_default(here: Program, tmp_path: Path) -> None:
    here("profile", "add", "mine", "--master=m:5050")
    project = tmp_path / "mesos-batch.toml"
    project.write_text('profile = "theirs"\n[profiles.theirs]\nrole = "r"\n', encoding="utf-8")

    done = here("profile", "use", "mine")

    assert f"{project}:1 wants profile theirs" in done.stderr


def test_config_show_has_no_secrets(here: Program) -> None:
    env = {"MESOS_BATCH_SECRET": "hunter2", "MESOS_BATCH_TOKEN": "hunter3"}

    page, told = here("config", "show", env=env), here("config", "show", "--json", env=env)

    assert "hunter" not in page.stdout + told.stdout
    (secret,) = (it for it in json.loads(told.stdout)["settings"] if it["name"] == "secret")
    assert (secret["value"], secret["place"]) == ("***", "MESOS_BATCH_SECRET")


def test_config_path_tells_what_is_there(here: Program, config: Path, tmp_path: Path) -> None:
    before = here("config", "path").stdout
    (tmp_path / "mesos-batch.toml").touch()
    after = json.loads(here("config", "path", "--json").stdout)["files"]

    assert f"user     {config}  (not there)" in before
    assert before.startswith("project  none here")
    assert after[0] == {
        "kind": "project",
        "path": str(tmp_path / "mesos-batch.toml"),
        "exists": True,
    }


def test_lists_are_json_too(here: Program, config: Path) -> None:
    here("profile", "add", "prod", "--master=m:5050")

    (profile,) = json.loads(here("profile", "list", "--json").stdout)["profiles"]
    shown = json.loads(here("profile", "show", "prod", "--json").stdout)

    assert profile == {
        "name": "prod",
        "default": False,
        "file": str(config),
        "settings": {"master": "m:5050"},
    }
    assert shown["settings"] == profile["settings"]
