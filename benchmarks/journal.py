"""How much a journal costs, next to plain SQLite rows of the same bytes in the same minute.

``python benchmarks/journal.py [TASKS] [DIRECTORY]`` (default 100,000 tasks in a temporary
directory; give one on the disk that matters). An update is a task entry and its attempt entry.
The plain rows are one indexed table of a number and a blob, committed in the same batches.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from mesos_batch.journal import Journal, list_runs, read_snapshot
from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import Resources
from mesos_batch.model.saved import AttemptEntry, Entry, TaskEntry
from mesos_batch.model.state import TaskState
from mesos_batch.model.task import TaskSpec

PAYLOAD = bytes(250)  # what a small Docker task needs
UPDATE = bytes(120)
UPDATES = 20_000


def task_list(count: int) -> list[TaskSpec]:
    """Tasks of three sizes."""
    sizes = [Resources.scalars(cpus=1, mem=mem) for mem in (32, 64, 128)]
    return [
        TaskSpec(f"tile-{number}", f"tile {number}", sizes[number % 3], PAYLOAD)
        for number in range(count)
    ]


def update(position: int) -> list[Entry]:
    """What is written when a task has begun to run."""
    state = TaskState.TASK_RUNNING
    agent, host = f"agent-{position % 50}", f"node{position % 50}"
    return [
        TaskEntry(position, Phase.RUNNING, 1, state=state),
        AttemptEntry(position, 1, Phase.RUNNING, agent, host, 1.0, state, started_at=2.0),
    ]


def batches(count: int, size: int) -> Iterator[range]:
    """The numbers up to ``count`` in batches."""
    return (range(first, min(first + size, count)) for first in range(0, count, size))


def seconds(action: Callable[[], object]) -> float:
    """How long it takes by the clock on the wall, which is what a disk is measured by."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def plain(path: Path, count: int, size: int, blob: bytes, synchronous: str) -> float:
    """The seconds plain SQLite takes for so many rows."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA synchronous = {synchronous}")
        db.execute("CREATE TABLE IF NOT EXISTS plain (number INTEGER PRIMARY KEY, content BLOB)")

        def write() -> None:
            for batch in batches(count, size):
                db.execute("BEGIN IMMEDIATE")
                rows = ((number, blob) for number in batch)
                db.executemany("INSERT OR REPLACE INTO plain VALUES (?, ?)", rows)
                db.execute("COMMIT")

        return seconds(write)


def line(what: str, took: float, each: str, *others: tuple[str, float]) -> None:
    """Print a row of the table."""
    ratios = "   ".join(f"{took / other:4.1f} x {name}" for name, other in others)
    print(f"{what:28} {took:7.3f} s   {each:>18}   {ratios}")


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    place = Path(tempfile.mkdtemp(dir=sys.argv[2] if len(sys.argv) > 2 else None))
    tasks = task_list(count)
    about = {"master": "leader:5050", "source": "tiles.json", "options": {}}
    made: list[Journal] = []
    took = seconds(lambda: made.append(Journal.create(place, tasks, **about)))
    [journal] = made
    other = plain(place / "tasks.sqlite", count, count, PAYLOAD, "FULL")
    line(f"begin, {count} tasks", took, f"{count / took:,.0f} tasks/s", ("plain", other))

    for size in (100, 1000):

        def write(size: int = size) -> None:
            for batch in batches(min(UPDATES, count), size):
                journal.commit([entry for position in batch for entry in update(position)])

        took = seconds(write)
        path = place / f"updates-{size}.sqlite"
        rows = min(UPDATES, count)
        line(
            f"updates, {size} a commit",
            took,
            f"{rows / took:,.0f} updates/s",
            ("plain", plain(path, rows, size, UPDATE, "FULL")),
            ("plain without fsync", plain(path, rows, size, UPDATE, "OFF")),
        )
    for batch in batches(count, 5000):
        journal.commit([entry for position in batch for entry in update(position)])
    journal.close()
    with closing(sqlite3.connect(place / "tasks.sqlite")) as db:
        other = seconds(db.execute("SELECT number, content FROM plain").fetchall)

    def resume() -> None:
        with Journal.open(journal.directory) as again:
            print(f"{'':28} {len(again.tasks)} tasks, {len(again.past.attempts)} attempts")

    took = seconds(resume)
    line("open, tasks and past", took, f"{count / took:,.0f} tasks/s", ("plain", other))
    took = seconds(lambda: read_snapshot(journal.directory))
    line("snapshot", took, f"{count / took:,.0f} tasks/s", ("plain", other))
    took = seconds(lambda: list_runs(place))
    line("list of runs", took, "1 run", ("plain", other))
    size = sum(path.stat().st_size for path in journal.directory.iterdir())
    print(f"{size / count:.0f} bytes per task and attempt, payload {len(PAYLOAD)}")
    shutil.rmtree(place)


if __name__ == "__main__":
    main()
