"""What survives a master: which agents were admitted, and which are unreachable or gone.

Mesos keeps it in a replicated log; the masters of a local cluster share one object.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb


@dataclass(slots=True)
class Registry:
    """Agents by id; the values of ``unreachable`` and ``gone`` are nanoseconds since the epoch."""

    admitted: dict[str, pb.AgentInfo] = field(default_factory=dict)
    unreachable: dict[str, int] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)

    def admit(self, agent: pb.AgentInfo) -> None:
        """Note a new agent, or one that came back."""
        self.admitted[agent.id.value] = agent
        self.unreachable.pop(agent.id.value, None)

    def mark_unreachable(self, agent_id: str, at: int) -> None:
        """Note that an agent cannot be reached."""
        self.admitted.pop(agent_id, None)
        self.unreachable[agent_id] = at

    def mark_gone(self, agent_id: str, at: int) -> None:
        """Note that an agent will never come back."""
        self.admitted.pop(agent_id, None)
        self.unreachable.pop(agent_id, None)
        self.gone[agent_id] = at
