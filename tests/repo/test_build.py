"""What ./build.sh does before and around mesos-batch and the tests."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "packaging" / "build.py"


@pytest.fixture
def build() -> ModuleType:
    """A fresh copy of packaging/build.py as a module."""
    spec = importlib.util.spec_from_file_location("build_under_test", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


# --- verbs ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ([], 2, "a verb is missing"),
        (["package"], 2, "unknown verb 'package'"),
        (["--help"], 0, "usage:"),
        (["lock", "x"], 1, "lock takes no arguments"),
    ],
)
def test_verbs(arguments: list[str], status: int, words: str) -> None:
    done = subprocess.run(
        [sys.executable, PROGRAM, *arguments], check=False, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == status
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="build.ps1 stands for it there")
def test_build_sh_finds_a_python_and_hands_over(tmp_path: Path) -> None:
    done = subprocess.run(
        [ROOT / "build.sh", "one two"], check=False, capture_output=True, cwd=tmp_path
    )
    assert done.returncode == 2
    assert b"unknown verb 'one two'" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="build.ps1 stands for it there")
def test_build_sh_says_what_to_do_without_a_python(tmp_path: Path) -> None:
    for name, target in (("sh", "/bin/sh"), ("dirname", "/usr/bin/dirname")):
        (tmp_path / name).symlink_to(target)
    done = subprocess.run(
        [ROOT / "build.sh", "run"], check=False, capture_output=True, env={"PATH": str(tmp_path)}
    )
    assert done.returncode == 1
    assert b"no Python 3.11 or newer found" in done.stderr
    assert b"apt-get install python3 python3-venv" in done.stderr


def test_run_adds_the_sample_only_where_the_user_says_nothing(build: ModuleType) -> None:
    local, sample = "--master=local", f"--task_list={build.SAMPLE}"
    assert Path(build.SAMPLE).is_file()
    assert build.with_sample([]) == [local, sample]
    assert build.with_sample(["--role=x"]) == [local, sample, "--role=x"]
    assert build.with_sample(["--task_list=a"]) == [local, "--task_list=a"]
    assert build.with_sample(["--task-list=a"]) == [local, "--task-list=a"]
    assert build.with_sample(["--master=b"]) == [sample, "--master=b"]
    assert build.with_sample(["--master=b", "--task_list=a"]) == ["--master=b", "--task_list=a"]
    assert build.with_sample(["local", "--agents=2"]) == ["local", "--agents=2"]


def test_test_runs_each_gate_and_stops_at_the_first_that_fails(
    build: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []
    failing = {"mypy"}

    def fake_run(command: list[Path | str], **_: object) -> SimpleNamespace:
        ran.append(" ".join([Path(command[0]).stem, *map(str, command[1:])]))
        return SimpleNamespace(returncode=int(Path(command[0]).stem in failing))

    monkeypatch.setattr(build.subprocess, "run", fake_run)
    monkeypatch.setattr(build, "set_up", lambda level: ran.append(f"set up for {level}"))
    monkeypatch.setattr(build, "ensure_system_packages", lambda _: ran.append("system packages"))
    assert build.main(["test", "-k", "x"]) == 1
    before = ["system packages", "set up for test", "ruff format --check", "ruff check", "mypy"]
    assert ran == before
    assert "types failed" in capsys.readouterr().err
    failing.clear()
    ran.clear()
    assert build.main(["test", "-k", "x"]) == 0
    assert ran[:-1] == [*before, "lint-imports", "python proto/generate.py --check"]
    assert ran[-1].startswith("pytest -n ")
    assert ran[-1].endswith(" --dist loadgroup -k x")


# --- set-up ---------------------------------------------------------------------------------


class Machine:
    """Where set-up happens, and what it did."""

    def __init__(self, build: ModuleType, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.build = build
        self.did: list[str] = []
        self.fails = False
        self.constraints = root / "constraints.txt"
        self.constraints.write_text("a==1\n")
        self.venv = root / ".venv"
        monkeypatch.setattr(build, "CONSTRAINTS", self.constraints)
        monkeypatch.setattr(build, "VENV", self.venv)
        monkeypatch.setattr(build, "UNFINISHED", self.venv / "unfinished")
        monkeypatch.setattr(build, "LOCK", root / "build" / "set-up.lock")
        monkeypatch.setattr(build, "create_venv", self.create_venv)
        monkeypatch.setattr(build, "pip", self.pip)

    def create_venv(self, folder: Path) -> None:
        self.did.append("create")
        python = self.build.program_in(folder, "python")
        python.parent.mkdir(parents=True)
        python.touch()

    def pip(self, _python: Path, *arguments: str) -> str:
        if self.fails:
            raise self.build.BuildError("pip failed")
        dev = any(argument.startswith("pytest>") for argument in arguments)
        self.did.append(
            "this project" if "--editable" in arguments else "for tests" if dev else "for a run"
        )
        return ""

    def set_up(self, level: str) -> list[str]:
        self.did = []
        self.build.set_up(level)
        return self.did


@pytest.fixture
def machine(build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(build, tmp_path, monkeypatch)


def test_set_up_happens_once(machine: Machine) -> None:
    assert machine.set_up("run") == ["create", "for a run", "this project"]
    assert machine.set_up("run") == []
    assert machine.set_up("test") == ["for tests", "this project"]
    assert machine.set_up("test") == []
    assert machine.set_up("run") == []


def test_what_tests_need_is_enough_for_a_run(machine: Machine) -> None:
    assert machine.set_up("test") == ["create", "for tests", "this project"]
    assert machine.set_up("run") == []


def test_changed_pins_are_installed(machine: Machine) -> None:
    machine.set_up("test")
    machine.constraints.write_text("a==2\n")
    assert machine.set_up("run") == ["for a run", "this project"]
    assert machine.set_up("test") == ["for tests", "this project"]


def test_a_set_up_that_was_cut_off_starts_anew(machine: Machine) -> None:
    machine.set_up("run")
    (machine.venv / "unfinished").touch()
    (machine.venv / "rubble").touch()
    assert machine.set_up("run") == ["create", "for a run", "this project"]
    assert not (machine.venv / "rubble").exists()


def test_a_python_that_is_gone_is_replaced(machine: Machine) -> None:
    machine.set_up("run")
    machine.build.program_in(machine.venv, "python").unlink()
    assert machine.set_up("run") == ["create", "for a run", "this project"]


def test_a_failed_installation_is_tried_again_and_loses_nothing(machine: Machine) -> None:
    machine.set_up("run")
    machine.constraints.write_text("a==2\n")
    machine.fails = True
    with pytest.raises(machine.build.BuildError):
        machine.set_up("run")
    machine.fails = False
    assert machine.set_up("run") == ["for a run", "this project"]


@pytest.mark.parametrize(
    ("said", "is_network"),
    [
        (
            "Failed to resolve 'pypi.org' (Temporary failure in name resolution)",
            True,
        ),
        ("NewConnectionError('... Failed to establish a new connection: [Errno 111]", True),
        ("W: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease", True),
        ("ERROR: No matching distribution found for nonsense==1", False),
    ],
)
def test_network_trouble_is_told_from_other_trouble(
    build: ModuleType, said: str, is_network: bool
) -> None:
    assert build.is_network_trouble(said) == is_network


def test_pip_failures_are_sentences(build: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "ERROR: No matching distribution"
    monkeypatch.setattr(build, "captured", lambda _: (1, "", said))
    with pytest.raises(build.BuildError, match="pip install failed:\nERROR: No matching"):
        build.pip(Path("python"), "install", "x")
    said = "WARNING: Retrying ... Name or service not known: name resolution"
    with pytest.raises(build.BuildError, match="the Python package index cannot be reached"):
        build.pip(Path("python"), "install", "x")


# --- system packages ------------------------------------------------------------------------


@pytest.fixture
def debian(build: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A Debian where nothing but apt-get is installed; gives the commands that were run."""
    ran: list[list[str]] = []

    def captured(command: list[str]) -> tuple[int, str, str]:
        ran.append(command)
        return 0, "", ""

    monkeypatch.setattr(build, "WINDOWS", False)
    monkeypatch.setattr(build, "captured", captured)
    monkeypatch.setattr(build.shutil, "which", lambda name, **_: name == "apt-get" or None)
    return ran


def test_root_gets_missing_packages_installed(
    build: ModuleType, debian: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build.os, "geteuid", lambda: 0, raising=False)
    build.ensure_system_packages(build.TEST_PACKAGES)
    names = [package.name for package in build.TEST_PACKAGES]
    assert [command[-1] for command in debian][:1] == ["update"]
    assert debian[1][-len(names) :] == names
    assert "install" in debian[1]


def test_others_are_told_the_command_and_go_on(
    build: ModuleType,
    debian: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(build.os, "geteuid", lambda: 1000, raising=False)
    build.ensure_system_packages([build.SystemPackage("docker.io", "dockerd", "the tests")])
    assert debian == []
    assert capsys.readouterr().err == (
        "Not installed: docker.io, needed by the tests.\n"
        "Install with: sudo apt-get update && "
        "sudo apt-get install --yes --no-install-recommends docker.io\n"
    )


def test_nothing_is_done_where_nothing_is_missing(
    build: ModuleType, debian: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build.shutil, "which", lambda name, **_: name)
    build.ensure_system_packages(build.TEST_PACKAGES)
    assert debian == []
