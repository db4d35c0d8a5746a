"""The settings of a run that decide something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesos_batch.model.limit import Limit


class ExecutorUse(Enum):
    """Whether tasks that can share an executor do: never, always, or where it pays."""

    COMMAND = "command"
    POOL = "pool"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Policy:
    """Settings of the engine; times are seconds.

    ``max_attempts``: how often a task that fails by itself is tried. ``max_losses``: how often
    one is launched again that was lost by no fault of its own. ``max_failures``: how many tasks
    may fail before the run is stopped; without ``keep_going`` nothing is launched after the first
    one. ``max_running``: how many tasks may run at one time, any number when ``None``.
    ``executor``: how commands are run. ``revive_interval``: the least time between two REVIVE
    calls. ``unplaceable_timeout``: how long a task that fits no known agent waits for a larger
    one. ``unreachable_timeout``: how long a task is waited for whose agent is away.
    ``staging_timeout``: how long a launch may go unanswered. ``kill_after``: how long an attempt
    may run. ``volume_timeout``: how long a change waits for an offer, or for word of its
    operations. ``failover_timeout``: how long the master keeps the framework without us.
    ``sandbox_roots`` maps agents of a local cluster to their work directories on this machine. With
    ``starts_nothing`` nothing is launched or changed: the run is only there to be ended.
    """

    role: str = "*"
    max_attempts: int = 1
    max_losses: int = 10
    max_failures: Limit | None = None
    keep_going: bool = True
    max_running: int | None = None
    executor: ExecutorUse = ExecutorUse.AUTO
    revive_interval: float = 0.02
    unplaceable_timeout: float = 300.0
    unreachable_timeout: float = 900.0
    staging_timeout: float = 900.0
    kill_after: float | None = None
    volume_timeout: float = 300.0
    failover_timeout: float = 604800.0
    checkpoint: bool = False
    starts_nothing: bool = False
    sandbox_roots: Mapping[str, str] = field(default_factory=dict)
