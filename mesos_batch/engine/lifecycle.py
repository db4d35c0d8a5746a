"""What each task state means for a task of the batch: one table, a reason per row."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mesos_batch.model.facts import Phase
from mesos_batch.model.state import TaskState

if TYPE_CHECKING:
    from mesos_batch.model.status import TaskStatus


class Effect(Enum):
    """What to do with a task after an update."""

    GOES_ON = "it goes on"
    ENDS = "it has ended"
    LAUNCH_AGAIN = "it never started; launch it again"
    AWAIT = "nobody knows; wait for its agent"


@dataclass(frozen=True, slots=True)
class Meaning:
    """The effect of a state, the phase it leads to, and why."""

    effect: Effect
    phase: Phase
    why: str


TABLE: dict[TaskState, Meaning] = {
    TaskState.TASK_STAGING: Meaning(Effect.GOES_ON, Phase.LAUNCHED, "the master has it"),
    TaskState.TASK_STARTING: Meaning(Effect.GOES_ON, Phase.LAUNCHED, "the executor has it"),
    TaskState.TASK_RUNNING: Meaning(Effect.GOES_ON, Phase.RUNNING, "its process runs"),
    TaskState.TASK_KILLING: Meaning(Effect.GOES_ON, Phase.RUNNING, "a kill is under way"),
    TaskState.TASK_FINISHED: Meaning(Effect.ENDS, Phase.FINISHED, "it ended with status 0"),
    TaskState.TASK_FAILED: Meaning(Effect.ENDS, Phase.FAILED, "it ended otherwise"),
    TaskState.TASK_KILLED: Meaning(Effect.ENDS, Phase.KILLED, "somebody killed it"),
    TaskState.TASK_ERROR: Meaning(Effect.ENDS, Phase.ERROR, "the master refuses it for good"),
    TaskState.TASK_LOST: Meaning(Effect.ENDS, Phase.LOST, "its agent is lost"),
    TaskState.TASK_DROPPED: Meaning(
        Effect.LAUNCH_AGAIN, Phase.WAITING, "a passing trouble kept it from starting"
    ),
    TaskState.TASK_GONE: Meaning(Effect.ENDS, Phase.LOST, "it ran and is no more"),
    TaskState.TASK_GONE_BY_OPERATOR: Meaning(
        Effect.ENDS, Phase.LOST, "an operator gave its agent up"
    ),
    TaskState.TASK_UNREACHABLE: Meaning(
        Effect.AWAIT, Phase.UNREACHABLE, "its agent may come back with it"
    ),
    TaskState.TASK_UNKNOWN: Meaning(
        Effect.AWAIT, Phase.UNREACHABLE, "a new master may not have met its agent yet"
    ),
}

_NEVER_STARTED = Meaning(Effect.LAUNCH_AGAIN, Phase.WAITING, "the launch came to nothing")
_DROPPED_LATE = Meaning(Effect.ENDS, Phase.LOST, "it had started before it was dropped")
# LOST is what DROPPED is called to frameworks without PARTITION_AWARE.
_LOST_BEFORE_START = frozenset({"REASON_INVALID_OFFERS", "REASON_AGENT_RESTARTED"})


def meaning(status: TaskStatus, *, started: bool) -> Meaning:
    """Read an update of a task; ``started`` says whether its executor was ever heard of."""
    row = TABLE[status.state]
    if started:
        return _DROPPED_LATE if row.effect is Effect.LAUNCH_AGAIN else row
    if status.state is TaskState.TASK_LOST and status.reason in _LOST_BEFORE_START:
        return _NEVER_STARTED
    # The agent is there and has not heard of the task: the launch never reached it.
    if status.state is TaskState.TASK_GONE and status.reason == "REASON_RECONCILIATION":
        return _NEVER_STARTED
    return row
