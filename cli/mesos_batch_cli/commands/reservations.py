"""``mesos-batch reservations``: list, reserve and unreserve resources of agents."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.output.streams import emit
from mesos_batch_cli.seedflags import asks_for_help

USAGE = (
    "mesos-batch reservations list [flags]       what is reserved, for whom and by whom",
    "mesos-batch reservations reserve [flags]    reserve resources for a role",
    "mesos-batch reservations unreserve [flags]  give them back to everybody",
)
ABOUT = (
    "What is reserved for a role is offered to its frameworks only. --help after a command lists "
    "its flags."
)


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say and give the exit code.

    Raises:
        MesosBatchError: nothing was sent, for a reason the user can do something about.
    """
    match arguments:
        case ["list", *rest]:
            from mesos_batch_cli.commands import reservations_list

            return reservations_list.run(rest)
        case ["reserve", *rest]:
            from mesos_batch_cli.commands import reservations_change

            return reservations_change.reserve(rest)
        case ["unreserve", *rest]:
            from mesos_batch_cli.commands import reservations_change

            return reservations_change.unreserve(rest)
    if asks_for_help(arguments):
        emit(sys.stdout, "\n".join([ABOUT, "", *USAGE]))
        return ExitCode.FINISHED
    raise UsageError(
        "'mesos-batch reservations' is followed by list, reserve or unreserve",
        "Write mesos-batch reservations list.",
    )
