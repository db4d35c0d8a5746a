"""``mesos-batch volumes list``: all persistent volumes of a cluster."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mesos_batch.config import volume_settings as volumes
from mesos_batch.errors import ExitCode
from mesos_batch_cli.cluster_meant import cluster_of
from mesos_batch_cli.output.found import print_all
from mesos_batch_cli.values import Values
from mesos_batch_cli.volume_run import look_at

USAGE = ("mesos-batch volumes list --master=HOST:PORT [flags]",)
ABOUT = (
    "Lists the persistent volumes of all registered agents: id, agent, role, principal, size, "
    "where they appear in a sandbox, which tasks use them, and which run of ours made them."
)
SETTINGS = volumes.LIST


def run(arguments: Sequence[str]) -> int:
    """Print the list.

    Raises:
        UsageError: a flag is wrong.
        ClusterError: no master answers, or it does not let us look.
        JournalError: the directory of the runs cannot be read.
    """
    values = Values(arguments, os.environ, SETTINGS)

    from mesos_batch.volumes import list_volumes
    from mesos_batch_cli.output.volume_table import volume_fields, volume_table

    cluster, ledger = look_at(cluster_of(values), values)
    found = list_volumes(cluster, ledger, values[volumes.OF_ROLE])
    print_all(
        found,
        values,
        fields=volume_fields,
        page=volume_table,
        kind="volumes",
        nothing="there are no persistent volumes",
    )
    return ExitCode.FINISHED
