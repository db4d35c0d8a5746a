"""What SQLite and the file system say against us, as sentences.

Some failures may pass: a lock, a full disk, a file server that is away. They are
``PassingJournalError``; what failed left the journal as it was and can be tried again as it is.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mesos_batch.errors import JournalError


class PassingJournalError(JournalError):
    """The journal cannot be read or written now; the same may work a little later."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A family of failures: may it pass, what happened, what to do."""

    passes: bool
    why: str
    hint: str


_LOCKED = _Kind(
    True,
    "it is locked by another process",
    "Another mesos-batch command, a backup or an open sqlite3 session may hold it; end that.",
)
_FULL = _Kind(
    True, "the disk is full", "Make room where the journal is; nothing written so far is lost."
)
_IO = _Kind(
    True,
    "the disk or the file server reports an error",
    "Look whether the disk is full, a quota used up or a file server away; "
    "nothing written so far is lost.",
)
_MEMORY = _Kind(True, "the memory of this machine is used up", "End other programs.")
_READ_ONLY = _Kind(
    False,
    "it cannot be written to",
    "Look whether its directory belongs to you and its file system is mounted writable.",
)
_DENIED = _Kind(False, "this user has no access to it", "look whom its directory belongs to")
_CLOSED = _Kind(
    False,
    "it cannot be opened",
    "Look whether its directory exists and belongs to you.",
)
_DAMAGED = _Kind(
    False,
    "it is damaged or no journal",
    "Nothing was changed. Bring the directory back from a backup, or see what 'sqlite3 FILE "
    ".recover' can save. Tasks of the run may go on: the master's /frameworks lists its framework, "
    "which its /teardown ends.",
)
UNKNOWN_FRAMEWORK = (
    "Its directory can be removed. If the run had begun its tasks may go on: the master's "
    "/frameworks lists its framework, which its /teardown ends."
)
_KINDS = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _IO,
    sqlite3.SQLITE_NOMEM: _MEMORY,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _DENIED,
    sqlite3.SQLITE_AUTH: _DENIED,
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
}
_SYSTEM_KINDS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EIO: _IO,
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EROFS: _READ_ONLY,
}


def primary_code(error: sqlite3.Error) -> int | None:
    """The code of the family an error of SQLite belongs to, ``None`` when it has none."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def damaged(path: Path, detail: str) -> JournalError:
    """The error of a journal whose content makes no sense."""
    return _error(path, "read", _DAMAGED, detail)


def missing(path: Path) -> JournalError:
    """The error of a journal that is not there."""
    return JournalError(f"there is no journal {path}", "'mesos-batch runs' lists the runs.")


@contextmanager
def told_as_journal_errors(path: Path, doing: str) -> Iterator[None]:
    """Raise what goes wrong within as ``JournalError``; ``doing`` is ``read``, ``write``, ...

    Raises:
        PassingJournalError: it may go well a little later.
        JournalError: it will not.
    """
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.IntegrityError):
        raise  # a mistake of ours
    except sqlite3.Error as error:
        kind = _KINDS.get(primary_code(error) or sqlite3.SQLITE_CORRUPT, _DAMAGED)
        raise _error(path, doing, kind, str(error)) from error
    except OSError as error:
        kind = _SYSTEM_KINDS.get(error.errno or 0, _CLOSED)
        raise _error(path, doing, kind, error.strerror or str(error)) from error


@contextmanager
def reading(path: Path, doing: str = "read") -> Iterator[None]:
    """Raise what goes wrong in reading a journal as ``JournalError``, nonsense in it too.

    Raises:
        PassingJournalError: it may go well a little later.
        JournalError: it will not.
    """
    with told_as_journal_errors(path, doing):
        try:
            yield
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(path, repr(error)) from error


def _error(path: Path, doing: str, kind: _Kind, detail: str) -> JournalError:
    message = f"cannot {doing} the journal {path}: {kind.why} ({detail})"
    return (PassingJournalError if kind.passes else JournalError)(message, kind.hint)
