"""Connections to the SQLite file of a journal."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from mesos_batch.journal.failures import primary_code

LOCKED_SECONDS = 5.0


def connect(path: Path, options: str, timeout: float | None = None) -> sqlite3.Connection:
    """Open a database by its URI with these ``options``; transactions are begun by hand.

    One thread makes a journal and another uses it, never both at once.
    """
    name = path.absolute().as_posix()
    # Not Path.as_uri(): SQLite takes the server of a Windows share as a part of the path only.
    slash = "" if name.startswith("/") else "/"
    return sqlite3.connect(
        f"file://{slash}{quote(os.fsencode(name), safe='/:')}?{options}",
        uri=True,
        timeout=LOCKED_SECONDS if timeout is None else timeout,
        isolation_level=None,
        check_same_thread=False,
    )


def connect_to_write(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """Open a journal so that what is committed survives a power cut."""
    db = connect(path, "mode=rwc" if create else "mode=rw")
    db.execute("PRAGMA synchronous = FULL")
    # A small run stays small: a megabyte of log, then it goes into the file.
    db.execute("PRAGMA wal_autocheckpoint = 256")
    # On macOS fsync leaves the data in the drive's cache; elsewhere this changes nothing.
    db.execute("PRAGMA fullfsync = ON")
    return db


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open a journal without changing it, in a directory that cannot be written too."""
    db = connect(path, "mode=ro")
    try:
        db.execute("PRAGMA schema_version").fetchone()
    except sqlite3.OperationalError as error:
        db.close()
        # Without a -wal file all of it is in the file, and nobody is writing.
        if primary_code(error) != sqlite3.SQLITE_CANTOPEN or _has_content(wal_of(path)):
            raise
        return connect(path, "mode=ro&immutable=1")
    return db


def wal_of(path: Path) -> Path:
    """The file what was committed lately is in."""
    return path.with_name(path.name + "-wal")


def _has_content(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All of it or, when anything goes wrong, none of it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself after a full disk or an I/O error.
        with suppress(sqlite3.Error):
            if db.in_transaction:
                db.execute("ROLLBACK")
        raise
