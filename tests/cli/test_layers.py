"""Settings of files and profiles: which counts, where it says it comes from, what is refused."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from mesos_batch_cli.values import Origin, Values, settings_by_key

from mesos_batch.config import command_settings as commands
from mesos_batch.config import layers, local_settings
from mesos_batch.config import settings as the
from mesos_batch.config.config_file import OF_PROJECTS
from mesos_batch.config.connection_settings import CACERT, PROFILE
from mesos_batch.config.placement_settings import CONSTRAINT
from mesos_batch.errors import UsageError

Write = Callable[[str], Path]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the file of a project, above the directory we are in."""
    inside = tmp_path / "project" / "inside"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    return lambda text: _written(inside.parent / "mesos-batch.toml", text)


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    path = tmp_path / "user.toml"
    monkeypatch.setattr(layers, "user_file", lambda: path)
    return lambda text: _written(path, text)


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    path = tmp_path / "system.toml"
    monkeypatch.setattr(layers, "system_file", lambda: path)
    return lambda text: _written(path, text)


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def values_of(*flags: str, **environment: str) -> Values:
    return Values(flags, environment, commands.RUN)


def test_flag_environment_project_user_system_default(
    project: Write, user: Write, system: Write
) -> None:
    names = ["framework_name", "role", "user", "content_type", "executor"]
    everywhere = system('role = "s"\nuser = "s"\ncontent_type = "json"\nframework_name = "s"\n')
    user('role = "u"\nuser = "u"\nframework_name = "u"\n')
    nearest = project('\nrole = "p"\nframework_name = "p"\n')

    values = values_of("--framework_name=f", MESOS_BATCH_ROLE="e")

    found = {name: _said(values, name) for name in names}
    assert found == {
        "framework_name": ("f", "--framework_name"),
        "role": ("e", "MESOS_BATCH_ROLE"),
        "user": ("u", f"{nearest.parent.parent / 'user.toml'}:2"),
        "content_type": ("json", f"{everywhere}:3"),
        "executor": ("auto", "default"),
    }
    assert values_of()[the.ROLE] == "p"
    assert values_of().place(the.ROLE) == f"{nearest}:2"


def _said(values: Values, name: str) -> tuple[object, str]:
    setting = next(it for it in commands.RUN if it.name == name)
    return values[setting], values.place(setting)


PROFILES = """
role = "plain"
[profiles.prod]
role = "prod"
[profiles.test]
role = "test"
"""


@pytest.mark.parametrize(
    ("flags", "environment", "project_says", "role"),
    [
        ([], {}, "", "plain"),
        (["--profile=prod"], {"MESOS_BATCH_ROLE": "e", "MESOS_BATCH_PROFILE": "test"}, "", "prod"),
        (["--profile=prod", "--role=f"], {}, "", "f"),
        ([], {"MESOS_BATCH_PROFILE": "prod"}, 'role = "p"', "prod"),
        ([], {"MESOS_BATCH_PROFILE": "prod", "MESOS_BATCH_ROLE": "e"}, "", "e"),
        ([], {}, 'profile = "prod"', "prod"),
        ([], {}, 'profile = "prod"\nrole = "p"', "prod"),
        (["--profile=test"], {}, 'profile = "prod"', "test"),
    ],
)
def test_a_profile_stands_right_below_what_names_it(
    project: Write,
    user: Write,
    flags: list[str],
    environment: dict[str, str],
    project_says: str,
    role: str,
) -> None:
    user(PROFILES)
    project(project_says)

    assert values_of(*flags, **environment)[the.ROLE] == role


def test_a_profile_that_is_asked_for_stands_in_the_place_of_the_default_one(user: Write) -> None:
    user('profile = "prod"\n[profiles.prod]\nuser = "prod"\n[profiles.test]\nrole = "test"\n')

    assert values_of()[the.USER] == "prod"
    assert values_of("--profile=test")[the.USER] is None
    assert values_of(MESOS_BATCH_PROFILE="test")[the.USER] is None


def test_a_default_profile_of_the_user_is_below_the_file_of_a_project(
    project: Write, user: Write
) -> None:
    user(f'profile = "prod"\n{PROFILES}')
    assert values_of()[the.ROLE] == "prod"
    assert values_of()[PROFILE] == "prod"

    project('role = "p"')
    assert values_of()[the.ROLE] == "p"


def test_values_are_read_as_flags_are(user: Write) -> None:
    path = user(
        'constraint = ["rack:in:r1,r2", "hostname:unique"]\nkill_after = "2mins"\n'
        'checkpoint = true\nlocal_cpus = 2.5\nframework_capabilities = ["GPU_RESOURCES"]\n'
        'cacert = "ca.pem"\nlocal_attributes = ["rack:r1", "gpu:a"]\n'
    )

    values = values_of()

    assert [str(each) for each in values[CONSTRAINT]] == ["rack:in:r1,r2", "hostname:unique"]
    assert values[the.KILL_AFTER] == 120.0
    assert values[the.CHECKPOINT] is True
    assert values[the.LOCAL_CPUS] == 2.5
    assert values[the.FRAMEWORK_CAPABILITIES] == ("GPU_RESOURCES",)
    assert values[CACERT] == path.parent / "ca.pem"
    local = Values([], {}, local_settings.LOCAL)
    assert local[local_settings.ATTRIBUTES] == ("rack:r1", "gpu:a")


def test_a_local_cluster_is_not_told_what_is_meant_for_runs(user: Write) -> None:
    user('master = "m:5050"\nprincipal = "alice"\nlocal_cpus = 2\n')

    values = Values([], {}, local_settings.LOCAL)

    assert values[local_settings.MASTER] is None
    assert values.origin(local_settings.PRINCIPAL) is Origin.DEFAULT
    assert values[local_settings.CPUS] == 2.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('rolle = "r"', ":1: there is no setting 'rolle'"),
        ("\n[profiles.p]\nmaxx_attempts = 3", ":3: there is no setting 'maxx_attempts'"),
        ('[profile]\nrole = "r"', ":1: there is no setting 'profile'"),
        ('profiles = "p"', ":1: profiles are tables"),
        ("json = true", ":1: there is no setting 'json'"),
        ("max_attempts = 0", ":1: max_attempts: 0 is less than 1"),
        ("kill_after = 5", ":1: kill_after: '5' has no unit"),
        ("role = {}", ":1: role: write a text in quotes"),
        ("role = \nuser = 1", ":1:8: this is not TOML: "),
        ("max_attempts = " + 5000 * "9", ": this is not TOML: "),
        ("role = " + 5000 * "[", ": nested too deeply"),
        ("profiles.p = {json = true}", ":1: there is no setting 'json'"),
        ('secret = "hunter2"', ":1: a secret is not read from a configuration file"),
        ('[profiles.p]\ntoken = "hunter2"', ":2: a token is not read from a configuration file"),
        ('master = "zk://u:hunter2@h:1/m"', ":1: master: a password is not read from"),
        ('profile = "nobody"', ":1: there is no profile 'nobody'"),
        ('[profiles.a]\nprofile = "b"', ":2: there is no setting 'profile'"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(user: Write, text: str, said: str) -> None:
    path = user(text)

    with pytest.raises(UsageError) as refused:
        values_of()

    assert refused.value.message.startswith(f"{path}{said}")
    assert "hunter2" not in f"{refused.value.message} {refused.value.hint}"


def test_a_wrong_key_gets_the_nearest_of_any_command(user: Write) -> None:
    user('asume_runtime = "1mins"')
    with pytest.raises(UsageError) as refused:
        Values([], {}, commands.RUNS)
    assert refused.value.hint == "Did you mean assume_runtime?"


@pytest.mark.parametrize(
    "text",
    [
        'secret_file = "/etc/passwd"',
        'token_file = "x"',
        'cacert = "x"',
        'client_key = "x"',
        'state_dir = "x"',
        "remove_persistent_volume = true",
        "local_authenticate = false",
        '[profiles.p]\ncacert = "x"',
    ],
)
def test_a_project_decides_nothing_about_secrets_trust_and_what_is_destroyed(
    project: Write, text: str
) -> None:
    project(text)
    with pytest.raises(UsageError, match="a project file may not set"):
        values_of()


def test_what_a_project_may_say_are_settings_there_are() -> None:
    assert set(settings_by_key()) >= OF_PROJECTS


def test_a_project_cannot_read_other_files(project: Write, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hunter2")
    project(f'framework_name = "file://{tmp_path}/key"')
    with pytest.raises(UsageError, match="may not read other files"):
        values_of()


def test_a_project_cannot_change_what_a_profile_of_the_user_means(
    project: Write, user: Write
) -> None:
    project('[profiles.prod]\nmaster = "evil:1"\n[profiles.own]\nmaster = "own:1"')
    user('[profiles.prod]\nmaster = "good:1"')

    assert values_of("--profile=prod")[the.MASTER] == "good:1"
    assert values_of("--profile=own")[the.MASTER] == "own:1"


def test_a_project_is_looked_for_up_to_its_repository_and_not_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    inside = home / "a" / "b"
    inside.mkdir(parents=True)
    (home / "mesos-batch.toml").touch()

    assert layers.project_file(inside, home) is None
    (home / "a" / "mesos-batch.toml").touch()
    assert layers.project_file(inside, home) == home / "a" / "mesos-batch.toml"
    (inside / ".git").mkdir()
    assert layers.project_file(inside, home) is None
    (inside / "mesos-batch.toml").touch()
    assert layers.project_file(inside, home) == inside / "mesos-batch.toml"


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root can give a file away"
)
def test_a_file_somebody_else_laid_in_the_way_is_not_read(
    project: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project('role = "trap"')
    os.chown(path, 65534, 65534)

    assert values_of()[the.ROLE] == "*"
    assert f"{path} is not read: it belongs to nobody, not to you" in capsys.readouterr().err


def test_no_file_is_read_where_that_is_not_wanted(user: Write) -> None:
    user("this is not TOML")
    assert values_of(MESOS_BATCH_NO_CONFIG="1")[the.ROLE] == "*"
