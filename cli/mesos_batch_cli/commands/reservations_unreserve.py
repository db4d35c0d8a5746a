"""``mesos-batch reservations unreserve``: give reserved resources of one agent back."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mesos_batch.config import volume_settings as volumes
from mesos_batch.errors import ExitCode
from mesos_batch_cli.output.outcome import tell_nothing_done
from mesos_batch_cli.reservation_wish import WHOM, acting_options, reserve_wish
from mesos_batch_cli.values import Values
from mesos_batch_cli.volume_run import carry_out, confirmed, look_at, preview

USAGE = (
    f"mesos-batch reservations unreserve {WHOM} --resources='cpus:2;mem:64' --agent=AGENT [flags]",
)
ABOUT = (
    "Gives reserved resources of one agent back to everybody. What tasks use or volumes are on is "
    "refused, and then nothing is sent."
)
SETTINGS = volumes.UNRESERVE


def run(arguments: Sequence[str]) -> int:
    """Unreserve and give the exit code.

    Raises:
        UsageError: a flag is wrong, or nobody can be asked.
        RefusedError: it is not reserved like that, in use, or its agent is away.
        ClusterError: no master answers, or it does not let us look.
        JournalError: the run cannot be kept, so nothing was sent.
    """
    values = Values(arguments, os.environ, SETTINGS)

    from mesos_batch.volumes import plan_unreserve

    options = acting_options(values)
    wish = reserve_wish(values, options)
    cluster, _ = look_at(options, values)
    changes = plan_unreserve(wish, cluster)
    preview(changes, cluster, values)
    if not confirmed("Give this back to everybody?", yes=values[volumes.YES]):
        tell_nothing_done("nothing was unreserved", values)
        return ExitCode.TASK_FAILED
    return carry_out(changes, options, "reservations unreserve", values)
