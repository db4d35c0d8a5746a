"""What a command has found, as a page or as JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from mesos_batch.config import settings as the
from mesos_batch_cli.output.streams import Paint, emit, paint_for, width_of

if TYPE_CHECKING:
    from mesos_batch_cli.values import Values

T = TypeVar("T")


def print_all(
    found: Sequence[T],
    values: Values,
    *,
    fields: Callable[[T], dict[str, Any]],
    page: Callable[[Sequence[T], Paint, int | None], list[str]],
    kind: str,
    nothing: str,
) -> None:
    """Print what was found: as JSON where that is wanted, as a page, or that there is nothing.

    ``kind`` is what they are called in JSON.
    """
    from mesos_batch_cli.output.as_json import as_json

    if values[the.JSON]:
        emit(sys.stdout, as_json(kind, {kind: [fields(item) for item in found]}))
    elif not found:
        emit(sys.stderr, nothing)
    else:
        emit(sys.stdout, "\n".join(page(found, *paint_and_width(values))))


def paint_and_width(values: Values) -> tuple[Paint, int | None]:
    """Colours and width of stdout."""
    return paint_for(sys.stdout, values[the.COLOR], os.environ), width_of(sys.stdout, os.environ)
