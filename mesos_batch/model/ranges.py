"""Inclusive ranges of integers, such as ports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Span = tuple[int, int]


def _coalesce(spans: Iterable[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for begin, end in sorted(spans):
        if end < begin:
            raise ValueError(f"range [{begin}-{end}] ends before it begins")
        if merged and begin <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return tuple(merged)


@dataclass(frozen=True, slots=True)
class Ranges:
    """A set of integers kept as sorted spans that neither overlap nor touch."""

    spans: tuple[Span, ...] = ()

    @classmethod
    def of(cls, *spans: Span) -> Ranges:
        """Make ranges from inclusive ``(begin, end)`` pairs, in any order, overlapping or not.

        Raises:
            ValueError: a pair ends before it begins.
        """
        return cls(_coalesce(spans))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left; Mesos drops such a resource."""
        return not self.spans

    @property
    def size(self) -> int:
        """How many integers there are."""
        return sum(end - begin + 1 for begin, end in self.spans)

    def contains(self, other: Ranges) -> bool:
        """Whether each integer of ``other`` is here."""
        return all(
            any(begin <= low and high <= end for begin, end in self.spans)
            for low, high in other.spans
        )

    def first(self, count: int) -> Ranges:
        """The ``count`` smallest integers.

        Raises:
            ValueError: there are fewer.
        """
        taken: list[Span] = []
        for begin, end in self.spans:
            if count == 0:
                break
            last = min(end, begin + count - 1)
            taken.append((begin, last))
            count -= last - begin + 1
        if count > 0:
            raise ValueError(f"{count} more wanted than there are")
        return Ranges(tuple(taken))

    def __add__(self, other: Ranges) -> Ranges:
        return Ranges(_coalesce([*self.spans, *other.spans]))

    def __sub__(self, other: Ranges) -> Ranges:
        left = list(self.spans)
        for low, high in other.spans:
            rest: list[Span] = []
            for begin, end in left:
                if high < begin or end < low:
                    rest.append((begin, end))
                    continue
                if begin < low:
                    rest.append((begin, low - 1))
                if high < end:
                    rest.append((high + 1, end))
            left = rest
        return Ranges(tuple(left))

    def __str__(self) -> str:
        return "[" + ", ".join(f"{begin}-{end}" for begin, end in self.spans) + "]"
