"""Resources as text: as Mesos' own ``--resources`` flags take them, and in few words.

    cpus:4;mem(role):1024;ports:[31000-31005,31010-31020];zones:{a,b}

A role in parentheses means a static reservation.
Source: ``Resources::parse`` in ``src/common/resources.cpp``, ``src/common/values.cpp``.
"""

from __future__ import annotations

import re
from dataclasses import replace

from mesos_batch.model.items import Items
from mesos_batch.model.ranges import Ranges
from mesos_batch.model.resource import Reservation, ReservationType, Resource
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.model.value import Value

_ENTRY = re.compile(r"\s*([^\s():]+)\s*(?:\(([^()]*)\))?\s*:([^:]*)")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_RANGES = re.compile(r"\[(\d+-\d+(,\d+-\d+)*)?\]")
_SET = re.compile(r"\{([^][{}]*)\}")
_ANYBODY = "*"


def parse_resources(text: str) -> list[Resource]:
    """The resources in a text, those of the value 0 too.

    Raises:
        ValueError: one is not of that form; the message is a sentence for the user.
    """
    return [_entry(entry) for entry in text.split(";") if entry.strip()]


def in_few_words(resources: Resources) -> str:
    """What there is of each kind, whoever it is reserved for; volumes as the disk they are."""
    plain = resources.map(lambda item: replace(item.without_volume(), reservations=()))
    return "; ".join(str(item) for item in plain)


def _entry(text: str) -> Resource:
    found = _ENTRY.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text}' is not of the form name:value or name(role):value")
    name, role, value = found[1], found[2], found[3]
    reservations: tuple[Reservation, ...] = ()
    if role is not None and role.strip() != _ANYBODY:
        reservations = (Reservation(ReservationType.STATIC, role.strip()),)
    return Resource(name, _value(value, text), reservations)


def _value(text: str, entry: str) -> Value:
    text = "".join(text.split())
    if _NUMBER.fullmatch(text):
        return Scalar.of(float(text))
    if _RANGES.fullmatch(text):
        spans = (span.split("-") for span in text[1:-1].split(",") if span)
        return Ranges.of(*((int(begin), int(end)) for begin, end in spans))
    inside = _SET.fullmatch(text)
    if inside is not None:
        return Items.of(item for item in inside[1].split(",") if item)
    raise ValueError(f"the value of '{entry}' is no number, no [ranges] and no {{set}}")
