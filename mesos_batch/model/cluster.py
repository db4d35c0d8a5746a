"""A cluster as its master shows it to operators: agents, reservations, volumes and their users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import Resources


@dataclass(frozen=True, slots=True)
class AgentState:
    """A registered agent.

    ``active`` ones make offers; one that is disconnected, deactivated or draining does not.
    ``total`` is all it has, ``used`` what tasks and executors hold, ``offered`` what frameworks
    think about. Attributes are as text, numbers without needless decimals. ``address`` is where
    its own HTTP API answers, ``HOST:PORT``.
    """

    agent_id: str
    hostname: str
    active: bool
    total: Resources
    used: Resources
    offered: Resources
    attributes: Mapping[str, str] = field(default_factory=dict)
    address: str | None = None

    @property
    def place(self) -> str:
        """What it is called in a sentence: host name and id."""
        return f"{self.hostname} ({self.agent_id})"


@dataclass(frozen=True, slots=True)
class VolumeUser:
    """A task that holds a volume."""

    agent_id: str
    role: str
    volume_id: str
    framework_id: str
    framework_name: str
    task_id: str


@dataclass(frozen=True, slots=True)
class ClusterView:
    """All agents of a cluster.

    ``recovering`` are the host names, by id, of agents a new master still waits for.
    """

    master: str
    agents: tuple[AgentState, ...]
    recovering: Mapping[str, str] = field(default_factory=dict)
    users: tuple[VolumeUser, ...] = ()

    def agent(self, agent_id: str | None) -> AgentState | None:
        """The registered agent with this id."""
        return next((agent for agent in self.agents if agent.agent_id == agent_id), None)

    def volumes(self) -> list[tuple[AgentState, Resource]]:
        """All persistent volumes, each with its agent."""
        return [
            (agent, volume) for agent in self.agents for volume in agent.total.persistent_volumes()
        ]

    def users_of(self, agent_id: str, volume: Resource) -> list[VolumeUser]:
        """The tasks that hold a volume."""
        key = (agent_id, volume.reservation_role, volume_id(volume))
        return [user for user in self.users if (user.agent_id, user.role, user.volume_id) == key]


def volume_id(volume: Resource) -> str:
    """The persistence id of a persistent volume."""
    assert volume.disk is not None
    assert volume.disk.persistence_id is not None
    return volume.disk.persistence_id
