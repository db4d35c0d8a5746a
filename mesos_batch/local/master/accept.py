"""ACCEPT: the offers are checked, then the operations are carried out one after the other.

Each operation works on what the ones before it left; one that is not valid is dropped and the
next goes on. Source: ``Master::accept`` and ``_accept``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.local.master import launch, operations
from mesos_batch.local.master.offering import discard_offer, forget_offer, refuse_seconds
from mesos_batch.local.master.operation_validation import validate_operation_format
from mesos_batch.local.master.statuses import Reason, master_status
from mesos_batch.local.resource_format import validate_format
from mesos_batch.local.rules import ValidationError
from mesos_batch.model.resources import Resources

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mesos_batch.local.master.framework import Framework
    from mesos_batch.local.master.master import Master
    from mesos_batch.local.records import Agent, Offer

Call = scheduler_pb2.Call
Type = pb.Offer.Operation
_LAUNCHES = {
    Type.LAUNCH: Reason.REASON_TASK_INVALID,
    Type.LAUNCH_GROUP: Reason.REASON_TASK_GROUP_INVALID,
}


@dataclass(slots=True)
class Accepted:
    """Valid offers while their operations are carried out.

    ``remaining`` is what is left of them. ``shared`` are the shared volumes: they stay available
    however many tasks use them. ``resized`` is what GROW and SHRINK made: it may not be used by
    later operations of the same ACCEPT.
    """

    framework: Framework
    agent: Agent
    role: str
    offered: Resources
    remaining: Resources
    shared: Resources
    resized: Resources = field(default_factory=Resources)

    @property
    def available(self) -> Resources:
        """What tasks may use."""
        return self.remaining.filter(lambda item: not item.shared) + self.shared


def accept(master: Master, framework: Framework, call: Call.Accept) -> None:
    """Carry out an ACCEPT; what it leaves is refused with its filters."""
    offer_ids = [item.value for item in call.offer_ids]
    try:
        offers = _valid_offers(master, framework, offer_ids)
    except ValidationError as error:
        _refuse(master, framework, call, str(error))
        return
    agent = master.agents[offers[0].agent_id]
    offered = Resources()
    for offer in offers:
        offered += offer.resources
        forget_offer(master, offer)
    shared = offered.filter(lambda item: item.shared)
    accepted = Accepted(framework, agent, offers[0].role, offered, offered, shared)
    # As in Mesos, what is malformed is told before anything is carried out.
    operations_left = [item for item in call.operations if _is_well_formed(framework, item)]
    for operation in operations_left:
        _carry_out(master, accepted, operation)
    _recover_rest(master, accepted, refuse_seconds(call.filters))


def _valid_offers(master: Master, framework: Framework, offer_ids: list[str]) -> list[Offer]:
    if not offer_ids:
        raise ValidationError("No offers specified")
    for index, offer_id in enumerate(offer_ids):
        if offer_id in offer_ids[:index]:
            raise ValidationError(f"Duplicate offer {offer_id} in offer list")
    for offer_id in offer_ids:
        if offer_id not in master.offers:
            raise ValidationError(f"Offer {offer_id} is no longer valid")
    offers = [master.offers[offer_id] for offer_id in offer_ids]
    for check in (_of_framework, _of_one_role, _of_one_agent):
        for offer in offers:
            check(offer, offers[0], framework)
    return offers


def _of_framework(offer: Offer, _first: Offer, framework: Framework) -> None:
    if offer.framework_id != framework.framework_id:
        raise ValidationError(
            f"Offer {offer.offer_id} has invalid framework {offer.framework_id}"
            f" while framework {framework.framework_id} is expected"
        )


def _of_one_role(offer: Offer, first: Offer, _framework: Framework) -> None:
    # The quotes that never close are Mesos'.
    if offer.role != first.role:
        raise ValidationError(
            "Aggregated offers must be allocated to the same role. Offer"
            f" {offer.offer_id} uses role '{offer.role} but another"
            f" is using role '{first.role}"
        )


def _of_one_agent(offer: Offer, first: Offer, _framework: Framework) -> None:
    if offer.agent_id != first.agent_id:
        raise ValidationError(
            "Aggregated offers must belong to one single agent. Offer"
            f" {offer.offer_id} uses agent {offer.agent_id} and agent {first.agent_id}"
        )


def tasks_of(operation: pb.Offer.Operation) -> Iterable[pb.TaskInfo]:
    """The tasks a LAUNCH or LAUNCH_GROUP holds."""
    if operation.type == Type.LAUNCH:
        return operation.launch.task_infos
    return operation.launch_group.task_group.tasks


def _refuse(master: Master, framework: Framework, call: Call.Accept, why: str) -> None:
    """One bad offer spoils the whole call: the good ones go back, nothing is launched."""
    for offer_id in call.offer_ids:
        offer = master.offers.get(offer_id.value)
        if offer is not None:
            discard_offer(master, offer)
    for operation in call.operations:
        if operation.type not in _LAUNCHES:
            text = f"Operation attempted with invalid offers: {why}"
            operations.drop(framework, operation, text)
            continue
        for task in tasks_of(operation):
            _send_task_status(
                framework,
                task,
                framework.state_for(pb.TASK_DROPPED),
                f"Task launched with invalid offers: {why}",
                Reason.REASON_INVALID_OFFERS,
            )


def _send_task_status(
    framework: Framework, task: pb.TaskInfo, state: int, message: str, reason: int
) -> None:
    framework.send_status(
        master_status(task.task_id.value, state, message, reason, agent_id=task.agent_id.value)
    )


def _is_well_formed(framework: Framework, operation: pb.Offer.Operation) -> bool:
    if operation.type == Type.UNKNOWN:
        return False
    try:
        _validate_operation_format(operation)
    except ValidationError as error:
        _drop_malformed(framework, operation, str(error))
        return False
    return True


def _carry_out(master: Master, accepted: Accepted, operation: pb.Offer.Operation) -> None:
    if operation.type == Type.LAUNCH:
        launch.launch_tasks(master, accepted, operation.launch.task_infos)
    elif operation.type == Type.LAUNCH_GROUP:
        launch.launch_group(master, accepted, operation.launch_group)
    else:
        operations.carry_out(master, accepted, operation)


def _drop_malformed(framework: Framework, operation: pb.Offer.Operation, why: str) -> None:
    reason = _LAUNCHES.get(operation.type)
    if reason is None:
        text = f"Operation attempted with invalid resources: {why}"
        operations.drop(framework, operation, text)
        return
    for task in tasks_of(operation):
        _send_task_status(framework, task, pb.TASK_ERROR, why, reason)


def _validate_operation_format(operation: pb.Offer.Operation) -> None:
    name = pb.Offer.Operation.Type.Name(operation.type)
    if operation.type not in _LAUNCHES:
        validate_operation_format(operation)
        return
    if not operation.HasField("launch" if operation.type == Type.LAUNCH else "launch_group"):
        raise ValidationError(
            f"A {name} offer operation must have the Offer.Operation.{name.lower()} field set."
        )
    if operation.type == Type.LAUNCH_GROUP:
        validate_format(operation.launch_group.executor.resources)
    for task in tasks_of(operation):
        validate_format(task.resources)
        validate_format(task.executor.resources)
    if operation.HasField("id"):
        raise ValidationError(f"The `id` field cannot be set on {name} operations")


def _recover_rest(master: Master, accepted: Accepted, refuse: float) -> None:
    """What an operation made comes back without a filter, the rest counts as declined."""
    remaining = accepted.remaining + accepted.resized
    converted = remaining.without(accepted.offered)
    declined = accepted.remaining.without(converted)
    now = time.monotonic()
    recover = master.allocator.recover
    framework_id, agent_id = accepted.framework.framework_id, accepted.agent.agent_id
    recover(framework_id, agent_id, converted, now)
    recover(framework_id, agent_id, declined, now, refuse)
