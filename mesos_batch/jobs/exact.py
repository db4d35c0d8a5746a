"""Volumes that a task names by id only, spelled out as they are on the cluster.

Our own scheduler finds a volume by its id; Mesos and the original mesos-batch want the whole
resource: reservation, size, principal. One volume of that id has to be meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.cluster import AgentState, ClusterView, volume_id
from mesos_batch.model.resource import Resource, Volume
from mesos_batch.model.resources import Resources
from mesos_batch.model.task import TaskSpec
from mesos_batch.protocol import json_dialect
from mesos_batch.protocol.values import resource_to
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.reservation_rules import innermost_role

Located = tuple[AgentState, Resource]


class Volumes:
    """The volumes of a cluster, by id; those of one role where it is given.

    The cluster is looked at when the first volume is asked for. Without ``look`` there is none.
    """

    def __init__(self, look: Callable[[], ClusterView] | None, role: str | None = None) -> None:
        self._look = look
        self._role = role

    @property
    def can_be_asked(self) -> bool:
        """Whether there is a cluster."""
        return self._look is not None

    def named(self, name: str) -> Sequence[Located]:
        """The volumes of that id, each with its agent.

        Raises:
            MesosBatchError: the cluster cannot be looked at.
        """
        return self._found.get(name, ())

    @cached_property
    def _found(self) -> Mapping[str, Sequence[Located]]:
        assert self._look is not None, "can_be_asked"
        found: dict[str, list[Located]] = {}
        for agent, volume in self._look().volumes():
            if self._role in (None, volume.reservation_role):
                found.setdefault(volume_id(volume), []).append((agent, volume))
        return found


def plain_json(spec: TaskSpec, volumes: Volumes) -> tuple[str, list[Finding]]:
    """The ``TaskInfo`` of a task in the JSON of Mesos, and why it is not what it should be.

    Raises:
        MesosBatchError: there is a volume in it, and the cluster cannot be looked at.
    """
    task = pb.TaskInfo.FromString(spec.payload)
    by_id = {
        at: resource
        for at, resource in enumerate(task.resources)
        if resource.disk.HasField("persistence") and innermost_role(resource) is None
    }
    findings = list(_spell_out(task, by_id, volumes)) if by_id else []
    return json_dialect.dumps(task), findings


def _spell_out(
    task: pb.TaskInfo, by_id: Mapping[int, pb.Resource], volumes: Volumes
) -> Iterator[Finding]:
    """Write the volumes that are meant into a task, and where they are; or say why not."""
    pinned = task.agent_id.value
    meant: dict[int, list[Located]] = {}
    for at, resource in by_id.items():
        name = resource.disk.persistence.id
        if not volumes.can_be_asked:
            message = f"where the volume '{name}' is and of which size, only a cluster knows"
            yield _finding(at, message, "add --master=HOST:PORT")
            return
        known = volumes.named(name)
        meant[at] = [item for item in known if pinned in ("", item[0].agent_id)]
        if not known:
            yield _finding(at, f"no agent of the cluster has a volume '{name}'")
        elif not meant[at]:
            yield _finding(at, f"the volume '{name}' is not on {pinned} but on {_agents(known)}")
    together = set.intersection(*({agent.agent_id for agent, _ in one} for one in meant.values()))
    if all(meant.values()) and not together:
        names = " and ".join(f"'{item.disk.persistence.id}'" for item in by_id.values())
        yield _finding(min(by_id), f"no agent has the volumes {names} together")
    for at in by_id if together else ():
        found = [item for item in meant[at] if item[0].agent_id in together]
        if len(found) > 1:
            name = by_id[at].disk.persistence.id
            message = f"there are several volumes '{name}': on {_agents(found)}"
            yield _finding(at, message, "say which by agent_id, or by --role")
            continue
        ((agent, volume),) = found
        wanted, size = by_id[at].scalar.value, Resources([volume]).amount(volume.name)
        if wanted > size:
            name = by_id[at].disk.persistence.id
            yield _finding(at, f"the volume '{name}' has {size:g} MB, not {wanted:g}")
            continue
        task.agent_id.value = agent.agent_id
        place = by_id[at].disk.volume.container_path
        by_id[at].CopyFrom(resource_to(_placed(volume, place)))


def _finding(at: int, message: str, hint: str | None = None) -> Finding:
    return Finding(("resources", at, "disk", "persistence", "id"), message, hint)


def _placed(volume: Resource, path: str) -> Resource:
    """The volume under another name in the sandbox, where one is given."""
    if not path or volume.disk is None:
        return volume
    return replace(volume, disk=replace(volume.disk, volume=Volume(path)))


def _agents(found: Sequence[Located]) -> str:
    return ", ".join(f"{agent.place} for role {volume.reservation_role}" for agent, volume in found)
