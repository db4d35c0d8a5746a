"""Calls of the scheduler API, built from the commands of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableSequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.engine import commands as do
from mesos_batch.model.operation import OperationType
from mesos_batch.protocol.offer_constraints import Group, write_groups
from mesos_batch.protocol.values import resources_to

Call = scheduler_pb2.Call
Type = pb.Offer.Operation

CAPABILITIES = tuple(
    value.name
    for value in pb.FrameworkInfo.Capability.Type.DESCRIPTOR.values
    if value.name != "UNKNOWN"
)
REFINEMENT = "RESERVATION_REFINEMENT"
EXECUTOR_NAME = "mesos-batch pool"
ANCHOR_NAME = "mesos-batch pool anchor"
# How long an executor without tasks is kept when nobody drives the run any more.
ANCHOR_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Framework:
    """What a FrameworkInfo says of us; ``failover_timeout`` is seconds.

    ``any_size`` asks for offers however small: an agent whose cpus are all in use may hold a
    volume, and is not offered otherwise (``--min_allocatable_resources`` of the master).
    ``offer_groups`` are the offer constraints of the role, none when empty.
    """

    name: str
    user: str
    role: str = "*"
    principal: str | None = None
    failover_timeout: float = 0.0
    checkpoint: bool = False
    hostname: str | None = None
    capabilities: tuple[str, ...] = ()
    any_size: bool = False
    offer_groups: tuple[Group, ...] = ()

    @property
    def refined(self) -> bool:
        """Whether resources are written in the post-refinement form."""
        return REFINEMENT in self.capabilities


def subscribe(framework: Framework, framework_id: str | None) -> Call:
    """SUBSCRIBE; with an id it is a re-subscription, which must name it twice.

    The single ``role`` and no MULTI_ROLE keeps us understood by every Mesos 1.x master.
    """
    call = Call(type=Call.SUBSCRIBE)
    info = call.subscribe.framework_info
    info.user = framework.user
    info.name = framework.name
    info.role = framework.role
    info.failover_timeout = framework.failover_timeout
    info.checkpoint = framework.checkpoint
    if framework.principal is not None:
        info.principal = framework.principal
    if framework.hostname is not None:
        info.hostname = framework.hostname
    for name in framework.capabilities:
        info.capabilities.add(type=pb.FrameworkInfo.Capability.Type.Value(name))
    if framework.any_size:
        info.offer_filters[framework.role].min_allocatable_resources.SetInParent()
    if framework.offer_groups:
        constraints = call.subscribe.offer_constraints
        write_groups(framework.offer_groups, constraints.role_constraints[framework.role])
    if framework_id is not None:
        info.id.value = framework_id
        call.framework_id.value = framework_id
    return call


def _offer_ids(
    message: scheduler_pb2.Call.Accept | scheduler_pb2.Call.Decline, ids: Iterable[str]
) -> None:
    for offer_id in ids:
        message.offer_ids.add(value=offer_id)


def task_info(
    launch: do.TaskLaunch,
    agent_id: str,
    framework_id: str,
    *,
    refined: bool,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> pb.TaskInfo:
    """The TaskInfo of one attempt: the task list's own with id, agent and pieces filled in.

    Its command sees ``environment`` and which attempt of which task it is, as
    ``MESOS_BATCH_...``; what the task list sets itself wins.
    """
    info = pb.TaskInfo.FromString(launch.spec.payload)
    info.task_id.value = launch.task_id
    info.agent_id.value = agent_id
    del info.resources[:]
    info.resources.extend(resources_to(launch.resources.allocated_to(None), refined=refined))
    if info.HasField("executor"):
        info.executor.framework_id.value = framework_id
    if info.HasField("command"):
        _add_environment(info.command, {**environment, **_mark(launch)})
    return info


def _mark(launch: do.TaskLaunch) -> dict[str, str]:
    return {
        "MESOS_BATCH_TASK_ID": launch.spec.task_id,
        "MESOS_BATCH_TASK_INDEX": str(launch.position),
        "MESOS_BATCH_ATTEMPT": str(launch.attempt),
    }


def _add_environment(command: pb.CommandInfo, environment: Mapping[str, str]) -> None:
    own = {variable.name for variable in command.environment.variables}
    for name, value in environment.items():
        if name not in own:
            command.environment.variables.add(name=name, value=value)


def call_for(
    command: do.Command,
    framework_id: str,
    *,
    refined: bool,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Call:
    """Build the call a command stands for.

    ``refined`` chooses the form reservations are written in, ``environment`` is what each
    task's command sees.

    Raises:
        KeyError: the command is no call to the scheduler endpoint.
    """
    if isinstance(command, do.Launch):
        call = _accept(command, framework_id, refined=refined, environment=environment)
    elif isinstance(command, do.Operate):
        call = _operate(command, refined=refined)
    else:
        call = _BUILDERS[type(command)](command)
    call.framework_id.value = framework_id
    return call


def _accept(
    command: do.Launch, framework_id: str, *, refined: bool, environment: Mapping[str, str]
) -> Call:
    call = Call(type=Call.ACCEPT)
    _offer_ids(call.accept, command.offer_ids)
    groups: list[pb.TaskInfo] = []
    if command.executor is not None and command.executor.anchor is not None:
        groups.append(_anchor(command.executor.anchor, command.agent_id, refined=refined))
    alone = [launch for launch in command.tasks if not launch.pooled]
    if alone:
        operation = call.accept.operations.add(type=Type.LAUNCH)
    for launch in command.tasks:
        info = task_info(
            launch, command.agent_id, framework_id, refined=refined, environment=environment
        )
        if launch.pooled:
            groups.append(info)
        else:
            operation.launch.task_infos.append(info)
    if command.executor is not None:
        executor = _shared_executor(command.executor, framework_id, refined=refined)
        for info in groups:
            # A task that fails takes its group along, so each is a group of its own.
            group = call.accept.operations.add(type=Type.LAUNCH_GROUP).launch_group
            group.executor.CopyFrom(executor)
            group.task_group.tasks.append(info)
    call.accept.filters.refuse_seconds = command.refuse_seconds
    return call


def _anchor(anchor: do.Anchor, agent_id: str, *, refined: bool) -> pb.TaskInfo:
    """A task that does nothing for a while; nobody needs to end it."""
    info = pb.TaskInfo(name=ANCHOR_NAME)
    info.task_id.value = anchor.task_id
    info.agent_id.value = agent_id
    info.command.value = f"exec sleep {ANCHOR_SECONDS}"
    info.resources.extend(resources_to(anchor.resources.allocated_to(None), refined=refined))
    return info


def _shared_executor(
    executor: do.SharedExecutor, framework_id: str, *, refined: bool
) -> pb.ExecutorInfo:
    """The ExecutorInfo, which must be the same each time."""
    info = pb.ExecutorInfo(type=pb.ExecutorInfo.DEFAULT, name=EXECUTOR_NAME)
    info.executor_id.value = executor.executor_id
    info.framework_id.value = framework_id
    info.resources.extend(resources_to(executor.resources.allocated_to(None), refined=refined))
    return info


def _operate(command: do.Operate, *, refined: bool) -> Call:
    call = Call(type=Call.ACCEPT)
    _offer_ids(call.accept, command.offer_ids)
    for operation in command.operations:
        message = call.accept.operations.add(type=Type.Type.Value(operation.type.value))
        if operation.operation_id is not None:
            message.id.value = operation.operation_id
        _resources_of(message, operation.type).extend(
            resources_to(operation.resources.allocated_to(None), refined=refined)
        )
    call.accept.filters.refuse_seconds = command.refuse_seconds
    return call


def _resources_of(message: pb.Offer.Operation, kind: OperationType) -> MutableSequence[pb.Resource]:
    """Where an operation of this type lists its resources."""
    match kind:
        case OperationType.RESERVE:
            return message.reserve.resources
        case OperationType.UNRESERVE:
            return message.unreserve.resources
        case OperationType.CREATE:
            return message.create.volumes
        case OperationType.DESTROY:
            return message.destroy.volumes


def _decline(command: do.Decline) -> Call:
    call = Call(type=Call.DECLINE)
    _offer_ids(call.decline, command.offer_ids)
    call.decline.filters.refuse_seconds = command.refuse_seconds
    return call


def _acknowledge(command: do.Acknowledge) -> Call:
    call = Call(type=Call.ACKNOWLEDGE)
    call.acknowledge.agent_id.value = command.agent_id
    call.acknowledge.task_id.value = command.task_id
    call.acknowledge.uuid = command.uuid
    return call


def _acknowledge_operation(command: do.AcknowledgeOperation) -> Call:
    call = Call(type=Call.ACKNOWLEDGE_OPERATION_STATUS)
    acknowledge = call.acknowledge_operation_status
    acknowledge.agent_id.value = command.agent_id
    acknowledge.operation_id.value = command.operation_id
    # Plain bytes here, a message in the status itself.
    acknowledge.uuid = command.uuid
    return call


def _reconcile_operations(command: do.ReconcileOperations) -> Call:
    call = Call(type=Call.RECONCILE_OPERATIONS)
    call.reconcile_operations.SetInParent()
    for operation_id, agent_id in command.operations:
        asked = call.reconcile_operations.operations.add()
        asked.operation_id.value = operation_id
        asked.agent_id.value = agent_id
    return call


def _kill(command: do.Kill) -> Call:
    call = Call(type=Call.KILL)
    call.kill.task_id.value = command.task_id
    if command.agent_id is not None:
        call.kill.agent_id.value = command.agent_id
    return call


def _reconcile(command: do.Reconcile) -> Call:
    call = Call(type=Call.RECONCILE)
    # Even the implicit form must carry the empty message.
    call.reconcile.SetInParent()
    for task_id, agent_id in command.tasks:
        task = call.reconcile.tasks.add()
        task.task_id.value = task_id
        if agent_id is not None:
            task.agent_id.value = agent_id
    return call


_BUILDERS: dict[type, Callable[[Any], Call]] = {
    do.Decline: _decline,
    do.Acknowledge: _acknowledge,
    do.AcknowledgeOperation: _acknowledge_operation,
    do.Kill: _kill,
    do.Reconcile: _reconcile,
    do.ReconcileOperations: _reconcile_operations,
    do.Suppress: lambda _: Call(type=Call.SUPPRESS),
    do.Revive: lambda _: Call(type=Call.REVIVE),
    do.Teardown: lambda _: Call(type=Call.TEARDOWN),
}
