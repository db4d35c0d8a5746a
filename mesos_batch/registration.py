"""How a run registers with a master and what its engine goes by, made of the options."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mesos_batch.config.masters import LOCAL
from mesos_batch.engine.policy import ExecutorUse, Policy
from mesos_batch.errors import UsageError
from mesos_batch.protocol.calls import CAPABILITIES, Framework
from mesos_batch.protocol.codec import ContentType
from mesos_batch.protocol.offer_constraints import offer_groups
from mesos_batch.runtime.leaders import masters_at
from mesos_batch.runtime.subscriber import Target

if TYPE_CHECKING:
    from mesos_batch.model.change import Change
    from mesos_batch.model.scheduling import Scheduling
    from mesos_batch.model.task import TaskSpec
    from mesos_batch.options import RunOptions
    from mesos_batch.transport.http import Login

UNPLACEABLE_SECONDS = 300.0
ALWAYS = ("TASK_KILLING_STATE", "RESERVATION_REFINEMENT")
EXECUTORS = {use.value: use for use in ExecutorUse}
CONTENT_TYPES = {"protobuf": ContentType.PROTOBUF, "json": ContentType.JSON}


def with_constraints(tasks: Sequence[TaskSpec], options: RunOptions) -> Sequence[TaskSpec]:
    """The tasks with the constraints of the run beside their own.

    Tasks that share how they are scheduled go on sharing it.
    """
    if not options.constraints:
        return tasks
    merged: dict[int, Scheduling] = {}
    for task in tasks:
        if id(task.scheduling) not in merged:
            both = dict.fromkeys((*options.constraints, *task.scheduling.constraints))
            merged[id(task.scheduling)] = replace(task.scheduling, constraints=tuple(both))
    return [replace(task, scheduling=merged[id(task.scheduling)]) for task in tasks]


def make_target(
    tasks: Sequence[TaskSpec],
    options: RunOptions,
    master: str,
    login: Login | None,
    changes: Sequence[Change] = (),
) -> Target:
    """Whom to subscribe to, and as whom; the options are ``settled``.

    Raises:
        UsageError: an option makes no sense; the message names it.
    """
    try:
        masters = masters_at(master)
    except ValueError as error:
        raise UsageError(str(error)) from None
    content_type = CONTENT_TYPES.get(options.content_type)
    if content_type is None:
        raise UsageError(f"content type '{options.content_type}' is none of protobuf, json")
    assert options.user is not None
    assert options.failover_timeout is not None
    framework = Framework(
        name=options.framework_name,
        user=options.user,
        role=options.role,
        principal=login.principal if login is not None else options.principal,
        failover_timeout=options.failover_timeout,
        checkpoint=options.checkpoint,
        hostname=socket.gethostname(),
        capabilities=capabilities(tasks, options, changes),
        any_size=bool(changes),
        # Where a volume may be made is for the change to say.
        offer_groups=offer_groups(tasks) if not changes else (),
    )
    return Target(masters, login, framework, content_type)


def make_policy(
    options: RunOptions, sandbox_roots: Mapping[str, str], *, starts_nothing: bool = False
) -> Policy:
    """What the engine goes by; the options are ``settled``.

    Raises:
        UsageError: an option makes no sense; the message names it.
    """
    executor = EXECUTORS.get(options.executor)
    if executor is None:
        raise UsageError(f"executor '{options.executor}' is none of {', '.join(EXECUTORS)}")
    assert options.failover_timeout is not None
    timeout = options.unplaceable_timeout
    if timeout is None:
        timeout = 0.0 if options.master == LOCAL else UNPLACEABLE_SECONDS
    return Policy(
        role=options.role,
        max_attempts=options.max_attempts,
        max_failures=options.max_failures,
        keep_going=options.keep_going,
        max_running=options.max_running,
        executor=executor,
        revive_interval=options.revive_interval,
        unplaceable_timeout=timeout,
        unreachable_timeout=options.unreachable_timeout,
        staging_timeout=options.staging_timeout,
        kill_after=options.kill_after,
        volume_timeout=options.volume_timeout,
        failover_timeout=options.failover_timeout,
        checkpoint=options.checkpoint,
        starts_nothing=starts_nothing,
        sandbox_roots=sandbox_roots,
    )


def capabilities(
    tasks: Iterable[TaskSpec], options: RunOptions, changes: Iterable[Change] = ()
) -> tuple[str, ...]:
    """What was asked for, what we always need, and what the tasks cannot be offered without.

    Raises:
        UsageError: what was asked for is no capability.
    """
    wanted = dict.fromkeys(ALWAYS)
    if options.partition_aware:
        wanted["PARTITION_AWARE"] = None
    for name in options.framework_capabilities:
        if name not in CAPABILITIES:
            raise UsageError(f"Mesos knows no framework capability '{name}'")
        wanted[name] = None
    # Most tasks of a list share their resources.
    distinct = {id(task.resources): task.resources for task in tasks}
    for resource in (resource for resources in distinct.values() for resource in resources):
        if resource.name == "gpus":
            wanted["GPU_RESOURCES"] = None
        if resource.is_persistent_volume:
            # Who names a volume need not know whether it is shared; then it is not offered.
            wanted["SHARED_RESOURCES"] = None
        if resource.revocable:
            wanted["REVOCABLE_RESOURCES"] = None
    if any(volume.shared for change in changes for volume in change.volumes):
        wanted["SHARED_RESOURCES"] = None
    return tuple(wanted)
