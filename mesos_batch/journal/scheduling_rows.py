"""How tasks are scheduled and what they depend on, as rows of the journal and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from mesos_batch.journal.schema import steps_taken
from mesos_batch.model.constraint_text import constraint_of, words_of
from mesos_batch.model.scheduling import ORDINARY, Scheduling

# What journals lack that have taken fewer steps of the schema, and what stands in for it.
_LATER_OF_TASKS = {
    "scheduling": (3, "NULL"),
    "poolable": (3, "0"),
    "depends_on": (5, "NULL"),
    "always": (5, "0"),
}
_LATER_OF_SCHEDULING = {"max_attempts": (5, "NULL")}
_SINCE = 3
_GET_SCHEDULINGS = """
    SELECT id, priority, expected_runtime, constraints, {max_attempts} FROM scheduling
"""


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
                "INSERT INTO scheduling (id, priority, expected_runtime, constraints, max_attempts)"
                " VALUES (?, ?, ?, ?, ?)",
                (
                    number,
                    scheduling.priority,
                    scheduling.expected_runtime,
                    constraints,
                    scheduling.max_attempts,
                ),
            )
        self._by_id[id(scheduling)] = number, scheduling
        return number


def read_schedulings(db: sqlite3.Connection) -> dict[int | None, Scheduling]:
    """Read them by number; an older journal has none."""
    known: dict[int | None, Scheduling] = {None: ORDINARY}
    taken = steps_taken(db)
    if taken < _SINCE:
        return known
    columns = _columns(_LATER_OF_SCHEDULING, taken)
    for number, priority, expected_runtime, constraints, max_attempts in db.execute(
        _GET_SCHEDULINGS.format(**columns)
    ):
        restored = tuple(constraint_of(words) for words in json.loads(constraints))
        known[number] = Scheduling(priority, expected_runtime, restored, max_attempts)
    return known


def later_columns(db: sqlite3.Connection) -> dict[str, str]:
    """What to select from tasks for the columns that not every journal has."""
    return _columns(_LATER_OF_TASKS, steps_taken(db))


def names_to_text(depends_on: Sequence[str]) -> str | None:
    """What a task depends on, as its row keeps it."""
    return json.dumps(depends_on) if depends_on else None


class NamesReader:
    """Reads what tasks depend on; those that name the same share an object."""

    def __init__(self) -> None:
        self._known: dict[str | None, tuple[str, ...]] = {None: ()}

    def read(self, text: str | None) -> tuple[str, ...]:
        """The names in a row."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = tuple(json.loads(text or ""))
        return known


def _columns(later: dict[str, tuple[int, str]], taken: int) -> dict[str, str]:
    return {name: name if taken >= since else instead for name, (since, instead) in later.items()}
