"""Volumes, reservations, and what is about to go, as tables and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mesos_batch.model.change import ChangeKind
from mesos_batch.model.resource_text import in_few_words
from mesos_batch_cli.output.streams import Paint
from mesos_batch_cli.output.table import table
from mesos_batch_cli.output.text import agent_name

if TYPE_CHECKING:
    from mesos_batch.model.change import Change
    from mesos_batch.model.cluster import ClusterView
    from mesos_batch.volumes import ReservationInfo, VolumeInfo

_VOLUMES = (
    "VOLUME", "AGENT", "ROLE", "PRINCIPAL", "SIZE", "DISK", "PATH", "SHARED", "IN USE BY", "RUN",
)  # fmt: skip
_RESERVATIONS = (
    "AGENT", "ROLE", "PRINCIPAL", "TYPE", "RESERVED", "IN VOLUMES", "IN USE", "RUNS",
)  # fmt: skip
_PLAN = ("VOLUME", "AGENT", "SIZE", "UNRESERVES", "NOTE")


def volume_table(volumes: Sequence[VolumeInfo], paint: Paint, width: int | None) -> list[str]:
    """A row for each volume."""
    rows = [
        (
            info.volume_id,
            agent_name(info.agent.agent_id, info.agent.hostname) + _away(active=info.agent.active),
            info.role,
            info.principal or "",
            f"{info.resource.value} MB",
            "" if info.disk == "root" else info.disk,
            info.container_path,
            "yes" if info.resource.shared else "",
            _used_by(info),
            info.run_id or "",
        )
        for info in volumes
    ]
    return table(_VOLUMES, rows, paint, width, right=("SIZE",))


def _away(*, active: bool) -> str:
    return "" if active else " (away)"


def _used_by(info: VolumeInfo) -> str:
    names = ", ".join(user.task_id for user in info.users)
    return names or ("yes" if info.in_use else "")


def volume_fields(info: VolumeInfo) -> dict[str, Any]:
    """A volume; ``size`` is MB."""
    return {
        "id": info.volume_id,
        "agent_id": info.agent.agent_id,
        "hostname": info.agent.hostname,
        "active": info.agent.active,
        "role": info.role,
        "principal": info.principal,
        "size": info.size,
        "disk": info.disk,
        "container_path": info.container_path,
        "shared": info.resource.shared,
        "in_use": info.in_use,
        "users": [
            {
                "task_id": user.task_id,
                "framework_id": user.framework_id,
                "framework_name": user.framework_name,
            }
            for user in info.users
        ],
        "run_id": info.run_id,
    }


def reservation_table(
    reservations: Sequence[ReservationInfo], paint: Paint, width: int | None
) -> list[str]:
    """A row for each agent, role and principal."""
    rows = [
        (
            agent_name(info.agent.agent_id, info.agent.hostname) + _away(active=info.agent.active),
            info.reservation.role,
            info.reservation.principal or "",
            info.reservation.type.name.lower(),
            in_few_words(info.resources),
            in_few_words(info.in_volumes) if info.in_volumes else "",
            in_few_words(info.used) if info.used else "",
            ", ".join(info.run_ids),
        )
        for info in reservations
    ]
    return table(_RESERVATIONS, rows, paint, width)


def reservation_fields(info: ReservationInfo) -> dict[str, Any]:
    """What an agent has reserved in one way, as text of Mesos' form."""
    return {
        "agent_id": info.agent.agent_id,
        "hostname": info.agent.hostname,
        "active": info.agent.active,
        "role": info.reservation.role,
        "principal": info.reservation.principal,
        "type": info.reservation.type.name,
        "labels": dict(info.reservation.labels),
        "resources": in_few_words(info.resources),
        "in_volumes": in_few_words(info.in_volumes) if info.in_volumes else None,
        "used": in_few_words(info.used) if info.used else None,
        "run_ids": list(info.run_ids),
    }


def plan_table(
    changes: Sequence[Change], cluster: ClusterView, paint: Paint, width: int | None
) -> list[str]:
    """What is about to go."""
    rows = []
    for change in changes:
        (agent_id,) = change.agents or ("",)
        agent = cluster.agent(agent_id)
        place = agent_name(agent_id, agent.hostname if agent is not None else None)
        sizes = ", ".join(f"{volume.value} MB" for volume in change.volumes)
        names = ", ".join(change.volume_ids)
        note = "written off" if change.kind is ChangeKind.FORGET else ""
        unreserves = in_few_words(change.reserved) if change.reserved else ""
        rows.append((names, place, sizes, unreserves, note))
    return table(_PLAN, rows, paint, width)
