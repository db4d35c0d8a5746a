"""Where fields stand in valid JSON.

Whole branches nobody asks for are skipped by the C scanner of ``json``: finding ten fields of a
list of 100,000 tasks costs little more than parsing it once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from mesos_batch.spec.positions import Places, Wanted
from mesos_batch.spec.problems import Path

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def locate(text: str, paths: Iterable[Path]) -> Places:
    """The places of ``paths`` and of all that is around them.

    Array elements are counted as Mesos does it: ``null`` is no element, and a single value in
    the place of an array is element 0. Of a field given twice the last counts.
    """
    places = Places()
    _Walk(text, places).value(_skip(text, 0), (), None, Wanted.of(paths))
    return places


def _skip(text: str, offset: int) -> int:
    match = _SPACE.match(text, offset)
    assert match is not None, "the pattern matches the empty text"
    return match.end()


class _Walk:
    def __init__(self, text: str, places: Places) -> None:
        self._text = text
        self._places = places

    def value(self, offset: int, path: Path, name: int | None, wanted: Wanted) -> int:
        """Note the value at ``offset`` and what is wanted in it; the offset after it."""
        self._places.add(path, name, offset)
        first = self._text[offset]
        if 0 in wanted and first != "[":
            self.value(offset, (*path, 0), None, wanted[0])
        if not wanted or first not in "{[":
            return _DECODER.raw_decode(self._text, offset)[1]
        if first == "{":
            return self._object(offset, path, wanted)
        return self._array(offset, path, wanted)

    def _object(self, offset: int, path: Path, wanted: Wanted) -> int:
        text = self._text
        offset = _skip(text, offset + 1)
        while text[offset] != "}":
            name = offset
            key, offset = _DECODER.raw_decode(text, name)
            offset = _skip(text, _skip(text, offset) + 1)
            offset = self._child(offset, path, key, name, wanted)
        return offset + 1

    def _array(self, offset: int, path: Path, wanted: Wanted) -> int:
        text = self._text
        offset = _skip(text, offset + 1)
        index = 0
        while text[offset] != "]":
            is_element = not text.startswith("null", offset)
            offset = self._child(offset, path, index if is_element else -1, None, wanted)
            index += is_element
        return offset + 1

    def _child(
        self, offset: int, path: Path, step: str | int, name: int | None, wanted: Wanted
    ) -> int:
        """Pass a field or element and the comma after it."""
        child = wanted.get(step)
        if child is None:
            offset = _DECODER.raw_decode(self._text, offset)[1]
        else:
            offset = self.value(offset, (*path, step), name, child)
        offset = _skip(self._text, offset)
        return _skip(self._text, offset + 1) if self._text[offset] == "," else offset
