"""Offers: made from allocations, declined, rescinded; suppressed and revived roles."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.local.master.filters import DEFAULT_REFUSE_SECONDS
from mesos_batch.local.master.framework import Capability
from mesos_batch.local.records import Offer
from mesos_batch.local.server import LOOPBACK
from mesos_batch.protocol.values import resources_to

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mesos_batch.local.master.allocator import Allocation
    from mesos_batch.local.master.framework import Framework
    from mesos_batch.local.master.master import Master
    from mesos_batch.local.records import Agent

Call = scheduler_pb2.Call
Event = scheduler_pb2.Event


def refuse_seconds(filters: pb.Filters) -> float:
    """What a filter asks for; the default of 5 s also when there is none."""
    return filters.refuse_seconds if filters.HasField("refuse_seconds") else DEFAULT_REFUSE_SECONDS


def send_offers(master: Master, allocations: Iterable[Allocation]) -> None:
    """Send what was allocated, one OFFERS event for each framework."""
    events: dict[str, Event] = {}
    for allocation in allocations:
        framework = master.frameworks.get(allocation.framework_id)
        agent = master.agents.get(allocation.agent_id)
        if framework is None or not framework.connected or agent is None:
            master.allocator.recover(
                allocation.framework_id,
                allocation.agent_id,
                allocation.resources,
                time.monotonic(),
            )
            continue
        offer = _make_offer(master, framework, agent, allocation)
        event = events.setdefault(allocation.framework_id, Event(type=Event.OFFERS))
        event.offers.offers.append(_as_seen_by(framework, offer))
    for framework_id, event in events.items():
        master.frameworks[framework_id].send(event)


def _make_offer(
    master: Master, framework: Framework, agent: Agent, allocation: Allocation
) -> Offer:
    message = pb.Offer(hostname=agent.info.hostname, attributes=agent.info.attributes)
    message.id.value = master.new_offer_id()
    message.framework_id.value = framework.framework_id
    message.agent_id.value = agent.agent_id
    # Mesos says http here on TLS clusters too.
    message.url.scheme = "http"
    message.url.address.hostname = agent.info.hostname
    message.url.address.ip = LOOPBACK
    message.url.address.port = agent.info.port
    message.url.path = "/slave(1)"
    message.resources.extend(resources_to(allocation.resources))
    for executor_id in agent.executors.get(framework.framework_id, {}):
        message.executor_ids.add(value=executor_id)
    message.allocation_info.role = allocation.role
    offer = Offer(
        message.id.value,
        framework.framework_id,
        agent.agent_id,
        allocation.role,
        allocation.resources,
        message,
    )
    master.offers[offer.offer_id] = offer
    framework.offers[offer.offer_id] = offer
    agent.offers[offer.offer_id] = offer
    return offer


def _as_seen_by(framework: Framework, offer: Offer) -> pb.Offer:
    """Older frameworks get the form they know: no allocation, the old reservations."""
    multi_role = Capability.MULTI_ROLE in framework.capabilities
    refined = Capability.RESERVATION_REFINEMENT in framework.capabilities
    if multi_role and refined:
        return offer.message
    seen = pb.Offer()
    seen.CopyFrom(offer.message)
    resources = offer.resources
    if not multi_role:
        seen.ClearField("allocation_info")
        resources = resources.allocated_to(None)
    del seen.resources[:]
    seen.resources.extend(resources_to(resources, refined=refined))
    return seen


def forget_offer(master: Master, offer: Offer) -> None:
    """Take an offer out of the books; its resources are the caller's to account for."""
    del master.offers[offer.offer_id]
    framework = master.frameworks.get(offer.framework_id)
    if framework is not None:
        framework.offers.pop(offer.offer_id, None)
    agent = master.agents.get(offer.agent_id)
    if agent is not None:
        agent.offers.pop(offer.offer_id, None)


def discard_offer(master: Master, offer: Offer, refuse: float | None = None) -> None:
    """Take an offer back without a word; ``refuse`` seconds of filter, ``None`` for no filter."""
    forget_offer(master, offer)
    master.recover(offer, refuse)


def rescind_offer(master: Master, offer: Offer) -> None:
    """Take an offer back and tell the framework."""
    event = Event(type=Event.RESCIND)
    event.rescind.offer_id.value = offer.offer_id
    framework = master.frameworks.get(offer.framework_id)
    if framework is not None:
        framework.send(event)
    discard_offer(master, offer)


def decline(master: Master, framework: Framework, call: Call.Decline) -> None:
    """Take offers back with a filter; ids of old offers are ignored."""
    for offer_id in call.offer_ids:
        offer = framework.offers.get(offer_id.value)
        if offer is not None:
            discard_offer(master, offer, refuse_seconds(call.filters))


def revive(master: Master, framework: Framework, call: Call.Revive) -> None:
    """Offer the roles again, at once; one unknown role drops the whole call."""
    if set(call.roles) <= set(framework.roles):
        master.allocator.revive(framework.framework_id, list(call.roles))
        master.allocate_soon()


def suppress(master: Master, framework: Framework, call: Call.Suppress) -> None:
    """Offer the roles no more; one unknown role drops the whole call."""
    if set(call.roles) <= set(framework.roles):
        master.allocator.suppress(framework.framework_id, list(call.roles))
