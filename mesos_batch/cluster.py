"""The public door to what there is on a cluster: agents, frameworks, tasks, offers.

for entry in look_at_agents(options).agents:
    print(entry.agent.hostname, entry.status.value, entry.free)
"""

from __future__ import annotations

import math
import queue
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from mesos_batch.asking import whom_to_ask
from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.engine.fit import usable
from mesos_batch.errors import ClusterError
from mesos_batch.model.inventory import AgentStatus
from mesos_batch.model.natural import natural
from mesos_batch.options import settled
from mesos_batch.protocol.calls import call_for
from mesos_batch.protocol.codec import ContentType
from mesos_batch.protocol.inventory import agents_from, inventory_from
from mesos_batch.registration import make_target
from mesos_batch.runtime import operator
from mesos_batch.runtime.clock import Clock
from mesos_batch.runtime.subscriber import Connected, Subscriber

if TYPE_CHECKING:
    from mesos_batch.model.inventory import AgentEntry, Inventory
    from mesos_batch.model.offer import Offer
    from mesos_batch.options import RunOptions
    from mesos_batch.runtime.subscriber import Message, Target

_WAIT_SECONDS = 0.5
# All an agent may have is offered only to who can tell it apart.
_SEES_ALL = ("GPU_RESOURCES", "SHARED_RESOURCES", "REVOCABLE_RESOURCES")


def look_at_agents(options: RunOptions) -> Inventory:
    """The agents of a cluster and nothing else of it, by host name and id.

    Only master, principal and secret of the options are looked at, here and in the next.

    Raises:
        UsageError: the embedded cluster is meant, which is not there before a run nor after it.
        ClusterError: no master answers, or it does not tell us.
    """
    return _sorted(operator.ask(*whom_to_ask(options), "GET_AGENTS", agents_from))


def look_at_cluster(options: RunOptions, *, what_is_over: bool = False) -> Inventory:
    """Agents, frameworks and tasks of a cluster, all at the same moment, in natural order.

    ``what_is_over`` is for tasks that have ended: without it those of completed frameworks may be
    missing.

    Raises:
        UsageError: the embedded cluster is meant, which is not there before a run nor after it.
        ClusterError: no master answers, or it does not tell us.
    """
    # In protobuf Mesos leaves out the tasks of completed frameworks (serializeGetTasks), in JSON it
    # does not, which takes twice as long to read.
    content_type = ContentType.JSON if what_is_over else ContentType.PROTOBUF
    read = partial(inventory_from, content_type=content_type)
    return _sorted(operator.ask(*whom_to_ask(options), "GET_STATE", read, content_type))


def _sorted(found: Inventory) -> Inventory:
    return replace(
        found,
        agents=tuple(sorted(found.agents, key=_place)),
        frameworks=tuple(sorted(found.frameworks, key=lambda it: natural(it.framework_id))),
        tasks=tuple(
            sorted(found.tasks, key=lambda it: (natural(it.framework_id), natural(it.task_id)))
        ),
    )


def _place(entry: AgentEntry) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    return natural(entry.agent.hostname), natural(entry.agent.agent_id)


@dataclass(frozen=True, slots=True)
class Outstanding:
    """An offer, to which role, and which framework thinks about it; ``None`` when that was us."""

    offer: Offer
    role: str
    framework_id: str | None = None
    framework_name: str | None = None


def outstanding(found: Inventory) -> list[Outstanding]:
    """The offers of all frameworks that none of them has answered yet, by agent."""
    offers = [
        # Who has one role only is not told which.
        Outstanding(offer, offer.role or framework.roles[0], framework.framework_id, framework.name)
        for framework in found.frameworks
        for offer in framework.offers
    ]
    return sorted(offers, key=lambda item: _place_of(item.offer))


def offers_now(options: RunOptions, patience: float) -> list[Outstanding]:
    """What the cluster offers to a framework of the role of the options now.

    A framework is registered for that and removed again, however this ends: should this program
    be killed, the master removes it as soon as its connection is gone. The offers are not
    answered, so its end gives them back. Ends when each agent with something for the role has
    made an offer, or after ``patience`` seconds.

    Raises:
        UsageError: an option makes no sense, or the embedded cluster is meant.
        ClusterError: no master answers, or it refuses us.
    """
    expected = {
        entry.agent.agent_id
        for entry in look_at_agents(options).agents
        if _may_offer(entry, options.role)
    }
    inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
    target = _target(options)
    clock = Clock()
    subscriber = Subscriber(target, inbox.put, clock)
    connected: Connected | None = None
    subscriber.start()
    try:
        connected = _connected(inbox, clock)
        offers = _collect(inbox, expected, clock, clock.now() + patience)
    finally:
        if connected is not None:
            _remove(connected, target)
        subscriber.close()
    return [Outstanding(offer, options.role) for offer in offers]


def _may_offer(entry: AgentEntry, role: str) -> bool:
    """Whether an offer may come: what others are offered now may be declined in time."""
    return entry.status is AgentStatus.ACTIVE and bool(usable(entry.free, role))


def _target(options: RunOptions) -> Target:
    wanted = dict.fromkeys((*options.framework_capabilities, *_SEES_ALL))
    options = settled(
        replace(options, framework_capabilities=tuple(wanted), failover_timeout=0.0), kept=False
    )
    target = make_target((), options, options.master, whom_to_ask(options)[1])
    return replace(target, framework=replace(target.framework, any_size=True))


def _connected(inbox: queue.SimpleQueue[Message], clock: Clock) -> Connected:
    """Wait for the subscription; the subscriber gives up after a while.

    Raises:
        ClusterError: no master answers, or it refuses us.
    """
    while True:
        message = _next(inbox, clock, math.inf)
        if isinstance(message, Connected):
            return message
        _check(message)


def _collect(
    inbox: queue.SimpleQueue[Message], expected: Iterable[str], clock: Clock, until: float
) -> list[Offer]:
    offers: dict[str, Offer] = {}
    missing = set(expected)
    while missing and (message := _next(inbox, clock, until)) is not None:
        if isinstance(message, ev.OffersArrived):
            offers |= {offer.offer_id: offer for offer in message.offers}
            missing -= {offer.agent_id for offer in message.offers}
        elif isinstance(message, ev.OfferRescinded):
            offers.pop(message.offer_id, None)
        elif isinstance(message, ev.ConnectionLost):
            raise ClusterError(
                f"the master was lost while offers were waited for: {message.reason}"
            )
        else:
            _check(message)
    return sorted(offers.values(), key=_place_of)


def _place_of(offer: Offer) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    return natural(offer.hostname), natural(offer.agent_id)


def _next(inbox: queue.SimpleQueue[Message], clock: Clock, until: float) -> Message | None:
    """The next message, ``None`` when there is none by then."""
    while (left := until - clock.now()) > 0:
        try:
            # In short waits, because Windows delivers Ctrl-C only between two.
            return inbox.get(timeout=min(left, _WAIT_SECONDS))
        except queue.Empty:
            continue
    return None


def _check(message: Message | None) -> None:
    if isinstance(message, Exception):
        raise message
    if isinstance(message, ev.SubscriptionFailed):
        raise ClusterError(message.reason)


def _remove(connected: Connected, target: Target) -> None:
    call = call_for(do.Teardown(), connected.event.framework_id, refined=target.framework.refined)
    encoded = target.content_type.encode(call)
    connected.calls.send(encoded, target.content_type.value)
    connected.calls.close()
