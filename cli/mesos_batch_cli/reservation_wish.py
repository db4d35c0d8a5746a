"""What 'reservations reserve' and 'reservations unreserve' read from their flags."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mesos_batch.config import volume_settings as volumes
from mesos_batch.errors import UsageError
from mesos_batch_cli.cluster_meant import cluster_of
from mesos_batch_cli.run_options import check_output
from mesos_batch_cli.values import Values
from mesos_batch_cli.volume_run import needs_role_and_principal

if TYPE_CHECKING:
    from mesos_batch.api import RunOptions
    from mesos_batch.volumes import ReserveWish

WHOM = "--master=HOST:PORT --role=ROLE --principal=NAME"


def acting_options(values: Values) -> RunOptions:
    """Which cluster, and who acts there.

    Raises:
        UsageError: the role or the principal is missing, or flags contradict each other.
    """
    check_output(values)
    options = replace(cluster_of(values), role=values[volumes.ROLE])
    needs_role_and_principal(options.role, options.principal)
    return options


def reserve_wish(values: Values, options: RunOptions) -> ReserveWish:
    """Which resources, of which agent.

    Raises:
        UsageError: no resources are given.
    """
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
