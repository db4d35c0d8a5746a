"""What --json prints for programs: one object that names its schema. Times are seconds (epoch)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mesos_batch.model.change import volume_ids
from mesos_batch.model.resource_text import in_few_words
from mesos_batch_cli.output.change_text import outcome
from mesos_batch_cli.output.summary import log_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mesos_batch.errors import MesosBatchError
    from mesos_batch.model.change import ChangeView
    from mesos_batch.model.snapshot import RunSnapshot, TaskView
    from mesos_batch.runs import RunInfo
    from mesos_batch.spec.problems import Problem


SCHEMA_VERSION = 1


def as_json(kind: str, fields: Mapping[str, object]) -> str:
    """One document, readable by people too.

    Its ``schema`` is ``mesos-batch.KIND/VERSION``: new fields may appear in a version, a field
    that goes or changes its meaning makes a new one.
    """
    return json.dumps({"schema": f"mesos-batch.{kind}/{SCHEMA_VERSION}", **fields}, indent=2)


def json_line(kind: str, fields: Mapping[str, object]) -> str:
    """One document of many, on a line of its own."""
    head = {"schema": f"mesos-batch.{kind}/{SCHEMA_VERSION}"}
    return json.dumps({**head, **fields}) + "\n"


def error_fields(error: MesosBatchError) -> dict[str, Any]:
    """What a command could not do."""
    return {
        "message": error.message,
        "hint": error.hint,
        "exit_code": int(error.exit_code),
        # Those of a file, each with its place.
        "problems": [problem_fields(problem) for problem in getattr(error, "problems", ())],
    }


def problem_fields(problem: Problem) -> dict[str, Any]:
    """One thing to put right in a file."""
    return {
        "severity": problem.severity.value,
        "line": problem.line,
        "column": problem.column,
        "field": problem.field,
        "message": problem.message,
        "hint": problem.hint,
    }


def run_page(info: RunInfo, snapshot: RunSnapshot) -> str:
    """A run that is kept, with its changes and tasks."""
    return as_json("run", {**run_fields(info), **_parts(snapshot)})


def unkept_run_page(snapshot: RunSnapshot) -> str:
    """A run of which nothing is kept, as it ended."""
    counts = {phase.value: count for phase, count in snapshot.counts().items() if count}
    told = {
        "run_id": None,
        "master": snapshot.master,
        "total": len(snapshot.tasks),
        "counts": counts,
        "exit_code": snapshot.exit_code,
        "message": snapshot.message,
        "framework_id": snapshot.framework_id,
    }
    return as_json("run", {**told, **_parts(snapshot)})


def _parts(snapshot: RunSnapshot) -> dict[str, Any]:
    return {
        "changes": [change_fields(view) for view in snapshot.changes],
        "tasks": [task_fields(task) for task in snapshot.tasks],
    }


def run_fields(info: RunInfo) -> dict[str, Any]:
    """A run; ``exit_code`` and ``message`` are those of its end or of its last stop."""
    return {
        "run_id": info.run_id,
        "state": info.state.value,
        "master": info.master,
        "source": info.source,
        "created_at": info.created_at,
        "touched_at": info.touched_at,
        "total": info.total,
        "counts": {phase.value: count for phase, count in info.counts.items() if count},
        "changes": {phase.value: count for phase, count in info.changes.items() if count},
        "exit_code": info.exit_code,
        "message": info.message,
        "pid": info.pid,
        "host": info.host,
        "framework_id": info.framework_id,
        "directory": str(info.directory),
    }


def change_fields(view: ChangeView) -> dict[str, Any]:
    """A change of reservations and volumes, and the last word about each of its operations."""
    return {
        "kind": view.change.kind.value,
        "phase": view.phase.value,
        "agent_id": view.agent_id,
        "hostname": view.hostname,
        "volumes": volume_ids(view.volumes),
        "reserved": in_few_words(view.reserved) if view.reserved else None,
        "outcome": outcome(view),
        "message": view.message,
        "operations": [
            {
                "type": operation.type.name,
                "state": operation.state.name,
                "message": operation.message,
            }
            for operation in view.operations
        ],
    }


def task_fields(task: TaskView) -> dict[str, Any]:
    """A task; where it ran and how it ended are told of its latest attempt."""
    return {
        "task_id": task.spec.task_id,
        "phase": task.phase.value,
        "depends_on": list(task.spec.depends_on),
        "always": task.spec.always,
        "state": None if task.state is None else task.state.name,
        "attempts": task.launches,
        "failures": task.failures,
        "agent_id": task.agent_id,
        "hostname": task.hostname,
        "launched_at": task.launched_at,
        "started_at": task.started_at,
        "ended_at": task.ended_at,
        "exit_status": task.exit_status,
        "signal": task.signal,
        "reason": task.reason,
        "message": task.message,
        "stderr": log_of(task),
    }
