"""What a simulated master does about operations on reservations and volumes.

Follows ``src/master/master.cpp``: it applies an operation to its own view at once, sends it to
the agent, and passes on what the agent says of it. Where the two differ after a new registration
the agent is right, unless it is too old to know of operations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from faults import messages as msg
from faults.conversion import convert

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.model.operation import Operation, OperationState, OperationStatus, OperationType
from mesos_batch.model.resources import Resources

if TYPE_CHECKING:
    from faults.sim_master import Framework, KnownAgent, Master

PRINCIPAL = "me"
_TOO_OLD = (
    "Operation on agent default resources requested feedback, but agent %s does not have the"
    " required AGENT_OPERATION_FEEDBACK and RESOURCE_PROVIDER capabilities"
)
_FINISHED = OperationState.OPERATION_FINISHED


@dataclass(slots=True, eq=False)
class MasterOperation:
    """An operation as the master has it; ``status_uuid`` is that of the last word about it."""

    uuid: int
    framework_id: str
    agent_id: str
    operation: Operation
    state: OperationState = OperationState.OPERATION_PENDING
    status_uuid: bytes | None = None


# -- calls ------------------------------------------------------------------------------------


def accepted(
    master: Master, framework: Framework, command: do.Launch | do.Operate
) -> Resources | None:
    """Take the offers of an ACCEPT: what they hold, ``None`` when they are not what they were."""
    allocator = master.allocator
    held = [allocator.offers.get(offer_id) for offer_id in command.offer_ids]
    own = [o for o in held if o is not None and o.framework_id == framework.framework_id]
    for offer in own:
        del allocator.offers[offer.offer_id]
    if len(own) < len(held) or {offer.agent_id for offer in own} != {command.agent_id}:
        allocator.wake()
        return None
    offered = Resources()
    for offer in own:
        offered += offer.resources
    return offered


def operate(master: Master, framework: Framework, command: do.Operate) -> None:
    """ACCEPT with operations: each one is checked and applied, the others go on."""
    offered = accepted(master, framework, command)
    if offered is None:
        master.world.happened("operation_refused_by_master", "invalid offers")
        text = f"Offer {command.offer_ids[0]} is no longer valid"
        for operation in command.operations:
            _refuse(
                master, framework, operation, f"Operation attempted with invalid offers: {text}"
            )
        return
    known = master.agents.get(command.agent_id)
    if known is None or not known.connected:
        return
    left = offered
    for operation in command.operations:
        if operation.operation_id is not None and known.agent.machine.old:
            _refuse(master, framework, operation, _TOO_OLD % command.agent_id)
            continue
        error = _why_invalid(known, operation)
        try:
            left = left if error is not None else convert(left, operation)
        except ValueError as not_there:
            error = str(not_there)
        if error is not None:
            _refuse(master, framework, operation, error)
            master.world.oracle.changes.refused(operation, error)
            continue
        _apply(master, framework, known, operation)
    converted = left.without(offered)
    master.allocator.refuse(
        framework, command.agent_id, left.without(converted), command.refuse_seconds
    )


def _why_invalid(known: KnownAgent, operation: Operation) -> str | None:
    volumes = {it.disk.persistence_id for it in known.total if it.disk and it.is_persistent_volume}
    for item in operation.resources:
        ours = item.is_dynamically_reserved and item.reservations[-1].principal == PRINCIPAL
        match operation.type:
            case OperationType.RESERVE if not ours:
                return f"{item} is not reserved by principal {PRINCIPAL}"
            case OperationType.UNRESERVE if item.is_persistent_volume:
                return f"A dynamically reserved persistent volume {item} cannot be unreserved"
            case OperationType.CREATE if item.disk and item.disk.persistence_id in volumes:
                return f"Persistent volume {item} already exists"
            case OperationType.DESTROY if not known.total.contains(Resources([item])):
                return f"Persistent volumes not found: {item}"
    return None


def _apply(master: Master, framework: Framework, known: KnownAgent, operation: Operation) -> None:
    uuid = master.world.number("operation")
    master.world.oracle.changes.taken(uuid, operation)
    known.total = convert(known.total, operation)
    known.applied |= {uuid}
    master.world.log(
        master.name, "takes operation %d: %s %s", uuid, operation.type.value, operation.resources
    )
    if known.agent.machine.old:
        known.agent.from_master.send(msg.Checkpoint(known.total, known.applied))
        return
    mine = MasterOperation(uuid, framework.framework_id, known.agent_id, operation)
    known.operations[uuid] = mine
    if operation.operation_id is not None:
        framework.operations[operation.operation_id] = mine
    known.agent.from_master.send(msg.ApplyOperation(uuid, framework.framework_id, operation))


def _refuse(master: Master, framework: Framework, operation: Operation, error: str) -> None:
    """OPERATION_ERROR, once, to whoever wants to know; and nothing to acknowledge."""
    if operation.operation_id is not None:
        status = OperationStatus(operation.operation_id, OperationState.OPERATION_ERROR, error)
        _tell(framework, status)


def acknowledge(master: Master, framework: Framework, command: do.AcknowledgeOperation) -> None:
    """ACKNOWLEDGE_OPERATION_STATUS: pass it on, if it can be and means something."""
    known = master.agents.get(command.agent_id)
    mine = framework.operations.get(command.operation_id)
    if known is None or not known.connected or mine is None:
        return
    if mine.status_uuid == command.uuid:
        forget(master, mine)
        known.agent.from_master.send(msg.AckOperation(mine.uuid, command.uuid))


def reconcile(master: Master, framework: Framework, command: do.ReconcileOperations) -> None:
    """RECONCILE_OPERATIONS: the latest word about each, without its uuid."""
    for operation_id, agent_id in command.operations:
        mine = framework.operations.get(operation_id)
        registry = master.registry
        if mine is not None:
            state, text = mine.state, None
        elif agent_id in master.recovered:
            state = OperationState.OPERATION_RECOVERING
            text = "Agent is recovered but has not re-registered"
        elif agent_id in master.agents:
            state, text = OperationState.OPERATION_UNKNOWN, "Operation is unknown"
        elif agent_id in registry.unreachable:
            state, text = OperationState.OPERATION_UNREACHABLE, "Agent is unreachable"
        elif agent_id in registry.gone:
            state = OperationState.OPERATION_GONE_BY_OPERATOR
            text = "Agent marked gone by operator"
        else:
            state = OperationState.OPERATION_UNKNOWN
            text = "Both operation and agent are unknown"
        message = None if text is None else f"Reconciliation: {text}"
        _tell(framework, OperationStatus(operation_id, state, message, agent_id=agent_id))


# -- agents -----------------------------------------------------------------------------------


def registers_again(master: Master, known: KnownAgent, message: msg.Register) -> None:
    """A known agent is back: it knows best what it has, unless it is old."""
    if known.agent.machine.old:
        known.agent.from_master.send(msg.Checkpoint(known.total, known.applied))
        return
    _correct(master, known, message)


def _correct(master: Master, known: KnownAgent, message: msg.Register | msg.UpdateAgent) -> None:
    """Take the agent's word; Mesos would let offers of what is not there stand."""
    if known.applied != message.applied:
        master.world.happened("master_corrected", known.agent_id)
        master.allocator.withdraw(agent_id=known.agent_id)
    known.total, known.applied = message.total, message.applied


def agent_reports(master: Master, message: msg.UpdateAgent) -> None:
    """What a registered agent has done: learn what is new, ask about what is missing."""
    known = master.agents.get(message.agent_id)
    if known is None:
        return
    if known.applied < message.applied:
        # It registered with what it had before an operation came. Mesos would be wrong about it
        # until it registers once more.
        _correct(master, known, message)
    reported = {told.uuid for told, _ in message.operations}
    missing = tuple(uuid for uuid in known.operations if uuid not in reported)
    if missing:
        known.agent.from_master.send(msg.ReconcileAgent(missing))
    for told, status_uuid in message.operations:
        if told.uuid in known.operations:
            continue
        mine = known.operations[told.uuid] = MasterOperation(
            told.uuid, told.framework_id, known.agent_id, told.operation, _FINISHED, status_uuid
        )
        framework = master.frameworks.get(told.framework_id)
        if framework is not None and told.operation.operation_id is not None:
            framework.operations[told.operation.operation_id] = mine


def agent_says(master: Master, message: msg.OperationUpdate) -> None:
    """Pass on what became of an operation."""
    known = master.agents.get(message.agent_id)
    if known is None:
        return
    mine = known.operations.get(message.uuid)
    state = OperationState.OPERATION_DROPPED if message.status_uuid is None else _FINISHED
    framework_id = message.framework_id if mine is None else mine.framework_id
    operation_id = message.operation_id if mine is None else mine.operation.operation_id
    if framework_id is None:
        return
    framework = master.frameworks.get(framework_id)
    if mine is not None:
        mine.state, mine.status_uuid = state, message.status_uuid
    acknowledged_by_us = operation_id is None or framework_id in master.completed
    if framework is not None and operation_id is not None and not acknowledged_by_us:
        status = OperationStatus(
            operation_id, state, uuid=message.status_uuid, agent_id=message.agent_id
        )
        _tell(framework, status)
    if mine is None:
        return
    if acknowledged_by_us and message.status_uuid is not None:
        known.agent.from_master.send(msg.AckOperation(mine.uuid, message.status_uuid))
    if acknowledged_by_us or message.status_uuid is None:
        forget(master, mine)


def tell_all(master: Master, known: KnownAgent, state: OperationState) -> None:
    """An agent is away or gone: say so of each of its operations, once."""
    for mine in known.operations.values():
        framework = master.frameworks.get(mine.framework_id)
        if framework is not None and mine.operation.operation_id is not None:
            operation_id = mine.operation.operation_id
            _tell(framework, OperationStatus(operation_id, state, agent_id=known.agent_id))


def recover(master: Master, framework: Framework) -> None:
    """A framework is heard of for the first time: these operations are its own."""
    for known in master.agents.values():
        for mine in known.operations.values():
            operation_id = mine.operation.operation_id
            if mine.framework_id == framework.framework_id and operation_id is not None:
                framework.operations[operation_id] = mine


def forget(master: Master, mine: MasterOperation) -> None:
    """Nothing more will be said of an operation."""
    known = master.agents.get(mine.agent_id)
    if known is not None:
        known.operations.pop(mine.uuid, None)
    framework = master.frameworks.get(mine.framework_id)
    operation_id = mine.operation.operation_id or ""
    if framework is not None and framework.operations.get(operation_id) is mine:
        del framework.operations[operation_id]


def _tell(framework: Framework, status: OperationStatus) -> None:
    if framework.stream is not None:
        framework.stream.send(ev.OperationUpdateArrived(status))
