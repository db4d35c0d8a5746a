"""The fourteen task states of Mesos and what each means to us.

Source: ``mesos.proto`` TaskState, ``isTerminalState`` in ``src/common/protobuf_utils.cpp``.
"""

from __future__ import annotations

from enum import Enum


class TaskState(Enum):
    """A task state with its number on the wire."""

    TASK_STARTING = 0
    TASK_RUNNING = 1
    TASK_FINISHED = 2
    TASK_FAILED = 3
    TASK_KILLED = 4
    TASK_LOST = 5
    TASK_STAGING = 6
    TASK_ERROR = 7
    TASK_KILLING = 8
    TASK_DROPPED = 9
    TASK_UNREACHABLE = 10
    TASK_GONE = 11
    TASK_GONE_BY_OPERATOR = 12
    TASK_UNKNOWN = 13

    @property
    def is_terminal(self) -> bool:
        """Whether Mesos sends nothing more after it (LOST may still be followed by RUNNING)."""
        return self in TERMINAL


TERMINAL = frozenset(
    {
        TaskState.TASK_FINISHED,
        TaskState.TASK_FAILED,
        TaskState.TASK_KILLED,
        TaskState.TASK_LOST,
        TaskState.TASK_ERROR,
        TaskState.TASK_DROPPED,
        TaskState.TASK_GONE,
        TaskState.TASK_GONE_BY_OPERATOR,
    }
)
