"""``mesos-batch volumes audit``: our ledger against the cluster."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial

from mesos_batch.config import volume_settings as volumes
from mesos_batch.errors import ExitCode
from mesos_batch_cli.cluster_meant import cluster_of
from mesos_batch_cli.output.found import print_all
from mesos_batch_cli.values import Values
from mesos_batch_cli.volume_run import destroy_command, look_at

USAGE = ("mesos-batch volumes audit --master=HOST:PORT [flags]",)
ABOUT = (
    "Holds what our runs made, by their journals, against what the cluster has. live: ours and "
    "there. orphan: a run stopped halfway and left it. foreign: no run of ours made it. gone: one "
    "did, and it is not there. Ends with 1 when something is orphan or gone."
)
SETTINGS = volumes.AUDIT


def run(arguments: Sequence[str]) -> int:
    """Print the audit; gives 1 when something needs attention.

    Raises:
        UsageError: a flag is wrong.
        ClusterError: no master answers, or it does not let us look.
        JournalError: the directory of the runs cannot be read.
    """
    values = Values(arguments, os.environ, SETTINGS)

    from mesos_batch.volumes import Standing, audit
    from mesos_batch_cli.keeping import again
    from mesos_batch_cli.output.audit_page import audit_page, finding_fields

    options = cluster_of(values)
    cluster, ledger = look_at(options, values)
    found = audit(cluster, ledger, values[volumes.OF_ROLE])
    page = partial(
        audit_page,
        resume=lambda run_id: again("resume", run_id, values),
        destroy=lambda flag: destroy_command(flag, options, values),
    )
    print_all(
        found,
        values,
        fields=finding_fields,
        page=page,
        kind="findings",
        nothing="neither the ledger nor the cluster has any volume or reservation",
    )
    wrong = bool(ledger.unreadable) or any(
        item.standing in (Standing.ORPHAN, Standing.GONE) for item in found
    )
    return ExitCode.TASK_FAILED if wrong else ExitCode.FINISHED
