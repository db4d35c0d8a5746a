"""Line and column of a place in a text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property

from mesos_batch.spec.problems import Path

Position = tuple[int, int]


class Lines:
    """The lines of a text; offsets, lines and columns are in characters."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _ends(self) -> list[int]:
        return [match.start() for match in re.finditer("\n", self._text)]

    def position(self, offset: int) -> Position:
        """Line and column of an offset, both from 1."""
        line = bisect_left(self._ends, offset)
        start = self._ends[line - 1] + 1 if line else 0
        return line + 1, offset - start + 1


class Places:
    """Where fields stand: offsets of the name and of the value of each."""

    def __init__(self) -> None:
        self._names: dict[Path, int] = {}
        self._values: dict[Path, int] = {}

    def add(self, path: Path, name: int | None, value: int) -> None:
        """Note a field; elements of arrays have no name."""
        if name is not None:
            self._names[path] = name
        self._values[path] = value

    def name(self, path: Path) -> int | None:
        """The offset of the name of a field, or of what is around it."""
        return self._names[path] if path in self._names else self.value(path)

    def value(self, path: Path) -> int | None:
        """The offset of a value; of what is around it when there is no such field."""
        for length in range(len(path), -1, -1):
            if path[:length] in self._values:
                return self._values[path[:length]]
        return None


class Wanted(dict[str | int, "Wanted"]):
    """Paths as a tree, so that what nobody asks for is skipped."""

    @classmethod
    def of(cls, paths: Iterable[Path]) -> Wanted:
        """Make a tree of paths."""
        root = cls()
        for path in paths:
            node = root
            for step in path:
                node = node.setdefault(step, cls())
        return root
