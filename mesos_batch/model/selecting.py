"""Which agents, frameworks and tasks are meant. What is left empty selects nothing out."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from mesos_batch.model.cluster import AgentState
from mesos_batch.model.constraint_match import static_match
from mesos_batch.model.inventory import (
    AgentEntry,
    AgentStatus,
    FrameworkEntry,
    FrameworkStatus,
    TaskEntry,
)
from mesos_batch.model.resources import Resources
from mesos_batch.model.scheduling import Constraint
from mesos_batch.model.state import TaskState

# Those a task is in while it holds resources, or may still.
NOT_OVER = frozenset(state for state in TaskState if not state.is_terminal)


@dataclass(frozen=True, slots=True)
class AgentSelector:
    """Agents by name, host name pattern, attributes (``rack:r1``), constraints and free resources.

    ``free`` are resources nobody holds and that are reserved for nobody; counted constraints say
    nothing about an agent alone.
    """

    names: tuple[str, ...] = ()
    host: str | None = None
    attributes: tuple[str, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    free: Resources | None = None
    statuses: frozenset[AgentStatus] = frozenset(AgentStatus)

    def takes(self, entry: AgentEntry) -> bool:
        """Whether this agent is meant."""
        agent = entry.agent
        return (
            entry.status in self.statuses
            and is_called(agent.agent_id, agent.hostname, self.names, self.host)
            and all(has_attribute(agent, text) for text in self.attributes)
            and static_match(self.constraints, agent.hostname, agent.attributes)
            and (self.free is None or entry.free.contains(self.free))
        )


def is_called(
    agent_id: str, hostname: str, names: tuple[str, ...], pattern: str | None = None
) -> bool:
    """Whether an agent has one of these names, if any, and a host name like this."""
    return (not names or not _names(agent_id, hostname).isdisjoint(names)) and (
        pattern is None or fnmatchcase(hostname.casefold(), pattern.casefold())
    )


def names_of(agent: AgentState) -> set[str]:
    """What a user may call an agent: its id, the end of it after the last dash, its host name."""
    return _names(agent.agent_id, agent.hostname)


def _names(agent_id: str, hostname: str) -> set[str]:
    return {agent_id, _number(agent_id), hostname}


def has_attribute(agent: AgentState, text: str) -> bool:
    """Whether an agent has an attribute, written ``name:value``."""
    name, _, value = text.partition(":")
    return agent.attributes.get(name) == value


@dataclass(frozen=True, slots=True)
class FrameworkSelector:
    """Frameworks by name pattern, role and status."""

    name: str | None = None
    role: str | None = None
    statuses: frozenset[FrameworkStatus] = frozenset(FrameworkStatus)

    def takes(self, entry: FrameworkEntry) -> bool:
        """Whether this framework is meant."""
        return (
            entry.status in self.statuses
            and (self.name is None or fnmatchcase(entry.name, self.name))
            and self.role in (None, *entry.roles)
        )


@dataclass(frozen=True, slots=True)
class TaskSelector:
    """Tasks by name or id pattern, framework, agent, role and state.

    A framework is called by its id, the end of it after the last dash, or a pattern of its name.
    """

    name: str | None = None
    framework: str | None = None
    agents: tuple[str, ...] = ()
    role: str | None = None
    states: frozenset[TaskState] = NOT_OVER

    def takes(self, entry: TaskEntry) -> bool:
        """Whether this task is meant."""
        return (
            entry.state in self.states
            and (
                self.name is None
                or fnmatchcase(entry.task_id, self.name)
                or fnmatchcase(entry.name, self.name)
            )
            and (self.framework is None or self._framework(entry, self.framework))
            and is_called(entry.agent_id, entry.hostname, self.agents)
            and self.role in (None, entry.role)
        )

    def _framework(self, entry: TaskEntry, wanted: str) -> bool:
        return wanted in (
            entry.framework_id,
            _number(entry.framework_id),
        ) or fnmatchcase(entry.framework_name, wanted)


def _number(some_id: str) -> str:
    """A master numbers agents and frameworks: what comes after the last dash."""
    return some_id.rpartition("-")[2]
