"""Refused offers: how long a framework does not want to see resources again.

Source: ``RefusedOfferFilter`` and ``recoverResources`` in Mesos' hierarchical allocator.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesos_batch.model.resources import Resources

DEFAULT_REFUSE_SECONDS = 5.0
MAX_REFUSE_SECONDS = 365 * 86400.0
# Mesos counts durations in 64-bit nanoseconds; what does not fit is not a duration.
_MAX_DURATION_SECONDS = (2**63 - 1) / 1e9


def refusal(refuse_seconds: float, allocation_interval: float) -> float:
    """For how many seconds a refusal holds; 0 is no filter at all."""
    if not 0 <= refuse_seconds <= _MAX_DURATION_SECONDS or math.isnan(refuse_seconds):
        refuse_seconds = DEFAULT_REFUSE_SECONDS
    if refuse_seconds == 0:
        return 0.0
    return max(min(refuse_seconds, MAX_REFUSE_SECONDS), allocation_interval)


@dataclass(frozen=True, slots=True)
class RefusedOffer:
    """Resources (without allocation) that were refused, and until when."""

    resources: Resources
    until: float


class RefusedOffers:
    """The filters of one framework, by role and agent."""

    def __init__(self) -> None:
        self._filters: dict[tuple[str, str], list[RefusedOffer]] = {}

    def add(self, role: str, agent_id: str, refused: RefusedOffer) -> None:
        """Install a filter."""
        self._filters.setdefault((role, agent_id), []).append(refused)

    def blocks(self, role: str, agent_id: str, candidate: Resources, now: float) -> bool:
        """Whether a filter holds that refused the candidate or more; past ones are dropped."""
        key = (role, agent_id)
        held = [item for item in self._filters.get(key, ()) if now < item.until]
        if held:
            self._filters[key] = held
        else:
            self._filters.pop(key, None)
        return any(item.resources.contains(candidate) for item in held)

    def clear(self) -> None:
        """Drop all filters."""
        self._filters.clear()

    def clear_role(self, role: str) -> None:
        """Drop the filters of a role."""
        for key in [key for key in self._filters if key[0] == role]:
            del self._filters[key]

    def clear_agent(self, agent_id: str) -> None:
        """Drop the filters of an agent."""
        for key in [key for key in self._filters if key[1] == agent_id]:
            del self._filters[key]
