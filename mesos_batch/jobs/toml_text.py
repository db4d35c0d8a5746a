"""TOML as plain values, with the place of each.

``tomllib`` reads the values and knows every mistake, but no places. The scanner here finds those,
in text that is known to be valid.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date, time

from mesos_batch.jobs.document import TOO_DEEP, JobSyntaxError
from mesos_batch.jobs.written import written_float
from mesos_batch.spec.positions import Places
from mesos_batch.spec.problems import Path

_WHERE = re.compile(r" \((?:at line (\d+), column (\d+)|at end of document)\)$")
_IN_QUOTES = "a text must stand in quotes"
_SPACE = re.compile(r"(?:[ \t]|\#[^\n]*|\r?\n)*")
_PART = re.compile(r"""[ \t]*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)[ \t]*""")
_SCALAR = re.compile(
    r"""\"\"\"(?:[^\\]|\\.)*?\"{3,5}|'''.*?'{3,5}|"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,\]}\#]+"""
    r"""(?:[ ][0-9:.Z+-]+)?""",
    re.DOTALL,
)


def parse_toml(text: str) -> tuple[object, Places]:
    """The values of a text.

    Raises:
        JobSyntaxError: it is not TOML.
    """
    try:
        return _plain(tomllib.loads(text, parse_float=written_float)), _Scan(text).run()
    except tomllib.TOMLDecodeError as error:
        raise _fault(str(error), text) from None
    except ValueError as error:
        raise JobSyntaxError(0, f"this is not TOML: {error}") from None
    except RecursionError:
        raise JobSyntaxError(0, TOO_DEEP) from None


def _fault(message: str, text: str) -> JobSyntaxError:
    found = _WHERE.search(message)
    offset = len(text)
    if found is not None and found[1] is not None:
        lines = text.split("\n")
        offset = sum(len(line) + 1 for line in lines[: int(found[1]) - 1]) + int(found[2]) - 1
    said = _WHERE.sub("", message)
    hint = _IN_QUOTES if said == "Invalid value" and offset < len(text) else None
    return JobSyntaxError(offset, f"this is not TOML: {said}", hint)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date | time) else value


class _Scan:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._places = Places()
        self._counts: dict[Path, int] = {}

    def run(self) -> Places:
        """The places of all names and values."""
        self._places.add((), None, 0)
        table: Path = ()
        self._space()
        while self._at < len(self._text):
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)
            self._space()
        return self._places

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
                self._places.add(path, begin, begin)
            self._counts[path] = self._counts.get(path, -1) + 1
            path = (*path, self._counts[path])
        self._at += 1 + is_array
        self._places.add(path, begin, begin)
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
            self._places.add(path, part.start(1), part.start(1))
            self._at += 1

    def _pair(self, table: Path) -> None:
        """Pass ``key = value``."""
        name = self._at
        path = self._key(table)
        self._at += 1
        self._space()
        self._value(path, name)

    def _value(self, path: Path, name: int | None) -> None:
        self._places.add(path, name, self._at)
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
