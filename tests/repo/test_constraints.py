"""packaging/constraints.txt pins every version that any of our systems installs."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "packaging" / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS = [line for line in LINES if not line.startswith("#")]
# Found on Windows only; their own requirements are none.
WITHOUT_REQUIREMENTS = {"colorama", "pywin32", "pywin32-ctypes"}
SYSTEMS = [
    {
        "sys_platform": platform,
        "os_name": "nt" if platform == "win32" else "posix",
        "platform_system": "Windows" if platform == "win32" else "Linux",
        "python_version": version,
        "python_full_version": f"{version}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    for platform in ("linux", "win32")
    for version in ("3.11", "3.12", "3.13")
]


def declared() -> list[Requirement]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [
        Requirement(text)
        for text in (
            *pyproject["build-system"]["requires"],
            *pyproject["project"]["dependencies"],
            *pyproject["dependency-groups"]["dev"],
        )
    ]


def pinned() -> dict[str, str]:
    pairs = (pin.split("==") for pin in PINS)
    return {canonicalize_name(name): version for name, version in pairs}


def needed_by(name: str, extras: set[str], system: dict[str, str]) -> list[Requirement]:
    try:
        wanted = [Requirement(text) for text in requires(name) or ()]
    except PackageNotFoundError:
        assert name in WITHOUT_REQUIREMENTS
        return []
    return [
        item
        for item in wanted
        if item.marker is None
        or any(item.marker.evaluate({**system, "extra": extra}) for extra in extras or {""})
    ]


def test_each_line_is_one_exact_version_in_order() -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", pin) for pin in PINS)
    assert sorted(PINS, key=str.lower) == PINS
    assert len(pinned()) == len(PINS)


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_each_pin_is_in_the_range_of_pyproject(requirement: Requirement) -> None:
    assert requirement.specifier.contains(pinned()[canonicalize_name(requirement.name)])


@pytest.mark.parametrize(
    "system", SYSTEMS, ids=lambda system: f"{system['sys_platform']}-{system['python_version']}"
)
def test_nothing_is_installed_that_is_not_pinned(system: dict[str, str]) -> None:
    waiting, seen = declared(), set[str]()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in seen:
            continue
        seen.add(name)
        waiting += needed_by(name, requirement.extras, system)
    assert seen - pinned().keys() == set()
