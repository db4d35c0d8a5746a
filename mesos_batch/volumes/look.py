"""Looks at the cluster that options name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesos_batch.config.masters import LOCAL
from mesos_batch.errors import UsageError
from mesos_batch.registration import login_of
from mesos_batch.runtime import operator
from mesos_batch.runtime.leaders import masters_at

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
    if options.master == LOCAL:
        raise UsageError(
            "the cluster of --master=local lives and ends with a run",
            "Start 'mesos-batch local' in another terminal and give its address.",
        )
    return operator.look(masters_at(options.master), login_of(options))
