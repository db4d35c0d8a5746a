"""``mesos-batch reservations reserve`` and ``unreserve``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mesos_batch.config import settings as the
from mesos_batch.config import volume_settings as volumes
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.help import help_text
from mesos_batch_cli.output.streams import emit
from mesos_batch_cli.run_options import check_output
from mesos_batch_cli.seedflags import asks_for_help
from mesos_batch_cli.values import Values
from mesos_batch_cli.volume_run import (
    carry_out,
    cluster_of,
    confirmed,
    look_at,
    needs_role_and_principal,
    paint_and_width,
    show,
)

if TYPE_CHECKING:
    from mesos_batch.api import RunOptions
    from mesos_batch.volumes import ReserveWish

_WHOM = "--master=HOST:PORT --role=ROLE --principal=NAME"
RESERVE_USAGE = (f"mesos-batch reservations reserve {_WHOM} --resources='cpus:2;mem:64' [flags]",)
RESERVE_ABOUT = "Reserves resources of agents for a role, and waits until the agents confirm it."
UNRESERVE_USAGE = (
    f"mesos-batch reservations unreserve {_WHOM} --resources='cpus:2;mem:64' --agent=AGENT [flags]",
)
UNRESERVE_ABOUT = (
    "Gives reserved resources of one agent back to everybody. What tasks use or volumes are on is "
    "refused, and then nothing is sent."
)


def reserve(arguments: Sequence[str]) -> int:
    """Reserve and give the exit code.

    Raises:
        UsageError: a flag is wrong.
        NoRoomError: no agent could ever hold it.
        ClusterError: no master answers, or it does not let us look.
        JournalError: the run cannot be kept, so nothing was sent.
    """
    if asks_for_help(arguments):
        emit(sys.stdout, help_text(RESERVE_USAGE, RESERVE_ABOUT, volumes.RESERVE))
        return ExitCode.FINISHED
    values = Values(arguments, os.environ, volumes.RESERVE)

    from mesos_batch.volumes import plan_reserve

    options = _options(values)
    wish = replace(
        _wish(values, options),
        count=values[volumes.COUNT],
        attributes=values[volumes.AGENT_ATTRIBUTES],
        one_per_agent=values[volumes.ONE_PER_AGENT],
    )
    cluster, _ = look_at(options, values)
    changes = plan_reserve(wish, cluster)
    return carry_out(changes, options, "reservations reserve", values)


def unreserve(arguments: Sequence[str]) -> int:
    """Unreserve and give the exit code.

    Raises:
        UsageError: a flag is wrong, or nobody can be asked.
        RefusedError: it is not reserved like that, in use, or its agent is away.
        ClusterError: no master answers, or it does not let us look.
        JournalError: the run cannot be kept, so nothing was sent.
    """
    if asks_for_help(arguments):
        emit(sys.stdout, help_text(UNRESERVE_USAGE, UNRESERVE_ABOUT, volumes.UNRESERVE))
        return ExitCode.FINISHED
    values = Values(arguments, os.environ, volumes.UNRESERVE)

    from mesos_batch.volumes import plan_unreserve
    from mesos_batch_cli.output.volume_table import plan_table

    options = _options(values)
    wish = _wish(values, options)
    cluster, _ = look_at(options, values)
    changes = plan_unreserve(wish, cluster)
    if not values[the.QUIET]:
        show(plan_table(changes, cluster, *paint_and_width(values)))
    if not confirmed("Give this back to everybody?", yes=values[volumes.YES]):
        emit(sys.stderr, "nothing was unreserved")
        return ExitCode.TASK_FAILED
    return carry_out(changes, options, "reservations unreserve", values)


def _options(values: Values) -> RunOptions:
    check_output(values)
    options = replace(cluster_of(values), role=values[volumes.ROLE])
    needs_role_and_principal(options.role, options.principal)
    return options


def _wish(values: Values, options: RunOptions) -> ReserveWish:
    from mesos_batch.volumes import ReserveWish

    resources = values[volumes.RESOURCES]
    if resources is None:
        raise UsageError("no resources are given", "Add --resources='cpus:2;mem:64'.")
    return ReserveWish(
        role=options.role,
        principal=options.principal,
        resources=resources,
        agents=values[volumes.AGENT],
    )
