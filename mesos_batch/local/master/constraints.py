"""Offer constraints: which agents a framework does not want to be offered for a role.

Groups are alternatives, the constraints in a group must all hold. Only text attributes are
compared, others always match. Source: ``src/master/allocator/mesos/offer_constraints_filter.cpp``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.local.master.framework import roles_of
from mesos_batch.local.rules import ValidationError, told

if TYPE_CHECKING:
    from collections.abc import Callable

OfferConstraints = scheduler_pb2.OfferConstraints
Constraint = scheduler_pb2.AttributeConstraint
_Pseudo = Constraint.Selector


def validate_constraints(info: pb.FrameworkInfo, constraints: OfferConstraints) -> None:
    """Check constraints before they are used.

    Raises:
        ValidationError: a foreign role, an empty group, or a pattern that is none.
    """
    for role in constraints.role_constraints:
        if role not in roles_of(info):
            raise ValidationError(
                f"Offer constraints specify `role_constraints` for a role '{role}'"
                "not contained in the set of roles"
            )
    with told("Offer constraints are not valid: "):
        for role, of_role in constraints.role_constraints.items():
            if not of_role.groups:
                raise ValidationError(
                    "'OfferConstraints::role_constraints' has an empty "
                    f"'RoleConstraints::groups' for role {role}"
                )
            for group in of_role.groups:
                _validate_group(role, group)


def _validate_group(role: str, group: OfferConstraints.RoleConstraints.Group) -> None:
    # Mesos forgot the space before "contains".
    if not group.attribute_constraints:
        raise ValidationError(
            f"'OfferConstraints::RoleConstraints::groups' for role {role}"
            "contains an empty RoleConstraints::Group"
        )
    with told(f"A role {role} has an invalid 'AttributeConstraint': "):
        for constraint in group.attribute_constraints:
            _validate_selector(constraint.selector)
            _validate_predicate(constraint.predicate)


def _validate_selector(selector: Constraint.Selector) -> None:
    kind = selector.WhichOneof("selector")
    if kind is None:
        raise ValidationError(
            "Exactly one of 'AttributeConstraint::Selector::name' or"
            " 'AttributeConstraint::Selector::pseudoattribute_type' must be set"
        )
    if kind == "pseudoattribute_type" and selector.pseudoattribute_type == _Pseudo.UNKNOWN:
        raise ValidationError("Unknown pseudoattribute type")


def _validate_predicate(predicate: Constraint.Predicate) -> None:
    kind = predicate.WhichOneof("predicate")
    if kind is None:
        raise ValidationError("Unknown predicate type")
    if kind not in ("text_matches", "text_not_matches"):
        return
    pattern = getattr(predicate, kind).regex
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValidationError(
            f"Failed to construct regex from pattern '{pattern}': {error}"
        ) from None


def is_excluded(constraints: OfferConstraints, role: str, agent: pb.AgentInfo) -> bool:
    """Whether no group of the role's constraints holds for the agent."""
    if role not in constraints.role_constraints:
        return False
    return not any(
        all(_holds(constraint, agent) for constraint in group.attribute_constraints)
        for group in constraints.role_constraints[role].groups
    )


# For each predicate: what an absent attribute gives, and the test of a text.
_PREDICATES: dict[str, tuple[bool, Callable[..., bool]]] = {
    "exists": (False, lambda _wanted, _text: True),
    "not_exists": (True, lambda _wanted, _text: False),
    "text_equals": (False, lambda wanted, text: text == wanted.value),
    "text_not_equals": (True, lambda wanted, text: text != wanted.value),
    "text_matches": (False, lambda wanted, text: re.fullmatch(wanted.regex, text) is not None),
    "text_not_matches": (True, lambda wanted, text: re.fullmatch(wanted.regex, text) is None),
}


def _holds(constraint: Constraint, agent: pb.AgentInfo) -> bool:
    kind = constraint.predicate.WhichOneof("predicate")
    assert kind is not None, "validated when the framework subscribed"
    absent, test = _PREDICATES[kind]
    wanted = getattr(constraint.predicate, kind)
    selector = constraint.selector
    if selector.WhichOneof("selector") == "pseudoattribute_type":
        text = _pseudo_attribute(selector.pseudoattribute_type, agent)
        return absent if text is None else test(wanted, text)
    attribute = next(
        (item for item in agent.attributes if item.name == selector.attribute_name), None
    )
    if attribute is None:
        return absent
    if attribute.type != pb.Value.TEXT and kind.startswith("text_"):
        return True
    return test(wanted, attribute.text.value)


def _pseudo_attribute(kind: int, agent: pb.AgentInfo) -> str | None:
    if kind == _Pseudo.HOSTNAME:
        return agent.hostname
    if not agent.domain.HasField("fault_domain"):
        return None
    place = agent.domain.fault_domain
    return place.region.name if kind == _Pseudo.REGION else place.zone.name
