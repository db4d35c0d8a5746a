"""Amounts with three decimals, as Mesos computes them.

Mesos sends scalars as doubles but compares, adds and subtracts ``llround(value * 1000)``
(``src/common/values.cpp``). We hold that integer, so that 0.1 + 0.2 is 0.3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MILLI = 1000


def to_milli(value: float) -> int:
    """Round ``value`` to thousandths, halves away from zero, as ``llround`` does.

    Raises:
        ValueError: the value is infinite or not a number.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a finite amount")
    scaled = abs(value) * MILLI
    rounded = math.floor(scaled)
    if scaled - rounded >= 0.5:
        rounded += 1
    return rounded if value >= 0 else -rounded


def format_milli(milli: int) -> str:
    """Print thousandths the way Mesos prints a scalar: ``4``, ``0.1``, ``3.875``."""
    sign = "-" if milli < 0 else ""
    whole, rest = divmod(abs(milli), MILLI)
    if rest == 0:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{rest:03d}".rstrip("0")


@dataclass(frozen=True, slots=True, order=True)
class Scalar:
    """An amount in thousandths: cpus, or MB of mem and disk."""

    milli: int

    @classmethod
    def of(cls, value: float) -> Scalar:
        """Make a scalar from the number on the wire."""
        return cls(to_milli(value))

    @property
    def value(self) -> float:
        """The number on the wire."""
        return self.milli / MILLI

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left; Mesos drops such a resource."""
        return self.milli <= 0

    def contains(self, other: Scalar) -> bool:
        """Whether ``other`` fits into this amount."""
        return other.milli <= self.milli

    def __add__(self, other: Scalar) -> Scalar:
        return Scalar(self.milli + other.milli)

    def __sub__(self, other: Scalar) -> Scalar:
        return Scalar(self.milli - other.milli)

    def __str__(self) -> str:
        return format_milli(self.milli)
