"""One configuration file: what it says, where each value stands in it, and what it may not say.

A file is TOML. Its keys are settings (``master = "..."``); a table ``[profiles.NAME]`` has those of
one profile, and ``profile = "NAME"`` is the one to use where none is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from mesos_batch.config.masters import MasterAddress
from mesos_batch.config.setting import Setting
from mesos_batch.did_you_mean import meant_by
from mesos_batch.errors import UsageError

T = TypeVar("T")

PROFILES = "profiles"
DEFAULT_PROFILE = "profile"


class FileKind(Enum):
    """Whose file it is; of two, the one named first wins."""

    PROJECT = "project"
    USER = "user"
    SYSTEM = "system"


# A project may come from anybody, so this is all its file may say: what a run is like, and where.
# Not what is sent there of ours, whom to trust, what is read, written, started or destroyed here.
OF_PROJECTS = frozenset({
    "master", "principal", "profile", "task_list",
    "framework_name", "role", "user", "content_type", "framework_capabilities",
    "partition_aware", "checkpoint",
    "constraint", "max_running", "executor", "revive_interval",
    "kill_after", "unplaceable_timeout", "unreachable_timeout", "staging_timeout",
    "max_attempts", "max_failures", "keep_going", "failover_timeout", "volume_timeout",
    "assume_runtime", "assume_start",
    "local_agents", "local_cpus", "local_mem", "local_disk", "local_gpus", "local_attributes",
    "color", "quiet", "verbose",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a file; ``profile`` is the one it is part of."""

    key: str
    value: object
    path: Path
    kind: FileKind
    line: int | None = None
    profile: str | None = None

    @property
    def place(self) -> str:
        """Where it stands: ``FILE:LINE``."""
        return str(self.path) if self.line is None else f"{self.path}:{self.line}"

    @property
    def shown(self) -> str:
        """The value as a person writes it."""
        if isinstance(self.value, bool):
            return str(self.value).lower()
        if isinstance(self.value, list):
            return ", ".join(map(str, self.value))
        return str(self.value)


Entries = Mapping[str, Entry]


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What a file says: plain settings, and those of its profiles."""

    kind: FileKind
    path: Path
    entries: Entries = field(default_factory=dict)
    profiles: Mapping[str, Entries] = field(default_factory=dict)

    def all_entries(self) -> Iterator[Entry]:
        """Every value, in the order of the file."""
        yield from self.entries.values()
        for entries in self.profiles.values():
            yield from entries.values()


def read_file(kind: FileKind, path: Path) -> ConfigFile | None:
    """Read a file; ``None`` when there is none.

    Raises:
        UsageError: it cannot be read, or is no TOML; the message names the line.
    """
    text = read_text(path)
    return None if text is None else parse(kind, path, text)


def read_text(path: Path) -> str | None:
    """The text of a file; ``None`` when there is none.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        # The mark of byte order that some editors of Windows write is no part of the text.
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text", "Save it as UTF-8.") from None


def parse(kind: FileKind, path: Path, text: str) -> ConfigFile:
    """What a text says; keys and values are looked at when they are used.

    Raises:
        UsageError: it is no TOML, or a profile is no table.
    """
    import tomllib

    from mesos_batch.spec.toml_positions import line_of

    try:
        document = tomllib.loads(text)
    except ValueError as error:
        raise _no_toml(path, str(error)) from None
    except RecursionError:
        raise UsageError(f"{path}: nested too deeply") from None
    line = line_of(text)

    def entries(table: Mapping[str, Any], *where: str) -> dict[str, Entry]:
        profile = where[-1] if where else None
        return {
            key: Entry(key, value, path, kind, line((*where, key)), profile)
            for key, value in table.items()
        }

    tables = document.pop(PROFILES, {})
    if not isinstance(tables, dict) or not all(isinstance(it, dict) for it in tables.values()):
        raise UsageError(
            f"{path}:{line((PROFILES,))}: profiles are tables", f"Write [{PROFILES}.NAME]."
        )
    profiles = {name: entries(table, PROFILES, name) for name, table in tables.items()}
    return ConfigFile(kind, path, entries(document), profiles)


def _no_toml(path: Path, said: str) -> UsageError:
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", said, re.DOTALL)
    if found is None:
        return UsageError(f"{path}: this is not TOML: {said}")
    hint = "A text must stand in quotes." if found[1] == "Invalid value" else None
    return UsageError(f"{path}:{found[2]}:{found[3]}: this is not TOML: {found[1]}", hint)


def check_entry(entry: Entry, known: Mapping[str, Setting[Any]]) -> None:
    """Refuse what no file, or no file of this kind, may say; ``known`` are settings by key.

    Raises:
        UsageError: what is wrong, with the line.
    """
    setting = known.get(entry.key)
    is_default = entry.key == DEFAULT_PROFILE
    if setting is None or (is_default and (entry.profile or isinstance(entry.value, dict))):
        meant = meant_by(entry.key, known, alike=0.7)
        if isinstance(entry.value, dict):
            hint = f"Profiles are written as [{PROFILES}.NAME]."
        else:
            hint = f"Did you mean {meant}?" if meant else "docs/settings.md tells which there are."
        raise UsageError(f"{entry.place}: there is no setting '{entry.key}'", hint)
    if setting.kind.name == "secret":
        raise UsageError(
            f"{entry.place}: a {entry.key} is not read from a configuration file",
            f"Take it out; 'mesos-batch credentials set' keeps it in the keyring, and "
            f"{entry.key}_file names a file with nothing else in it.",
        )
    if entry.kind is FileKind.PROJECT and entry.key not in OF_PROJECTS:
        raise UsageError(
            f"{entry.place}: a project file may not set {entry.key}",
            "Set it in your own file ('mesos-batch config path' says where that is) or by a flag.",
        )


def read_entry(entry: Entry, setting: Setting[T]) -> T:
    """The value of a setting; a path is relative to the file that names it.

    Raises:
        UsageError: it is no such value, with the line.
    """
    try:
        value = setting.read(_text(entry, setting))
    except ValueError as error:
        raise UsageError(f"{entry.place}: {entry.key}: {error}") from None
    if isinstance(value, MasterAddress) and value.zk_login is not None:
        raise UsageError(
            f"{entry.place}: {entry.key}: a password is not read from a configuration file",
            "Write such an address into MESOS_MASTER.",
        )
    return value


def _text(entry: Entry, setting: Setting[Any]) -> str:
    """A value of TOML as a flag would have it."""
    value = entry.value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        separator = setting.joined_by or (";" if ";" in setting.kind.placeholder else ",")
        return separator.join(value)
    if not isinstance(value, str):
        raise ValueError("write a text in quotes, a number, true or false")  # noqa: TRY004 - a sentence for the user
    if entry.kind is FileKind.PROJECT and value.startswith("file://"):
        raise ValueError("a project file may not read other files")
    if setting.kind.name == "path" and value:
        return str(entry.path.parent / Path(value).expanduser())
    return value
