"""Tells a job file from a task list, and what it is written in; as cheap as can be.

The ending of a name decides where it is one of ours. Else the text does, and a task list is never
taken for a job file: JSON is a job file only by what no ``TaskGroupInfo`` can have.
"""

from __future__ import annotations

import json
import re
from typing import Any

from mesos_batch.jobs.document import Syntax
from mesos_batch.spec import encoding, json_stream

_ENDINGS = {".yaml": Syntax.YAML, ".yml": Syntax.YAML, ".toml": Syntax.TOML}
_LOOKED_AT = 1 << 16
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")
_NOTHING = r"(?:[ \t\r]*(?:\#[^\n]*)?\n|\ufeff)*"
# What protobuf text format has after a name on the same line begins a value; this has none, or
# one of a field that a task list lacks.
_YAML = re.compile(
    rf"{_NOTHING}(?:---|%YAML|tasks[ \t]*:[ \t\r]*(?:\#[^\n]*)?(?:\n|\Z)|(?:defaults|vars)[ \t]*:)"
)
_TOML = re.compile(rf"{_NOTHING}\[\[?[ \t]*(?:defaults|vars|tasks)\b")
_JSON = re.compile(rf"{_NOTHING}\s*\{{")
_TOP = ("defaults", "vars")
_OF_TASKS = ("foreach", "matrix", "task_info")
_HINTS = re.compile(rf'"(?:{"|".join((*_TOP, *_OF_TASKS))})"\s*:')


def recognise(data: bytes, name: str) -> Syntax | None:
    """What a job file is written in; ``None`` for a task list.

    ``name`` is that of the file, or anything else where there is none.
    """
    for ending, syntax in _ENDINGS.items():
        if name.lower().endswith(ending):
            return syntax
    if not encoding.has_byte_order_mark(data) and _CONTROL.search(data[:_LOOKED_AT]):
        return None
    text = _beginning(data)
    if _TOML.match(text):
        return Syntax.TOML
    if _YAML.match(text):
        return Syntax.YAML
    return Syntax.JSON if _JSON.match(text) and _is_json_job(data) else None


def _beginning(data: bytes) -> str:
    try:
        return encoding.decode(data[:_LOOKED_AT]).text
    except encoding.NotTextError as error:
        return error.text


def _is_json_job(data: bytes) -> bool:
    """Whether JSON has what a ``TaskGroupInfo`` cannot have.

    The first task of a long list is enough: one with the ``task_id`` of a ``TaskInfo`` is one.
    """
    try:
        first = next(json_stream.elements(data), None)
    except json_stream.NotPlainError:
        first = None
    if first is not None and isinstance(first.get("task_id"), dict):
        return False
    try:
        return _has_job_fields(json.loads(encoding.decode(data).text))
    except (ValueError, RecursionError):
        # Broken JSON: whoever wrote a name of ours means a job file.
        return _HINTS.search(_beginning(data)) is not None


def _has_job_fields(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    tasks = value.get("tasks")
    return any(name in value for name in _TOP) or any(
        any(name in task for name in _OF_TASKS) or isinstance(task.get("command"), str | list)
        for task in (tasks if isinstance(tasks, list) else ())
        if isinstance(task, dict)
    )
