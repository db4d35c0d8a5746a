"""``mesos-batch agents``: the agents of a cluster, and what is used of them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from functools import partial

from mesos_batch.config import cluster_settings as cluster
from mesos_batch.errors import ExitCode
from mesos_batch_cli.cluster_meant import cluster_of
from mesos_batch_cli.output.found import print_all
from mesos_batch_cli.output.streams import speaks_unicode
from mesos_batch_cli.selecting import agent_selector
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch agents --master=HOST:PORT [flags]",)
ABOUT = (
    "Lists the agents that are registered with the master, and those a new master still waits "
    "for: their state, how much of them is used, attributes, version, and for how long they have "
    "been registered. The master does not tell of agents it has given up as unreachable."
)
SETTINGS = cluster.AGENTS


def run(arguments: Sequence[str]) -> int:
    """Print the list.

    Raises:
        UsageError: a flag is wrong.
        ClusterError: no master answers, or it does not let us look.
    """
    values = Values(arguments, os.environ, SETTINGS)
    selector = agent_selector(values, values[cluster.AGENT_STATE])

    from mesos_batch.cluster import look_at_agents
    from mesos_batch_cli.output.cluster_table import agent_fields, agent_table

    found = look_at_agents(cluster_of(values)).agents
    print_all(
        [entry for entry in found if selector.takes(entry)],
        values,
        fields=agent_fields,
        page=partial(agent_table, now=time.time(), unicode=speaks_unicode(sys.stdout)),
        kind="agents",
        nothing="no agent is registered" if not found else "there is no such agent",
    )
    return ExitCode.FINISHED
