"""Flags to the options of a run: everything that can be judged without a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mesos_batch.config import settings as the
from mesos_batch.config.masters import LOCAL
from mesos_batch.config.secrets import Credentials, Given, find_credentials
from mesos_batch.config.setting import Setting
from mesos_batch.errors import UsageError
from mesos_batch_cli.values import Origin, Values

if TYPE_CHECKING:
    from mesos_batch.api import RunOptions

_LOCAL_ONLY: tuple[Setting[Any], ...] = (
    the.LOCAL_AGENTS,
    the.LOCAL_CPUS,
    the.LOCAL_MEM,
    the.LOCAL_DISK,
)
_REMOTE_ONLY: tuple[Setting[Any], ...] = (the.SECRET, the.SECRET_FILE)


def check_flags(values: Values) -> str:
    """Refuse flags that are missing, not yet supported or contradict each other.

    Gives the master.

    Raises:
        UsageError: what is wrong and what to write instead.
    """
    _refuse_volumes(values)
    master = values[the.MASTER]
    if master is None:
        raise UsageError(
            "no master is given",
            "Add --master=local to run on this machine, or --master=HOST:PORT for a cluster.",
        )
    if values[the.TASK_LIST] is None:
        raise UsageError("no task list is given", "Add --task_list=FILE.")
    _refuse_misplaced(values, master)
    if not values[the.PARTITION_AWARE] and "PARTITION_AWARE" in values[the.FRAMEWORK_CAPABILITIES]:
        raise UsageError("--no-partition_aware contradicts --framework_capabilities")
    if values[the.QUIET] and values[the.VERBOSE]:
        raise UsageError("--quiet contradicts --verbose")
    return master


def _refuse_misplaced(values: Values, master: str) -> None:
    """Refuse flags of the other kind of master; variables may be set for other runs."""
    for setting in _REMOTE_ONLY if master == LOCAL else _LOCAL_ONLY:
        if values.origin(setting) is Origin.FLAG:
            why = (
                "a local cluster makes its own secret"
                if master == LOCAL
                else "it sizes the cluster of --master=local"
            )
            raise UsageError(f"--{setting.name} cannot be used with --master={master}: {why}")


def _refuse_volumes(values: Values) -> None:
    for switch in (the.PERSISTENT_VOLUME, the.REMOVE_PERSISTENT_VOLUME):
        if values[switch]:
            raise UsageError(f"--{switch.name} is not yet supported")
    if values[the.PERSISTENT_VOLUME_RESOURCE] is not None:
        raise UsageError(f"--{the.PERSISTENT_VOLUME_RESOURCE.name} is not yet supported")


def credentials_for(values: Values, master: str) -> Credentials:
    """Who we are to the master; reads the secret file or the keyring where needed.

    Raises:
        UsageError: as :func:`mesos_batch.config.secrets.find_credentials`.
    """
    if master == LOCAL:
        return Credentials(values[the.PRINCIPAL])
    given = Given(
        principal=values[the.PRINCIPAL],
        flag_secret=values.from_flag(the.SECRET),
        flag_file=values.from_flag(the.SECRET_FILE),
        env_secret=values.from_environment(the.SECRET),
        env_file=values.from_environment(the.SECRET_FILE),
    )
    return find_credentials(given, keyring_master=master)


def run_options(values: Values, master: str, credentials: Credentials) -> RunOptions:
    """The options of a run, from flags that :func:`check_flags` let pass."""
    from mesos_batch.api import LocalOptions, RunOptions

    return RunOptions(
        master=master,
        framework_name=values[the.FRAMEWORK_NAME],
        role=values[the.ROLE],
        user=values[the.USER],
        principal=credentials.principal,
        secret=credentials.secret,
        content_type=values[the.CONTENT_TYPE],
        framework_capabilities=values[the.FRAMEWORK_CAPABILITIES],
        checkpoint=values[the.CHECKPOINT],
        partition_aware=values[the.PARTITION_AWARE],
        kill_after=values[the.KILL_AFTER],
        unplaceable_timeout=values[the.UNPLACEABLE_TIMEOUT],
        unreachable_timeout=values[the.UNREACHABLE_TIMEOUT],
        local=LocalOptions(
            agents=values[the.LOCAL_AGENTS],
            cpus=values[the.LOCAL_CPUS],
            mem=values[the.LOCAL_MEM],
            disk=values[the.LOCAL_DISK],
        ),
    )
