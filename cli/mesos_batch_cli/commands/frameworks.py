"""``mesos-batch frameworks``: who uses a cluster."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import partial

from mesos_batch.config import cluster_settings as cluster
from mesos_batch.errors import ExitCode
from mesos_batch_cli.cluster_meant import cluster_of
from mesos_batch_cli.output.found import print_all
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch frameworks --master=HOST:PORT [flags]",)
ABOUT = (
    "Lists the frameworks of a cluster: name, roles, principal, state, how many tasks they have, "
    "what those hold, and how many offers they have not answered. Completed ones are shown with "
    "--state=completed or --state=all, as far as the master remembers them."
)
SETTINGS = cluster.FRAMEWORKS


def run(arguments: Sequence[str]) -> int:
    """Print the list.

    Raises:
        UsageError: a flag is wrong.
        ClusterError: no master answers, or it does not let us look.
    """
    values = Values(arguments, os.environ, SETTINGS)

    from mesos_batch.cluster import look_at_cluster
    from mesos_batch.model.selecting import FrameworkSelector
    from mesos_batch_cli.output.cluster_table import framework_fields, framework_table

    selector = FrameworkSelector(
        values[cluster.NAME], values[cluster.OF_ROLE], values[cluster.FRAMEWORK_STATE]
    )
    found = look_at_cluster(cluster_of(values)).frameworks
    print_all(
        [entry for entry in found if selector.takes(entry)],
        values,
        fields=framework_fields,
        page=partial(framework_table, now=time.time()),
        kind="frameworks",
        nothing="there is no such framework" if found else "there are no frameworks",
    )
    return ExitCode.FINISHED
