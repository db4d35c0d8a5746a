"""Where things stand in valid TOML, of which ``tomllib`` tells only what it says."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable

from mesos_batch.spec.positions import Lines, Places
from mesos_batch.spec.problems import Path

_SPACE = re.compile(r"(?:[ \t]|\#[^\n]*|\r?\n)*")
_PART = re.compile(r"""[ \t]*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)[ \t]*""")
_SCALAR = re.compile(
    r"""\"\"\"(?:[^\\]|\\.)*?\"{3,5}|'''.*?'{3,5}|"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,\]}\#]+"""
    r"""(?:[ ][0-9:.Z+-]+)?""",
    re.DOTALL,
)
# What a header names, and the offset of the header.
Table = tuple[Path, int]


def locate(text: str) -> Places:
    """The places of all tables, keys and values."""
    return _Scan(text).places


def line_of(text: str) -> Callable[[Path], int]:
    """What tells on which line, from 1, a table or a key stands, or what it would be in."""
    places, lines = locate(text), Lines(text)
    return lambda path: lines.position(places.name(path) or 0)[0]


def tables(text: str) -> list[Table]:
    """The tables that have headers, in the order of the text."""
    return _Scan(text).tables


class _Scan:
    def __init__(self, text: str) -> None:
        self.places = Places()
        self.tables: list[Table] = []
        self._text = text
        self._at = 0
        self._counts: dict[Path, int] = {}
        self._run()

    def _run(self) -> None:
        self.places.add((), None, 0)
        table: Path = ()
        self._space()
        while self._at < len(self._text):
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)
            self._space()

    def _space(self) -> None:
        found = _SPACE.match(self._text, self._at)
        assert found is not None, "the pattern matches the empty text"
        self._at = found.end()

    def _header(self) -> Path:
        """Pass ``[a.b]`` or ``[[a.b]]``; the table that follows."""
        begin = self._at
        is_array = self._text.startswith("[[", begin)
        self._at += 1 + is_array
        path = self._current(self._key(()))
        if is_array:
            if path not in self._counts:
                self.places.add(path, begin, begin)
            self._counts[path] = self._counts.get(path, -1) + 1
            path = (*path, self._counts[path])
        self._at += 1 + is_array
        self.places.add(path, begin, begin)
        self.tables.append((path, begin))
        return path

    def _current(self, path: Path) -> Path:
        """The same path with the number of the last table of each array on the way."""
        made: Path = ()
        for number, step in enumerate(path):
            made = (*made, step)
            if number < len(path) - 1 and made in self._counts:
                made = (*made, self._counts[made])
        return made

    def _key(self, table: Path) -> Path:
        """Pass a key, perhaps with dots in it."""
        path = table
        while True:
            part = _PART.match(self._text, self._at)
            assert part is not None, "the text is valid"
            self._at = part.end()
            word = part[1]
            name = str(tomllib.loads(f"x = {word}")["x"]) if word[0] in "\"'" else word
            path = (*path, name)
            if not self._text.startswith(".", self._at):
                return path
            self.places.add(path, part.start(1), part.start(1))
            self._at += 1

    def _pair(self, table: Path) -> None:
        """Pass ``key = value``."""
        name = self._at
        path = self._key(table)
        self._at += 1
        self._space()
        self._value(path, name)

    def _value(self, path: Path, name: int | None) -> None:
        self.places.add(path, name, self._at)
        first = self._text[self._at]
        if first not in "[{":
            scalar = _SCALAR.match(self._text, self._at)
            assert scalar is not None, "the text is valid"
            self._at = scalar.end()
            return
        self._at += 1
        self._space()
        index = 0
        while self._text[self._at] not in "]}":
            if first == "[":
                self._value((*path, index), None)
                index += 1
            else:
                self._pair(path)
            self._space()
            if self._text[self._at] == ",":
                self._at += 1
                self._space()
        self._at += 1
