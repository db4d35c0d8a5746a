"""What the tests of the journal let other processes do: ``child.py WHAT ARGUMENT...``."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from journal.books import create, last_commit, numbered

from mesos_batch.errors import JournalError
from mesos_batch.journal import Journal, PassingJournalError, list_runs, read_run, read_snapshot


def crash(state_dir: str, commits: str, checkpoint_after: str) -> None:
    """Commit and end without closing anything; print the directory."""
    journal = create(Path(state_dir))
    for number in range(1, int(commits) + 1):
        journal.commit(numbered(number))
        if number == int(checkpoint_after):
            with closing(sqlite3.connect(journal.directory / "journal.sqlite")) as db:
                db.execute("PRAGMA wal_checkpoint(RESTART)")
    say(journal.directory)
    os._exit(1)


def commit(directory: str, first: str) -> None:
    """Commit for ever and print each number when the commit has returned."""
    with Journal.open(Path(directory)) as journal:
        for number in count(int(first)):
            journal.commit(numbered(number))
            say(number)


def take(directory: str) -> None:
    """On a line from the parent take the run up, print how that went, stay until the next."""
    say("ready")
    sys.stdin.readline()
    try:
        with Journal.open(Path(directory)):
            say("won")
            sys.stdin.readline()
    except JournalError as error:
        say(error.message)


def fill(state_dir: str) -> None:
    """Work on a small file system until it is full and again when it is not."""
    root = Path(state_dir)
    journal = create(root)
    journal.commit(numbered(1))
    filler = root / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError as error:
            say(error.strerror)
    big = numbered(2, padding="x" * 100_000)
    tell(lambda: journal.commit(big))
    say("there is", last_commit(journal.past))
    tell(lambda: create(root, 500))
    say("runs", len(list_runs(root)))
    filler.unlink()
    journal.commit(big)
    say("there is", last_commit(journal.past))
    journal.close()
    say("again", last_commit(Journal.open(journal.directory).past))


def limit(state_dir: str) -> None:
    """Work with a limit on the size of files, then without."""
    import resource

    journal = create(Path(state_dir))
    journal.commit(numbered(1))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    wal = journal.directory / "journal.sqlite-wal"
    resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size + 10_000, before[1]))
    big = numbered(2, padding="x" * 100_000)
    tell(lambda: journal.commit(big))
    say("there is", last_commit(journal.past))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    journal.commit(big)
    say("there is", last_commit(journal.past))
    journal.close()
    say("again", last_commit(Journal.open(journal.directory).past))


def look(directory: str) -> None:
    """Read a run and try to write to it where that is not possible."""
    place = Path(directory)

    def read() -> None:
        snapshot = read_snapshot(place)
        say("read", read_run(place).state.value, [task.launches for task in snapshot.tasks])

    tell(read)
    tell(lambda: Journal.open(place))
    tell(lambda: create(place.parents[1]))


def tell(act: Callable[[], object]) -> None:
    """Print how it went wrong."""
    try:
        act()
    except JournalError as error:
        say("passing" if isinstance(error, PassingJournalError) else "lasting", error.message)


def say(*what: object) -> None:
    print(*what, flush=True)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
