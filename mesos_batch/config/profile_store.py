"""Profiles in the user's configuration file: added, removed, chosen; all else in it stays."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mesos_batch.config import toml_text
from mesos_batch.config.config_file import DEFAULT_PROFILE, PROFILES, FileKind, parse, read_text
from mesos_batch.config.layers import user_file
from mesos_batch.config.write_file import write_private
from mesos_batch.errors import UsageError
from mesos_batch.spec.toml_positions import line_of

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def add(name: str, values: Mapping[str, str | bool | int]) -> Path:
    """Write a new profile; gives the file.

    Raises:
        UsageError: the name cannot be one, is taken, or the file cannot be changed.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot be the name of a profile",
            "Write one of letters, digits, - and _, such as 'prod'.",
        )
    path, text, document = _read()
    if name in document.get(PROFILES, {}):
        line = line_of(text)((PROFILES, name))
        raise UsageError(
            f"there is a profile '{name}' already, in {path}:{line}",
            f"Change it there, or write 'mesos-batch profile remove {name}' first.",
        )
    document[PROFILES] = {**document.get(PROFILES, {}), name: dict(values)}
    return _write(path, toml_text.with_profile(text, name, values), document)


def remove(name: str) -> Path:
    """Take a profile out, also as the one to use by default; gives the file.

    Raises:
        UsageError: the file has none of that name, or cannot be changed.
    """
    path, text, document = _read()
    profiles = document.get(PROFILES, {})
    if name not in profiles:
        raise UsageError(
            f"{path} has no profile '{name}'", "'mesos-batch profile list' tells where each is."
        )
    text = toml_text.without_profile(text, name)
    del profiles[name]
    if not profiles:
        del document[PROFILES]
    if document.get(DEFAULT_PROFILE) == name:
        del document[DEFAULT_PROFILE]
        text = toml_text.with_default(text, None)
    return _write(path, text, document)


def use(name: str | None) -> Path:
    """Choose the profile to use where none is asked for, or none; gives the file.

    Raises:
        UsageError: the file cannot be changed.
    """
    path, text, document = _read()
    document.pop(DEFAULT_PROFILE, None)
    if name is not None:
        document[DEFAULT_PROFILE] = name
    return _write(path, toml_text.with_default(text, name), document)


def _read() -> tuple[Path, str, dict[str, Any]]:
    path = user_file()
    text = read_text(path) or ""
    parse(FileKind.USER, path, text)
    return path, text, tomllib.loads(text)


def _write(path: Path, text: str, document: Mapping[str, Any]) -> Path:
    if not toml_text.is_changed_only(text, document):
        raise UsageError(
            f"{path} is written in a way that cannot be changed without losing something",
            "Change it by hand; docs/settings.md tells how it is written.",
        )
    write_private(path, text)
    return path
