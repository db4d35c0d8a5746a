"""What a scan of a JSON text gives: mistakes, and the text as it was meant."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from mesos_batch.spec.problems import Path


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake in the syntax at ``offset``; ``path`` is the field around it.

    ``other`` is the offset of something the message is about as well. ``value_lost`` says that
    the value of the field cannot be known.
    """

    offset: int
    path: Path
    message: str
    hint: str | None = None
    other: int | None = None
    value_lost: bool = False


@dataclass(slots=True)
class Scan:
    """What the scanner found.

    ``text`` is valid JSON unless the scanner met something it could not make sense of.
    ``cut_at`` is the field that is in doubt because the text ended, or made no sense, too early.
    """

    faults: list[Fault] = field(default_factory=list)
    text: str = ""
    cut_at: Path | None = None
    _places: list[tuple[int, int]] = field(default_factory=list)

    def original(self, offset: int) -> int:
        """Where in the original text an offset of the repaired text lies."""
        index = bisect_right(self._places, offset, key=lambda place: place[0]) - 1
        if index < 0:
            return offset
        start, begin = self._places[index]
        return begin + offset - start

    def repair(self, text: str, edits: list[tuple[int, int, str]]) -> None:
        """Apply edits (begin, end, replacement) of the original text."""
        parts: list[str] = []
        length = last = 0
        for begin, end, new in sorted(edits, key=lambda edit: edit[:2]):
            self._places.append((length, last))
            self._places.append((length + begin - last, begin))
            parts += text[last:begin], new
            length += begin - last + len(new)
            last = end
        self._places.append((length, last))
        self.text = "".join([*parts, text[last:]])
