"""Small changes in the text of a configuration file.

A change leaves every other line as its writer left it. Who changes a file reads the result again
(:func:`is_changed_only`), so that a text we misread is never written.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from io import StringIO
from typing import Any

from mesos_batch.config.config_file import DEFAULT_PROFILE, PROFILES
from mesos_batch.spec.positions import Lines
from mesos_batch.spec.problems import Path
from mesos_batch.spec.toml_positions import line_of, tables


def with_profile(text: str, name: str, values: Mapping[str, str | bool | int]) -> str:
    """Add a profile at the end."""
    lines = [f"[{PROFILES}.{name}]", *(f"{key} = {_toml(it)}" for key, it in values.items())]
    gap = "\n" if text.strip() else ""
    if text and not text.endswith("\n"):
        gap = "\n\n"
    return text + gap + "\n".join(lines) + "\n"


def without_profile(text: str, name: str) -> str:
    """Take a profile out, but not the comments of what follows it."""
    lines = _lines(text)
    headers = _headers(text)
    first = headers.get((PROFILES, name))
    if first is None:
        return text
    end = next((at for at in headers.values() if at > first), len(lines))
    if end < len(lines):
        while end > first + 1 and _is_of_what_follows(lines[end - 1]):
            end -= 1
    before = lines[:first]
    while before and not before[-1].strip():
        before.pop()
    after = lines[end:]
    if before and after and after[0].strip():
        after.insert(0, "\n")
    return "".join([*before, *after])


def with_default(text: str, name: str | None) -> str:
    """Name the profile to use where none is asked for, or none."""
    lines, line = _lines(text), line_of(text)
    keys = [key for key, value in tomllib.loads(text).items() if not isinstance(value, dict)]
    at = line((DEFAULT_PROFILE,)) - 1 if DEFAULT_PROFILE in keys else None
    new = [] if name is None else [f"{DEFAULT_PROFILE} = {_toml(name)}\n"]
    if at is not None:
        after = lines[at + 1 :]
        if not new and after and not after[0].strip() and (at == 0 or not lines[at - 1].strip()):
            # The gap we made below it goes too.
            del after[0]
        return "".join([*lines[:at], *new, *after])
    if not new:
        return text
    # Keys of no table stand before the first one, and after what the file says of itself.
    begins = [*(line((key,)) - 1 for key in keys), *_headers(text).values()]
    first = min(begins, default=len(lines))
    while first > 0 and lines[first - 1].strip():
        first -= 1
    gap = ["\n"] if first < len(lines) and lines[first].strip() else []
    return "".join([*lines[:first], *new, *gap, *lines[first:]])


def is_changed_only(text: str, document: Mapping[str, Any]) -> bool:
    """Whether the text says this and nothing else."""
    try:
        return tomllib.loads(text) == document
    except tomllib.TOMLDecodeError:
        return False


def _is_of_what_follows(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _lines(text: str) -> list[str]:
    """The lines with their ends; TOML has no ends but those that are counted here."""
    return StringIO(text).readlines()


def _headers(text: str) -> dict[Path, int]:
    """Each table that has a header with the index of its line, in the order of the text."""
    lines = Lines(text)
    return {path: lines.position(at)[0] - 1 for path, at in tables(text)}


def _toml(value: object) -> str:
    # Strings of JSON are strings of TOML, but for DEL and characters beyond 16 bits.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
