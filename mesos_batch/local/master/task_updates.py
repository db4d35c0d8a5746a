"""Tasks that run: their updates, acknowledgements and kills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.local.master.reconcile import reconcile_task
from mesos_batch.local.records import TERMINAL_STATES

if TYPE_CHECKING:
    from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
    from mesos_batch.local.master.framework import Framework
    from mesos_batch.local.master.master import Master

Call = scheduler_pb2.Call
Event = scheduler_pb2.Event


def status_update(
    master: Master, agent_id: str, framework_id: str, status: pb.TaskStatus, latest_state: int
) -> None:
    """Forward an update of an agent; one for a scheduler that is away comes again later."""
    agent = master.agents.get(agent_id)
    if agent is None:
        return
    framework = master.frameworks.get(framework_id)
    task = agent.tasks.get(framework_id, {}).get(status.task_id.value)
    if framework is not None and framework.connected:
        if task is not None:
            task.message.status_update_state = status.state
            task.message.status_update_uuid = status.uuid
        framework.send_status(status)
    if task is not None:
        master.update_task(task, status, latest_state)


def acknowledge(master: Master, framework: Framework, call: Call.Acknowledge) -> None:
    """Pass an acknowledgement on; the task is forgotten with that of its last update."""
    agent = master.agents.get(call.agent_id.value)
    if agent is None or not agent.connected:
        return
    task = agent.tasks.get(framework.framework_id, {}).get(call.task_id.value)
    if task is not None:
        message = task.message
        if not message.HasField("status_update_state"):
            # This master has forwarded nothing yet; the agent will send the update again.
            return
        is_last = message.status_update_uuid == call.uuid
        if message.status_update_state in TERMINAL_STATES and is_last:
            master.remove_task(task)
    agent.link.acknowledge(framework.framework_id, call.task_id.value, call.uuid)


def kill(master: Master, framework: Framework, call: Call.Kill) -> None:
    """Ask the agent to kill a task; an unknown task is reconciled instead."""
    task_id = call.task_id.value
    agent_id = call.agent_id.value if call.HasField("agent_id") else None
    task = framework.tasks.get(task_id)
    if task is None:
        reconcile_task(master, framework, task_id, agent_id)
        return
    if agent_id not in (None, task.agent_id):
        return
    agent = master.agents[task.agent_id]
    policy = call.kill_policy if call.HasField("kill_policy") else None
    agent.killed_tasks[framework.framework_id, task_id] = policy
    if agent.connected:
        agent.link.kill_task(framework.framework_id, task_id, policy)


def shutdown_executor(master: Master, framework: Framework, call: Call.Shutdown) -> None:
    """Ask the agent to end an executor."""
    agent = master.agents.get(call.agent_id.value)
    if agent is not None:
        agent.link.shutdown_executor(framework.framework_id, call.executor_id.value)


def executor_exited(
    master: Master, agent_id: str, framework_id: str, executor_id: str, status: int
) -> None:
    """Free what an executor used and send FAILURE; command executors are not known here."""
    agent = master.agents.get(agent_id)
    if agent is None or not agent.has_executor(framework_id, executor_id):
        return
    master.remove_executor(agent, framework_id, executor_id)
    framework = master.frameworks.get(framework_id)
    if framework is None:
        return
    event = Event(type=Event.FAILURE)
    event.failure.agent_id.value = agent_id
    event.failure.executor_id.value = executor_id
    event.failure.status = status
    framework.send(event)
