"""Rows to tasks: what is wished of each, with templates in it, filled with the names of its row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mesos_batch.errors import TaskListError, UsageError
from mesos_batch.generating.rows import Row, sentence
from mesos_batch.jobs.templates import (
    TemplateError,
    check_template,
    compile_template,
    is_template,
)
from mesos_batch.spec.load import load_task_list
from mesos_batch.spec.problems import InvalidTaskListError, Severity

Json = dict[str, Any]
Render = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWish:
    """What each task is to be; texts may be templates. Amounts are cpus and MB, 0 is none.

    Without a ``task_id`` it is the name, a dash and the index of the row. ``container`` is a
    ContainerInfo, whose texts may be templates too.
    """

    command: str
    name: str
    task_id: str | None = None
    cpus: float = 0.0
    mem: float = 0.0
    disk: float = 0.0
    agent_id: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    container: Json | None = None


def generate(wish: TaskWish, rows: Iterable[Row]) -> Iterator[Json]:
    """A TaskInfo in Mesos' JSON for each row, as soon as the row is there.

    Each one has passed the checks of a task list. The templates are judged at the call.

    Raises:
        UsageError: a template is wrong.
        TaskListError: a template cannot be filled from a row, or what comes out is no valid task.
    """
    name = _renderer("name", wish.name)
    task_id = _renderer("task_id", wish.task_id) if wish.task_id is not None else None
    render = _tree(_task(wish), "")
    return _generate(name, task_id, render, rows)


def _generate(
    name: Render, task_id: Render | None, render: Callable[[Row], Json], rows: Iterable[Row]
) -> Iterator[Json]:
    seen: dict[str, str] = {}
    for row in rows:
        called = _filled(name, "name", row)
        if task_id is None:
            chosen = f"{called}-{row.names['index']}"
        else:
            chosen = _filled(task_id, "task_id", row)
        task = {"name": called, "task_id": {"value": chosen}, **render(row)}
        _check(task, row)
        if chosen in seen:
            raise TaskListError(
                f"{row.where}: '{chosen}' is already the id of the task of {seen[chosen]}",
                "Give --task_id=TEMPLATE that tells them apart, such as with {{ index }} in it.",
            )
        seen[chosen] = row.where
        yield task


def _task(wish: TaskWish) -> Json:
    """The rest of a TaskInfo, with templates in it; the fields in the order of the original."""
    amounts = {"cpus": wish.cpus, "mem": wish.mem, "disk": wish.disk}
    command: Json = {"value": wish.command}
    if wish.environment:
        variables = [{"name": name, "value": text} for name, text in wish.environment.items()]
        command["environment"] = {"variables": variables}
    task: Json = {
        # The original's reader wants it, as the message requires it.
        "agent_id": {"value": wish.agent_id},
        "resources": [
            {"name": name, "type": "SCALAR", "scalar": {"value": _number(amount)}}
            for name, amount in amounts.items()
            if amount
        ],
        "command": command,
    }
    if wish.container is not None:
        task["container"] = wish.container
    return task


def _number(amount: float) -> float:
    """Whole numbers are written without decimals."""
    return int(amount) if amount == int(amount) else amount


def _tree(value: object, path: str) -> Callable[[Row], Any]:
    """What fills every template in a JSON value; the parts without any are used as they are."""
    if isinstance(value, str) and is_template(value):
        render = _renderer(path, value)
        return lambda row: _filled(render, path, row)
    if isinstance(value, dict):
        members = {key: _tree(item, f"{path}.{key}".lstrip(".")) for key, item in value.items()}
        return lambda row: {key: fill(row) for key, fill in members.items()}
    if isinstance(value, list):
        items = [_tree(item, f"{path}[{index}]") for index, item in enumerate(value)]
        return lambda row: [fill(row) for fill in items]
    return lambda _row: value


def _renderer(path: str, text: str) -> Render:
    if not is_template(text):
        return lambda _names: text
    try:
        check_template(text)
    except TemplateError as error:
        raise UsageError(f"{path}: {error}", sentence(error.hint)) from None
    return compile_template(text)


def _filled(render: Render, path: str, row: Row) -> str:
    try:
        return render(row.names)
    except TemplateError as error:
        raise TaskListError(f"{row.where}: {path}: {error}", sentence(error.hint)) from None


def _check(task: Json, row: Row) -> None:
    """See that a list would take the task.

    Raises:
        TaskListError: it would not.
    """
    try:
        load_task_list(json.dumps({"tasks": [task]}).encode(), row.where)
    except InvalidTaskListError as error:
        first = next(item for item in error.problems if item.severity is Severity.ERROR)
        where = first.field.removeprefix("tasks[0].")
        raise TaskListError(
            f"{row.where}: {where}: {first.message}", sentence(first.hint)
        ) from None
