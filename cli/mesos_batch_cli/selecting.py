"""Flags that select agents, for the commands that share them."""

from __future__ import annotations

from mesos_batch.config import cluster_settings as cluster
from mesos_batch.model.inventory import AgentStatus
from mesos_batch.model.selecting import AgentSelector
from mesos_batch_cli.values import Values


def agent_selector(values: Values, statuses: frozenset[AgentStatus]) -> AgentSelector:
    """Which agents are meant, of those in one of these states."""
    return AgentSelector(
        names=values[cluster.AGENT],
        host=values[cluster.HOST],
        attributes=values[cluster.ATTRIBUTES],
        constraints=values[cluster.CONSTRAINT],
        free=values[cluster.FREE],
        statuses=statuses,
    )
