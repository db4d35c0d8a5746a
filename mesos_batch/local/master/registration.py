"""Agents: they come, lose their connection, become unreachable, come back, are gone for ever."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.local.master import operation_updates
from mesos_batch.local.master.framework import Framework
from mesos_batch.local.master.offering import rescind_offer
from mesos_batch.local.master.statuses import Reason, latest_status, now_nanoseconds, task_status
from mesos_batch.local.master.subscription import recover_framework
from mesos_batch.local.records import Agent, Task
from mesos_batch.protocol.values import resources_from

if TYPE_CHECKING:
    from collections.abc import Callable

    from mesos_batch.local.links import AgentLink, Registration, TaskReport
    from mesos_batch.local.master.master import Master
    from mesos_batch.model.resources import Resources

Event = scheduler_pb2.Event


def register(master: Master, registration: Registration, link: AgentLink) -> None:
    """Let an agent in: a new one, one this master lost sight of, or one it still knows."""
    agent_id = registration.agent.id.value
    if agent_id in master.registry.gone:
        link.shutdown()
    elif not agent_id:
        _register_new(master, registration, link)
    elif agent_id in master.agents:
        _reconnect(master, registration, link)
    else:
        _readmit(master, registration, link)


def _register_new(master: Master, registration: Registration, link: AgentLink) -> None:
    info = pb.AgentInfo()
    info.CopyFrom(registration.agent)
    info.id.value = master.new_agent_id()
    _admit(master, Agent(info, link, registration.total, time.time()))


def _admit(master: Master, agent: Agent) -> None:
    master.registry.admit(agent.info)
    master.agents[agent.agent_id] = agent
    used = {
        framework_id: agent.used_by(framework_id)
        for framework_id in {*agent.tasks, *agent.executors}
    }
    master.allocator.add_agent(agent.agent_id, agent.info, agent.total, used)
    agent.link.registered(agent.agent_id, master)
    master.allocate_soon([agent.agent_id])


def _readmit(master: Master, registration: Registration, link: AgentLink) -> None:
    agent_id = registration.agent.id.value
    was_recovered = agent_id in master.recovered_agents
    was_unreachable = agent_id in master.registry.unreachable
    now = time.time()
    agent = Agent(registration.agent, link, registration.total, now, reregistered_time=now)
    completed: set[str] = set()
    for report in registration.tasks:
        framework_id = report.framework.id.value
        if framework_id in master.completed_frameworks:
            completed.add(framework_id)
            continue
        task = _take_in(master, agent, report)
        framework = master.frameworks.get(framework_id)
        if framework is not None and not was_recovered:
            _tell_return(framework, task, was_unreachable=was_unreachable)
    master.recovered_agents.pop(agent_id, None)
    _forget_unreachable_tasks(master, agent_id)
    for framework_id in {*agent.tasks, *agent.executors}:
        _attach(master, agent, framework_id, registration.tasks)
    operation_updates.learn(master, agent, registration.operations)
    _admit(master, agent)
    for framework_id in completed:
        link.shutdown_framework(framework_id)


def _take_in(master: Master, agent: Agent, report: TaskReport) -> Task:
    framework_id = report.framework.id.value
    task = Task.launched(
        report.task, framework_id, resources_from(report.task.resources), report.latest.state
    )
    task.message.agent_id.value = agent.agent_id
    task.note(report.latest, report.latest.state)
    agent.tasks.setdefault(framework_id, {})[task.task_id] = task
    if report.executor is not None:
        executor_id = report.executor.executor_id
        agent.executors.setdefault(framework_id, {})[executor_id.value] = report.executor
        task.message.executor_id.CopyFrom(executor_id)
    framework = master.frameworks.get(framework_id)
    if framework is not None:
        for old in [item for item in framework.completed_tasks if item.task_id == task.task_id]:
            framework.completed_tasks.remove(old)
    return task


def _tell_return(framework: Framework, task: Task, *, was_unreachable: bool) -> None:
    # "re-reregistered" is how Mesos spells it.
    message = (
        "Unreachable agent re-reregistered" if was_unreachable else "Unknown agent reregistered"
    )
    framework.send_status(
        latest_status(task, task.message.state, message, Reason.REASON_AGENT_REREGISTERED)
    )


def _forget_unreachable_tasks(master: Master, agent_id: str) -> None:
    for framework in master.frameworks.values():
        for task in list(framework.unreachable_tasks.values()):
            if task.agent_id == agent_id:
                del framework.unreachable_tasks[task.task_id]


def _attach(master: Master, agent: Agent, framework_id: str, reports: list[TaskReport]) -> None:
    """Give an agent's tasks and executors to their framework, known again or only now."""
    framework = master.frameworks.get(framework_id)
    if framework is None:
        info = next(item.framework for item in reports if item.framework.id.value == framework_id)
        framework = recover_framework(master, info)
    framework.tasks.update(agent.tasks.get(framework_id, {}))
    if framework_id in agent.executors:
        framework.executors[agent.agent_id] = agent.executors[framework_id]


def _reconnect(master: Master, registration: Registration, link: AgentLink) -> None:
    """The agent is still known; what it has lost meanwhile is dropped."""
    agent = master.agents[registration.agent.id.value]
    agent.link = link
    if agent.info.port != registration.agent.port:
        # Its process is another one.
        agent.info.port = registration.agent.port
        master.registry.admit(agent.info)
    agent.reregistered_time = time.time()
    agent.connected = True
    master.cancel(agent.unreachable_timer)
    agent.unreachable_timer = None
    reported = {
        (report.framework.id.value, report.task.task_id.value) for report in registration.tasks
    }
    for framework_id, tasks in list(agent.tasks.items()):
        for task in list(tasks.values()):
            if (framework_id, task.task_id) not in reported and task.holds_resources:
                _drop_lost_task(master, task)
    lost = agent.operations.keys() - {it.uuid.value for it in registration.operations}
    operation_updates.learn(master, agent, registration.operations)
    _renew_total(master, agent, registration.total)
    link.registered(agent.agent_id, master)
    if lost:
        link.reconcile_operations(sorted(lost))
    _tell_frameworks(master, agent, {framework_id for framework_id, _ in reported})
    for (framework_id, task_id), policy in list(agent.killed_tasks.items()):
        link.kill_task(framework_id, task_id, policy)
    master.allocator.set_agent_active(agent.agent_id, active=True)


def _tell_frameworks(master: Master, agent: Agent, reported: set[str]) -> None:
    """Frameworks may have changed, or been torn down, while the agent was away."""
    for framework_id in agent.executors.keys() | agent.tasks.keys():
        framework = master.frameworks.get(framework_id)
        if framework is not None and not framework.recovered:
            agent.link.update_framework(framework.info)
    for framework_id in reported:
        if framework_id in master.completed_frameworks:
            agent.link.shutdown_framework(framework_id)


def _renew_total(master: Master, agent: Agent, total: Resources) -> None:
    """The agent knows best what it has: operations may have been lost on their way to it."""
    if total == agent.total:
        return
    agent.total = total
    master.allocator.update_agent(agent.agent_id, total)
    for offer in list(agent.offers.values()):
        rescind_offer(master, offer)
    master.allocate_soon([agent.agent_id])


def _drop_lost_task(master: Master, task: Task) -> None:
    framework = master.frameworks.get(task.framework_id)
    state = framework.state_for(pb.TASK_DROPPED) if framework is not None else pb.TASK_LOST
    status = task_status(
        task,
        state,
        "Reconciliation: task unknown to the agent",
        Reason.REASON_RECONCILIATION,
    )
    _end_task(master, task, status)


def disconnect(master: Master, agent_id: str) -> None:
    """The socket broke: tasks of frameworks without checkpoints are lost at once."""
    agent = master.agents.get(agent_id)
    if agent is None or not agent.connected:
        return
    agent.connected = False
    master.allocator.set_agent_active(agent_id, active=False)
    for offer in list(agent.offers.values()):
        rescind_offer(master, offer)
    for framework_id in {*agent.tasks, *agent.executors}:
        framework = master.frameworks.get(framework_id)
        if framework is None or not framework.info.checkpoint:
            _lose_framework(master, agent, framework_id)
    options = master.options
    agent.unreachable_timer = master.later(
        options.agent_ping_timeout * options.max_agent_ping_timeouts,
        mark_unreachable,
        master,
        agent_id,
        "health check timed out",
    )


def _lose_framework(master: Master, agent: Agent, framework_id: str) -> None:
    for task in list(agent.tasks.get(framework_id, {}).values()):
        status = task_status(
            task,
            pb.TASK_LOST,
            f"Agent {agent.info.hostname} disconnected",
            Reason.REASON_AGENT_DISCONNECTED,
        )
        _end_task(master, task, status)
    for executor_id in list(agent.executors.get(framework_id, {})):
        master.remove_executor(agent, framework_id, executor_id)


def _end_task(
    master: Master, task: Task, status: pb.TaskStatus, *, unreachable: bool = False
) -> None:
    framework = master.frameworks.get(task.framework_id)
    master.update_task(task, status, status.state)
    master.remove_task(task, unreachable=unreachable)
    if framework is not None:
        framework.send_status(status)


def mark_unreachable(master: Master, agent_id: str, why: str) -> None:
    """The agent cannot be reached; it may come back, and its tasks with it."""
    agent = master.agents.get(agent_id)
    if agent is None:
        return
    at = now_nanoseconds()
    master.registry.mark_unreachable(agent_id, at)
    operation_updates.tell_all(
        master, agent, pb.OPERATION_UNREACHABLE, "Agent was marked unreachable"
    )

    def status(framework: Framework, task: Task) -> pb.TaskStatus:
        return task_status(
            task,
            framework.state_for(pb.TASK_UNREACHABLE),
            why,
            Reason.REASON_AGENT_REMOVED,
            unreachable_time=at,
        )

    _remove(master, agent, status, unreachable=True)


def mark_gone(master: Master, agent_id: str) -> bool:
    """An operator says that the agent will never come back; ``False`` when nobody knows it."""
    message = "Agent has been marked gone"

    def status(framework: Framework, task: Task) -> pb.TaskStatus:
        aware = framework.partition_aware
        return task_status(
            task,
            framework.state_for(pb.TASK_GONE_BY_OPERATOR),
            message,
            Reason.REASON_AGENT_REMOVED_BY_OPERATOR if aware else Reason.REASON_AGENT_REMOVED,
        )

    agent = master.agents.get(agent_id)
    registry = master.registry
    known = agent is not None or agent_id in registry.unreachable
    if not known and agent_id not in master.recovered_agents:
        return False
    registry.mark_gone(agent_id, now_nanoseconds())
    master.recovered_agents.pop(agent_id, None)
    if agent is not None:
        agent.link.shutdown()
        operation_updates.tell_all(master, agent, pb.OPERATION_GONE_BY_OPERATOR, message)
        _remove(master, agent, status, unreachable=False)
        return True
    for framework in master.frameworks.values():
        for task in list(framework.unreachable_tasks.values()):
            if task.agent_id == agent_id:
                told = status(framework, task)
                del framework.unreachable_tasks[task.task_id]
                task.note(told, told.state)
                framework.completed_tasks.append(task)
                framework.send_status(told)
    return True


def _remove(
    master: Master,
    agent: Agent,
    status: Callable[[Framework, Task], pb.TaskStatus],
    *,
    unreachable: bool,
) -> None:
    """Take an agent out: tasks first, then executors, offers, operations, then FAILURE to all."""
    agent_id = agent.agent_id
    master.cancel(agent.unreachable_timer)
    master.allocator.remove_agent(agent_id)
    for framework_id, tasks in list(agent.tasks.items()):
        for task in list(tasks.values()):
            told = status(master.frameworks[framework_id], task)
            _end_task(master, task, told, unreachable=unreachable)
    for framework_id, executors in list(agent.executors.items()):
        for executor_id in list(executors):
            master.remove_executor(agent, framework_id, executor_id)
    for offer in list(agent.offers.values()):
        rescind_offer(master, offer)
    for operation in list(agent.operations.values()):
        operation_updates.forget(master, operation)
    del master.agents[agent_id]
    _tell_agent_lost(master, agent_id)


def _tell_agent_lost(master: Master, agent_id: str) -> None:
    event = Event(type=Event.FAILURE)
    event.failure.agent_id.value = agent_id
    for framework in list(master.frameworks.values()):
        framework.send(event)


def give_up_recovered(master: Master, agent_id: str) -> None:
    """An agent of the former leader has not come back in time."""
    if master.recovered_agents.pop(agent_id, None) is None:
        return
    master.registry.mark_unreachable(agent_id, now_nanoseconds())
    _tell_agent_lost(master, agent_id)
