"""What states and reasons of Mesos mean, as sentences, and what a user can do about them.

A pure table. Names are those of ``TaskState`` and ``TaskStatus.Reason`` in mesos.proto; what
sends which is told in ``src/slave/slave.cpp``, ``src/master/master.cpp`` and the executors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a task is as it is, and what may help."""

    sentence: str
    hint: str | None = None


STATES = {
    "TASK_STAGING": Explanation("The master has passed the task on; the agent prepares it"),
    "TASK_STARTING": Explanation("The executor has the task and starts it"),
    "TASK_RUNNING": Explanation("The task runs"),
    "TASK_KILLING": Explanation("The task is being killed"),
    "TASK_FINISHED": Explanation("The task finished"),
    "TASK_FAILED": Explanation("The task failed"),
    "TASK_KILLED": Explanation("The task was killed, not by us"),
    "TASK_ERROR": Explanation("The master refused the task", "Repeating it changes nothing."),
    "TASK_LOST": Explanation("The cluster lost the task", "It may still run on its agent."),
    "TASK_DROPPED": Explanation("The task never started"),
    "TASK_UNREACHABLE": Explanation(
        "The agent of the task does not answer", "The task may still run there."
    ),
    "TASK_GONE": Explanation("The task started, and is no longer there"),
    "TASK_GONE_BY_OPERATOR": Explanation("An operator declared the agent of the task gone"),
    "TASK_UNKNOWN": Explanation("The master does not know the task"),
}

_MORE_MEMORY = "Ask for more 'mem' in the resources of the task."
_AGENT_LOG = "The log of the agent tells more."

REASONS = {
    "REASON_COMMAND_EXECUTOR_FAILED": Explanation("The command executor failed", _AGENT_LOG),
    "REASON_CONTAINER_LAUNCH_FAILED": Explanation(
        "The agent could not start the container",
        "Look at the image name, the user and the URIs of the task.",
    ),
    "REASON_CONTAINER_LIMITATION": Explanation("The task used more than it was given"),
    "REASON_CONTAINER_LIMITATION_DISK": Explanation(
        "The task used more disk than it was given",
        "Ask for more 'disk' in the resources of the task.",
    ),
    "REASON_CONTAINER_LIMITATION_MEMORY": Explanation(
        "The task used more memory than it was given", _MORE_MEMORY
    ),
    "REASON_CONTAINER_PREEMPTED": Explanation(
        "The agent took the resources back for others",
        "Revocable resources can go at any time.",
    ),
    "REASON_CONTAINER_UPDATE_FAILED": Explanation(
        "The agent could not resize the container", _AGENT_LOG
    ),
    "REASON_EXECUTOR_REGISTRATION_TIMEOUT": Explanation(
        "The executor did not register in time",
        "A large image or URI may need a longer --executor_registration_timeout of the agent.",
    ),
    "REASON_EXECUTOR_REREGISTRATION_TIMEOUT": Explanation(
        "The agent restarted and the executor did not come back in time"
    ),
    "REASON_EXECUTOR_TERMINATED": Explanation(
        "The executor ended before the task did",
        "stderr in the sandbox tells why; often it ran out of memory.",
    ),
    "REASON_FRAMEWORK_REMOVED": Explanation("The framework was taken off the cluster"),
    "REASON_GC_ERROR": Explanation("The agent could not keep the task's directory", _AGENT_LOG),
    "REASON_INVALID_OFFERS": Explanation("The offer was gone when the launch arrived"),
    "REASON_IO_SWITCHBOARD_EXITED": Explanation(
        "The agent's input and output helper ended", _AGENT_LOG
    ),
    "REASON_MASTER_DISCONNECTED": Explanation("The master was not connected"),
    "REASON_MAX_COMPLETION_TIME_REACHED": Explanation(
        "The task ran longer than its max_completion_time allows",
        "Raise max_completion_time of the task (timeout in a job file), or leave it out.",
    ),
    "REASON_RESOURCES_UNKNOWN": Explanation(
        "The agent does not have the reservation or volume the task uses"
    ),
    "REASON_AGENT_DISCONNECTED": Explanation(
        "The agent lost its connection to the master",
        "With --checkpoint tasks survive that.",
    ),
    "REASON_AGENT_DRAINING": Explanation("An operator drains the agent"),
    "REASON_AGENT_REMOVED": Explanation("The agent is away or was removed from the cluster"),
    "REASON_AGENT_REMOVED_BY_OPERATOR": Explanation("An operator declared the agent gone"),
    "REASON_AGENT_RESTARTED": Explanation("The agent restarted"),
    "REASON_AGENT_UNKNOWN": Explanation("The master does not know the agent"),
    "REASON_TASK_GROUP_INVALID": Explanation("The master found the task group invalid"),
    "REASON_TASK_GROUP_UNAUTHORIZED": Explanation(
        "The principal may not run this task group", "Ask an operator for the run_tasks right."
    ),
    "REASON_TASK_INVALID": Explanation("The master found the task invalid"),
    "REASON_TASK_KILLED_DURING_LAUNCH": Explanation("The task was killed before it started"),
    "REASON_TASK_UNAUTHORIZED": Explanation(
        "The principal may not run this task as this user",
        "Set --user to a user you may run as, or ask an operator for the run_tasks right.",
    ),
}

_EXIT_STATUS_HINTS = {
    126: "The command is there but cannot be executed.",
    127: "The command was not found on the agent.",
    137: f"Something killed the process, often for want of memory. {_MORE_MEMORY}",
    139: "The process touched memory that is not its own (segmentation fault).",
}
_SIGNAL_HINTS = {
    "Killed": f"Often for want of memory. {_MORE_MEMORY}",
}


def explain(
    state: str | None,
    reason: str | None,
    message: str | None,
    *,
    exit_status: int | None = None,
    signal: str | None = None,
) -> Explanation:
    """Say why a task is as it is.

    The cluster's own message comes first, because it is the most exact and can be searched for;
    a reason or a state fills in where there is none.
    """
    by_reason = REASONS.get(reason or "")
    by_state = STATES.get(state or "")
    table = by_reason or by_state
    sentence = message or (table.sentence if table else "The cluster gave no reason")
    hint = by_reason.hint if by_reason else None
    if hint is None and exit_status is not None:
        hint = _EXIT_STATUS_HINTS.get(exit_status)
    if hint is None and signal is not None:
        hint = _SIGNAL_HINTS.get(signal)
    if hint is None and by_state is not None:
        hint = by_state.hint
    return Explanation(sentence, hint)


# src/master/master.cpp appends what an ACL was asked about, and every operation its agent.
_NOT_ALLOWED = re.compile(r"Principal '(.*?)' not? authorized to perform action (\w+)")
_ON_AGENT = re.compile(r"; on agent \S+ at \S+ \([^()]*\)$")


def refusal(message: str) -> str:
    """Why the master refuses an operation on reservations or volumes, without what is known."""
    denied = _NOT_ALLOWED.search(message)
    if denied is not None:
        action = denied[2].replace("_", " ").lower()
        return f"principal '{denied[1]}' may not {action}: an ACL of the master forbids it"
    return _ON_AGENT.sub("", message)
