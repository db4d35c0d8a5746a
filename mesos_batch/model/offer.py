"""Offers and the agents behind them."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class Unavailability:
    """A maintenance window: start and duration in seconds, ``None`` for an open end."""

    start: float
    duration: float | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """Resources of one agent, offered for one role.

    ``agent_url`` is where the agent's own HTTP API answers, ``role`` is the allocation role.
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
