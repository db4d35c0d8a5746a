"""Whether a framework with a given role can use what its tasks ask for."""

from __future__ import annotations

from collections.abc import Iterator

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.names import is_strict_subrole
from mesos_batch.spec.problems import Path, Severity
from mesos_batch.spec.reservation_rules import (
    innermost_entry,
    innermost_path,
    innermost_role,
)


def role_findings(task: pb.TaskInfo, role: str, principal: str | None) -> Iterator[Finding]:
    """What of a task is reserved for others than a framework of this role and principal.

    A framework is offered what is reserved to its role and to the roles above it
    (``src/master/allocator/mesos/hierarchical.cpp``).
    """
    for holder, resources in (("", task.resources), ("executor", task.executor.resources)):
        prefix: Path = (holder, "resources") if holder else ("resources",)
        for index, resource in enumerate(resources):
            for finding in _one(resource, role, principal):
                yield finding.under(*prefix, index)


def _one(resource: pb.Resource, role: str, principal: str | None) -> Iterator[Finding]:
    yield from allocation_findings(resource, role)
    owner = innermost_role(resource)
    if owner is None:
        return
    if owner != role and not is_strict_subrole(role, owner):
        yield other_role(resource, role)
        return
    entry = innermost_entry(resource)
    if principal is not None and entry.HasField("principal") and entry.principal != principal:
        message = f"reserved by principal '{entry.principal}', the framework has '{principal}'"
        path = innermost_path(resource, "principal")
        hint = "it fits only what that principal has reserved"
        yield Finding(path, message, hint, severity=Severity.WARNING)


def allocation_findings(resource: pb.Resource, role: str) -> Iterator[Finding]:
    """What is wrong with an allocation, which is always to the role of the framework."""
    allocated = resource.allocation_info.role
    if allocated and allocated != role:
        message = f"allocated to role '{allocated}', but the framework has role '{role}'"
        yield Finding(("allocation_info", "role"), message, "remove allocation_info")


def other_role(resource: pb.Resource, role: str) -> Finding:
    """Say that a resource is reserved to another role than that of the framework."""
    owner = innermost_role(resource)
    message = f"reserved to role '{owner}', but the framework has role '{role}'"
    return Finding(innermost_path(resource, "role"), message, f"start with --role={owner}")
