"""The three kinds of value a resource can have, and what is computed with two of one kind."""

from __future__ import annotations

from mesos_batch.model.items import Items
from mesos_batch.model.ranges import Ranges
from mesos_batch.model.scalar import Scalar

Value = Scalar | Ranges | Items


def contains(left: Value, right: Value) -> bool:
    """Whether ``right`` fits into ``left``; values of two kinds never do."""
    return type(left) is type(right) and left.contains(right)  # type: ignore[arg-type]


def plus(left: Value, right: Value) -> Value:
    """Add two values of one kind."""
    return left + right  # type: ignore[operator]


def minus(left: Value, right: Value) -> Value:
    """Take one value from another of its kind."""
    return left - right  # type: ignore[operator]


def common(left: Value, right: Value) -> Value:
    """What two values of one kind have in common."""
    if isinstance(left, Scalar) and isinstance(right, Scalar):
        return min(left, right)
    return minus(left, minus(left, right))
