"""The journal of a run in the hands of the one process that drives it."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from mesos_batch import __version__
from mesos_batch.errors import ExitCode, JournalError
from mesos_batch.journal import agent_rows, change_rows, rows
from mesos_batch.journal.database import connect_to_read, connect_to_write, transaction
from mesos_batch.journal.failures import damaged, missing, reading, told_as_journal_errors
from mesos_batch.journal.header import Json, RunHeader, digest_of
from mesos_batch.journal.owner import (
    Owner,
    OwnerLock,
    driven_by,
    may_be_driven_by,
    put_owner,
    read_owner,
)
from mesos_batch.journal.paths import (
    JOURNAL,
    OWNER,
    make_run_directory,
    runs_directory,
    sync_names,
)
from mesos_batch.journal.schema import check_schema, upgrade
from mesos_batch.model.change import Change
from mesos_batch.model.saved import (
    AgentEntry,
    AttemptEntry,
    CancelEntry,
    ChangeEntry,
    EndEntry,
    Entry,
    FrameworkEntry,
    OperationEntry,
    Past,
    TaskEntry,
)
from mesos_batch.model.task import TaskSpec


class Journal:
    """A run on disk. Use as a context manager, or call :meth:`close` in the end.

    May be made in one thread and used in another, by one at a time.
    """

    def __init__(self, directory: Path, db: sqlite3.Connection, lock: OwnerLock) -> None:
        self.directory = directory
        self._path = directory / JOURNAL
        self._db = db
        self._lock = lock
        self._seen_version: int | None = None
        self.header = rows.read_header(db)

    @classmethod
    def create(
        cls,
        state_dir: Path | None,
        tasks: Sequence[TaskSpec],
        *,
        master: str,
        source: str,
        options: Mapping[str, Json],
        changes: Sequence[Change] = (),
    ) -> Journal:
        """Begin the journal of a new run; ``state_dir`` ``None`` is this platform's own place.

        ``master`` without credentials; ``source`` is the name of the task list; ``options`` is
        what a resumption needs to know.

        Raises:
            TypeError: an option is no JSON value, a secret for instance.
            ValueError: ``master`` has credentials in it.
            JournalError: the journal cannot be written.
        """
        if "@" in master:
            raise ValueError("credentials do not belong into a journal")
        created_at = time.time()
        with told_as_journal_errors(runs_directory(state_dir), "create"):
            directory = make_run_directory(state_dir, created_at)
        header = RunHeader(
            run_id=directory.name,
            created_at=created_at,
            version=__version__,
            master=master,
            source=source,
            digest=digest_of(tasks),
            options=options,
            task_count=len(tasks),
        )
        path = directory / JOURNAL
        with told_as_journal_errors(path, "create"), ExitStack() as opened:
            opened.callback(shutil.rmtree, directory, ignore_errors=True)
            lock = _take_lock(directory, opened)
            # Under another name until it is whole: who is killed meanwhile has begun no run.
            unfinished = path.with_suffix(".new")
            with closing(connect_to_write(unfinished, create=True)) as db, transaction(db):
                upgrade(db)
                rows.insert_header(db, header)
                rows.insert_tasks(db, tasks)
                change_rows.insert_changes(db, changes)
                put_owner(db, Owner.this_process())
            unfinished.replace(path)
            db = connect_to_write(path)
            opened.callback(db.close)
            # Only now: the tasks would go to disk twice through the log.
            db.execute("PRAGMA journal_mode = WAL")
            sync_names(directory)
            journal = cls(directory, db, lock)
            opened.pop_all()
            return journal

    @classmethod
    def open(cls, directory: Path) -> Journal:
        """Take up a run that has not ended.

        Raises:
            JournalError: it has ended, another process drives it, or its journal cannot be used.
        """
        path = directory / JOURNAL
        if not path.exists():
            raise missing(path)
        with reading(path, "open"), ExitStack() as opened:
            # Whoever removes the file says that no other host drives the run.
            vouched = not (directory / OWNER).exists()
            lock = _take_lock(directory, opened)
            db = connect_to_write(path)
            opened.callback(db.close)
            check_schema(db, path)
            with transaction(db):
                upgrade(db)
                owner, end = read_owner(db), rows.read_end(db)
                if owner is not None and not owner.is_on_this_host and not vouched:
                    raise may_be_driven_by(directory, owner)
                if end is not None and end.final:
                    raise _ended(rows.read_header(db), end)
                put_owner(db, Owner.this_process())
                rows.clear_end(db)
                db.execute("UPDATE run SET version = ?", (__version__,))
            journal = cls(directory, db, lock)
            opened.pop_all()
            return journal

    @property
    def run_id(self) -> str:
        """The id of the run: the name of its directory."""
        return self.directory.name

    @property
    def tasks(self) -> list[TaskSpec]:
        """The task list, read from disk; those with equal resources share one object.

        Raises:
            JournalError: it cannot be read, or is not what was written.
        """
        with reading(self._path):
            tasks = rows.read_tasks(self._db)
        if digest_of(tasks) != self.header.digest:
            raise damaged(self._path, "the tasks are not those the run began with")
        return tasks

    @property
    def changes(self) -> list[Change]:
        """The changes of reservations and volumes that come before the tasks, read from disk.

        Raises:
            JournalError: they cannot be read.
        """
        with reading(self._path):
            return change_rows.read_changes(self._db)

    @property
    def past(self) -> Past:
        """How far the run has come, read from disk.

        Raises:
            JournalError: it cannot be read.
        """
        with reading(self._path):
            return rows.read_past(self._db)

    def commit(self, entries: Sequence[Entry]) -> None:
        """Write entries, all or none; when this returns they survive a power cut.

        Raises:
            PassingJournalError: nothing was written; the same entries may be tried again.
            JournalError: nothing was written, and trying again would not help.
        """
        if not entries:
            return
        if not self._path.exists():
            # SQLite would go on writing to the removed file and lose it all in the end.
            raise missing(self._path)
        with told_as_journal_errors(self._path, "write"), transaction(self._db):
            rows.put_progress(self._db, (e for e in entries if isinstance(e, TaskEntry)))
            rows.put_attempts(self._db, (e for e in entries if isinstance(e, AttemptEntry)))
            agent_rows.put_agents(self._db, (e for e in entries if isinstance(e, AgentEntry)))
            changed = [e for e in entries if isinstance(e, ChangeEntry)]
            change_rows.put_change_progress(self._db, changed)
            sent = [e for e in entries if isinstance(e, OperationEntry)]
            change_rows.put_operations(self._db, sent)
            rows.touch(self._db, time.time())
            for entry in entries:
                match entry:
                    case FrameworkEntry():
                        rows.put_framework(self._db, entry)
                        rows.touch(self._db, entry.at)
                    case CancelEntry():
                        rows.put_cancel(self._db, entry)
                    case EndEntry():
                        rows.put_end(self._db, entry)
                        rows.touch(self._db, entry.at)

    def cancel_request(self) -> ExitCode | None:
        """The code another process asked the run to end with; cheap enough to poll.

        A request is told once to each owner of the run: the first may die before it heeds it.

        Raises:
            JournalError: the journal cannot be read.
        """
        with reading(self._path):
            (version,) = self._db.execute("PRAGMA data_version").fetchone()
            if version == self._seen_version:
                return None
            # Nobody else writes anything but requests.
            self._seen_version = version
            return rows.read_request(self._db)

    def discard(self) -> None:
        """Remove the run from the disk."""
        self.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def close(self) -> None:
        """Give up the run; another process may take it up."""
        # What is not tidied up now is when the run is opened again.
        with suppress(sqlite3.Error), transaction(self._db):
            self._db.execute("DELETE FROM owner")
        self._db.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _take_lock(directory: Path, opened: ExitStack) -> OwnerLock:
    lock = OwnerLock.take(directory)
    if lock is None:
        with closing(connect_to_read(directory / JOURNAL)) as db:
            raise driven_by(directory.name, read_owner(db))
    opened.callback(lock.release)
    return lock


def _ended(header: RunHeader, end: EndEntry) -> JournalError:
    again = f"'mesos-batch retry {header.run_id} --failed' starts a new run of what failed."
    return JournalError(
        f"run {header.run_id} has ended, with exit code {int(end.exit_code)}",
        again if header.task_count else None,
    )
