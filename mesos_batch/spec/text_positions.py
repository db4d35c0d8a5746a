"""Where fields stand in protobuf text format."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from mesos_batch.spec.positions import Places, Wanted
from mesos_batch.spec.problems import Path

_TOKEN = re.compile(
    r"""[\s,;]+|\#[^\n]*|(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<mark>[{}<>\[\]:])"""
    r"""|(?P<word>[^\s,;\#"'{}<>\[\]:]+)""",
    re.VERBOSE | re.DOTALL,
)
_OPEN, _CLOSE = ("{", "<"), ("}", ">")
_Token = tuple[str, str, int]


def locate(text: str, paths: Iterable[Path], kind: Any) -> Places:
    """The places of ``paths`` and of all that is around them, in text that can be parsed.

    ``kind`` is the descriptor of the message the text is.
    """
    tokens = [
        (match.lastgroup, match.group(), match.start())
        for match in _TOKEN.finditer(text)
        if match.lastgroup is not None
    ]
    places = Places()
    places.add((), None, tokens[0][2] if tokens else 0)
    _Walk(tokens, places).message((), kind, Wanted.of(paths))
    return places


class _Walk:
    def __init__(self, tokens: list[_Token], places: Places) -> None:
        self._tokens = tokens
        self._places = places
        self._next = 0

    def _peek(self) -> str:
        return self._tokens[self._next][1] if self._next < len(self._tokens) else "}"

    def message(self, path: Path, kind: Any, wanted: Wanted | None) -> None:
        """Pass the fields of a message up to its end."""
        counts: dict[str, int] = {}
        while self._peek() not in _CLOSE:
            name, offset = self._tokens[self._next][1:]
            self._next += 1
            if self._peek() == ":":
                self._next += 1
            field = kind.fields_by_name.get(name) if kind is not None else None
            in_list = self._peek() == "["
            self._next += in_list
            while self._peek() != "]":
                self._value(path, name, offset, field, counts, wanted)
                if not in_list:
                    break
            self._next += in_list

    def _value(
        self,
        path: Path,
        name: str,
        offset: int,
        field: Any,
        counts: dict[str, int],
        wanted: Wanted | None,
    ) -> None:
        """Pass one value of a field and note it if it is wanted."""
        inner = wanted.get(name) if wanted is not None else None
        here: Path = (*path, name)
        start = self._tokens[self._next][2]
        if inner is not None and name not in counts:
            self._places.add(here, offset, start)
        if field is not None and field.is_repeated:
            index = counts.get(name, 0)
            here = (*here, index)
            inner = inner.get(index) if inner is not None else None
            if inner is not None:
                self._places.add(here, None, start)
        counts[name] = counts.get(name, 0) + 1
        if self._peek() in _OPEN:
            self._next += 1
            self.message(here, field.message_type if field is not None else None, inner)
            self._next += 1
            return
        # Adjacent strings are one value.
        is_text = self._tokens[self._next][0] == "value"
        self._next += 1
        while is_text and self._next < len(self._tokens) and self._tokens[self._next][0] == "value":
            self._next += 1
