"""Offers and the agents behind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesos_batch.model.ranges import Ranges
    from mesos_batch.model.resources import Resources


@dataclass(frozen=True, slots=True)
class Attribute:
    """A named property of an agent, such as ``rack:r1``."""

    name: str
    value: str | float | Ranges | frozenset[str]


def attribute_text(value: object) -> str:
    """The value of an attribute as operators write it: ``r1``, ``2``, ``0.25``, ``[1-3, 7-9]``."""
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(value)) + "}"
    return str(value)


def attribute_texts(attributes: Iterable[Attribute]) -> dict[str, str]:
    """Texts by name; of two attributes with one name the first counts, as in Mesos' constraints."""
    texts: dict[str, str] = {}
    for attribute in attributes:
        texts.setdefault(attribute.name, attribute_text(attribute.value))
    return texts


@dataclass(frozen=True, slots=True)
class Unavailability:
    """A maintenance window: start and duration in seconds, ``None`` for an open end."""

    start: float
    duration: float | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """Resources of one agent, offered for one role.

    ``agent_url`` is where the agent's own HTTP API answers, ``role`` is the allocation role.
    ``domain`` is ``region/zone``.
    """

    offer_id: str
    agent_id: str
    hostname: str
    resources: Resources
    role: str | None = None
    agent_url: str | None = None
    attributes: tuple[Attribute, ...] = ()
    executor_ids: frozenset[str] = frozenset()
    unavailability: Unavailability | None = None
    domain: str | None = None
