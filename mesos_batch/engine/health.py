"""Agents on which attempts keep failing while others do well get a rest, longer each time.

A batch that fails everywhere is the batch's fault: no agent rests unless another one finished a
task since this one last did. A task pinned to an agent is not kept from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

REST_AFTER = 3
FIRST_REST = 30.0
LONGEST_REST = 900.0
LOST_TOGETHER = 1.0


@dataclass(slots=True)
class _Health:
    failures: int = 0
    rests: int = 0
    rest_until: float = 0.0
    finished_at: float = 0.0
    lost_at: float = -math.inf


class AgentHealth:
    """How attempts end, by agent; times are seconds."""

    def __init__(self) -> None:
        self._agents: dict[str, _Health] = {}

    def finished(self, agent_id: str, now: float) -> None:
        """Note that an attempt finished: the agent is well."""
        health = self._agents.setdefault(agent_id, _Health())
        health.failures = health.rests = 0
        health.rest_until = 0.0
        health.finished_at = now

    def failed(self, agent_id: str, now: float, *, lost: bool = False) -> tuple[float, int] | None:
        """Note that an attempt failed; gives seconds and failures when the agent rests now.

        Attempts that are ``lost`` at one time, with their agent, are one failure of it.
        """
        health = self._agents.setdefault(agent_id, _Health())
        if lost:
            together = now - health.lost_at < LOST_TOGETHER
            health.lost_at = now
            if together:
                return None
        health.failures += 1
        if health.failures < REST_AFTER or now < health.rest_until:
            return None
        if not any(
            other.finished_at > health.finished_at and other.rest_until <= now
            for agent, other in self._agents.items()
            if agent != agent_id
        ):
            return None
        seconds = min(FIRST_REST * 2.0**health.rests, LONGEST_REST)
        health.rests += 1
        health.rest_until = now + seconds
        return seconds, health.failures

    def rest_left(self, agent_id: str, now: float) -> float:
        """For how many seconds the agent rests yet; 0 when it does not."""
        health = self._agents.get(agent_id)
        return max(0.0, health.rest_until - now) if health is not None else 0.0
