"""Looks at the cluster that options name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch.asking import whom_to_ask
from mesos_batch.runtime import operator

if TYPE_CHECKING:
    from mesos_batch.model.cluster import ClusterView
    from mesos_batch.options import RunOptions


def look(options: RunOptions) -> ClusterView:
    """The agents of a cluster with their reservations and volumes, as its master shows them now.

    Only the master of the options, and as whom to come there, are looked at.

    Raises:
        UsageError: the embedded cluster is meant, which is not there before a run nor after it,
            or a file with certificates cannot be used.
        ClusterError: no master answers, or it does not tell us.
    """
    return operator.look(*whom_to_ask(options))
