"""``mesos-batch volumes create``: reserve disk and create volumes on it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mesos_batch.config import volume_settings as volumes
from mesos_batch.config.setting import Setting
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.cluster_meant import cluster_of
from mesos_batch_cli.run_options import check_output
from mesos_batch_cli.values import Origin, Values
from mesos_batch_cli.volume_run import carry_out, look_at, missing_of, needs_role_and_principal

if TYPE_CHECKING:
    from mesos_batch.api import RunOptions
    from mesos_batch.model.change import Change
    from mesos_batch.model.cluster import ClusterView
    from mesos_batch.volumes import Ledger

USAGE = (
    "mesos-batch volumes create --master=HOST:PORT --role=ROLE --principal=NAME --size=MB [flags]",
    "mesos-batch volumes create --master=HOST:PORT --role=ROLE --principal=NAME --resource=FILE",
)
ABOUT = (
    "Reserves disk and creates persistent volumes on it, and ends with 0 when the agents have "
    "confirmed each one. Ended before that, 'mesos-batch resume' goes on and 'mesos-batch volumes "
    "destroy --run=RUN' undoes what was done."
)
SETTINGS = volumes.CREATE
# What a file says, flags cannot say too.
_NOT_WITH_RESOURCE: tuple[Setting[Any], ...] = (
    volumes.SIZE,
    volumes.COUNT,
    volumes.ID,
    volumes.CONTAINER_PATH,
    volumes.SHARED,
    volumes.DISK,
    volumes.DISK_ROOT,
    volumes.ONE_PER_AGENT,
    volumes.AGENT_ATTRIBUTES,
)


def run(arguments: Sequence[str]) -> int:
    """Create them and give the exit code.

    Raises:
        UsageError: a flag is wrong, or a volume with that id exists.
        NoRoomError: no agent could ever hold one.
        ClusterError: no master answers, or it does not let us look.
        JournalError: the run cannot be kept, so nothing was sent.
    """
    values = Values(arguments, os.environ, SETTINGS)
    _check(values)
    options = replace(cluster_of(values), role=values[volumes.ROLE])
    needs_role_and_principal(options.role, options.principal)
    if values[volumes.RESOURCE] is not None:
        return _from_file(values, options)
    cluster, ledger = look_at(options, values)
    changes = _wished(values, cluster, ledger, options.principal)
    return carry_out(changes, options, "volumes create", values)


def _check(values: Values) -> None:
    check_output(values)
    if values[volumes.RESOURCE] is not None:
        for setting in _NOT_WITH_RESOURCE:
            if values.origin(setting) is Origin.FLAG:
                raise UsageError(f"--{setting.name} contradicts --resource, which says it all")
    elif values[volumes.SIZE] is None:
        raise UsageError("no size is given", "Add --size=MB, or --resource=FILE.")
    if values[volumes.DISK_ROOT] is not None and values[volumes.DISK] == "root":
        raise UsageError("--disk_root goes with --disk=path or --disk=mount")


def _wished(
    values: Values, cluster: ClusterView, ledger: Ledger, principal: str | None
) -> list[Change]:
    from mesos_batch.volumes import CreateWish, Disk, plan_create

    wish = CreateWish(
        role=values[volumes.ROLE],
        principal=principal,
        size=values[volumes.SIZE] or 0.0,
        count=values[volumes.COUNT],
        volume_id=values[volumes.ID],
        container_path=values[volumes.CONTAINER_PATH],
        shared=values[volumes.SHARED],
        disk=Disk(values[volumes.DISK]),
        disk_root=values[volumes.DISK_ROOT],
        agents=values[volumes.AGENT],
        attributes=values[volumes.AGENT_ATTRIBUTES],
        one_per_agent=values[volumes.ONE_PER_AGENT],
    )
    return plan_create(wish, cluster, ledger)


def _from_file(values: Values, options: RunOptions) -> int:
    from mesos_batch_cli.output.outcome import tell_nothing_done
    from mesos_batch_cli.task_list import read_volume_resource

    read = read_volume_resource(
        values[volumes.RESOURCE] or "", "--resource", options.role, options.principal
    )
    agents = values[volumes.AGENT] or ((read.agent_id,) if read.agent_id else ())
    changes = missing_of(read, agents, options, values)
    if not changes:
        tell_nothing_done("all of it is there already: there is nothing to do", values)
        return ExitCode.FINISHED
    return carry_out(changes, options, f"volumes create {read.name}", values)
