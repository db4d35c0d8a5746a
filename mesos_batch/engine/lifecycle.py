"""What each task state means for an attempt of a task: one table, a reason per row."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mesos_batch.model.facts import Phase
from mesos_batch.model.state import TaskState

if TYPE_CHECKING:
    from mesos_batch.model.status import TaskStatus


class Effect(Enum):
    """What to do with a task after an update of its attempt."""

    GOES_ON = "goes on"
    AWAIT = "waited for"
    FINISHES = "done"
    FAILS = "failure: counts against --max_attempts"
    LOSES = "loss: launched again, not counted"
    REFUSED = "final: not tried again"


@dataclass(frozen=True, slots=True)
class Meaning:
    """The effect of a state, the phase of the attempt it leads to, and why."""

    effect: Effect
    phase: Phase
    why: str


TABLE: dict[TaskState, Meaning] = {
    TaskState.TASK_STAGING: Meaning(Effect.GOES_ON, Phase.LAUNCHED, "the master has it"),
    TaskState.TASK_STARTING: Meaning(Effect.GOES_ON, Phase.LAUNCHED, "the executor has it"),
    TaskState.TASK_RUNNING: Meaning(Effect.GOES_ON, Phase.RUNNING, "its process runs"),
    TaskState.TASK_KILLING: Meaning(Effect.GOES_ON, Phase.RUNNING, "a kill is under way"),
    TaskState.TASK_FINISHED: Meaning(Effect.FINISHES, Phase.FINISHED, "it ended with status 0"),
    TaskState.TASK_FAILED: Meaning(Effect.FAILS, Phase.FAILED, "it ended otherwise"),
    TaskState.TASK_KILLED: Meaning(Effect.FAILS, Phase.KILLED, "somebody killed it"),
    TaskState.TASK_ERROR: Meaning(Effect.REFUSED, Phase.ERROR, "the master refuses it for good"),
    TaskState.TASK_LOST: Meaning(Effect.LOSES, Phase.LOST, "its agent is lost"),
    TaskState.TASK_DROPPED: Meaning(
        Effect.LOSES, Phase.LOST, "a passing trouble kept it from starting"
    ),
    TaskState.TASK_GONE: Meaning(Effect.LOSES, Phase.LOST, "it is no more, or never was"),
    TaskState.TASK_GONE_BY_OPERATOR: Meaning(
        Effect.LOSES, Phase.LOST, "an operator gave its agent up"
    ),
    TaskState.TASK_UNREACHABLE: Meaning(
        Effect.AWAIT, Phase.UNREACHABLE, "its agent may come back with it"
    ),
    TaskState.TASK_UNKNOWN: Meaning(
        Effect.AWAIT, Phase.UNREACHABLE, "a new master may not have met its agent yet"
    ),
}

# What the agent or its operator did to a task is not the task's own failure.
NOT_ITS_FAULT: dict[tuple[TaskState, str], str] = {
    (TaskState.TASK_FAILED, "REASON_EXECUTOR_TERMINATED"): "its executor ended under it",
    (TaskState.TASK_FAILED, "REASON_IO_SWITCHBOARD_EXITED"): "its agent lost its output",
    (TaskState.TASK_KILLED, "REASON_AGENT_DRAINING"): "its agent is being drained",
}
# An executor that ends before it has started the task is: its container cannot be had.
ONCE_STARTED = frozenset({"REASON_EXECUTOR_TERMINATED"})

# What a master repeats of an agent's words is the state alone, without how it came to it.
HEARSAY = frozenset({"REASON_RECONCILIATION", "REASON_AGENT_REREGISTERED"})

# An attempt in one of these states has, or will have, a process.
ALIVE = frozenset({TaskState.TASK_STAGING, TaskState.TASK_STARTING, TaskState.TASK_RUNNING})


def meaning(status: TaskStatus, *, started: bool) -> Meaning:
    """Read an update of an attempt; ``started`` says whether its executor was ever heard of."""
    why = NOT_ITS_FAULT.get((status.state, status.reason or ""))
    if why is not None and (started or status.reason not in ONCE_STARTED):
        return Meaning(Effect.LOSES, Phase.LOST, why)
    return TABLE[status.state]
