"""Copies files out of a sandbox; whatever an agent says, nothing is written elsewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch.errors import SandboxError, UsageError
from mesos_batch.whole_file import whole_file

if TYPE_CHECKING:
    from mesos_batch.sandboxes.source import Source

# Links can make a tree endless.
DEEPEST = 32
# Names of devices on Windows, with any extension, and with spaces before that.
_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE
)
_NOT_ON_WINDOWS = re.compile(r'[<>:"/\\|?*\x00-\x1f]|[. ]$')

# Told of each file that has come: its path in the sandbox, where it is now, its bytes.
Told = Callable[[str, Path, int], None]


def download_tree(source: Source, path: str, target: Path, told: Told) -> None:
    """Copy a directory of the sandbox, and what is in it, to ``target``, which may be there.

    Raises:
        SandboxError: something cannot be read, or has a name that cannot be written here.
        UsageError: it cannot be written.
    """
    _download_tree(source, path, target, told, 0)


def _download_tree(source: Source, path: str, target: Path, told: Told, depth: int) -> None:
    if depth > DEEPEST:
        raise SandboxError(f"'{path}' is more than {DEEPEST} directories deep: a link to itself?")
    make_directory(target)
    for entry in source.browse(path):
        inner = f"{path}/{entry.name}".lstrip("/")
        place = target / checked_name(entry.name)
        if entry.is_directory:
            _download_tree(source, inner, place, told, depth + 1)
        elif entry.mode.startswith("-"):
            told(inner, place, download_file(source, inner, place))


def download_file(source: Source, path: str, target: Path) -> int:
    """Copy a file of the sandbox to ``target``, whose directory is there; its bytes.

    Raises:
        SandboxError: it cannot be read.
        UsageError: it cannot be written.
    """
    try:
        with whole_file(target) as file:
            return sum(map(file.write, source.download(path)))
    except OSError as error:
        raise _unwritable(target, error) from error


def checked_name(name: str) -> str:
    """A name that is one on this machine too.

    Raises:
        SandboxError: it would lead elsewhere, or is none here.
    """
    leads_elsewhere = name in ("", ".", "..") or "/" in name or "\0" in name
    windows = os.name == "nt" and (_NOT_ON_WINDOWS.search(name) or _RESERVED.match(name))
    if leads_elsewhere or windows:
        raise SandboxError(f"'{name}' is no name a file can have on this machine")
    return name


def make_directory(directory: Path) -> None:
    """Make a directory, unless it is there.

    Raises:
        UsageError: it cannot be made.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(directory, error) from error


def _unwritable(place: Path, error: OSError) -> UsageError:
    return UsageError(f"{place} cannot be written: {error.strerror or error}")
