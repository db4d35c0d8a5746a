"""A status update of a task, as the scheduler reads it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesos_batch.model.state import TaskState


class Source(Enum):
    """Who made a status update."""

    SOURCE_MASTER = 0
    SOURCE_AGENT = 1
    SOURCE_EXECUTOR = 2


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """What an UPDATE event says about one task.

    ``uuid`` is present exactly when the update must be acknowledged. ``reason`` is the name of
    the ``REASON_...`` value, ``timestamp`` and ``unreachable_time`` are seconds since the epoch.
    A container inside that of an executor has a ``parent_container_id``.
    """

    task_id: str
    state: TaskState
    agent_id: str | None = None
    executor_id: str | None = None
    message: str | None = None
    source: Source | None = None
    reason: str | None = None
    uuid: bytes | None = None
    timestamp: float | None = None
    healthy: bool | None = None
    container_id: str | None = None
    parent_container_id: str | None = None
    unreachable_time: float | None = None
