"""Changes of reservations and volumes, and their operations, as rows of the journal and back."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable

from mesos_batch.journal.schema import steps_taken
from mesos_batch.model.change import Change, ChangeKind, ChangePhase, ChangeView, OperationView
from mesos_batch.model.operation import OperationState, OperationType
from mesos_batch.model.saved import ChangeEntry, OperationEntry
from mesos_batch.protocol.resource_bytes import resources_from_bytes, resources_to_bytes

_SINCE = 2  # steps of the schema
_PUT_CHANGE = """
    INSERT INTO changes (position, kind, reserved, volumes, agents, apart, run_id)
    VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_GET_CHANGES = """
    SELECT kind, reserved, volumes, agents, apart, run_id FROM changes ORDER BY position
"""
_PUT_PROGRESS = """
    INSERT OR REPLACE INTO change_progress (position, phase, agent_id, hostname, reserved, volumes,
        message)
    VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_GET_PROGRESS = """
    SELECT position, phase, agent_id, hostname, reserved, volumes, message
    FROM change_progress ORDER BY position
"""
_PUT_OPERATION = """
    INSERT OR REPLACE INTO operations (position, number, type, agent_id, resources, state, sent_at,
        operation_id, message)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_GET_OPERATIONS = """
    SELECT position, number, type, agent_id, resources, state, sent_at, operation_id, message
    FROM operations ORDER BY position, number
"""


def insert_changes(db: sqlite3.Connection, changes: Iterable[Change]) -> None:
    """Write the changes of a new run."""
    rows = (
        (
            position,
            change.kind.value,
            resources_to_bytes(change.reserved),
            resources_to_bytes(change.volumes),
            None if change.agents is None else json.dumps(sorted(change.agents)),
            change.apart,
            change.run_id,
        )
        for position, change in enumerate(changes)
    )
    db.executemany(_PUT_CHANGE, rows)


def put_change_progress(db: sqlite3.Connection, entries: Iterable[ChangeEntry]) -> None:
    """Write where changes are; a later entry of a change replaces the earlier one."""
    rows = (
        (
            entry.position,
            entry.phase.value,
            entry.agent_id,
            entry.hostname,
            resources_to_bytes(entry.reserved),
            resources_to_bytes(entry.volumes),
            entry.message,
        )
        for entry in entries
    )
    db.executemany(_PUT_PROGRESS, rows)


def put_operations(db: sqlite3.Connection, entries: Iterable[OperationEntry]) -> None:
    """Write operations; a later entry of an operation replaces the earlier one."""
    rows = (
        (
            entry.position,
            entry.number,
            entry.type.value,
            entry.agent_id,
            resources_to_bytes(entry.resources),
            entry.state.name,
            entry.sent_at,
            entry.operation_id,
            entry.message,
        )
        for entry in entries
    )
    db.executemany(_PUT_OPERATION, rows)


def read_changes(db: sqlite3.Connection) -> list[Change]:
    """Read the changes in their order; a journal of before there were any has none."""
    if not _knows_changes(db):
        return []
    return [
        Change(
            kind=ChangeKind(kind),
            reserved=resources_from_bytes(reserved),
            volumes=resources_from_bytes(volumes),
            agents=None if agents is None else frozenset(json.loads(agents)),
            apart=bool(apart),
            run_id=run_id,
        )
        for kind, reserved, volumes, agents, apart, run_id in db.execute(_GET_CHANGES)
    ]


def read_change_progress(db: sqlite3.Connection) -> list[ChangeEntry]:
    """Read where the changes are that were begun or have ended."""
    if not _knows_changes(db):
        return []
    return [
        ChangeEntry(
            position=position,
            phase=ChangePhase(phase),
            agent_id=agent_id,
            hostname=hostname,
            reserved=resources_from_bytes(reserved),
            volumes=resources_from_bytes(volumes),
            message=message,
        )
        for position, phase, agent_id, hostname, reserved, volumes, message in db.execute(
            _GET_PROGRESS
        )
    ]


def read_operations(db: sqlite3.Connection) -> list[OperationEntry]:
    """Read the operations of each change as they were sent."""
    if not _knows_changes(db):
        return []
    return [
        OperationEntry(
            position=position,
            number=number,
            type=OperationType(kind),
            agent_id=agent_id,
            resources=resources_from_bytes(resources),
            state=OperationState[state],
            sent_at=sent_at,
            operation_id=operation_id,
            message=message,
        )
        for position, number, kind, agent_id, resources, state, sent_at, operation_id, message in (
            db.execute(_GET_OPERATIONS)
        )
    ]


def read_change_views(db: sqlite3.Connection) -> list[ChangeView]:
    """Read each change with where it is and what was sent of it."""
    progress = {entry.position: entry for entry in read_change_progress(db)}
    sent: dict[int, list[OperationView]] = {}
    for item in read_operations(db):
        operation = OperationView(item.type, item.resources, item.state, item.message)
        sent.setdefault(item.position, []).append(operation)
    views: list[ChangeView] = []
    for position, change in enumerate(read_changes(db)):
        entry = progress.get(position)
        if entry is None:
            view = ChangeView(change, reserved=change.reserved, volumes=change.volumes)
        else:
            view = ChangeView(
                change=change,
                phase=entry.phase,
                agent_id=entry.agent_id,
                hostname=entry.hostname,
                reserved=entry.reserved,
                volumes=entry.volumes,
                operations=tuple(sent.get(position, ())),
                message=entry.message,
            )
        views.append(view)
    return views


def read_change_counts(db: sqlite3.Connection) -> Counter[ChangePhase]:
    """Count the changes in each phase."""
    if not _knows_changes(db):
        return Counter()
    (total,) = db.execute("SELECT count(*) FROM changes").fetchone()
    rows = db.execute("SELECT phase, count(*) FROM change_progress GROUP BY phase")
    counts = Counter({ChangePhase(phase): count for phase, count in rows})
    counts[ChangePhase.WAITING] += total - counts.total()
    return +counts


def _knows_changes(db: sqlite3.Connection) -> bool:
    return steps_taken(db) >= _SINCE
