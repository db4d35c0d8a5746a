"""What each state of an operation means for the change it belongs to: one table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mesos_batch.model.operation import OperationState


class Effect(Enum):
    """What to do after a status of an operation."""

    WAIT = "waited for, and asked about again"
    DONE = "done"
    FAILS = "fails: not tried again"
    AGAIN = "sent again, not counted"
    DOUBT = "asked about once more; told so twice, it is sent again"


@dataclass(frozen=True, slots=True)
class Meaning:
    """The effect of a state and why."""

    effect: Effect
    why: str


TABLE: dict[OperationState, Meaning] = {
    OperationState.OPERATION_UNSUPPORTED: Meaning(
        Effect.WAIT, "a state this version of Mesos has and we do not know"
    ),
    OperationState.OPERATION_PENDING: Meaning(
        Effect.WAIT, "the master has it, its agent has not answered yet"
    ),
    OperationState.OPERATION_FINISHED: Meaning(Effect.DONE, "the agent has done it and says so"),
    OperationState.OPERATION_FAILED: Meaning(Effect.FAILS, "the agent tried and could not"),
    OperationState.OPERATION_ERROR: Meaning(Effect.FAILS, "the master refuses it, with the reason"),
    OperationState.OPERATION_DROPPED: Meaning(Effect.AGAIN, "it never reached its agent"),
    OperationState.OPERATION_UNREACHABLE: Meaning(
        Effect.WAIT, "its agent may come back and tell what became of it"
    ),
    OperationState.OPERATION_GONE_BY_OPERATOR: Meaning(
        Effect.FAILS, "an operator gave its agent up"
    ),
    OperationState.OPERATION_RECOVERING: Meaning(
        Effect.WAIT, "a new master waits for its agent to register again"
    ),
    OperationState.OPERATION_UNKNOWN: Meaning(
        Effect.DOUBT, "it never reached the master, or is still on its way"
    ),
}

# Words of the master (src/master/master.cpp) that make OPERATION_ERROR another matter.
NO_FEEDBACK = "requested feedback"
INVALID_OFFERS = "Operation attempted with invalid offers"


def is_refused_feedback(message: str | None) -> bool:
    """Whether an agent older than Mesos 1.7 takes the operation only without an id."""
    return message is not None and NO_FEEDBACK in message


def is_race(message: str | None) -> bool:
    """Whether the offer was taken back while the operation was under way."""
    return message is not None and message.startswith(INVALID_OFFERS)
