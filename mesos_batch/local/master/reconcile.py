"""RECONCILE and RECONCILE_OPERATIONS: what the master knows, told again.

Which answer is given is a table, first match first (``Master::reconcile`` in Mesos).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.local.master.statuses import Reason, latest_status, master_status

if TYPE_CHECKING:
    from collections.abc import Callable

    from mesos_batch.local.master.framework import Framework
    from mesos_batch.local.master.master import Master
    from mesos_batch.local.records import Operation, Task

Call = scheduler_pb2.Call
Event = scheduler_pb2.Event

# An agent's standing, the state of a task nobody knows there, and why.
_UNKNOWN_TASKS: tuple[tuple[Callable[[Master, str], bool], int, str], ...] = (
    (lambda master, agent: agent in master.agents, pb.TASK_GONE, "Task is unknown to the agent"),
    (
        lambda master, agent: agent in master.registry.unreachable,
        pb.TASK_UNREACHABLE,
        "Task is unreachable",
    ),
    (
        lambda master, agent: agent in master.registry.gone,
        pb.TASK_GONE_BY_OPERATOR,
        "Task is gone",
    ),
    (lambda _master, _agent: True, pb.TASK_UNKNOWN, "Task is unknown"),
)
_UNKNOWN_OPERATIONS: tuple[tuple[Callable[[Master, str], bool], int, str], ...] = (
    (
        lambda master, agent: agent in master.recovered_agents,
        pb.OPERATION_RECOVERING,
        "Agent is recovered but has not re-registered",
    ),
    (lambda master, agent: agent in master.agents, pb.OPERATION_UNKNOWN, "Operation is unknown"),
    (
        lambda master, agent: agent in master.registry.unreachable,
        pb.OPERATION_UNREACHABLE,
        "Agent is unreachable",
    ),
    (
        lambda master, agent: agent in master.registry.gone,
        pb.OPERATION_GONE_BY_OPERATOR,
        "Agent marked gone by operator",
    ),
    (
        lambda _master, _agent: True,
        pb.OPERATION_UNKNOWN,
        "Both operation and agent are unknown",
    ),
)


def reconcile(master: Master, framework: Framework, call: Call.Reconcile) -> None:
    """Answer for the given tasks, or for all known ones when none is given."""
    if not call.tasks:
        for task in list(framework.tasks.values()):
            framework.send_status(_known(task))
        return
    for wanted in call.tasks:
        agent_id = wanted.agent_id.value if wanted.HasField("agent_id") else None
        status = _explicit(master, framework, wanted.task_id.value, agent_id)
        if status is not None:
            framework.send_status(status)


def reconcile_task(
    master: Master, framework: Framework, task_id: str, agent_id: str | None
) -> None:
    """Answer for one task, as a KILL of an unknown task does."""
    status = _explicit(master, framework, task_id, agent_id)
    if status is not None:
        framework.send_status(status)


def _known(task: Task) -> pb.TaskStatus:
    return latest_status(
        task, task.told_state, "Reconciliation: Latest task state", Reason.REASON_RECONCILIATION
    )


def _explicit(
    master: Master, framework: Framework, task_id: str, agent_id: str | None
) -> pb.TaskStatus | None:
    task = framework.tasks.get(task_id)
    if task is not None:
        return _known(task)
    recovered = master.recovered_agents
    if agent_id in recovered or (agent_id is None and recovered):
        # The task may be on an agent that is still on its way to this master.
        return None
    state: int = pb.TASK_UNKNOWN
    why = "Task is unknown"
    if agent_id is not None:
        state, why = next(
            (state, why) for test, state, why in _UNKNOWN_TASKS if test(master, agent_id)
        )
    unreachable_time = None
    if state == pb.TASK_UNREACHABLE and agent_id is not None:
        unreachable_time = master.registry.unreachable[agent_id]
    return master_status(
        task_id,
        framework.state_for(state),
        f"Reconciliation: {why}",
        Reason.REASON_RECONCILIATION,
        agent_id=agent_id,
        unreachable_time=unreachable_time,
    )


def reconcile_operations(
    master: Master, framework: Framework, call: Call.ReconcileOperations
) -> None:
    """Answer for the given operations, or for all known ones when none is given."""
    if not call.operations:
        for operation in list(framework.operations.values()):
            send_operation_status(framework, _told(operation))
        return
    for wanted in call.operations:
        known = framework.operations.get(wanted.operation_id.value)
        status = _told(known) if known is not None else _unknown(master, wanted)
        send_operation_status(framework, status)


def send_operation_status(framework: Framework, status: pb.OperationStatus) -> None:
    """Send an UPDATE_OPERATION_STATUS event."""
    event = Event(type=Event.UPDATE_OPERATION_STATUS)
    event.update_operation_status.status.CopyFrom(status)
    framework.send(event)


def _told(operation: Operation) -> pb.OperationStatus:
    status = pb.OperationStatus()
    status.CopyFrom(operation.message.latest_status)
    # What is told again is not sent reliably and must not be acknowledged.
    status.ClearField("uuid")
    return status


def _unknown(master: Master, wanted: Call.ReconcileOperations.Operation) -> pb.OperationStatus:
    status = pb.OperationStatus(operation_id=wanted.operation_id)
    if wanted.HasField("resource_provider_id"):
        status.resource_provider_id.CopyFrom(wanted.resource_provider_id)
    if not wanted.HasField("agent_id"):
        status.state = pb.OPERATION_UNKNOWN
        status.message = "Reconciliation: Operation is unknown and no 'agent_id' was provided"
        return status
    status.agent_id.CopyFrom(wanted.agent_id)
    agent_id = wanted.agent_id.value
    state, why = next(
        (state, why) for test, state, why in _UNKNOWN_OPERATIONS if test(master, agent_id)
    )
    status.state = state  # type: ignore[assignment]
    status.message = f"Reconciliation: {why}"
    return status
