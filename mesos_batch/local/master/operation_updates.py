"""Operations agents were given: what becomes of them, and who hears of it.

    what happens                              the framework hears, of an operation with an id
    the agent has applied it                  FINISHED or FAILED, until it acknowledges
    the agent comes back without knowing it   DROPPED, once
    the agent is unreachable                  UNREACHABLE, once
    the agent was marked gone                 GONE_BY_OPERATOR, once

A master that has just been elected knows no operations; agents that register tell it theirs.
Source: ``Master::updateOperationStatus``, ``Master::updateSlave`` in ``src/master/master.cpp``.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.local.master.reconcile import send_operation_status
from mesos_batch.local.records import Operation

if TYPE_CHECKING:
    from mesos_batch.local.master.framework import Framework
    from mesos_batch.local.master.master import Master
    from mesos_batch.local.records import Agent

Call = scheduler_pb2.Call
_TERMINAL = (
    pb.OPERATION_FINISHED,
    pb.OPERATION_FAILED,
    pb.OPERATION_ERROR,
    pb.OPERATION_DROPPED,
    pb.OPERATION_GONE_BY_OPERATOR,
)
# So long after its agent a framework has to come back to hear of its operations.
ORPHAN_SECONDS = 600.0


def track(master: Master, agent: Agent, operation: Operation) -> None:
    """Know an operation, also for its framework when that is known."""
    agent.operations[operation.uuid] = operation
    framework = master.frameworks.get(operation.framework_id)
    if framework is not None and operation.operation_id is not None:
        framework.operations[operation.operation_id] = operation


def learn(master: Master, agent: Agent, reported: Iterable[pb.Operation]) -> None:
    """Know what a registering agent tells of, as after a failover of masters."""
    for message in reported:
        if message.uuid.value not in agent.operations:
            track(master, agent, Operation(message))


def adopt(master: Master, framework: Framework) -> None:
    """Give a framework that is known only now its operations."""
    for agent in master.agents.values():
        for operation in list(agent.operations.values()):
            if operation.framework_id == framework.framework_id:
                track(master, agent, operation)


def status_update(
    master: Master,
    agent_id: str,
    framework_id: str,
    status: pb.OperationStatus,
    operation_uuid: bytes,
) -> None:
    """Take the status of an operation: forward it, or acknowledge what nobody else will."""
    agent = master.agents.get(agent_id)
    operation = agent.operations.get(operation_uuid) if agent is not None else None
    if agent is None or operation is None:
        return
    # Of one that was lost its agent knows nothing but the uuid.
    framework_id = framework_id or operation.framework_id
    told = _note(operation, status)
    framework = master.frameworks.get(framework_id)
    if operation.operation_id is not None and framework is not None:
        send_operation_status(framework, told)
        if told.state in _TERMINAL and not told.HasField("uuid"):
            forget(master, operation)
        return
    if operation.operation_id is not None and _is_awaited(master, agent, framework_id):
        return
    if told.HasField("uuid"):
        agent.link.acknowledge_operation(told.uuid.value)
    if told.state in _TERMINAL:
        forget(master, operation)


def _note(operation: Operation, status: pb.OperationStatus) -> pb.OperationStatus:
    """Keep a status, and give what the framework is told."""
    message = operation.message
    told = pb.OperationStatus()
    told.CopyFrom(status)
    if message.info.HasField("id"):
        told.operation_id.CopyFrom(message.info.id)
    if message.latest_status.state not in _TERMINAL:
        message.latest_status.CopyFrom(told)
    if not message.statuses or message.statuses[-1] != told:
        message.statuses.append(told)
    return told


def _is_awaited(master: Master, agent: Agent, framework_id: str) -> bool:
    """Whether a framework this master has not seen may still come; its agent will ask again."""
    at = agent.reregistered_time
    return (
        framework_id not in master.completed_frameworks
        and at is not None
        and time.time() - at < ORPHAN_SECONDS
    )


def acknowledge(
    master: Master, framework: Framework, call: Call.AcknowledgeOperationStatus
) -> None:
    """Pass an acknowledgement on; the operation is forgotten with its last status."""
    agent = master.agents.get(call.agent_id.value)
    operation = framework.operations.get(call.operation_id.value)
    if agent is None or not agent.connected or operation is None:
        return
    if operation.uuid not in agent.operations:
        return
    known = [status for status in operation.message.statuses if status.HasField("uuid")]
    state = next((status.state for status in known if status.uuid.value == call.uuid), None)
    if state is None:
        return
    if state in _TERMINAL:
        forget(master, operation)
    agent.link.acknowledge_operation(call.uuid)


def forget(master: Master, operation: Operation) -> None:
    """Stop tracking an operation."""
    agent = master.agents.get(operation.message.agent_id.value)
    if agent is not None:
        agent.operations.pop(operation.uuid, None)
    framework = master.frameworks.get(operation.framework_id)
    operation_id = operation.operation_id
    # A framework may have used the id again since.
    if framework is not None and framework.operations.get(operation_id or "") is operation:
        del framework.operations[operation_id or ""]


def tell_all(master: Master, agent: Agent, state: int, message: str) -> None:
    """Tell frameworks what became of their operations on an agent; nothing is acknowledged."""
    for operation in agent.operations.values():
        framework = master.frameworks.get(operation.framework_id)
        if operation.operation_id is None or framework is None:
            continue
        status = pb.OperationStatus(
            operation_id=operation.message.info.id,
            state=state,  # type: ignore[arg-type]
            message=message,
            agent_id=agent.info.id,
        )
        send_operation_status(framework, status)
