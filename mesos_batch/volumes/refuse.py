"""Why a volume must not be touched: it is on an agent that is not there, or somebody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch.errors import RefusedError
from mesos_batch.model.cluster import volume_id

if TYPE_CHECKING:
    from mesos_batch.model.cluster import ClusterView
    from mesos_batch.model.resource import Resource
    from mesos_batch.volumes.ledger import Holding

_WRITE_OFF = "--forget_agent={} writes off what was on an agent that is gone for good"


def away(what: str, holding: Holding, cluster: ClusterView) -> str:
    """Say that something is on an agent the master does not have."""
    place = f"{holding.hostname} ({holding.agent_id})"
    if holding.agent_id in cluster.recovering:
        return f"{what} is on agent {place}, which the new master still waits for"
    hint = _WRITE_OFF.format(holding.agent_id)
    return f"{what} is on agent {place}, which is not registered with the master; {hint}"


def refuse_foreign(volume: Resource, principal: str | None, place: str) -> None:
    """Refuse a volume of another principal.

    Raises:
        RefusedError: it is.
    """
    assert volume.disk is not None
    for whose in (volume.disk.persistence_principal, volume.reservations[-1].principal):
        if whose is not None and whose != principal:
            ours = "no principal is given" if principal is None else f"ours is '{principal}'"
            raise RefusedError(
                f"volume {volume_id(volume)} on agent {place} belongs to principal '{whose}'"
                f"; {ours}"
            )
