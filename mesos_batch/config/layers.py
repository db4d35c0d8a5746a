"""Which configuration files there are, and in which order what they say counts.

A profile stands right below what names it: named by a flag it is above the environment, named by
the environment it is above all files, named in a file it is above the plain settings of that file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mesos_batch.config.config_file import (
    DEFAULT_PROFILE,
    ConfigFile,
    Entries,
    Entry,
    FileKind,
    read_file,
)
from mesos_batch.config.directories import home_directory, system_directory, user_directory
from mesos_batch.did_you_mean import meant_by
from mesos_batch.errors import UsageError

PROJECT_FILE = "mesos-batch.toml"
NO_CONFIG = "MESOS_BATCH_NO_CONFIG"
_FILE = "config.toml"


@dataclass(frozen=True, slots=True)
class Found:
    """The files there are, the nearest first, and what to tell about one that is not read."""

    files: tuple[ConfigFile, ...] = ()
    warnings: tuple[str, ...] = ()


def user_file() -> Path:
    """The file of this user, which there need not be."""
    return user_directory() / _FILE


def system_file() -> Path:
    """The file for all users of this machine, which there need not be."""
    return system_directory() / _FILE


def project_file(start: Path, home: Path) -> Path | None:
    """The nearest file of a project, from ``start`` upwards.

    The search ends where a repository begins, and at the home directory, in which it does not look.
    """
    for directory in (start, *start.parents):
        if directory == home:
            return None
        path = directory / PROJECT_FILE
        if path.is_file():
            return path
        if (directory / ".git").exists():
            return None
    return None


def places() -> list[tuple[FileKind, Path]]:
    """Where files are looked for, what counts most first; one of a project only if it is there."""
    found = [(FileKind.USER, user_file()), (FileKind.SYSTEM, system_file())]
    project = project_file(Path.cwd(), home_directory())
    return found if project is None else [(FileKind.PROJECT, project), *found]


def find_files(environment: Mapping[str, str]) -> Found:
    """Read the files there are: of the project, of the user, of the system.

    Raises:
        UsageError: one cannot be read, or is no TOML.
    """
    if environment.get(NO_CONFIG):
        return Found()
    files: list[ConfigFile] = []
    warnings: list[str] = []
    for kind, path in places():
        stranger = _stranger(path) if kind is FileKind.PROJECT else None
        if stranger is not None:
            warnings.append(f"{path} is not read: it belongs to {stranger}, not to you")
        elif (file := read_file(kind, path)) is not None:
            files.append(file)
    return Found(tuple(files), tuple(warnings))


def in_order(files: Sequence[ConfigFile], named: str | None) -> list[Entries]:
    """What files and profiles say, what counts most first.

    ``named`` is the profile that a flag or the environment names; it comes first, and profiles that
    files name do not count.

    Raises:
        UsageError: there is no such profile.
    """
    layers: list[Entries] = [] if named is None else [profile(files, named)]
    chosen = None if named is not None else default_profile(files)
    for file in files:
        if chosen is not None and chosen is file.entries.get(DEFAULT_PROFILE):
            layers.append(profile(files, str(chosen.value), chosen.place))
        layers.append(file.entries)
    return layers


def default_profile(files: Sequence[ConfigFile]) -> Entry | None:
    """Which profile the nearest file that names one wants."""
    return next(
        (it.entries[DEFAULT_PROFILE] for it in files if DEFAULT_PROFILE in it.entries), None
    )


def profile(files: Sequence[ConfigFile], name: str, named_in: str | None = None) -> Entries:
    """The settings of a profile; a project's counts only where no other file has that name.

    Else a project could send elsewhere what a user means for the cluster of a familiar name.

    Raises:
        UsageError: there is none.
    """
    known = profiles(files)
    if name in known:
        return known[name].profiles[name]
    meant = meant_by(name, known)
    where = "" if named_in is None else f"{named_in}: "
    raise UsageError(
        f"{where}there is no profile '{name}'",
        f"Did you mean {meant}?" if meant else f"'mesos-batch profile add {name}' makes it.",
    )


def profiles(files: Sequence[ConfigFile]) -> dict[str, ConfigFile]:
    """The profiles there are by name, each with the file it is in."""
    found: dict[str, ConfigFile] = {}
    for file in sorted(files, key=lambda file: file.kind is FileKind.PROJECT):
        for name in file.profiles:
            found.setdefault(name, file)
    return found


def _stranger(path: Path) -> str | None:
    """Who a file belongs to that is neither ours nor the system's: it may be a trap (in /tmp)."""
    if sys.platform == "win32":
        return None
    owner = path.stat().st_uid
    if owner in (0, os.geteuid()):
        return None
    import pwd

    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return f"user {owner}"
