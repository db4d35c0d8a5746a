"""What a simulated master does with the calls of a scheduler.

Each function follows its counterpart in ``src/master/master.cpp``; a call that makes no sense is
dropped without a word, as the 202 has been given by then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from faults import messages as msg
from faults import sim_operations
from faults.sim_master import Framework, KnownAgent, Master, MasterTask
from faults.sim_offers import Wishes

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.model.resources import Resources
from mesos_batch.model.state import TaskState
from mesos_batch.model.task import TaskSpec

if TYPE_CHECKING:
    from faults.stream import Stream

ANCHOR = TaskSpec("anchor", "anchor", Resources(), b"")
REMOVED = "Framework has been removed"


def subscribe(master: Master, stream: Stream, framework_id: str | None) -> str | None:
    """Take a subscription; gives the text of the ERROR when it is refused."""
    if framework_id is None:
        framework = Framework(master.world.framework_id(master.name))
        master.frameworks[framework.framework_id] = framework
    elif framework_id in master.completed:
        return REMOVED
    else:
        framework = master.framework(framework_id)
    if framework.stream is not None:
        framework.stream.ended_by_master = True
        master.allocator.withdraw(framework_id=framework.framework_id)
    framework.stream = stream
    framework.subscriptions += 1
    framework.wishes = Wishes()
    stream.framework = framework
    stream.send(ev.Subscribed(framework.framework_id, master.name))
    master.allocator.allocate()
    return None


def stream_broke(master: Master, stream: Stream) -> None:
    """The scheduler is gone: take offers back, forget filters, give it its failover timeout."""
    framework = stream.framework
    if not master.leads or framework is None or framework.stream is not stream:
        return
    framework.stream = None
    framework.wishes = Wishes()
    master.allocator.withdraw(framework_id=framework.framework_id)
    timeout = master.world.plan.failover_timeout
    subscriptions = framework.subscriptions

    def failed_over() -> None:
        current = master.leads and master.frameworks.get(framework.framework_id) is framework
        if current and framework.stream is None and framework.subscriptions == subscriptions:
            remove_framework(master, framework)

    if timeout < 100_000:
        master.world.clock.after(timeout, failed_over)


def remove_framework(master: Master, framework: Framework) -> None:
    """Tear down: agents are told, the scheduler is told nothing but the end of its stream."""
    master.world.log(master.name, "removes framework %s", framework.framework_id)
    for known in master.agents.values():
        known.agent.from_master.send(msg.ShutdownFramework(framework.framework_id))
        known.executors = {
            key: it
            for key, it in known.executors.items()
            if it.framework_id != framework.framework_id
        }
    for task in list(framework.tasks.values()):
        master.forget(task)
    framework.operations.clear()
    master.allocator.withdraw(framework_id=framework.framework_id)
    master.frameworks.pop(framework.framework_id, None)
    master.completed.add(framework.framework_id)
    if framework.stream is not None:
        stream, framework.stream = framework.stream, None
        stream.send(None)
        stream.ended_by_master = True


def call(master: Master, framework: Framework, command: do.Command) -> None:
    """Do what a call asks for."""
    _HANDLERS[type(command)](master, framework, command)


def _launch(master: Master, framework: Framework, command: do.Launch) -> None:
    offered = sim_operations.accepted(master, framework, command)
    known = master.agents.get(command.agent_id)
    if offered is None:
        _drop(
            master, framework, command, "Task launched with invalid offers", "REASON_INVALID_OFFERS"
        )
        return
    if known is None or not known.connected:
        reason = "REASON_AGENT_REMOVED" if known is None else "REASON_AGENT_DISCONNECTED"
        _drop(master, framework, command, "Agent disconnected", reason)
        return
    executor = _executor_of(framework, command)
    is_late = _is_late(known, command)
    for launch in command.tasks if is_late else ():
        master.world.casualty(launch.task_id)
    for launch in _in_order(command):
        need = launch.resources.allocated_to(None)
        shared = executor if launch.pooled else None
        begins = shared is not None and shared.executor_id not in known.executors
        whole = need + shared.resources if begins and shared is not None else need
        error = None if offered.contains(whole) else "Task uses more resources than available"
        if shared is not None and known.executors.get(shared.executor_id, shared) != shared:
            error = "ExecutorInfo is not compatible with existing ExecutorInfo"
        error = _duplicate(framework, launch.task_id) or error
        if error is not None:
            master.tell(
                framework,
                master.status(
                    launch.task_id,
                    TaskState.TASK_ERROR,
                    error,
                    "REASON_TASK_INVALID",
                    command.agent_id,
                ),
            )
            if not (launch.pooled and is_late):
                master.world.oracle.refused(launch.task_id, error)
            continue
        offered = offered.without(need)
        if begins and shared is not None:
            offered = offered.without(shared.resources)
            known.executors[shared.executor_id] = shared
        task = MasterTask(launch.task_id, framework.framework_id, command.agent_id, need)
        known.tasks[task.task_id] = framework.tasks[task.task_id] = task
        run = msg.RunTask(framework.framework_id, task.task_id, need, shared, begins)
        known.agent.from_master.send(run)
    master.allocator.refuse(framework, command.agent_id, offered, command.refuse_seconds)


def _executor_of(framework: Framework, command: do.Launch) -> msg.AgentExecutor | None:
    shared = command.executor
    if shared is None:
        return None
    resources = shared.resources.allocated_to(None)
    return msg.AgentExecutor(shared.executor_id, framework.framework_id, resources)


def _is_late(known: KnownAgent, command: do.Launch) -> bool:
    """Whether the call that was to start the executor never arrived; there may be no room now."""
    shared = command.executor
    if shared is None or shared.anchor is not None:
        return False
    return shared.executor_id not in known.executors


def _duplicate(framework: Framework, task_id: str) -> str | None:
    if task_id in framework.tasks:
        return f"Task has duplicate ID: {task_id}"
    if task_id in framework.unreachable:
        return f"Task reuses the ID of an unreachable task: {task_id}"
    return None


def _in_order(command: do.Launch) -> list[do.TaskLaunch]:
    """The tasks of an ACCEPT as the master takes them up: LAUNCH, then each LAUNCH_GROUP."""
    anchor = command.executor.anchor if command.executor is not None else None
    anchors = []
    if anchor is not None:
        anchors = [do.TaskLaunch(anchor.task_id, ANCHOR, anchor.resources, pooled=True)]
    alone = [launch for launch in command.tasks if not launch.pooled]
    return [*alone, *anchors, *(launch for launch in command.tasks if launch.pooled)]


def _drop(
    master: Master, framework: Framework, command: do.Launch, message: str, reason: str
) -> None:
    aware = master.world.plan.partition_aware
    state = TaskState.TASK_DROPPED if aware else TaskState.TASK_LOST
    for launch in _in_order(command):
        master.world.happened("launch_refused_by_master", f"{launch.task_id}: {reason}")
        master.tell(
            framework, master.status(launch.task_id, state, message, reason, command.agent_id)
        )


def _decline(master: Master, framework: Framework, command: do.Decline) -> None:
    for offer_id in command.offer_ids:
        offer = master.allocator.offers.get(offer_id)
        if offer is not None and offer.framework_id == framework.framework_id:
            del master.allocator.offers[offer_id]
            master.allocator.refuse(
                framework, offer.agent_id, offer.resources, command.refuse_seconds
            )


def _acknowledge(master: Master, framework: Framework, command: do.Acknowledge) -> None:
    known = master.agents.get(command.agent_id)
    if known is None or not known.connected:
        return
    task = known.tasks.get(command.task_id)
    if task is not None:
        if task.sent is None:
            return
        if task.sent.is_terminal and task.sent_uuid == command.uuid:
            master.forget(task)
    known.agent.from_master.send(msg.AckUpdate(command.task_id, command.uuid))


def _kill(master: Master, framework: Framework, command: do.Kill) -> None:
    task = framework.tasks.get(command.task_id)
    if task is None:
        _explain(master, framework, command.task_id, command.agent_id)
        return
    if command.agent_id is not None and command.agent_id != task.agent_id:
        return
    known = master.agents[task.agent_id]
    known.killed.add(task.task_id)
    if known.connected:
        known.agent.from_master.send(msg.KillTask(framework.framework_id, task.task_id))


def _reconcile(master: Master, framework: Framework, command: do.Reconcile) -> None:
    for task_id, agent_id in command.tasks:
        _explain(master, framework, task_id, agent_id)
    if not command.tasks:
        for task in list(framework.tasks.values()):
            _latest(master, framework, task)


def _latest(master: Master, framework: Framework, task: MasterTask) -> None:
    state = task.sent if task.sent is not None else task.latest
    master.tell(
        framework,
        master.status(
            task.task_id,
            state,
            "Reconciliation: Latest task state",
            "REASON_RECONCILIATION",
            task.agent_id,
        ),
    )


def _explain(master: Master, framework: Framework, task_id: str, agent_id: str | None) -> None:
    task = framework.tasks.get(task_id)
    if task is not None:
        _latest(master, framework, task)
        return
    if agent_id in master.recovered or (agent_id is None and master.recovered):
        master.world.happened("reconciliation_unanswered", task_id)
        return
    unreachable_at = None
    registry = master.registry
    if agent_id in master.agents:
        state, text = TaskState.TASK_GONE, "Task is unknown to the agent"
    elif agent_id in registry.unreachable:
        state, text = TaskState.TASK_UNREACHABLE, "Task is unreachable"
        unreachable_at = registry.unreachable[agent_id or ""]
    elif agent_id in registry.gone:
        state, text = TaskState.TASK_GONE_BY_OPERATOR, "Task is gone"
    else:
        state, text = TaskState.TASK_UNKNOWN, "Task is unknown"
    if not master.world.plan.partition_aware:
        state = TaskState.TASK_LOST
    master.tell(
        framework,
        master.status(
            task_id,
            state,
            f"Reconciliation: {text}",
            "REASON_RECONCILIATION",
            agent_id,
            unreachable_at,
        ),
    )


def _suppress(master: Master, framework: Framework, command: do.Suppress) -> None:
    master.allocator.suppress(framework)


def _revive(master: Master, framework: Framework, command: do.Revive) -> None:
    master.allocator.revive(framework)


def _teardown(master: Master, framework: Framework, command: do.Teardown) -> None:
    remove_framework(master, framework)


_HANDLERS: dict[type, Callable[[Master, Framework, Any], None]] = {
    do.Launch: _launch,
    do.Operate: sim_operations.operate,
    do.AcknowledgeOperation: sim_operations.acknowledge,
    do.ReconcileOperations: sim_operations.reconcile,
    do.Decline: _decline,
    do.Acknowledge: _acknowledge,
    do.Kill: _kill,
    do.Reconcile: _reconcile,
    do.Suppress: _suppress,
    do.Revive: _revive,
    do.Teardown: _teardown,
}
