"""How much of each agent the tasks of a run use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesos_batch.model.resources import CPUS, MEM

if TYPE_CHECKING:
    from mesos_batch.model.snapshot import AgentView, TaskView


@dataclass(frozen=True, slots=True)
class AgentUse:
    """The active tasks of an agent and what they hold; memory in MB.

    ``cpus`` and ``mem`` are what it has for the run, ``None`` where nobody told.
    """

    agent_id: str
    hostname: str
    tasks: int
    cpus_used: float
    mem_used: float
    cpus: float | None = None
    mem: float | None = None

    @property
    def share(self) -> float:
        """How much is used of what it has, from 0 to 1: of cpus or memory, whatever is more."""
        shares = [
            used / whole
            for used, whole in ((self.cpus_used, self.cpus), (self.mem_used, self.mem))
            if whole
        ]
        return max(shares, default=0.0)


def agents_in_use(active: Iterable[TaskView], known: Iterable[AgentView]) -> list[AgentUse]:
    """All agents, the most used first."""
    names: dict[str, str] = {}
    sums: dict[str, tuple[int, float, float]] = {}
    wholes = {agent.agent_id: agent for agent in known}
    for agent in wholes.values():
        names[agent.agent_id] = agent.hostname
    for task in active:
        agent_id = task.agent_id or ""
        names.setdefault(agent_id, task.hostname or "")
        count, cpus, mem = sums.get(agent_id, (0, 0.0, 0.0))
        own, executor = task.spec.resources, task.spec.executor_resources
        cpus, mem = cpus + own.amount(CPUS), mem + own.amount(MEM)
        if executor is not None:
            cpus, mem = cpus + executor.amount(CPUS), mem + executor.amount(MEM)
        sums[agent_id] = count + 1, cpus, mem
    uses = []
    for agent_id, hostname in names.items():
        whole = wholes.get(agent_id)
        uses.append(
            AgentUse(
                agent_id,
                hostname,
                *sums.get(agent_id, (0, 0.0, 0.0)),
                cpus=None if whole is None else whole.cpus,
                mem=None if whole is None else whole.mem,
            )
        )
    return sorted(uses, key=lambda use: (-use.share, -use.cpus_used, use.hostname, use.agent_id))
