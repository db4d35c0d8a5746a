"""Volume resources: what is to be reserved, and the persistent volumes to be created on it.

A volume resource is a ``TaskInfo`` whose resources count and nothing else, as the original took
it in ``--persistent_volume_resource``: JSON in the dialect of Mesos, protobuf, or protobuf text
format.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.resource import Resource
from mesos_batch.model.resources import Resources
from mesos_batch.protocol.values import resources_from
from mesos_batch.spec import formats
from mesos_batch.spec.creation_rules import creation_findings
from mesos_batch.spec.problems import InvalidTaskListError, Problem, Severity, sort_problems
from mesos_batch.spec.required_fields import missing_fields
from mesos_batch.spec.volume_resource_form import VOLUME_RESOURCE


@dataclass(frozen=True, slots=True)
class VolumeResource:
    """What is to be reserved and created together on one agent.

    ``name`` is how messages call it. ``resources`` are in post-refinement form without
    allocation, persistent volumes among them. ``agent_id`` names the agent, if it must be a
    certain one.
    """

    name: str
    resources: Resources
    agent_id: str | None
    warnings: tuple[Problem, ...] = ()


def load_volume_resource(
    data: bytes, name: str, role: str, principal: str | None
) -> VolumeResource:
    """Read a volume resource of any format and check it for a framework of this role and principal.

    A principal that is not given is that of the framework.

    Raises:
        InvalidTaskListError: there are errors; all of them are in ``problems``.
    """
    reading = formats.read(data, name, VOLUME_RESOURCE)
    findings = reading.findings
    task = reading.tasks[0] if reading.tasks else None
    if task is not None:
        _fill_required(task)
        findings += reading.blocked.take(missing_fields(task))
        findings += reading.blocked.take(creation_findings(task, role, principal))
    problems = sort_problems([*reading.problems, *reading.place(findings)])
    if task is None or any(problem.severity is Severity.ERROR for problem in problems):
        raise InvalidTaskListError(f"the {VOLUME_RESOURCE.title} {name}", problems)
    resources = resources_from(task.resources).allocated_to(None)
    filled = resources.map(lambda resource: _with_principal(resource, principal))
    return VolumeResource(name, filled, task.agent_id.value or None, problems)


def _fill_required(task: pb.TaskInfo) -> None:
    """Set what a ``TaskInfo`` must have and a volume resource need not."""
    for holder in (task.task_id, task.agent_id):
        if not holder.value:
            holder.value = ""
    if not task.name:
        task.name = ""


def _with_principal(resource: Resource, principal: str | None) -> Resource:
    """The resource reserved and created by the framework where nobody else is named."""
    if resource.is_dynamically_reserved and resource.reservations[-1].principal is None:
        innermost = replace(resource.reservations[-1], principal=principal)
        reservations = (*resource.reservations[:-1], innermost)
        resource = replace(resource, reservations=reservations)
    disk = resource.disk
    if disk is None or disk.persistence_id is None or disk.persistence_principal is not None:
        return resource
    return replace(resource, disk=replace(disk, persistence_principal=principal))
