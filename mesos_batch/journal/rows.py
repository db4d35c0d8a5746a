"""Values of the model as rows of the journal, and back."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from mesos_batch.errors import ExitCode
from mesos_batch.journal import change_rows
from mesos_batch.journal.header import RunHeader
from mesos_batch.journal.scheduling_rows import (
    NamesReader,
    SchedulingNumbers,
    later_columns,
    names_to_text,
    read_schedulings,
)
from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import Resources
from mesos_batch.model.saved import (
    AttemptEntry,
    CancelEntry,
    EndEntry,
    FrameworkEntry,
    Past,
    TaskEntry,
)
from mesos_batch.model.sharing import Payloads, Texts
from mesos_batch.model.snapshot import TaskView
from mesos_batch.model.state import TaskState
from mesos_batch.model.task import TaskSpec
from mesos_batch.protocol.resource_bytes import resources_from_bytes, resources_to_bytes

PHASES = {phase.value: phase for phase in Phase}
STATES: dict[str | None, TaskState | None] = {state.name: state for state in TaskState}
STATES[None] = None

_PUT_RUN = """
    INSERT INTO run (run_id, created_at, version, master, source, digest, options, task_count,
        touched_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_GET_RUN = """
    SELECT run_id, created_at, version, master, source, digest, options, task_count FROM run
"""
_PUT_TASK = """
    INSERT INTO tasks (position, task_id, name, resources, payload, agent_id, command,
        executor_id, executor_resources, scheduling, poolable, depends_on, always)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_GET_TASKS = """
    SELECT task_id, name, resources, payload, agent_id, command, executor_id, executor_resources,
        {scheduling}, {poolable}, {depends_on}, {always}
    FROM tasks ORDER BY position
"""
_PUT_PROGRESS = """
    INSERT OR REPLACE INTO progress (position, phase, launches, failures, losses, retry_at, state,
        message, reason, ended_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_GET_PROGRESS = """
    SELECT position, phase, launches, failures, losses, retry_at, state, message, reason, ended_at
    FROM progress ORDER BY position
"""
_PUT_ATTEMPT = """
    INSERT OR REPLACE INTO attempts (position, number, phase, agent_id, hostname, launched_at,
        state, message, reason, started_at, ended_at, exit_status, signal, sandbox_url,
        sandbox_path)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_GET_RESTART_LOSSES = """
    SELECT count(*) FROM attempts JOIN (
        SELECT agent_id, max(launched_at) AS latest FROM attempts GROUP BY agent_id
    ) USING (agent_id)
    WHERE reason = 'REASON_AGENT_DISCONNECTED' AND latest > ended_at
"""
_GET_ATTEMPTS = """
    SELECT position, number, phase, agent_id, hostname, launched_at, state, message, reason,
        started_at, ended_at, exit_status, signal, sandbox_url, sandbox_path
    FROM attempts WHERE ?1 IS NULL OR position = ?1 ORDER BY position, number
"""
_GET_VIEWS = """
    SELECT progress.phase, progress.state, attempts.agent_id, hostname, progress.message,
        progress.reason, launches, failures, launched_at, started_at, progress.ended_at,
        exit_status, signal, sandbox_url, sandbox_path
    FROM tasks
    LEFT JOIN progress ON progress.position = tasks.position
    LEFT JOIN attempts ON attempts.position = tasks.position AND number = launches
    ORDER BY tasks.position
"""


def insert_header(db: sqlite3.Connection, header: RunHeader) -> None:
    """Write the header of a new run.

    Raises:
        TypeError: an option is no JSON value, a secret for instance.
    """
    options = json.dumps(header.options, allow_nan=False)
    row = (
        header.run_id,
        header.created_at,
        header.version,
        header.master,
        header.source,
        header.digest,
        options,
        header.task_count,
        header.created_at,
    )
    db.execute(_PUT_RUN, row)


def insert_tasks(db: sqlite3.Connection, tasks: Iterable[TaskSpec]) -> None:
    """Write the tasks of a new run; equal resources only once, and how they are scheduled too."""
    shapes = _Shapes(db)
    schedulings = SchedulingNumbers(db)
    rows = (
        (
            position,
            task.task_id,
            task.name,
            shapes.number(task.resources),
            task.payload,
            task.agent_id,
            task.command,
            task.executor_id,
            None if task.executor_resources is None else shapes.number(task.executor_resources),
            schedulings.number(task.scheduling),
            task.poolable,
            names_to_text(task.depends_on),
            task.always,
        )
        for position, task in enumerate(tasks)
    )
    db.executemany(_PUT_TASK, rows)


class _Shapes:
    """Tasks of a batch ask for the same resources over and over: each is written once."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._by_bytes: dict[bytes, int] = {}
        # Most tasks share one object; keeping it keeps its id from being used again.
        self._by_id: dict[int, tuple[int, Resources]] = {}

    def number(self, resources: Resources) -> int:
        known = self._by_id.get(id(resources))
        if known is not None:
            return known[0]
        serialized = resources_to_bytes(resources)
        number = self._by_bytes.get(serialized)
        if number is None:
            number = self._by_bytes[serialized] = len(self._by_bytes)
            row = (number, serialized)
            self._db.execute("INSERT INTO resources (id, serialized) VALUES (?, ?)", row)
        self._by_id[id(resources)] = number, resources
        return number


def put_framework(db: sqlite3.Connection, entry: FrameworkEntry) -> None:
    """Write the framework id."""
    db.execute("UPDATE run SET framework_id = ?", (entry.framework_id,))


def put_cancel(db: sqlite3.Connection, entry: CancelEntry) -> None:
    """Write that the run is being cancelled."""
    db.execute(
        "UPDATE run SET cancelled_at = ?, cancel_code = ?, cancel_message = ?",
        (entry.at, int(entry.exit_code), entry.message),
    )


def put_end(db: sqlite3.Connection, entry: EndEntry) -> None:
    """Write how the run ended or stopped."""
    db.execute(
        "UPDATE run SET ended_at = ?, exit_code = ?, message = ?, final = ?",
        (entry.at, int(entry.exit_code), entry.message, entry.final),
    )


def clear_end(db: sqlite3.Connection) -> None:
    """Write that the run goes on."""
    db.execute("UPDATE run SET ended_at = NULL, exit_code = NULL, message = NULL, final = NULL")


def touch(db: sqlite3.Connection, at: float) -> None:
    """Write a sign of life."""
    db.execute("UPDATE run SET touched_at = ?", (at,))


def put_progress(db: sqlite3.Connection, entries: Iterable[TaskEntry]) -> None:
    """Write where tasks are; a later entry of a task replaces the earlier one."""
    rows = (
        (
            entry.position,
            entry.phase.value,
            entry.launches,
            entry.failures,
            entry.losses,
            entry.retry_at,
            None if entry.state is None else entry.state.name,
            entry.message,
            entry.reason,
            entry.ended_at,
        )
        for entry in entries
    )
    db.executemany(_PUT_PROGRESS, rows)


def put_attempts(db: sqlite3.Connection, entries: Iterable[AttemptEntry]) -> None:
    """Write attempts; a later entry of an attempt replaces the earlier one."""
    rows = (
        (
            entry.position,
            entry.number,
            entry.phase.value,
            entry.agent_id,
            entry.hostname,
            entry.launched_at,
            None if entry.state is None else entry.state.name,
            entry.message,
            entry.reason,
            entry.started_at,
            entry.ended_at,
            entry.exit_status,
            entry.signal,
            entry.sandbox_url,
            entry.sandbox_path,
        )
        for entry in entries
    )
    db.executemany(_PUT_ATTEMPT, rows)


def read_header(db: sqlite3.Connection) -> RunHeader:
    """Read the header of the run."""
    run_id, created_at, version, master, source, digest, options, task_count = db.execute(
        _GET_RUN
    ).fetchone()
    return RunHeader(
        run_id, created_at, version, master, source, digest, json.loads(options), task_count
    )


def read_end(db: sqlite3.Connection) -> EndEntry | None:
    """Read how the run ended or stopped; ``None`` while it goes on, or when it crashed."""
    at, code, message, final = db.execute(
        "SELECT ended_at, exit_code, message, final FROM run"
    ).fetchone()
    return None if code is None else EndEntry(at, ExitCode(code), message, bool(final))


def read_cancel(db: sqlite3.Connection) -> CancelEntry | None:
    """Read since when and with which code the run is being cancelled."""
    at, code, message = db.execute(
        "SELECT cancelled_at, cancel_code, cancel_message FROM run"
    ).fetchone()
    return None if code is None else CancelEntry(at, ExitCode(code), message)


def read_tasks(db: sqlite3.Connection) -> list[TaskSpec]:
    """Read the tasks in their order; what is equal of them is one object."""
    rows = db.execute("SELECT id, serialized FROM resources")
    shapes: dict[int | None, Any] = {number: resources_from_bytes(data) for number, data in rows}
    shapes[None] = None
    schedulings = read_schedulings(db)
    texts, payloads, names = Texts(), Payloads(), NamesReader()
    tasks: list[TaskSpec] = []
    for row in db.execute(_GET_TASKS.format(**later_columns(db))):
        task_id, name, own, payload, agent, command, executor, executors, *more = row
        number, poolable, depends_on, always = more
        kept, like = payloads.pack(payload)
        tasks.append(
            TaskSpec(
                task_id=task_id,
                name=task_id if name == task_id else name,
                resources=shapes[own],
                kept=kept,
                agent_id=agent,
                command=texts.share(command),
                executor_id=executor,
                executor_resources=shapes[executors],
                scheduling=schedulings[number],
                poolable=bool(poolable),
                depends_on=names.read(depends_on),
                always=bool(always),
                like=like,
            )
        )
    return tasks


def read_signs_of_life(db: sqlite3.Connection) -> tuple[str | None, float]:
    """Read the framework id, ``None`` when there is none, and when the owner wrote last."""
    framework_id, touched_at = db.execute("SELECT framework_id, touched_at FROM run").fetchone()
    return framework_id, touched_at


def read_counts(db: sqlite3.Connection, total: int) -> Counter[Phase]:
    """Count the tasks in each phase, without reading them."""
    rows = db.execute("SELECT phase, count(*) FROM progress GROUP BY phase")
    counts = Counter({PHASES[phase]: count for phase, count in rows})
    counts[Phase.WAITING] += total - counts.total()
    return +counts


def read_restart_losses(db: sqlite3.Connection) -> int:
    """Count the attempts that were lost with an agent which took others later on."""
    (count,) = db.execute(_GET_RESTART_LOSSES).fetchone()
    return int(count)


def read_request(db: sqlite3.Connection) -> ExitCode | None:
    """Read the code of the last request to cancel."""
    row = db.execute("SELECT exit_code FROM requests ORDER BY id DESC LIMIT 1").fetchone()
    return None if row is None else ExitCode(row[0])


def is_cancelled(db: sqlite3.Connection) -> bool:
    """Whether the run is being cancelled, or will be when its owner sees the request."""
    return read_cancel(db) is not None or read_request(db) is not None


def read_past(db: sqlite3.Connection) -> Past:
    """Read how far the run has come."""
    framework_id, touched_at = read_signs_of_life(db)
    progress = [
        TaskEntry(
            position, PHASES[phase], launches, failures, losses, retry_at, STATES[state], *rest
        )
        for position, phase, launches, failures, losses, retry_at, state, *rest in db.execute(
            _GET_PROGRESS
        )
    ]
    attempts = list(read_attempts(db))
    return Past(
        framework_id=framework_id,
        began_at=read_header(db).created_at,
        touched_at=touched_at,
        tasks=progress,
        attempts=attempts,
        changes=change_rows.read_change_progress(db),
        operations=change_rows.read_operations(db),
        cancelled=read_cancel(db),
    )


def read_attempts(db: sqlite3.Connection, position: int | None = None) -> Iterator[AttemptEntry]:
    """Read the attempts of all tasks or of one, by position and number."""
    for at, number, phase, agent, hostname, launched_at, state, *rest in db.execute(
        _GET_ATTEMPTS, (position,)
    ):
        yield AttemptEntry(
            at, number, PHASES[phase], agent, hostname, launched_at, STATES[state], *rest
        )


def read_views(db: sqlite3.Connection) -> Iterator[TaskView]:
    """Read the tasks in their order, each with where it is and its latest attempt."""
    for task, row in zip(read_tasks(db), db.execute(_GET_VIEWS), strict=True):
        if row[0] is None:
            yield TaskView(task, Phase.WAITING)
            continue
        phase, state, agent, hostname, message, reason, launches, failures, *more = row
        launched_at, started_at, ended_at, exit_status, signal, url, path = more
        yield TaskView(
            task,
            PHASES[phase],
            STATES[state],
            agent_id=agent,
            hostname=hostname,
            message=message,
            reason=reason,
            launches=launches,
            failures=failures,
            launched_at=launched_at,
            started_at=started_at,
            ended_at=ended_at,
            exit_status=exit_status,
            signal=signal,
            sandbox_url=url,
            sandbox_path=path,
        )
