"""Sets of names, the third kind of resource value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Items:
    """A set resource, such as ``zones:{a, b}``."""

    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, names: Iterable[str]) -> Items:
        """Make a set from names in any order."""
        return cls(frozenset(names))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left; Mesos drops such a resource."""
        return not self.names

    def contains(self, other: Items) -> bool:
        """Whether each name of ``other`` is here."""
        return other.names <= self.names

    def __add__(self, other: Items) -> Items:
        return Items(self.names | other.names)

    def __sub__(self, other: Items) -> Items:
        return Items(self.names - other.names)

    def __str__(self) -> str:
        return "{" + ", ".join(sorted(self.names)) + "}"
