"""What a task says of its placement beside the resources it needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Operator(Enum):
    """How a constraint compares; the words are those users write."""

    EQUALS = "equals"
    NOT = "not"
    LIKE = "like"
    UNLIKE = "unlike"
    IN = "in"
    UNIQUE = "unique"
    GROUP_BY = "group_by"
    MAX_PER = "max_per"


@dataclass(frozen=True, slots=True)
class Constraint:
    """Which agents a task may go to, by ``hostname`` or by an attribute of that name.

    ``values`` are what is compared with: one text, for ``IN`` several, for ``UNIQUE`` none.
    ``GROUP_BY`` and ``MAX_PER`` hold a whole number as text (``GROUP_BY`` perhaps none).
    """

    field: str
    operator: Operator
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ":".join(
            [self.field, self.operator.value, *([",".join(self.values)] * bool(self.values))]
        )


@dataclass(frozen=True, slots=True)
class Scheduling:
    """How a task is scheduled; tasks that say the same share one of these.

    Of two waiting tasks the one with the higher ``priority`` goes first. ``expected_runtime`` is
    seconds, ``None`` when nobody knows. ``max_attempts`` is how often the task is tried when it
    fails by itself, ``None`` as often as any task of the run.
    """

    priority: int = 0
    expected_runtime: float | None = None
    constraints: tuple[Constraint, ...] = ()
    max_attempts: int | None = None


ORDINARY = Scheduling()
