"""The shape of the repository that everything else relies on."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {
    ".ci",
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "benchmarks",
    "build.ps1",
    "build.sh",
    "cli",
    "docs",
    "examples",
    "gui",
    "mesos_batch",
    "packaging",
    "proto",
    "pyproject.toml",
    "tests",
}
# Parts of paths that exist on one machine only, written so that this file does not hold them.
MACHINE_PATHS = tuple(f"/{name}/".encode() for name in ("work", "farm"))
MAX_LINES = 450


@cache
def files() -> tuple[Path, ...]:
    """Every file of the repository, committed or about to be."""
    listed = subprocess.run(
        [
            *("git", "-c", "safe.directory=*", "ls-files", "-z"),
            *("--cached", "--others", "--exclude-standard"),
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(path for path in paths if path.is_file())


@pytest.mark.parametrize("folder", ["packaging", "gui", "cli", "tests", "proto", "benchmarks"])
def test_folders_that_are_no_packages(folder: str) -> None:
    # With this file `import packaging` would find ours, and `gui` would land in site-packages.
    assert not (ROOT / folder / "__init__.py").exists()


def test_top_level_is_the_fixed_one() -> None:
    found = {path.relative_to(ROOT).parts[0] for path in files()}
    assert found - TOP_LEVEL == set()
    assert TOP_LEVEL - found <= {"benchmarks", "docs"}


def test_no_paths_of_one_machine() -> None:
    holders = {
        path.relative_to(ROOT).as_posix()
        for path in files()
        if any(word in path.read_bytes() for word in MACHINE_PATHS)
    }
    assert holders == set()


def test_files_stay_short() -> None:
    generated = ROOT / "mesos_batch" / "_pb"
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in files()
        if path.suffix in (".py", ".sh", ".ps1") and generated not in path.parents
        if (lines := path.read_bytes().count(b"\n")) > MAX_LINES
    }
    assert long == {}


def test_line_ends_are_those_of_unix() -> None:
    holders = {
        path.relative_to(ROOT).as_posix()
        for path in files()
        if path.suffix in (".py", ".pyi", ".sh", ".md", ".toml", ".proto", ".json")
        if b"\r\n" in path.read_bytes()
    }
    assert holders == set()
