"""What a run is: written once when it begins."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from mesos_batch.model.task import TaskSpec

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What was known when the run began; ``created_at`` is seconds since the epoch.

    ``version`` is that of the mesos-batch that drives the run or drove it last. ``master`` has no
    credentials in it, ``source`` is the name of the task list, ``digest`` that of its tasks.
    """

    run_id: str
    created_at: float
    version: str
    master: str
    source: str
    digest: str
    options: Mapping[str, Json]
    task_count: int


def digest_of(tasks: Sequence[TaskSpec]) -> str:
    """A SHA-256 over the tasks in their order: two lists are the same when these are."""
    digest = hashlib.sha256()
    for task in tasks:
        # The length keeps [b"ab"] and [b"a", b"b"] apart.
        digest.update(len(task.payload).to_bytes(8) + task.payload)
    return digest.hexdigest()
