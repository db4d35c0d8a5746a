"""Facts as JSON objects, one a line: what --events and --progress=json write.

The names of events are those of the facts in ``snake_case``, their fields those of the facts;
docs/events.md has them all. Times are seconds (epoch), durations seconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any

from mesos_batch.model.change import ChangeView, OperationView, volume_ids
from mesos_batch.model.facts import Fact, Phase
from mesos_batch.model.resource_text import in_few_words
from mesos_batch.model.sandbox import Sandbox
from mesos_batch.model.state import TaskState
from mesos_batch_cli.output.as_json import change_fields

if TYPE_CHECKING:
    from mesos_batch.overview import Overview

# A field that goes or changes its meaning makes a new version, a new field does not.
SCHEMA_VERSION = 1
# The first line of each process that writes a file.
OPENED = "opened"
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


def event_name(kind: type[Fact]) -> str:
    """What an event of that kind is called: ``task_launched``."""
    return _WORD.sub("_", kind.__name__).lower()


def event_line(happened: Fact, run_id: str | None) -> str:
    """A fact as one line."""
    told = {item.name: _plain(getattr(happened, item.name)) for item in fields(happened)[1:]}
    return _line("event", happened.at, run_id, {"event": event_name(type(happened)), **told})


def opened_line(at: float, version: str) -> str:
    """The line that says which mesos-batch writes from here on, and since when."""
    return _line("event", at, None, {"event": OPENED, "version": version})


def message_line(message: str, run_id: str | None, at: float) -> str:
    """A line for people, for programs."""
    return _line("message", at, run_id, {"message": message})


def progress_line(overview: Overview, run_id: str | None, now: float) -> str:
    """How far a run is; ``ends_at`` is a range of times, null while nothing can be said."""
    estimate = overview.estimate(now)
    ends_at = None
    if estimate is not None:
        ends_at = {
            "low": now + estimate.low,
            "likely": now + estimate.likely,
            "high": now + estimate.high,
        }
    told = {
        "elapsed": now - overview.run.started_at,
        "total": overview.total,
        "ended": overview.ended,
        "counts": {phase.value: overview.counts[phase] for phase in Phase},
        "tasks_per_second": overview.rate(),
        "ends_at": ends_at,
    }
    return _line("progress", now, run_id, told)


def _line(kind: str, at: float, run_id: str | None, told: Mapping[str, Any]) -> str:
    head = {"schema": f"mesos-batch.{kind}/{SCHEMA_VERSION}", "at": at, "run_id": run_id}
    # In ASCII: a terminal may obey what JSON itself does not escape, such as U+009B.
    return json.dumps({**head, **told})


def _plain(value: object) -> object:
    """A value of a fact as JSON has it: names of Mesos as they are, our words as they are."""
    match value:
        case TaskState():
            return value.name
        case IntEnum():
            return int(value)
        case Enum():
            return value.value
        case ChangeView():
            return change_fields(value)
        case OperationView():
            return {
                "type": value.type.name,
                "state": value.state.name,
                "resources": in_few_words(value.resources),
                "volumes": volume_ids(value.resources),
                "message": value.message,
            }
        case Sandbox():
            return {item.name: getattr(value, item.name) for item in fields(value)[1:]}
        case tuple():
            return [_plain(item) for item in value]
    return value
