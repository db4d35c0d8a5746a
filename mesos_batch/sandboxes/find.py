"""Where the sandbox of a task is: as the journal has it, else as its master and agent tell."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mesos_batch import runs
from mesos_batch.config.masters import LOCAL
from mesos_batch.errors import SandboxError, SandboxGoneError, UsageError
from mesos_batch.model.sandbox import Sandbox
from mesos_batch.protocol.files import BROWSE, sandbox_from_state

if TYPE_CHECKING:
    from mesos_batch.model.saved import AttemptEntry
    from mesos_batch.model.snapshot import TaskView
    from mesos_batch.options import RunOptions
    from mesos_batch.runs import RunInfo
    from mesos_batch.sandboxes.source import Sources


def attempt_of(
    info: RunInfo, task: TaskView, position: int, attempt: int | None = None
) -> Sandbox | None:
    """The sandbox of an attempt of a task, by default the latest one.

    ``position`` is that of the task list. ``None`` when the task was never launched. Where the
    sandbox is may be yet to be asked (:func:`asked_for`).

    Raises:
        UsageError: the task had no such attempt.
        JournalError: the journal of the run cannot be read.
    """
    if attempt in (None, task.launches):
        return task.sandbox
    for entry in runs.read_attempts(info, position):
        if entry.number == attempt:
            return sandbox_of_attempt(task.spec.task_id, entry)
    had = "attempt" if task.launches == 1 else "attempts"
    raise UsageError(
        f"task '{task.spec.task_id}' has no attempt {attempt}: it had {task.launches} {had}"
    )


def sandbox_of_attempt(task_id: str, entry: AttemptEntry) -> Sandbox:
    """The sandbox of an attempt as the journal keeps it."""
    return Sandbox(
        task_id,
        entry.number,
        entry.agent_id,
        entry.hostname,
        entry.sandbox_url,
        entry.sandbox_path,
    )


def asked_for(
    sandbox: Sandbox, framework_id: str | None, options: RunOptions, sources: Sources
) -> Sandbox:
    """The sandbox with where it is, which the master and the agent are asked if nobody knows.

    Raises:
        SandboxGoneError: they do not know either.
        ClusterError: one of them does not answer, or does not tell.
    """
    if sandbox.is_known:
        return sandbox
    missing = SandboxGoneError(f"nobody knows where the sandbox of task {sandbox.task_id} is")
    if options.master == LOCAL or framework_id is None:
        raise missing
    from mesos_batch.asking import whom_to_ask
    from mesos_batch.runtime import operator

    cluster = operator.look(*whom_to_ask(options))
    agent = cluster.agent(sandbox.agent_id)
    if agent is None or agent.address is None:
        raise SandboxGoneError(
            f"agent {sandbox.agent_id}, where task {sandbox.task_id} ran, has left the cluster"
        )
    address = f"{urlsplit(cluster.master).scheme}://{agent.address}"
    attempts = "~+" + str(sandbox.attempt) if sandbox.attempt > 1 else ""
    attempt_id = re.compile(re.escape(sandbox.task_id) + attempts)
    try:
        place = sandbox_from_state(sources.agent(address).state(), framework_id, attempt_id)
    except ValueError as error:
        raise SandboxError(f"what answers at {address} is no Mesos agent: {error}") from None
    if place is None:
        raise missing
    return replace(sandbox, url=f"{address}{BROWSE}?path={place}")
