"""A document against the schema: a job file, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from math import prod
from typing import Any

from pydantic import BaseModel, ValidationError

from mesos_batch.jobs.schema import LIST_FORM, PARTS, SOURCE_FORM, JobFile, Source, names_of
from mesos_batch.jobs.values import said
from mesos_batch.spec.fields import TASK
from mesos_batch.spec.findings import Blocked, Finding
from mesos_batch.spec.problems import Path

_OF_A_NAME = ("[key]",)  # after the name itself
_MOST_TASKS = 10_000_000
_UNKNOWN = "extra_forbidden"
_EXPECTED = {
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "list_type": "a list",
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
}
_OF_A_TASK = len(("tasks", 0, "foreach"))
_HINTS: Mapping[str | int | None, str] = {
    None: "a job file has its tasks under the name tasks",
    "foreach": "write a list, or an object such as {csv: tiles.csv}",
    "uris": "write a list of URIs",
    "volumes": "write a list, such as [{id: tiles}]",
    "environment": "write {NAME: value}",
    "labels": "write {key: value}",
}
# What others call it.
_NEAR = {
    "cmd": "command",
    "memory": "mem",
    "cpu": "cpus",
    "gpu": "gpus",
    "env": "environment",
    "max_attempts": "retries",
    "depends": "depends_on",
    "needs": "depends_on",
    "variables": "vars",
    "docker": "image",
    "with_items": "foreach",
}
_Said = Mapping[str, Any]


def validate(value: object) -> tuple[JobFile | None, list[Finding]]:
    """The job file, and what is wrong with it; ``None`` when something is."""
    try:
        job = JobFile.model_validate(value)
    except ValidationError as error:
        return None, _findings(error, value)
    findings = [*_names_given_twice(job), *_stdin_read_twice(job), *_too_many(job)]
    return (None if findings else job), findings


def _findings(error: ValidationError, document: object) -> list[Finding]:
    errors = error.errors(include_url=False)
    unknown = [_unknown(_path(item["loc"])) for item in errors if item["type"] == _UNKNOWN]
    others = [_finding(item, document) for item in errors if item["type"] != _UNKNOWN]
    # A field under a wrong name is not missing besides.
    blocked = Blocked()
    return [*blocked.take(unknown), *blocked.take(others)]


def _finding(error: _Said, document: object) -> Finding:
    path = _path(error["loc"])
    kind = error["type"]
    if kind == "missing":
        return Finding(path, "the field is missing")
    if kind == "value_error":
        is_name = path[-1:] == _OF_A_NAME
        place = path[:-1] if is_name else path
        fault = error["ctx"]["error"]
        return Finding(place, str(fault), getattr(fault, "hint", None), at_key=is_name)
    if kind in _EXPECTED:
        # Names further down are those of users.
        hint = _HINTS.get(path[-1] if path else None) if len(path) <= _OF_A_TASK else None
        return Finding(path, f"expected {_EXPECTED[kind]}, not {said(_at(document, path))}", hint)
    if kind == "greater_than_equal":
        least = error["ctx"]["ge"]
        return Finding(path, f"expected {least} or more, not {said(_at(document, path))}")
    expected = error.get("ctx", {}).get("expected")
    if expected is not None:
        return Finding(path, f"expected {expected}, not {said(_at(document, path))}")
    return Finding(path, _sentence(error["msg"], _at(document, path)))


def _path(steps: Path) -> Path:
    """The place in the file: without the marks of what pydantic tried there."""
    return tuple(step for step in steps if step not in (LIST_FORM, SOURCE_FORM))


def _sentence(message: str, value: object) -> str:
    return f"{message[:1].lower()}{message[1:]}, not {said(value)}"


def _at(document: Any, path: Path) -> object:
    for step in path:
        # One in the place of a list is its only element.
        if isinstance(step, int) and not isinstance(document, list):
            continue
        document = document[step]
    return document


def _unknown(path: Path) -> Finding:
    name, model = str(path[-1]), _model_at(path[:-1])
    known = names_of(model)
    near = [_NEAR[name]] if _NEAR.get(name) in known else get_close_matches(name, known, n=1)
    if near:
        hint = f"did you mean {near[0]}?"
    elif "task_info" in known and name in TASK:
        hint = "fields of TaskInfo stand in task_info"
    else:
        hint = f"allowed here: {', '.join(known)}"
    meant = tuple((*path[:-1], name) for name in near)
    return Finding(path, "unknown field", hint, at_key=True, blocks=meant)


def _model_at(path: Path) -> type[BaseModel]:
    names = [step for step in path if isinstance(step, str)]
    return PARTS[names[-1]] if names else JobFile


def _names_given_twice(job: JobFile) -> Iterator[Finding]:
    for index, task in enumerate(job.tasks):
        for name in task.matrix or {}:
            if name in job.vars:
                yield Finding(
                    ("tasks", index, "matrix", name),
                    f"'{name}' is the name of a constant already",
                    "call one of them otherwise",
                    at_key=True,
                    refers_to=("vars", name),
                )


def _stdin_read_twice(job: JobFile) -> Iterator[Finding]:
    readers = [
        index
        for index, task in enumerate(job.tasks)
        if isinstance(task.foreach, Source) and task.foreach.reads_stdin
    ]
    for index in readers[1:]:
        first = ("tasks", readers[0], "foreach")
        yield Finding(
            ("tasks", index, "foreach"), "standard input is read already", refers_to=first
        )


def _too_many(job: JobFile) -> Iterator[Finding]:
    """More tasks than anybody could mean; those of files are counted by nobody."""
    for index, task in enumerate(job.tasks):
        count = prod(len(values) for values in (task.matrix or {}).values())
        if isinstance(task.foreach, list):
            count *= len(task.foreach)
        elif task.foreach is not None and task.foreach.range is not None:
            count *= task.foreach.range.count
        if count > _MOST_TASKS:
            name = "matrix" if task.foreach is None else "foreach"
            message = f"{count:,} tasks are too many; an entry can make {_MOST_TASKS:,}"
            yield Finding(("tasks", index, name), message)
