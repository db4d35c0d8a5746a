"""Constraints as users write them: ``FIELD:OPERATOR:VALUE``, as in Marathon.

``hostname:like:node-[0-9]+``, ``rack:in:r1,r2``, ``hostname:unique``, ``rack:group_by:3``.
"""

from __future__ import annotations

from collections.abc import Sequence

from mesos_batch.did_you_mean import meant_by
from mesos_batch.model.constraint_pattern import check_pattern
from mesos_batch.model.scheduling import Constraint, Operator

EXAMPLE = "write FIELD:OPERATOR:VALUE, for example rack:equals:r1 or hostname:unique"
_OPERATORS = {operator.value: operator for operator in Operator}
_COUNTED = (Operator.GROUP_BY, Operator.MAX_PER)
_PATTERNS = (Operator.LIKE, Operator.UNLIKE)
# What Marathon calls them.
_NEAR = {"is": "equals", "cluster": "equals", "==": "equals", "=": "equals", "!=": "not"}


def parse_constraint(text: str) -> Constraint:
    """Read a constraint; operators are written in any case, space around the parts is no part.

    Raises:
        ValueError: the text is none; the message is a sentence for the user.
    """
    parts = [part.strip() for part in text.split(":", 2)]
    if len(parts) == 1 or not parts[0]:
        raise ValueError(f"'{text}' is not a constraint; {EXAMPLE}")
    operator = _OPERATORS.get(parts[1].lower())
    if operator is None:
        raise _no_operator(text, parts)
    return Constraint(parts[0], operator, _values(text, operator, parts[2:]))


def words_of(constraint: Constraint) -> list[str]:
    """The constraint as a list for JSON, which :func:`constraint_of` reads."""
    return [constraint.field, constraint.operator.value, *constraint.values]


def constraint_of(words: Sequence[str]) -> Constraint:
    """The constraint whose :func:`words_of` these are."""
    field, operator, *values = words
    return Constraint(field, Operator(operator), tuple(values))


def _no_operator(text: str, parts: Sequence[str]) -> ValueError:
    said = parts[1].lower()
    near = _NEAR.get(said) or meant_by(said, _OPERATORS)
    operators = ", ".join(_OPERATORS)
    if near is not None:
        meant = ":".join([parts[0], near, *parts[2:]])
    elif len(parts) == 2:
        meant = f"{parts[0]}:equals:{parts[1]}"
    else:
        return ValueError(f"'{parts[1]}' in '{text}' is not one of {operators}")
    return ValueError(f"'{parts[1]}' in '{text}' is not one of {operators} (did you mean {meant}?)")


def _values(text: str, operator: Operator, given: Sequence[str]) -> tuple[str, ...]:
    value = given[0] if given else ""
    if operator is Operator.UNIQUE:
        if given:
            raise ValueError(f"unique takes no value, but '{text}' has one")
        return ()
    if operator is Operator.GROUP_BY and not given:
        return ()
    if not value:
        raise ValueError(f"'{text}' has no value to compare with; {EXAMPLE}")
    if operator in _COUNTED:
        return (_count(text, value),)
    if operator is Operator.IN:
        members = tuple(dict.fromkeys(member.strip() for member in value.split(",")))
        if "" in members:
            raise ValueError(f"one of the values in '{text}' is empty")
        return members
    if operator in _PATTERNS:
        check_pattern(value)
    return (value,)


def _count(text: str, value: str) -> str:
    if not (value.isascii() and value.isdigit() and len(value) < 10 and int(value) > 0):
        raise ValueError(f"'{value}' in '{text}' is not a whole number of at least 1")
    return str(int(value))
