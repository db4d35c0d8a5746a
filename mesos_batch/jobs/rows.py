"""What the templates of an entry know, row by row: ``foreach`` times ``matrix``, and the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from mesos_batch.jobs.schema import Source, Task
from mesos_batch.jobs.sources import Inputs, rows_of, rows_of_list
from mesos_batch.jobs.templates import RESERVED, compile_template, is_template
from mesos_batch.jobs.text_rows import Row


def rows_of_entry(task: Task, constants: Mapping[str, Any], inputs: Inputs) -> Iterator[Row]:
    """The names each task of an entry is made with.

    Raises:
        SourceError: the source of its rows cannot be read.
        TemplateError: the name of a source is a template that cannot be rendered.
    """
    matrix = task.matrix or {}
    taken = {*RESERVED, *constants, *matrix}
    index = 0
    for row in _given(task, constants, inputs):
        clash = next((name for name in row.names if name in taken), None)
        fault = row.fault
        if clash is not None:
            fault = f"the row gives '{clash}', which has another meaning already"
        for values in product(*matrix.values()):
            cell = dict(zip(matrix, values, strict=True))
            names = {**constants, **cell, **row.names, "index": index, "row": row.names}
            yield Row(names, _where(row.where, cell), fault)
            index += 1


def _given(task: Task, constants: Mapping[str, Any], inputs: Inputs) -> Iterator[Row]:
    if task.foreach is None:
        return iter([Row()])
    if isinstance(task.foreach, Source):
        return rows_of(_rendered(task.foreach, constants), inputs)
    return rows_of_list(task.foreach)


def _rendered(source: Source, constants: Mapping[str, Any]) -> Source:
    """The source with the constants in the names of its files."""
    changes = {
        name: compile_template(value)(constants) for name, value in source if is_template(value)
    }
    return source.model_copy(update=changes)


def _where(row: str, cell: Mapping[str, Any]) -> str:
    return ", ".join([*([row] if row else []), *(f"{name}={cell[name]}" for name in cell)])
