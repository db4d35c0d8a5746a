"""How tasks are scheduled, as rows of the journal and back; ordinary tasks have none."""

from __future__ import annotations

import json
import sqlite3

from mesos_batch.model.constraint_text import constraint_of, words_of
from mesos_batch.model.scheduling import ORDINARY, Scheduling

_SINCE = 3  # steps of the schema


class SchedulingNumbers:
    """Tasks of a batch say the same of themselves over and over: each is written once."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._numbers: dict[Scheduling, int] = {}
        # Most tasks share one object; keeping it keeps its id from being used again.
        self._by_id: dict[int, tuple[int, Scheduling]] = {}

    def number(self, scheduling: Scheduling) -> int | None:
        """The row this is written in; it is written when it is not there yet."""
        if scheduling is ORDINARY or scheduling == ORDINARY:
            return None
        known = self._by_id.get(id(scheduling))
        if known is not None:
            return known[0]
        number = self._numbers.get(scheduling)
        if number is None:
            number = self._numbers[scheduling] = len(self._numbers)
            constraints = json.dumps([words_of(item) for item in scheduling.constraints])
            self._db.execute(
                "INSERT INTO scheduling (id, priority, expected_runtime, constraints)"
                " VALUES (?, ?, ?, ?)",
                (number, scheduling.priority, scheduling.expected_runtime, constraints),
            )
        self._by_id[id(scheduling)] = number, scheduling
        return number


def read_schedulings(db: sqlite3.Connection) -> dict[int | None, Scheduling]:
    """Read them by number; an older journal has none."""
    known: dict[int | None, Scheduling] = {None: ORDINARY}
    if not knows_scheduling(db):
        return known
    for number, priority, expected_runtime, constraints in db.execute(
        "SELECT id, priority, expected_runtime, constraints FROM scheduling"
    ):
        restored = tuple(constraint_of(words) for words in json.loads(constraints))
        known[number] = Scheduling(priority, expected_runtime, restored)
    return known


def knows_scheduling(db: sqlite3.Connection) -> bool:
    """Whether the journal has the table, and its tasks the column."""
    (taken,) = db.execute("PRAGMA user_version").fetchone()
    return bool(taken >= _SINCE)
