"""Agents, frameworks and tasks of a cluster, as tables and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mesos_batch.model.inventory import AgentStatus, FrameworkStatus
from mesos_batch.model.resource_text import in_few_words
from mesos_batch.model.resources import CPUS, DISK, GPUS, MEM
from mesos_batch.model.state import TaskState
from mesos_batch_cli.output.bar import gauge
from mesos_batch_cli.output.short_ids import short_ids
from mesos_batch_cli.output.streams import Paint
from mesos_batch_cli.output.table import Row, table
from mesos_batch_cli.output.text import elapsed

if TYPE_CHECKING:
    from mesos_batch.model.cluster import AgentState
    from mesos_batch.model.inventory import AgentEntry, FrameworkEntry, TaskEntry

_AGENTS = (
    "AGENT", "HOST", "STATE", "CPUS", "MEM MB", "DISK MB", "GPUS", "ATTRIBUTES", "DOMAIN",
    "VERSION", "UP",
)  # fmt: skip
_FRAMEWORKS = (
    "FRAMEWORK", "NAME", "ROLE", "PRINCIPAL", "STATE", "TASKS", "CPUS", "MEM MB", "OFFERS", "AGE",
)  # fmt: skip
_TASKS = (
    "TASK", "NAME", "FRAMEWORK", "AGENT", "STATE", "ROLE", "CPUS", "MEM MB", "DISK MB", "GPUS",
    "FOR",
)  # fmt: skip
_NUMBERS = ("TASKS", "OFFERS", "UP", "AGE", "FOR", "CPUS", "MEM MB", "DISK MB", "GPUS")
_AMOUNTS = (CPUS, MEM, DISK, GPUS)
_GAUGE_CELLS = 6
_ON_PURPOSE = {AgentStatus.DRAINING, AgentStatus.DEACTIVATED, AgentStatus.RECOVERING}

Color = Callable[[str], str] | None


def agent_table(
    agents: Sequence[AgentEntry], paint: Paint, width: int | None, *, now: float, unicode: bool
) -> list[str]:
    """A row for each agent: what is used of what it has. ``now`` is seconds (epoch).

    A terminal that is too narrow for bars shows numbers alone.
    """
    rows = _agent_rows(agents, _GAUGE_CELLS, now=now, unicode=unicode)
    if width is not None:
        bare = table(_AGENTS, rows, Paint(enabled=False), None, right=("UP",))
        if max(map(len, bare)) > width:
            rows = _agent_rows(agents, 0, now=now, unicode=unicode)

    def color(index: int) -> Color:
        status = agents[index].status
        if status is AgentStatus.ACTIVE:
            return None
        return paint.doubtful if status in _ON_PURPOSE else paint.bad

    return table(_AGENTS, rows, paint, width, right=("UP",), color=color)


def _agent_rows(
    agents: Sequence[AgentEntry], cells: int, *, now: float, unicode: bool
) -> list[Row]:
    short = short_ids(entry.agent.agent_id for entry in agents)
    return [
        (
            short[entry.agent.agent_id],
            entry.agent.hostname,
            entry.status.value,
            *(_used(entry.agent, name, cells, unicode=unicode) for name in _AMOUNTS),
            " ".join(f"{name}:{value}" for name, value in entry.agent.attributes.items()),
            entry.domain or "",
            entry.version or "",
            _since(entry.reregistered_at or entry.registered_at, now),
        )
        for entry in agents
    ]


def _used(agent: AgentState, name: str, cells: int, *, unicode: bool) -> str:
    part, whole = agent.used.amount(name), agent.total.amount(name)
    if not whole:
        return ""
    return f"{gauge(part, whole, cells, unicode=unicode)} {part:g}/{whole:g}".lstrip()


def agent_fields(entry: AgentEntry) -> dict[str, Any]:
    """An agent; amounts are those of Mesos (cpus, MB), resources its text form."""
    agent = entry.agent
    return {
        "agent_id": agent.agent_id,
        "hostname": agent.hostname,
        "state": entry.status.value,
        "total": in_few_words(agent.total),
        "used": in_few_words(agent.used) or None,
        "offered": in_few_words(agent.offered) or None,
        "free": in_few_words(entry.free) or None,
        **{
            name: {"total": agent.total.amount(name), "used": agent.used.amount(name)}
            for name in _AMOUNTS
        },
        "reserved": {
            role: in_few_words(agent.total.reserved(role)) for role in agent.total.roles()
        },
        "attributes": dict(agent.attributes),
        "domain": entry.domain,
        "version": entry.version,
        "registered_at": entry.registered_at,
        "reregistered_at": entry.reregistered_at,
    }


def framework_table(
    frameworks: Sequence[FrameworkEntry], paint: Paint, width: int | None, *, now: float
) -> list[str]:
    """A row for each framework: what its tasks and executors hold."""
    short = short_ids(entry.framework_id for entry in frameworks)
    rows = [
        (
            short[entry.framework_id],
            entry.name,
            ", ".join(entry.roles),
            entry.principal or "",
            entry.status.value,
            f"{entry.tasks:,}",
            f"{entry.used.amount(CPUS):g}",
            f"{entry.used.amount(MEM):g}",
            f"{len(entry.offers):,}" if entry.offers else "",
            _since(entry.registered_at, now),
        )
        for entry in frameworks
    ]

    def color(index: int) -> Color:
        status = frameworks[index].status
        if status is FrameworkStatus.COMPLETED:
            return paint.dim
        return None if status is FrameworkStatus.ACTIVE else paint.doubtful

    return table(_FRAMEWORKS, rows, paint, width, right=_NUMBERS, color=color)


def framework_fields(entry: FrameworkEntry) -> dict[str, Any]:
    """A framework; times are seconds (epoch)."""
    return {
        "framework_id": entry.framework_id,
        "name": entry.name,
        "roles": list(entry.roles),
        "state": entry.status.value,
        "principal": entry.principal,
        "user": entry.user,
        "hostname": entry.hostname,
        "tasks": entry.tasks,
        "used": in_few_words(entry.used) or None,
        "offered": in_few_words(entry.offered) or None,
        "offers": len(entry.offers),
        "registered_at": entry.registered_at,
        "reregistered_at": entry.reregistered_at,
        "unregistered_at": entry.unregistered_at,
    }


def task_table(
    tasks: Sequence[TaskEntry], paint: Paint, width: int | None, *, now: float
) -> list[str]:
    """A row for each task."""
    agents = short_ids(entry.agent_id for entry in tasks)
    frameworks = short_ids(entry.framework_id for entry in tasks)
    rows = [
        (
            entry.task_id,
            "" if entry.name == entry.task_id else entry.name,
            f"{frameworks[entry.framework_id]} {entry.framework_name}".rstrip(),
            f"{agents[entry.agent_id]} {entry.hostname}".rstrip(),
            entry.state.name,
            "" if entry.role == "*" else entry.role or "",
            *(f"{amount:g}" if amount else "" for amount in map(entry.resources.amount, _AMOUNTS)),
            _since(entry.since, now),
        )
        for entry in tasks
    ]

    def color(index: int) -> Color:
        state = tasks[index].state
        if state is TaskState.TASK_FINISHED:
            return paint.dim
        if state is TaskState.TASK_UNREACHABLE:
            return paint.doubtful
        return paint.bad if state.is_terminal else None

    return table(_TASKS, rows, paint, width, right=_NUMBERS, color=color)


def task_fields(entry: TaskEntry) -> dict[str, Any]:
    """A task of any framework; ``since`` is when its state was reported (epoch)."""
    return {
        "task_id": entry.task_id,
        "name": entry.name,
        "framework_id": entry.framework_id,
        "framework_name": entry.framework_name,
        "agent_id": entry.agent_id,
        "hostname": entry.hostname or None,
        "state": entry.state.name,
        "role": entry.role,
        "resources": in_few_words(entry.resources),
        "since": entry.since,
        "message": entry.message,
    }


def _since(moment: float | None, now: float) -> str:
    return "" if moment is None else elapsed(now - moment)
