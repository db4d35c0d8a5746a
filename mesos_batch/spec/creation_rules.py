"""Rules for what is to be reserved, and for the persistent volumes to be created on it.

Those of the master for RESERVE and CREATE (``src/master/validation.cpp``). It drops an operation
that breaks one without a word, unless the agent is new enough to tell, so all are judged here.
"""

from __future__ import annotations

from collections.abc import Iterator

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.names import id_fault
from mesos_batch.spec.problems import Severity
from mesos_batch.spec.reservation_rules import (
    innermost_entry,
    innermost_path,
    innermost_role,
    is_dynamic,
)
from mesos_batch.spec.resource_rules import resource_findings
from mesos_batch.spec.roles import allocation_findings, other_role
from mesos_batch.spec.volume_rules import Purpose

_ANYBODY = "*"
_LOOKED_AT = ("name", "task_id", "agent_id", "resources")
_Source = pb.Resource.DiskInfo.Source
_VOLUME = '{"persistence": {"id": ...}, "volume": {"container_path": "data", "mode": "RW"}}'


def creation_findings(task: pb.TaskInfo, role: str, principal: str | None) -> Iterator[Finding]:
    """Why a framework of this role and principal cannot reserve and create what a task holds."""
    agent = task.agent_id.value
    if agent and (fault := id_fault(agent)) is not None:
        yield Finding(("agent_id", "value"), fault)
    for finding in resource_findings(task.resources, Purpose.CREATION):
        yield finding.under("resources")
    if role == _ANYBODY:
        yield _nobody(task)
    for index, resource in enumerate(task.resources):
        for finding in _one(resource, role, principal):
            yield finding.under("resources", index)
    yield from _no_volume(task)
    for field, _ in task.ListFields():
        if field.name not in _LOOKED_AT:
            message = "is not looked at in a volume resource"
            yield Finding(
                (field.name,), message, "remove it", severity=Severity.WARNING, at_key=True
            )


def _nobody(task: pb.TaskInfo) -> Finding:
    """Say once that the role of the framework cannot work."""
    message = 'nothing can be reserved to "*", the role of the framework'
    for index, resource in enumerate(task.resources):
        owner = innermost_role(resource)
        if owner not in (None, "", _ANYBODY):
            path = ("resources", index, *innermost_path(resource, "role"))
            return Finding(path, message, f"start with --role={owner}")
    return Finding(("resources",), message, "start with --role=ROLE and reserve to that role")


def _one(resource: pb.Resource, role: str, principal: str | None) -> Iterator[Finding]:
    if resource.HasField("revocable"):
        yield Finding(("revocable",), "what is reserved cannot be revocable", "remove it")
    if resource.disk.HasField("persistence"):
        yield from _volume(resource.disk, principal)
    if innermost_role(resource) is None:
        yield from _unreserved(resource, role)
        return
    if role != _ANYBODY:
        yield from allocation_findings(resource, role)
        if innermost_role(resource) != role:
            yield other_role(resource, role)
    entry = innermost_entry(resource)
    if is_dynamic(resource) and _differs(entry, principal):
        path = innermost_path(resource, "principal")
        message = f"reserved by principal '{entry.principal}', but the framework has '{principal}'"
        yield Finding(path, message, _other_principal(entry.principal))


def _unreserved(resource: pb.Resource, role: str) -> Iterator[Finding]:
    if resource.HasField("reservation"):
        return  # that its role is missing has been told already
    named = "ROLE" if role == _ANYBODY else role
    hint = f'add "reservations": [{{"type": "DYNAMIC", "role": "{named}"}}]'
    yield Finding(("reservations",), "not reserved to any role", hint)


def _volume(disk: pb.Resource.DiskInfo, principal: str | None) -> Iterator[Finding]:
    if _differs(disk.persistence, principal):
        path = ("disk", "persistence", "principal")
        other = disk.persistence.principal
        message = f"created by principal '{other}', but the framework has '{principal}'"
        yield Finding(path, message, _other_principal(other))
    if disk.HasField("volume") and disk.volume.mode == pb.Volume.RO:
        path = ("disk", "volume", "mode")
        hint = 'write "RW"; a task that uses the volume may say "RO"'
        yield Finding(path, "a volume cannot be created read-only", hint)
    if disk.source.type in (_Source.BLOCK, _Source.RAW):
        path = ("disk", "source", "type")
        message = (
            f"no volume can be created on a disk of type {_Source.Type.Name(disk.source.type)}"
        )
        yield Finding(path, message, "allowed: PATH, MOUNT; without a source the disk of the agent")


def _differs(
    entry: pb.Resource.ReservationInfo | pb.Resource.DiskInfo.Persistence, principal: str | None
) -> bool:
    """Whether a principal is given that is not that of the framework; without one all will do."""
    return principal is not None and entry.HasField("principal") and entry.principal != principal


def _other_principal(principal: str) -> str:
    return f"start with --principal={principal}, or leave principal out"


def _no_volume(task: pb.TaskInfo) -> Iterator[Finding]:
    if any(
        item.disk.HasField("persistence") or item.disk.HasField("volume") for item in task.resources
    ):
        return  # a volume without persistence has been told already
    message = "no persistent volume is to be created"
    for index, resource in enumerate(task.resources):
        if resource.name == "disk":
            yield Finding(("resources", index, "disk"), message, f'add "disk": {_VOLUME}')
            return
    hint = f'add a resource "disk" with "disk": {_VOLUME}'
    yield Finding(("resources",), message, hint)
