"""The text of a configuration file: where things stand in it, and small changes of it.

A change leaves every other line as its writer left it. Who changes a file reads the result again
(:func:`is_changed_only`), so that a text we misread is never written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

PROFILES = "profiles"
DEFAULT_PROFILE = "profile"

_HEADER = re.compile(r"\s*\[(?!\[)([^\]]*)\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*=")
_LONG_QUOTES = ('"""', "'''")

Place = tuple[str, ...]


def lines_of(text: str) -> dict[Place, int]:
    """On which line, from 1, each table and each key of one stands."""
    found: dict[Place, int] = {}
    for number, place in _places(text.splitlines()):
        found.setdefault(place, number + 1)
    return found


def with_profile(text: str, name: str, values: Mapping[str, str | bool | int]) -> str:
    """Add a profile at the end."""
    lines = [f"[{PROFILES}.{name}]", *(f"{key} = {_toml(it)}" for key, it in values.items())]
    gap = "\n" if text.strip() else ""
    if text and not text.endswith("\n"):
        gap = "\n\n"
    return text + gap + "\n".join(lines) + "\n"


def without_profile(text: str, name: str) -> str:
    """Take a profile out, but not the comments of what follows it."""
    lines = text.splitlines(keepends=True)
    headers = [(at, place) for at, place in _places(lines) if _HEADER.match(lines[at])]
    first = next((at for at, place in headers if place == (PROFILES, name)), None)
    if first is None:
        return text
    end = next((at for at, _ in headers if at > first), len(lines))
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
    lines = text.splitlines(keepends=True)
    at = next((at for at, place in _places(lines) if place == (DEFAULT_PROFILE,)), None)
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
    first = next((at for at, _ in _places(lines)), len(lines))
    while first > 0 and lines[first - 1].strip():
        first -= 1
    gap = ["\n"] if first < len(lines) and lines[first].strip() else []
    return "".join([*lines[:first], *new, *gap, *lines[first:]])


def is_changed_only(text: str, document: Mapping[str, Any]) -> bool:
    """Whether the text says this and nothing else."""
    import tomllib

    try:
        return tomllib.loads(text) == document
    except tomllib.TOMLDecodeError:
        return False


def _is_of_what_follows(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _places(lines: list[str]) -> Iterator[tuple[int, Place]]:
    """Each table and key with the index of its line, as far as they are written plainly."""
    table: Place = ()
    inside: str | None = None
    for at, line in enumerate(lines):
        if inside is None:
            if header := _HEADER.match(line):
                table = _names(f"[{header[1]}]")
                yield at, table
            elif key := _KEY.match(line):
                yield at, (*table, *_names(f"{key[1]} = 0"))
        for quotes in _LONG_QUOTES:
            if inside in (None, quotes) and line.count(quotes) % 2:
                inside = quotes if inside is None else None


def _names(line: str) -> Place:
    """The names in a header or a key, read as TOML reads them."""
    import tomllib

    try:
        found: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    names: list[str] = []
    while isinstance(found, dict) and found:
        (name,) = found
        names.append(name)
        found = found[name]
    return tuple(names)


def _toml(value: object) -> str:
    # Strings of JSON are strings of TOML, but for DEL and characters beyond 16 bits.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
