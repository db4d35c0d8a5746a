"""The original's flags on persistent volumes: --persistent_volume, --remove_persistent_volume."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesos_batch.config import settings as the
from mesos_batch.config import volume_flags as flags
from mesos_batch.config.masters import LOCAL
from mesos_batch.errors import ExitCode
from mesos_batch_cli.output.outcome import tell_nothing_done
from mesos_batch_cli.output.streams import say_warning
from mesos_batch_cli.values import Origin, Values
from mesos_batch_cli.volume_run import carry_out, look_at, missing_of, tell_refused

if TYPE_CHECKING:
    from mesos_batch.api import RunOptions
    from mesos_batch.model.change import Change
    from mesos_batch.spec.volume_resource import VolumeResource

_FLAG = "--persistent_volume_resource"


def wanted(options: RunOptions, values: Values) -> Sequence[Change]:
    """What has to be reserved and created before the tasks.

    Raises:
        TaskListError: the file cannot be read.
        UsageError: volumes of these ids are elsewhere or of another size.
        RefusedError: a volume belongs to another principal, or its agent is away.
        NoRoomError: no agent could ever hold it.
        ClusterError: no master answers, or it does not let us look.
        JournalError: the directory of the runs cannot be read.
    """
    from mesos_batch.volumes import plan_on_new_cluster

    read = _read(options, values)
    if options.master == LOCAL:
        return plan_on_new_cluster(read.resources)
    agents = (read.agent_id,) if read.agent_id is not None else ()
    return missing_of(read, agents, options, values)


def remove(options: RunOptions, values: Values) -> ExitCode:
    """Destroy the volumes of the file, unreserve the rest of it, and give the exit code.

    Raises:
        TaskListError: the file cannot be read.
        ClusterError: no master answers, or it does not let us look.
        JournalError: the run cannot be kept, so nothing was sent.
    """
    from mesos_batch.volumes import plan_remove

    if values.origin(the.TASK_LIST) is Origin.FLAG:
        say_warning("no task is run with --remove_persistent_volume: --task_list is not used")
    read = _read(options, values)
    cluster, ledger = look_at(options, values)
    plan = plan_remove(
        read.resources,
        cluster,
        ledger,
        principal=options.principal,
        agent_id=read.agent_id,
    )
    if tell_refused(plan, values):
        return ExitCode.TASK_FAILED
    if not plan.changes:
        tell_nothing_done("the cluster has nothing of it: there is nothing to remove", values)
        return ExitCode.FINISHED
    return carry_out(plan.changes, options, f"remove {read.name}", values)


def _read(options: RunOptions, values: Values) -> VolumeResource:
    from mesos_batch_cli.task_list import read_volume_resource

    text = values[flags.PERSISTENT_VOLUME_RESOURCE] or ""
    return read_volume_resource(text, _FLAG, options.role, options.principal)
