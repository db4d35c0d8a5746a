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
    from mesos_batch.model.snapshot import TaskView
    from mesos_batch.runs import RunInfo


SCHEMA_VERSION = 1


def as_json(kind: str, fields: Mapping[str, object]) -> str:
    """One document, readable by people too.

    Its ``schema`` is ``mesos-batch.KIND/VERSION``: new fields may appear in a version, a field
    that goes or changes its meaning makes a new one.
    """
    return json.dumps({"schema": f"mesos-batch.{kind}/{SCHEMA_VERSION}", **fields}, indent=2)


def error_fields(error: MesosBatchError) -> dict[str, Any]:
    """What a command could not do."""
    return {
        "message": error.message,
        "hint": error.hint,
        "exit_code": int(error.exit_code),
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
