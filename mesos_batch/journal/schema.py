"""The tables of a journal, and how an older journal becomes a newer one.

``PRAGMA user_version`` counts the steps a journal has taken. ``run.version`` stays in every
schema, so that an older mesos-batch can say which one is needed.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from mesos_batch.errors import JournalError
from mesos_batch.journal.failures import UNKNOWN_FRAMEWORK, damaged

APPLICATION_ID = 0x4D42746A  # "MBtj", in the header of the file

_FIRST = (
    """
    CREATE TABLE run (
        run_id TEXT NOT NULL,
        created_at REAL NOT NULL,
        version TEXT NOT NULL,
        master TEXT NOT NULL,
        source TEXT NOT NULL,
        digest TEXT NOT NULL,
        options TEXT NOT NULL,
        task_count INTEGER NOT NULL,
        framework_id TEXT,
        touched_at REAL NOT NULL,
        cancelled_at REAL,
        cancel_code INTEGER,
        cancel_message TEXT,
        ended_at REAL,
        exit_code INTEGER,
        message TEXT,
        final INTEGER
    )
    """,
    """
    CREATE TABLE owner (
        pid INTEGER NOT NULL,
        hostname TEXT NOT NULL,
        since REAL NOT NULL
    )
    """,
    """
    CREATE TABLE requests (
        id INTEGER PRIMARY KEY,
        at REAL NOT NULL,
        exit_code INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE resources (
        id INTEGER PRIMARY KEY,
        serialized BLOB NOT NULL
    )
    """,
    """
    CREATE TABLE tasks (
        position INTEGER PRIMARY KEY,
        task_id TEXT NOT NULL,
        name TEXT NOT NULL,
        resources INTEGER NOT NULL REFERENCES resources,
        payload BLOB NOT NULL,
        agent_id TEXT,
        command TEXT NOT NULL,
        executor_id TEXT,
        executor_resources INTEGER REFERENCES resources
    )
    """,
    """
    CREATE TABLE progress (
        position INTEGER PRIMARY KEY REFERENCES tasks,
        phase TEXT NOT NULL,
        launches INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        losses INTEGER NOT NULL,
        retry_at REAL,
        state TEXT,
        message TEXT,
        reason TEXT,
        ended_at REAL
    )
    """,
    """
    CREATE TABLE attempts (
        position INTEGER NOT NULL REFERENCES tasks,
        number INTEGER NOT NULL,
        phase TEXT NOT NULL,
        agent_id TEXT NOT NULL,
        hostname TEXT NOT NULL,
        launched_at REAL NOT NULL,
        state TEXT,
        message TEXT,
        reason TEXT,
        started_at REAL,
        ended_at REAL,
        exit_status INTEGER,
        signal TEXT,
        sandbox_url TEXT,
        sandbox_path TEXT,
        PRIMARY KEY (position, number)
    ) WITHOUT ROWID
    """,
)
_CHANGES = (
    """
    CREATE TABLE changes (
        position INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        reserved BLOB NOT NULL,
        volumes BLOB NOT NULL,
        agents TEXT,
        apart INTEGER NOT NULL,
        run_id TEXT
    )
    """,
    """
    CREATE TABLE change_progress (
        position INTEGER PRIMARY KEY REFERENCES changes,
        phase TEXT NOT NULL,
        agent_id TEXT,
        hostname TEXT,
        reserved BLOB NOT NULL,
        volumes BLOB NOT NULL,
        message TEXT
    )
    """,
    """
    CREATE TABLE operations (
        position INTEGER NOT NULL REFERENCES changes,
        number INTEGER NOT NULL,
        type TEXT NOT NULL,
        agent_id TEXT NOT NULL,
        resources BLOB NOT NULL,
        state TEXT NOT NULL,
        sent_at REAL NOT NULL,
        operation_id TEXT,
        message TEXT,
        PRIMARY KEY (position, number)
    ) WITHOUT ROWID
    """,
)
_SCHEDULING = (
    """
    CREATE TABLE scheduling (
        id INTEGER PRIMARY KEY,
        priority INTEGER NOT NULL,
        expected_runtime REAL,
        constraints TEXT NOT NULL
    )
    """,
    "ALTER TABLE tasks ADD COLUMN scheduling INTEGER REFERENCES scheduling",
    "ALTER TABLE tasks ADD COLUMN poolable INTEGER NOT NULL DEFAULT 0",
)
_AGENTS = (
    """
    CREATE TABLE agents (
        agent_id TEXT PRIMARY KEY,
        hostname TEXT NOT NULL,
        cpus REAL NOT NULL,
        mem REAL NOT NULL
    ) WITHOUT ROWID
    """,
)
_DEPENDENCIES = (
    "ALTER TABLE scheduling ADD COLUMN max_attempts INTEGER",
    "ALTER TABLE tasks ADD COLUMN depends_on TEXT",
    "ALTER TABLE tasks ADD COLUMN always INTEGER NOT NULL DEFAULT 0",
)
# Each step is taken once, in order, never changed after a release; the newest stands last.
_STEPS = (_FIRST, _CHANGES, _SCHEDULING, _AGENTS, _DEPENDENCIES)


def upgrade(db: sqlite3.Connection) -> None:
    """Take the steps a journal has not taken yet, in the transaction that is open."""
    for step in _STEPS[steps_taken(db) :]:
        for statement in step:
            db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {len(_STEPS)}")


def steps_taken(db: sqlite3.Connection) -> int:
    """How many steps a journal has taken; one that is only looked at may have missed some."""
    (taken,) = db.execute("PRAGMA user_version").fetchone()
    return int(taken)


def check_schema(db: sqlite3.Connection, path: Path) -> None:
    """See that this is a journal, and one we can read.

    Raises:
        JournalError: it is something else, empty, or of a newer mesos-batch.
    """
    (application,) = db.execute("PRAGMA application_id").fetchone()
    taken = steps_taken(db)
    if (application, taken) == (0, 0) and not db.execute("SELECT * FROM sqlite_master").fetchone():
        raise JournalError(
            f"the journal {path} is empty",
            UNKNOWN_FRAMEWORK,
        )
    if application != APPLICATION_ID:
        raise damaged(path, "it is a database of another program")
    if taken > len(_STEPS):
        (version,) = db.execute("SELECT version FROM run").fetchone()
        raise JournalError(
            f"the journal {path} needs mesos-batch {version} or later: it has version {taken} "
            f"of the journal, this mesos-batch knows up to {len(_STEPS)}",
            f"Install mesos-batch {version}; nothing was changed.",
        )
