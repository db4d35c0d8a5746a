"""The agents a run has known, as rows of the journal and back."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable

from mesos_batch.model.facts import Phase
from mesos_batch.model.saved import AgentEntry
from mesos_batch.model.snapshot import AgentView

_TABLE = "SELECT * FROM sqlite_master WHERE type = 'table' AND name = 'agents'"
_PUT = "INSERT OR REPLACE INTO agents (agent_id, hostname, cpus, mem) VALUES (?, ?, ?, ?)"
_GET = "SELECT agent_id, hostname, cpus, mem FROM agents ORDER BY agent_id"
_HELD = "SELECT agent_id, phase, count(*) FROM attempts GROUP BY agent_id, phase"


def put_agents(db: sqlite3.Connection, entries: Iterable[AgentEntry]) -> None:
    """Write agents; a later entry of an agent replaces the earlier one."""
    rows = ((item.agent_id, item.hostname, item.cpus, item.mem) for item in entries)
    db.executemany(_PUT, rows)


def read_agents(db: sqlite3.Connection) -> list[AgentView]:
    """Read them by id; an older journal has none."""
    if db.execute(_TABLE).fetchone() is None:
        return []
    running: Counter[str] = Counter()
    for agent_id, phase, count in db.execute(_HELD):
        running[agent_id] += count * Phase(phase).is_active
    return [
        AgentView(agent_id, hostname, cpus, mem, running[agent_id])
        for agent_id, hostname, cpus, mem in db.execute(_GET)
    ]
