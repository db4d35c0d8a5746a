"""What a run was like in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesos_batch.model.agent_name import agent_name
from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import MEM
from mesos_batch.reporting import efficiency
from mesos_batch.reports.spans import Span, did_not_finish

if TYPE_CHECKING:
    from mesos_batch.history import RunHistory
    from mesos_batch.reporting import Efficiency

_HOUR = 3600.0
_MB_OF_GB = 1024


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """What one agent did. ``cpus`` is ``None`` when nobody told how many it has.

    ``busy`` are seconds of its attempts added up, ``cpu_hours`` what these held.
    """

    agent_id: str
    name: str
    cpus: float | None
    mem: float | None
    attempts: int
    finished: int
    busy: float
    cpu_hours: float


@dataclass(frozen=True, slots=True)
class Figures:
    """A run in numbers; times are seconds.

    ``makespan`` is from the first launch to the last end, ``None`` when nothing was launched.
    ``lost`` are attempts the cluster lost, ``repeated`` tasks that took more than one attempt.
    ``wasted_cpu_hours`` are those of attempts that did not finish.
    """

    tasks: int
    finished: int
    attempts: int
    lost: int
    repeated: int
    makespan: float | None
    efficiency: Efficiency | None
    cpu_hours: float
    gb_hours: float
    wasted_cpu_hours: float
    agents: tuple[AgentFigures, ...]

    @property
    def cpus(self) -> float:
        """The cpus of all agents; 0 when nobody told."""
        return sum(agent.cpus or 0.0 for agent in self.agents)


def figures_of(history: RunHistory, spans: Sequence[Span]) -> Figures:
    """Count and add up; ``spans`` are those of the run."""
    run = history.snapshot
    begin = min((span.begin for span in spans), default=None)
    end = max((span.end for span in spans), default=0.0)
    return Figures(
        tasks=len(run.tasks),
        finished=run.counts()[Phase.FINISHED],
        attempts=len(spans),
        lost=sum(span.attempt.phase is Phase.LOST for span in spans),
        repeated=sum(task.launches > 1 for task in run.tasks),
        makespan=None if begin is None else end - begin,
        efficiency=efficiency(run),
        cpu_hours=_cpu_hours(spans),
        gb_hours=sum(_gb(span) * span.held for span in spans) / _HOUR,
        wasted_cpu_hours=_cpu_hours(did_not_finish(spans)),
        agents=tuple(_agents(history, spans)),
    )


def _agents(history: RunHistory, spans: Sequence[Span]) -> list[AgentFigures]:
    """Those that had an attempt or are known, the busiest first."""
    by_agent: dict[str, list[Span]] = {}
    names: dict[str, str] = {}
    for span in spans:
        by_agent.setdefault(span.attempt.agent_id, []).append(span)
        names[span.attempt.agent_id] = span.agent
    sizes = {agent.agent_id: agent for agent in history.snapshot.agents}
    found = []
    for agent_id in by_agent | sizes:
        size, own = sizes.get(agent_id), by_agent.get(agent_id, [])
        found.append(
            AgentFigures(
                agent_id=agent_id,
                name=names.get(agent_id) or agent_name(agent_id, size.hostname if size else None),
                cpus=None if size is None else size.cpus,
                mem=None if size is None else size.mem,
                attempts=len(own),
                finished=sum(span.attempt.phase is Phase.FINISHED for span in own),
                busy=sum(span.held for span in own),
                cpu_hours=_cpu_hours(own),
            )
        )
    return sorted(found, key=lambda agent: (-agent.cpu_hours, -agent.attempts, agent.name))


def _cpu_hours(spans: Sequence[Span]) -> float:
    return sum(span.cpus * span.held for span in spans) / _HOUR


def _gb(span: Span) -> float:
    return span.task.spec.resources.amount(MEM) / _MB_OF_GB
