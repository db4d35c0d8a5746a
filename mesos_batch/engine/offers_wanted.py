"""Whether we want offers: SUPPRESS when nothing waits, REVIVE when something does.

Freed resources are offered at the next allocation round, a second later; a REVIVE has them
offered at once. One REVIVE is under way at a time, so that a slow master sets the pace, and a
large cluster, which answers each with many offers, is asked less often.
"""

from __future__ import annotations

# Seconds (``--revive_interval``).
MIN_GAP = 0.02
GAP_PER_OFFER = 0.002
ANSWER_WITHIN = 1.0


class OffersWanted:
    """A small machine that says when to send SUPPRESS and REVIVE."""

    def __init__(self, least_gap: float = MIN_GAP) -> None:
        self._least_gap = least_gap
        self._suppressed = False
        self._wish = False
        self._next_revive = 0.0
        self._answer_by: float | None = None

    def subscribed(self) -> None:
        """Start anew: a subscription clears filters and allocates at once."""
        self._suppressed = False
        self._wish = False
        self._answer_by = None

    def wish(self) -> None:
        """Note that resources came free, or that a task waits which did not before."""
        self._wish = True

    def offers_arrived(self, count: int, now: float) -> None:
        """Note the answer to a REVIVE, or an allocation round of its own."""
        self._answer_by = None
        gap = max(self._least_gap, GAP_PER_OFFER * count)
        self._next_revive = max(self._next_revive, now + gap)

    def should_suppress(self, *, waiting: bool) -> bool:
        """Whether to send SUPPRESS now; then it counts as sent."""
        if waiting or self._suppressed:
            return False
        self._suppressed = True
        self._wish = False
        return True

    def should_revive(self, now: float, *, waiting: bool) -> bool:
        """Whether to send REVIVE now; then it counts as sent."""
        if not waiting or not (self._wish or self._suppressed):
            return False
        at = self.next_revive
        if at is not None and now < at:
            return False
        self._suppressed = False
        self._wish = False
        self._answer_by = now + ANSWER_WITHIN
        self._next_revive = now + self._least_gap
        return True

    @property
    def next_revive(self) -> float | None:
        """When a wished REVIVE may be sent; ``None`` when there is no wish for one."""
        if not (self._wish or self._suppressed):
            return None
        return max(self._next_revive, self._answer_by or 0.0)
