"""Constraints of tasks as offer constraints of Mesos 1.11 and later: what is not to be offered.

They are a filter before our own: what we would take is never excluded, what we would not take may
still be offered. Mesos compares attributes of type TEXT only and lets others through, while we
compare all of them as text. Masters before 1.11 ignore the field, in protobuf as in JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.model.constraint_match import COUNTED, HOSTNAME
from mesos_batch.model.scheduling import Constraint, Operator

if TYPE_CHECKING:
    from mesos_batch.model.task import TaskSpec

Group = frozenset[Constraint]

MOST_GROUPS = 20
# Masters refuse a subscription with a pattern whose RE2 program has more than 100 instructions
# (--offer_constraints_re2_max_program_size). A character makes at most one, but for those that
# stand for most of Unicode, which make nine.
_LARGEST_PROGRAM = 80
_WIDE = re.compile(r"\.|\[\^|\\[DW]")
_WIDE_SIZE = 9
# White space, \B and case beyond ASCII are not the same to RE2 and Python; counts are unrolled.
_ALIKE = re.compile(r"(?:[^\\({]|\\[^sSB]|\((?!\?)|\(\?:)*", re.ASCII | re.DOTALL)
_PREDICATES = {
    Operator.EQUALS: ("text_equals", "value"),
    Operator.NOT: ("text_not_equals", "value"),
    Operator.LIKE: ("text_matches", "regex"),
    Operator.UNLIKE: ("text_not_matches", "regex"),
}


def offer_groups(tasks: Iterable[TaskSpec]) -> tuple[Group, ...]:
    """Sets of constraints of which one at least must hold on an agent that any task could use.

    None when there are tasks for every agent, or the sets are too many to be worth it.
    """
    distinct = {id(task.scheduling): task.scheduling.constraints for task in tasks}
    groups: dict[Group, None] = {}
    for constraints in distinct.values():
        for group in _alternatives(constraints):
            groups[group] = None
        if not all(groups) or len(groups) > MOST_GROUPS:
            return ()
    return tuple(groups)


def _alternatives(constraints: Iterable[Constraint]) -> list[Group]:
    """What is to hold for one kind of task; leaving a constraint out only lets more through.

    ``IN`` becomes one alternative for each value, since patterns are limited in size.
    """
    choices: list[list[Constraint]] = []
    count = 1
    for constraint in constraints:
        if constraint.operator is Operator.IN:
            count *= len(constraint.values)
            if count > MOST_GROUPS:
                return [frozenset()]
            equal = [
                Constraint(constraint.field, Operator.EQUALS, (value,))
                for value in constraint.values
            ]
            choices.append(equal)
        elif constraint.operator not in COUNTED and _can_be_pushed(constraint):
            choices.append([constraint])
    return [frozenset(choice) for choice in product(*choices)]


def _can_be_pushed(constraint: Constraint) -> bool:
    """Whether every master takes the constraint and means the same by it as we do."""
    if constraint.operator not in (Operator.LIKE, Operator.UNLIKE):
        return True
    pattern = constraint.values[0]
    size = len(pattern) + _WIDE_SIZE * len(_WIDE.findall(pattern))
    return pattern.isascii() and size <= _LARGEST_PROGRAM and _ALIKE.fullmatch(pattern) is not None


def write_groups(
    groups: Iterable[Group], message: scheduler_pb2.OfferConstraints.RoleConstraints
) -> None:
    """Write groups as the constraints of a role."""
    for group in groups:
        written = message.groups.add()
        for constraint in sorted(group, key=str):
            item = written.attribute_constraints.add()
            if constraint.field == HOSTNAME:
                item.selector.pseudoattribute_type = (
                    scheduler_pb2.AttributeConstraint.Selector.HOSTNAME
                )
            else:
                item.selector.attribute_name = constraint.field
            predicate, name = _PREDICATES[constraint.operator]
            setattr(getattr(item.predicate, predicate), name, constraint.values[0])
