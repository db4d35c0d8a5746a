"""``mesos-batch tasks``: the tasks of all frameworks of a cluster."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from functools import partial

from mesos_batch.config import cluster_settings as cluster
from mesos_batch.config import settings as the
from mesos_batch.errors import ExitCode
from mesos_batch_cli.cluster_meant import cluster_of
from mesos_batch_cli.output.found import print_all
from mesos_batch_cli.output.streams import emit
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch tasks --master=HOST:PORT [flags]",)
ABOUT = (
    "Lists the tasks of all frameworks of a cluster, not only ours: where they run, in which "
    "state and since when, and what they hold. Tasks that are over are shown with --state."
)
SETTINGS = cluster.TASKS
_ROWS = 1000


def run(arguments: Sequence[str]) -> int:
    """Print the list.

    Raises:
        UsageError: a flag is wrong.
        ClusterError: no master answers, or it does not let us look.
    """
    values = Values(arguments, os.environ, SETTINGS)

    from mesos_batch.cluster import look_at_cluster
    from mesos_batch.model.selecting import NOT_OVER, TaskSelector
    from mesos_batch_cli.output.cluster_table import task_fields, task_table

    selector = TaskSelector(
        name=values[cluster.TASK_NAME],
        framework=values[cluster.FRAMEWORK],
        agents=values[cluster.AGENT],
        role=values[cluster.OF_ROLE],
        states=values[cluster.TASK_STATE],
    )
    what_is_over = not selector.states <= NOT_OVER
    tasks = look_at_cluster(cluster_of(values), what_is_over=what_is_over).tasks
    chosen = [entry for entry in tasks if selector.takes(entry)]
    limit = values[cluster.LIMIT] or (len(chosen) if values[the.JSON] else _ROWS)
    print_all(
        chosen[:limit],
        values,
        fields=task_fields,
        page=partial(task_table, now=time.time()),
        kind="tasks",
        nothing="there is no such task" if tasks else "there are no tasks",
    )
    if len(chosen) > limit:
        more = f"{len(chosen) - limit:,} more of {len(chosen):,}"
        emit(sys.stderr, f"… and {more}; --limit={len(chosen)} shows all of them")
    return ExitCode.FINISHED
