"""Whether constraints let a task go to an agent.

Static ones depend on the agent alone. Counted ones depend on where tasks of the run with the same
constraint run now. An agent that lacks the attribute is no match for ``EQUALS``, ``LIKE`` and
``IN``, and one for ``NOT`` and ``UNLIKE``, as in the offer constraints of Mesos
(``src/master/allocator/mesos/offer_constraints_filter.cpp``); counted ones never let a task go
there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from mesos_batch.model.constraint_pattern import compiled
from mesos_batch.model.scheduling import Constraint, Operator

HOSTNAME = "hostname"
COUNTED = frozenset({Operator.UNIQUE, Operator.GROUP_BY, Operator.MAX_PER})


def value_of(field: str, hostname: str, attributes: Mapping[str, str]) -> str | None:
    """What an agent has in a field, as text; ``None`` when it lacks the attribute."""
    return hostname if field == HOSTNAME else attributes.get(field)


def static_match(
    constraints: Iterable[Constraint], hostname: str, attributes: Mapping[str, str]
) -> bool:
    """Whether all static constraints hold for an agent; counted ones are passed over.

    ``attributes`` are texts by name, as ``model.offer.attribute_texts`` gives them.
    """
    for constraint in constraints:
        if constraint.operator not in COUNTED:
            value = value_of(constraint.field, hostname, attributes)
            if not _holds(constraint, value):
                return False
    return True


def _holds(constraint: Constraint, value: str | None) -> bool:
    operator, wanted = constraint.operator, constraint.values
    if value is None:
        return operator in (Operator.NOT, Operator.UNLIKE)
    match operator:
        case Operator.NOT:
            return value != wanted[0]
        case Operator.LIKE:
            return compiled(wanted[0]).fullmatch(value) is not None
        case Operator.UNLIKE:
            return compiled(wanted[0]).fullmatch(value) is None
        case _:
            return value in wanted


def has_room(
    constraint: Constraint, counts: Mapping[str, int], known: Collection[str], value: str | None
) -> bool:
    """Whether a counted constraint lets one more task go to an agent with this value.

    ``counts`` are the tasks of the run with this constraint that run now, by value of its field;
    ``known`` are the values of the agents there are.

    ``GROUP_BY`` lets a task go where none of the known values has fewer. With a number ``n``, and
    fewer than ``n`` values known, those not seen yet have none, as in Marathon: each value gets
    one task, further ones wait for agents with other values.
    """
    if value is None:
        return False
    count = counts.get(value, 0)
    match constraint.operator:
        case Operator.UNIQUE:
            return count < 1
        case Operator.MAX_PER:
            return count < int(constraint.values[0])
        case Operator.GROUP_BY:
            if count == 0:
                return True
            seen = len(known) + (value not in known)
            if constraint.values and seen < int(constraint.values[0]):
                return False
            return all(counts.get(other, 0) >= count for other in known)
        case _:
            raise ValueError(f"{constraint} counts nothing")
