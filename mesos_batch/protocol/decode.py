"""Events of the scheduler API, as the engine reads them."""

from __future__ import annotations

from dataclasses import dataclass

from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.engine import events as ev
from mesos_batch.protocol.codec import CodecError, ContentType
from mesos_batch.protocol.values import offer_from, operation_status_from, status_from

Event = scheduler_pb2.Event
DEFAULT_HEARTBEAT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class SubscriptionAccepted:
    """SUBSCRIBED, with what the connection needs to know."""

    framework_id: str
    heartbeat_seconds: float
    master: str | None


@dataclass(frozen=True, slots=True)
class SubscriptionError:
    """ERROR: the stream ends after it."""

    message: str


Decoded = SubscriptionAccepted | SubscriptionError | ev.Event


def decode_event(record: bytes, content_type: ContentType) -> Decoded | None:
    """Read one record of the stream; ``None`` for what needs no decision (HEARTBEAT, unknown).

    Raises:
        CodecError: the record is no event.
    """
    event = content_type.decode(record, Event)
    try:
        return _decoded(event)
    except ValueError as error:
        raise CodecError(f"an event of the master cannot be read: {error}") from None


def _decoded(event: Event) -> Decoded | None:
    if event.type == Event.SUBSCRIBED:
        subscribed = event.subscribed
        return SubscriptionAccepted(
            framework_id=subscribed.framework_id.value,
            heartbeat_seconds=(subscribed.heartbeat_interval_seconds or DEFAULT_HEARTBEAT_SECONDS),
            master=_address(event),
        )
    if event.type == Event.ERROR:
        return SubscriptionError(event.error.message)
    if event.type == Event.OFFERS:
        return ev.OffersArrived(tuple(offer_from(offer) for offer in event.offers.offers))
    if event.type == Event.UPDATE:
        return ev.UpdateArrived(status_from(event.update.status))
    if event.type == Event.UPDATE_OPERATION_STATUS:
        status = operation_status_from(event.update_operation_status.status)
        return ev.OperationUpdateArrived(status)
    if event.type == Event.RESCIND:
        return ev.OfferRescinded(event.rescind.offer_id.value)
    if event.type == Event.FAILURE:
        return _failure(event.failure)
    return None


def _failure(failure: Event.Failure) -> ev.Event | None:
    if failure.HasField("executor_id"):
        status = failure.status if failure.HasField("status") else None
        return ev.ExecutorFailed(failure.agent_id.value, failure.executor_id.value, status)
    return ev.AgentFailed(failure.agent_id.value) if failure.HasField("agent_id") else None


def _address(event: Event) -> str | None:
    info = event.subscribed.master_info
    if not event.subscribed.HasField("master_info") or not info.HasField("address"):
        return None
    host = info.address.hostname or info.address.ip
    return f"{host}:{info.address.port}"
