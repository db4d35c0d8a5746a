"""Numbers that become text as they were written: a version 3.10 is no 3.1."""

from __future__ import annotations


class _Float(float):
    written: str

    def __str__(self) -> str:
        return self.written

    def __format__(self, how: str) -> str:
        return format(float(self), how) if how else self.written


class _Whole(int):
    written: str

    def __str__(self) -> str:
        return self.written

    def __format__(self, how: str) -> str:
        return format(int(self), how) if how else self.written


def written_float(text: str) -> float:
    """The number that a text is to Python, which becomes that text again."""
    return as_written(float(text), text)


def as_written(value: float, text: str) -> float:
    """A number, whole or not, that becomes ``text`` wherever it is made text."""
    if str(value) == text:
        return value
    made = _Whole(value) if isinstance(value, int) else _Float(value)
    made.written = text
    return made
