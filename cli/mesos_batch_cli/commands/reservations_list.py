"""``mesos-batch reservations list``: what is reserved on each agent."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mesos_batch.config import volume_settings as volumes
from mesos_batch.errors import ExitCode
from mesos_batch_cli.cluster_meant import cluster_of
from mesos_batch_cli.output.found import print_all
from mesos_batch_cli.values import Values
from mesos_batch_cli.volume_run import look_at

USAGE = ("mesos-batch reservations list --master=HOST:PORT [flags]",)
ABOUT = (
    "Lists what each agent has reserved: for which role, by which principal, how much of it is in "
    "volumes and in use, and which runs of ours made it."
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

    from mesos_batch.volumes import list_reservations
    from mesos_batch_cli.output.volume_table import reservation_fields, reservation_table

    cluster, ledger = look_at(cluster_of(values), values)
    found = list_reservations(cluster, ledger, values[volumes.OF_ROLE])
    print_all(
        found,
        values,
        fields=reservation_fields,
        page=reservation_table,
        kind="reservations",
        nothing="nothing is reserved",
    )
    return ExitCode.FINISHED
