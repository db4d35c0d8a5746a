"""The tasks of a JSON list one after the other, so that the list is never in memory whole.

What has a mistake in its syntax or is not just a list of objects is left to ``json_format``, which
says what is wrong with it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any

from mesos_batch.spec.json_strict import STRICT

_BEGIN = re.compile(rb'[ \t\r\n]*\{[ \t\r\n]*"tasks"[ \t\r\n]*:[ \t\r\n]*\[')
_SPACE = re.compile(r"[ \t\r\n]*")
_END = re.compile(r"\}[ \t\r\n]*\Z")
_AT_ONCE = 1 << 18  # bytes


class NotPlainError(ValueError):
    """The bytes are not plainly an object of nothing but ``tasks``, perhaps by mistake."""


def elements(data: bytes) -> Iterator[dict[str, Any]]:
    """The elements of ``{"tasks": [...]}`` in UTF-8, without those that are ``null``.

    Raises:
        NotPlainError: the list is written otherwise; it may be told after most of the elements.
    """
    begin = _BEGIN.match(data)
    if begin is None:
        raise NotPlainError
    text = _Text(data, begin.end())
    while True:
        element = text.element()
        if type(element) is dict:
            yield element
        elif element is not None:
            raise NotPlainError
        mark = text.mark()
        if mark == "]":
            text.end()
            return
        if mark != ",":
            raise NotPlainError


class _Text:
    """Text that is decoded part by part; what has been passed is forgotten."""

    def __init__(self, data: bytes, begin: int) -> None:
        self._data = data
        self._begin = begin
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._part = ""
        self._offset = 0

    def element(self) -> object:
        """Pass a value."""
        size = _AT_ONCE
        value: object = None
        whole = False
        while not whole:
            self._skip_space()
            try:
                value, self._offset = STRICT.raw_decode(self._part, self._offset)
                whole = True
            except ValueError:
                # It may only be cut off here. Twice as much each time keeps a mistake cheap.
                self._more(size)
                size *= 2
            except RecursionError:
                raise NotPlainError from None
        return value

    def mark(self) -> str:
        """Pass one character that is no white space."""
        self._skip_space()
        self._offset += 1
        return self._part[self._offset - 1]

    def end(self) -> None:
        """See that nothing but the closing bracket is left."""
        while self._begin < len(self._data):
            self._more(_AT_ONCE)
        self._skip_space()
        if _END.match(self._part, self._offset) is None:
            raise NotPlainError

    def _skip_space(self) -> None:
        while True:
            found = _SPACE.match(self._part, self._offset)
            assert found is not None, "the pattern matches the empty text"
            self._offset = found.end()
            if self._offset < len(self._part):
                return
            self._more(_AT_ONCE)

    def _more(self, size: int) -> None:
        """Decode up to ``size`` more bytes."""
        begin, end = self._begin, self._begin + size
        if begin >= len(self._data):
            raise NotPlainError
        try:
            more = self._decoder.decode(self._data[begin:end], end >= len(self._data))
        except UnicodeDecodeError:
            raise NotPlainError from None
        self._part, self._offset = self._part[self._offset :] + more, 0
        self._begin = end
