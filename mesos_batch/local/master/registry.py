"""What survives a master: which agents were admitted, and which are unreachable or gone.

Mesos keeps it in a replicated log; ours is a document in a file, or in ZooKeeper.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.protocol import json_dialect


def _keep_nowhere(document: bytes) -> None:
    """What a registry without a place of its own does."""


class Registry:
    """Agents by id; the values of ``unreachable`` and ``gone`` are nanoseconds since the epoch.

    ``keep`` is called with the whole document at each change.
    """

    def __init__(self, keep: Callable[[bytes], None] = _keep_nowhere) -> None:
        self._keep = keep
        self.admitted: dict[str, pb.AgentInfo] = {}
        self.unreachable: dict[str, int] = {}
        self.gone: dict[str, int] = {}

    def restore(self, document: bytes) -> None:
        """Know what was kept.

        Raises:
            ValueError: it is no such document.
        """
        try:
            read = json.loads(document)
            agents = [json_dialect.from_value(it, pb.AgentInfo) for it in read["admitted"]]
            self.unreachable = dict(read["unreachable"])
            self.gone = dict(read["gone"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"it lacks {error}") from None
        self.admitted = {agent.id.value: agent for agent in agents}

    def admit(self, agent: pb.AgentInfo) -> None:
        """Note a new agent, or one that came back."""
        self.admitted[agent.id.value] = agent
        self.unreachable.pop(agent.id.value, None)
        self._changed()

    def mark_unreachable(self, agent_id: str, at: int) -> None:
        """Note that an agent cannot be reached."""
        self.admitted.pop(agent_id, None)
        self.unreachable[agent_id] = at
        self._changed()

    def mark_gone(self, agent_id: str, at: int) -> None:
        """Note that an agent will never come back."""
        self.admitted.pop(agent_id, None)
        self.unreachable.pop(agent_id, None)
        self.gone[agent_id] = at
        self._changed()

    def _changed(self) -> None:
        document = {
            "admitted": [json_dialect.to_value(agent) for agent in self.admitted.values()],
            "unreachable": self.unreachable,
            "gone": self.gone,
        }
        self._keep(json.dumps(document).encode())
