"""``mesos-batch reservations reserve``: reserve resources of agents for a role."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from mesos_batch.config import volume_settings as volumes
from mesos_batch_cli.reservation_wish import WHOM, acting_options, reserve_wish
from mesos_batch_cli.values import Values
from mesos_batch_cli.volume_run import carry_out, look_at

USAGE = (f"mesos-batch reservations reserve {WHOM} --resources='cpus:2;mem:64' [flags]",)
ABOUT = "Reserves resources of agents for a role, and waits until the agents confirm it."
SETTINGS = volumes.RESERVE


def run(arguments: Sequence[str]) -> int:
    """Reserve and give the exit code.

    Raises:
        UsageError: a flag is wrong.
        NoRoomError: no agent could ever hold it.
        ClusterError: no master answers, or it does not let us look.
        JournalError: the run cannot be kept, so nothing was sent.
    """
    values = Values(arguments, os.environ, SETTINGS)

    from mesos_batch.volumes import plan_reserve

    options = acting_options(values)
    wish = replace(
        reserve_wish(values, options),
        count=values[volumes.COUNT],
        attributes=values[volumes.AGENT_ATTRIBUTES],
        one_per_agent=values[volumes.ONE_PER_AGENT],
    )
    cluster, _ = look_at(options, values)
    changes = plan_reserve(wish, cluster)
    return carry_out(changes, options, "reservations reserve", values)
