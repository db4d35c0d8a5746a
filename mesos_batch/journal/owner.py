"""Who drives a run: the process that holds a lock, which the kernel frees however it ends.

The lock is that of SQLite on an empty database next to the journal, so it works where the
journal works. Process numbers are told to the user and never trusted: they are used again.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from mesos_batch.errors import JournalError
from mesos_batch.journal.database import connect
from mesos_batch.journal.failures import primary_code
from mesos_batch.journal.paths import OWNER

# A command that only looks holds the lock for a moment.
_PATIENCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Owner:
    """A process that drives a run or did so when it died; ``since`` is seconds since the epoch."""

    pid: int
    hostname: str
    since: float

    @classmethod
    def this_process(cls) -> Owner:
        """The owner we would be."""
        return cls(os.getpid(), socket.gethostname(), time.time())

    @property
    def is_on_this_host(self) -> bool:
        """Whether its lock is one we would surely see."""
        return self.hostname == socket.gethostname()


class OwnerLock:
    """The lock on a run, held until :meth:`release` or the end of the process."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    @classmethod
    def take(cls, directory: Path) -> OwnerLock | None:
        """Take the lock; ``None`` when another process has it."""
        db = connect(directory / OWNER, "mode=rwc", _PATIENCE_SECONDS)
        try:
            db.execute("PRAGMA journal_mode = MEMORY")
            db.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            db.close()
            if primary_code(error) == sqlite3.SQLITE_BUSY:
                return None
            raise
        return cls(db)

    def release(self) -> None:
        """Let another process drive the run."""
        self._db.close()


def is_held(directory: Path) -> bool:
    """Whether some process holds the lock on the run."""
    path = directory / OWNER
    if not path.exists():
        return False
    db = connect(path, "mode=ro", timeout=0)
    try:
        db.execute("SELECT * FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        if primary_code(error) == sqlite3.SQLITE_BUSY:
            return True
        raise
    finally:
        db.close()
    return False


def read_owner(db: sqlite3.Connection) -> Owner | None:
    """Who said last that it drives the run; ``None`` after an orderly end."""
    row = db.execute("SELECT pid, hostname, since FROM owner").fetchone()
    return None if row is None else Owner(*row)


def put_owner(db: sqlite3.Connection, owner: Owner) -> None:
    """Write who drives the run."""
    db.execute("DELETE FROM owner")
    row = (owner.pid, owner.hostname, owner.since)
    db.execute("INSERT INTO owner (pid, hostname, since) VALUES (?, ?, ?)", row)


def driven_by(run_id: str, owner: Owner | None) -> JournalError:
    """The error of a run that another process drives."""
    if owner is None:
        # It has the lock and has not written its name yet.
        return JournalError(f"run {run_id} is being driven by another process")
    where = "" if owner.is_on_this_host else f" on {owner.hostname}"
    return JournalError(
        f"run {run_id} is being driven by process {owner.pid}{where}",
        "'mesos-batch status' and 'mesos-batch cancel' work while it does.",
    )


def may_be_driven_by(directory: Path, owner: Owner) -> JournalError:
    """The error of a run whose owner is on a host we cannot see."""
    return JournalError(
        f"run {directory.name} is, as far as can be told here, driven by process {owner.pid}"
        f" on {owner.hostname}",
        f"Resume it there; if that process is surely gone, remove {directory / OWNER} first.",
    )
