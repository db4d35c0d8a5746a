"""What a master tells operators of a cluster: its agents, frameworks, tasks and offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from mesos_batch.model.cluster import AgentState
from mesos_batch.model.offer import Offer
from mesos_batch.model.resources import Resources
from mesos_batch.model.state import TaskState


class AgentStatus(Enum):
    """Whether an agent makes offers, and why not.

    ``RECOVERING`` ones are known from before a new master was elected and have not come back yet.
    """

    ACTIVE = "active"
    DISCONNECTED = "disconnected"
    DEACTIVATED = "deactivated"
    DRAINING = "draining"
    DRAINED = "drained"
    RECOVERING = "recovering"


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """An agent. Times are seconds since the epoch; ``domain`` is ``region/zone``."""

    agent: AgentState
    status: AgentStatus
    version: str | None = None
    registered_at: float | None = None
    reregistered_at: float | None = None
    domain: str | None = None

    @property
    def free(self) -> Resources:
        """What no task holds, whoever it is reserved for or offered to now."""
        return self.agent.total.without(self.agent.used)


class FrameworkStatus(Enum):
    """Whether a framework is there.

    ``INACTIVE`` ones are connected and get no offers, ``RECOVERED`` ones are known from their
    agents only, ``COMPLETED`` ones are over.
    """

    ACTIVE = "active"
    INACTIVE = "inactive"
    DISCONNECTED = "disconnected"
    RECOVERED = "recovered"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class FrameworkEntry:
    """A framework; ``tasks`` counts those that are not over. Times are seconds (epoch)."""

    framework_id: str
    name: str
    roles: tuple[str, ...]
    status: FrameworkStatus
    principal: str | None = None
    user: str | None = None
    hostname: str | None = None
    registered_at: float | None = None
    reregistered_at: float | None = None
    unregistered_at: float | None = None
    tasks: int = 0
    used: Resources = field(default_factory=Resources)
    offered: Resources = field(default_factory=Resources)
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """A task of any framework; ``since`` is when its state was reported, seconds (epoch).

    ``role`` is the one its resources are allocated to.
    """

    task_id: str
    name: str
    framework_id: str
    framework_name: str
    agent_id: str
    hostname: str
    state: TaskState
    resources: Resources
    role: str | None = None
    since: float | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """All of a cluster at one moment.

    ``recovering`` are the host names, by id, of agents a new master still waits for.
    """

    master: str
    agents: tuple[AgentEntry, ...] = ()
    frameworks: tuple[FrameworkEntry, ...] = ()
    tasks: tuple[TaskEntry, ...] = ()
    recovering: Mapping[str, str] = field(default_factory=dict)
