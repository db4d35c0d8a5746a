"""Frameworks: they subscribe, fail over, disconnect, are updated and removed."""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.local.master import operation_updates
from mesos_batch.local.master.allocator import FrameworkOptions
from mesos_batch.local.master.constraints import is_excluded, validate_constraints
from mesos_batch.local.master.framework import Capability, Framework, roles_of
from mesos_batch.local.master.offering import discard_offer, rescind_offer
from mesos_batch.local.master.statuses import Reason, task_status
from mesos_batch.local.master.validation import (
    validate_framework,
    validate_framework_update,
    validate_suppressed_roles,
)
from mesos_batch.local.rules import ValidationError, told
from mesos_batch.model.scalar import to_milli

if TYPE_CHECKING:
    from collections.abc import Collection

    from mesos_batch.local.master.master import Master
    from mesos_batch.local.master.stream import EventStream
    from mesos_batch.local.records import Task

MAX_COMPLETED_FRAMEWORKS = 50
Call = scheduler_pb2.Call
Event = scheduler_pb2.Event


def subscribe(master: Master, call: Call.Subscribe, stream: EventStream) -> Framework | None:
    """Subscribe a new or a known framework; a refusal is an ERROR on the stream."""
    info = call.framework_info
    try:
        validate_framework(info)
        _refuse_completed(master, info)
        options = _options(info, call.suppressed_roles, call.offer_constraints)
        framework = _known_framework(master, info) if info.id.value else None
    except ValidationError as error:
        stream.fail(str(error))
        return None
    is_new = framework is None
    if framework is None:
        framework = _add_framework(master, info)
        master.allocator.add_framework(framework.framework_id, options)
    else:
        _renew(master, framework, info, options)
    if call.HasField("offer_constraints"):
        framework.offer_constraints = call.offer_constraints
    else:
        framework.offer_constraints = None
    framework.stream = stream
    _send_subscribed(master, framework)
    stream.start_heartbeats(master.options.heartbeat_interval)
    if not is_new:
        # Agents answer with what nobody has acknowledged: the stream must be there for it.
        _tell_agents(master, framework)
    master.allocate_soon()
    return framework


def _refuse_completed(master: Master, info: pb.FrameworkInfo) -> None:
    if info.id.value in master.completed_frameworks:
        raise ValidationError("Framework has been removed")


def _options(
    info: pb.FrameworkInfo,
    suppressed: Collection[str],
    constraints: scheduler_pb2.OfferConstraints,
) -> FrameworkOptions:
    validate_suppressed_roles(info, suppressed)
    validate_constraints(info, constraints)
    capabilities = {item.type for item in info.capabilities}
    return FrameworkOptions(
        roles=roles_of(info),
        suppressed=frozenset(suppressed),
        gpus=Capability.GPU_RESOURCES in capabilities,
        revocable=Capability.REVOCABLE_RESOURCES in capabilities,
        shared=Capability.SHARED_RESOURCES in capabilities,
        refined=Capability.RESERVATION_REFINEMENT in capabilities,
        min_allocatable={
            role: tuple(
                {name: to_milli(amount.value) for name, amount in item.quantities.items()}
                for item in filters.min_allocatable_resources.quantities
            )
            for role, filters in info.offer_filters.items()
            if filters.HasField("min_allocatable_resources")
        },
        excluded=functools.partial(is_excluded, constraints),
    )


def _add_framework(master: Master, info: pb.FrameworkInfo) -> Framework:
    if not info.id.value:
        info.id.value = master.new_framework_id()
    framework = Framework(info, time.time())
    master.frameworks[framework.framework_id] = framework
    operation_updates.adopt(master, framework)
    return framework


def recover_framework(master: Master, info: pb.FrameworkInfo) -> Framework:
    """Know a framework from what an agent runs; its scheduler has not come yet."""
    framework = _add_framework(master, info)
    framework.recovered = True
    options = FrameworkOptions(roles=framework.roles)
    master.allocator.add_framework(framework.framework_id, options, active=False)
    return framework


def _known_framework(master: Master, info: pb.FrameworkInfo) -> Framework | None:
    """The framework with this id; user and checkpoint stay what they were."""
    framework = master.frameworks.get(info.id.value)
    if framework is not None:
        info.user = framework.info.user
        info.checkpoint = framework.info.checkpoint
        validate_framework_update(framework.info, info)
    return framework


def _renew(
    master: Master, framework: Framework, info: pb.FrameworkInfo, options: FrameworkOptions
) -> None:
    """The newest subscriber wins: an open stream is told so and closed."""
    now = time.time()
    if framework.recovered:
        framework.recovered = False
        framework.registered_time = now
    framework.reregistered_time = now
    master.cancel(framework.failover_timer)
    framework.failover_timer = None
    if framework.stream is not None:
        framework.stream.fail("Framework failed over")
        framework.stream = None
    for offer in list(framework.offers.values()):
        discard_offer(master, offer)
    framework.update(info)
    framework_id = framework.framework_id
    master.allocator.update_framework(framework_id, options)
    master.allocator.activate_framework(framework_id)


def _send_subscribed(master: Master, framework: Framework) -> None:
    event = Event(type=Event.SUBSCRIBED)
    event.subscribed.framework_id.value = framework.framework_id
    event.subscribed.heartbeat_interval_seconds = master.options.heartbeat_interval
    event.subscribed.master_info.CopyFrom(master.info)
    framework.send(event)


def stream_closed(master: Master, framework: Framework, stream: EventStream) -> None:
    """A stream broke. Offers are taken back and the failover timeout starts."""
    stream.close()
    if framework.stream is not stream or not master.elected:
        return
    framework.stream = None
    _deactivate(master, framework)
    timeout = framework.info.failover_timeout
    if timeout <= 0:
        remove_framework(master, framework)
    else:
        framework.failover_timer = master.later(timeout, remove_framework, master, framework)


def _deactivate(master: Master, framework: Framework) -> None:
    master.allocator.deactivate_framework(framework.framework_id)
    for offer in list(framework.offers.values()):
        rescind_offer(master, offer)


def update_framework(master: Master, framework: Framework, call: Call.UpdateFramework) -> None:
    """Replace the FrameworkInfo of a subscribed framework, all of it or nothing.

    Raises:
        ValidationError: something in it is not valid or cannot change.
    """
    info = call.framework_info
    with told("Supplied FrameworkInfo is not valid: "):
        validate_framework(info)
    with told("FrameworkInfo update is not valid: "):
        validate_framework_update(framework.info, info)
    with told("'UpdateFramework' call is not valid: "):
        options = _options(info, call.suppressed_roles, call.offer_constraints)
    framework.update(info)
    framework.offer_constraints = (
        call.offer_constraints if call.HasField("offer_constraints") else None
    )
    master.allocator.update_framework(framework.framework_id, options)
    _tell_agents(master, framework)


def _tell_agents(master: Master, framework: Framework) -> None:
    for agent in master.agents.values():
        if agent.connected:
            agent.link.update_framework(framework.info)


def remove_framework(master: Master, framework: Framework) -> None:
    """End a framework and all its tasks; the scheduler is told nothing about them."""
    framework_id = framework.framework_id
    if framework.stream is not None:
        # Offers go back in silence: the stream ends anyway.
        framework.stream.close()
        framework.stream = None
    _deactivate(master, framework)
    master.cancel(framework.failover_timer)
    for agent in master.agents.values():
        agent.link.shutdown_framework(framework_id)
    for task in list(framework.tasks.values()):
        _kill_with_framework(master, task)
        master.remove_task(task)
    for task in list(framework.unreachable_tasks.values()):
        _kill_with_framework(master, task)
        framework.completed_tasks.append(task)
    framework.unreachable_tasks.clear()
    for agent_id, executors in list(framework.executors.items()):
        for executor_id in list(executors):
            master.remove_executor(master.agents[agent_id], framework_id, executor_id)
    # Their agents will speak of them again, and are then told that nobody listens.
    framework.operations.clear()
    framework.recovered = False
    framework.unregistered_time = time.time()
    del master.frameworks[framework_id]
    master.allocator.remove_framework(framework_id)
    master.completed_frameworks[framework_id] = framework
    if len(master.completed_frameworks) > MAX_COMPLETED_FRAMEWORKS:
        master.completed_frameworks.popitem(last=False)


def _kill_with_framework(master: Master, task: Task) -> None:
    status = task_status(
        task,
        pb.TASK_KILLED,
        f"Framework {task.framework_id} removed",
        Reason.REASON_FRAMEWORK_REMOVED,
    )
    master.update_task(task, status, status.state)
