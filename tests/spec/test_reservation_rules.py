"""Rules for reservations: a change of a good task and what is said."""

from __future__ import annotations

from typing import Any

import pytest
from task_lists import DYNAMIC, group, scalar, task, told, uses

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "role": (
        uses(scalar("cpus", 1, role="a b")),
        "resources[0].role",
        "role 'a b' contains white space or a control character",
    ),
    "role slash": (
        uses(scalar("cpus", 1, role="/a")),
        "resources[0].role",
        "role '/a' starts or ends with a slash or has two in a row",
    ),
    "role dash": (
        uses(scalar("cpus", 1, role="a/-b")),
        "resources[0].role",
        "role 'a/-b' has a component that starts with a dash",
    ),
    "role dots": (
        uses(scalar("cpus", 1, role="a/..")),
        "resources[0].role",
        "role 'a/..' has '..' as a component",
    ),
    "role empty": (
        uses(scalar("cpus", 1, role="")),
        "resources[0].role",
        "a role must not be empty",
    ),
    "reservation star": (
        uses(scalar("cpus", 1, reservation={"principal": "p"})),
        "resources[0].role",
        "a reservation needs a role",
    ),
    "reservation role": (
        uses(scalar("cpus", 1, role="r", reservation={"role": "r"})),
        "resources[0].reservation.role",
        "belongs into reservations, not beside the older field role",
    ),
    "reservation type": (
        uses(scalar("cpus", 1, role="r", reservation={"type": "DYNAMIC"})),
        "resources[0].reservation.type",
        "belongs into reservations, not beside the older field type",
    ),
    "entry type": (
        uses(scalar("cpus", 1, reservations=[{"role": "r"}])),
        "resources[0].reservations[0].type",
        "a reservation needs a type",
    ),
    "entry unknown": (
        uses(scalar("cpus", 1, reservations=[{"type": "UNKNOWN", "role": "r"}])),
        "resources[0].reservations[0].type",
        "UNKNOWN is no type of reservation",
    ),
    "entry role": (
        uses(scalar("cpus", 1, reservations=[{"type": "STATIC"}])),
        "resources[0].reservations[0].role",
        "a reservation needs a role",
    ),
    "entry star": (
        uses(scalar("cpus", 1, reservations=[{"type": "STATIC", "role": "*"}])),
        "resources[0].reservations[0].role",
        'nothing can be reserved to "*"',
    ),
    "entry bad role": (
        uses(scalar("cpus", 1, reservations=[{"type": "STATIC", "role": "a//b"}])),
        "resources[0].reservations[0].role",
        "role 'a//b' starts or ends with a slash or has two in a row",
    ),
    "refined static": (
        uses(
            scalar(
                "cpus",
                1,
                reservations=[{"type": "STATIC", "role": "r"}, {"type": "STATIC", "role": "r/s"}],
            )
        ),
        "resources[0].reservations[1].type",
        "only the first reservation can be STATIC",
    ),
    "refined elsewhere": (
        uses(
            scalar(
                "cpus",
                1,
                reservations=[{"type": "STATIC", "role": "r"}, {"type": "DYNAMIC", "role": "rs"}],
            )
        ),
        "resources[0].reservations[1].role",
        "role 'rs' is not below 'r'",
    ),
    "refined and role": (
        uses(
            scalar(
                "cpus",
                1,
                role="r/s",
                reservations=[{"type": "STATIC", "role": "r"}, {"type": "DYNAMIC", "role": "r/s"}],
            )
        ),
        "resources[0].role",
        "cannot stand beside more than one of reservations",
    ),
    "forms role": (
        uses(scalar("cpus", 1, role="q", **DYNAMIC)),
        "resources[0].role",
        "role 'q' differs from 'r' in reservations",
    ),
    "forms half": (
        uses(scalar("cpus", 1, role="r", **DYNAMIC)),
        "resources[0].role",
        "role and reservation must both be there or both be absent",
    ),
    "forms other half": (
        uses(scalar("cpus", 1, reservation={}, **DYNAMIC)),
        "resources[0].reservation",
        "role and reservation must both be there or both be absent",
    ),
    "forms principal": (
        uses(scalar("cpus", 1, role="r", reservation={"principal": "q"}, **DYNAMIC)),
        "resources[0].reservation.principal",
        "principal 'q' differs from 'p'",
    ),
    "forms labels": (
        uses(
            scalar(
                "cpus",
                1,
                role="r",
                reservation={"principal": "p", "labels": {"labels": [{"key": "k"}]}},
                **DYNAMIC,
            )
        ),
        "resources[0].reservation.labels",
        "the labels differ from those in reservations",
    ),
    "forms static": (
        uses(
            scalar(
                "cpus", 1, role="r", reservation={}, reservations=[{"type": "STATIC", "role": "r"}]
            )
        ),
        "resources[0].reservation",
        "does not go with a STATIC reservation",
    ),
}
ACCEPTED: dict[str, dict[str, Any]] = {
    "older": uses(scalar("cpus", 1, role="r", reservation={"principal": "p"})),
    "older static": uses(scalar("cpus", 1, role="r")),
    "anybody": uses(scalar("cpus", 1, role="*")),
    "newer": uses(scalar("cpus", 1, **DYNAMIC)),
    "both that agree": uses(scalar("cpus", 1, role="r", reservation={"principal": "p"}, **DYNAMIC)),
    "refined": uses(
        scalar(
            "cpus",
            1,
            reservations=[{"type": "STATIC", "role": "r"}, {"type": "DYNAMIC", "role": "r/s"}],
        )
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    changes, field, message = REFUSED[name]

    assert told(group(task(**changes))) == [f"tasks[0].{field}: {message}"]


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    assert told(group(task(**ACCEPTED[name]))) == []
