"""Writing off what was on an agent that is gone for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch.errors import RefusedError
from mesos_batch.model.change import Change, ChangeKind
from mesos_batch.model.operation import OperationType
from mesos_batch.model.resources import Resources

if TYPE_CHECKING:
    from mesos_batch.model.cluster import ClusterView
    from mesos_batch.volumes.ledger import Ledger


def plan_forget(agent_id: str, cluster: ClusterView, ledger: Ledger) -> list[Change]:
    """A change that leaves all holdings on an agent out of the ledger; the cluster is not asked.

    Raises:
        RefusedError: the agent is there, or may come back, or the ledger has nothing on it.
    """
    if cluster.agent(agent_id) is not None:
        raise RefusedError(
            f"agent {agent_id} is registered with the master: nothing on it is written off",
            "Destroy the volumes by their ids.",
        )
    if agent_id in cluster.recovering:
        raise RefusedError(f"agent {agent_id} is one the new master still waits for")
    reserved, volumes = Resources(), Resources()
    for holding in ledger.on(agent_id):
        reserved += holding.reserved + holding.perhaps(OperationType.RESERVE)
        volumes += holding.volumes + holding.perhaps(OperationType.CREATE)
    if not reserved and not volumes:
        raise RefusedError(f"the ledger has nothing on agent {agent_id}")
    return [Change(ChangeKind.FORGET, reserved, volumes, frozenset({agent_id}))]
