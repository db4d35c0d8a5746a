"""The settings of a run that decide something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Policy:
    """Settings of the engine; times are seconds.

    ``unplaceable_timeout``: how long a task that fits no known agent waits for a larger one.
    ``unreachable_timeout``: how long a task is waited for whose agent is away.
    ``kill_after``: how long a task may run. ``sandbox_roots`` maps agents of a local cluster to
    their work directories on this machine.
    """

    role: str = "*"
    unplaceable_timeout: float = 300.0
    unreachable_timeout: float = 900.0
    kill_after: float | None = None
    sandbox_roots: Mapping[str, str] = field(default_factory=dict)
