"""``mesos-batch volumes``: list, create, destroy and audit persistent volumes."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.output.streams import emit
from mesos_batch_cli.seedflags import asks_for_help

USAGE = (
    "mesos-batch volumes list [flags]         all volumes, with who uses and who made them",
    "mesos-batch volumes create [flags]       reserve disk and create volumes on it",
    "mesos-batch volumes destroy ID... [flags]  destroy volumes and unreserve their disk",
    "mesos-batch volumes audit [flags]        hold our ledger against the cluster",
)
ABOUT = (
    "Persistent volumes are directories on agents that outlive tasks and frameworks. Every step is "
    "confirmed by the cluster and kept in a ledger. --help after a command lists its flags."
)


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say and give the exit code.

    Raises:
        MesosBatchError: nothing was sent, for a reason the user can do something about.
    """
    match arguments:
        case ["list", *rest]:
            from mesos_batch_cli.commands import volumes_list

            return volumes_list.run(rest)
        case ["create", *rest]:
            from mesos_batch_cli.commands import volumes_create

            return volumes_create.run(rest)
        case ["destroy", *rest]:
            from mesos_batch_cli.commands import volumes_destroy

            return volumes_destroy.run(rest)
        case ["audit", *rest]:
            from mesos_batch_cli.commands import volumes_audit

            return volumes_audit.run(rest)
    if asks_for_help(arguments):
        emit(sys.stdout, "\n".join([ABOUT, "", *USAGE]))
        return ExitCode.FINISHED
    raise UsageError(
        "'mesos-batch volumes' is followed by list, create, destroy or audit",
        "Write mesos-batch volumes list.",
    )
