"""Everything that can happen to a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesos_batch.errors import ExitCode
    from mesos_batch.model.offer import Offer
    from mesos_batch.model.operation import OperationStatus
    from mesos_batch.model.resources import Resources
    from mesos_batch.model.status import TaskStatus


@dataclass(frozen=True, slots=True)
class Subscribed:
    """SUBSCRIBED: the master at ``master`` knows us as ``framework_id``."""

    framework_id: str
    master: str


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """The subscription ended; the next try is in ``retry_in`` seconds."""

    reason: str
    retry_in: float


@dataclass(frozen=True, slots=True)
class SubscriptionFailed:
    """The subscription cannot be had, now or ever: refused, unauthenticated, unreachable."""

    reason: str


@dataclass(frozen=True, slots=True)
class FrameworkRemoved:
    """The master refuses our framework id for good: its tasks were killed, its id is used up.

    ``silent_for`` is how many seconds ago a master was last heard, ``None`` when this process
    never heard one.
    """

    reason: str
    silent_for: float | None = None


@dataclass(frozen=True, slots=True)
class OffersArrived:
    """OFFERS."""

    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class OfferRescinded:
    """RESCIND; offers are answered in the turn they come, so there is nothing to give back."""

    offer_id: str


@dataclass(frozen=True, slots=True)
class UpdateArrived:
    """UPDATE."""

    status: TaskStatus


@dataclass(frozen=True, slots=True)
class OperationUpdateArrived:
    """UPDATE_OPERATION_STATUS."""

    status: OperationStatus


@dataclass(frozen=True, slots=True)
class AgentFailed:
    """FAILURE without an executor: the agent is gone or unreachable."""

    agent_id: str


@dataclass(frozen=True, slots=True)
class ExecutorFailed:
    """FAILURE with an executor: it ended, with this wait status."""

    agent_id: str
    executor_id: str
    status: int | None


@dataclass(frozen=True, slots=True)
class AgentTotal:
    """What one agent has in all, used or not; attributes are texts by name."""

    agent_id: str
    hostname: str
    total: Resources
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AgentsListed:
    """The master's own list of its agents: what could ever be offered.

    ``number`` is that of the question, where there was one.
    """

    agents: tuple[AgentTotal, ...]
    number: int | None = None


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """The user wants the run to end: kill, wait for the kills, tear down."""

    exit_code: ExitCode


@dataclass(frozen=True, slots=True)
class DetachAsked:
    """The user wants to leave and let the tasks run on; the run can be resumed."""

    exit_code: ExitCode


@dataclass(frozen=True, slots=True)
class TornDown:
    """The master accepted TEARDOWN: the framework is no more."""


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing but time: a deadline may be due."""


Event = (
    Subscribed
    | ConnectionLost
    | SubscriptionFailed
    | FrameworkRemoved
    | OffersArrived
    | OfferRescinded
    | UpdateArrived
    | OperationUpdateArrived
    | AgentFailed
    | ExecutorFailed
    | AgentsListed
    | CancelAsked
    | DetachAsked
    | TornDown
    | TimePassed
)
