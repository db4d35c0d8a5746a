"""Flags to the options of a run: everything that can be judged without a cluster."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mesos_batch.config import command_settings as commands
from mesos_batch.config import placement_settings as placement
from mesos_batch.config import settings as the
from mesos_batch.config import volume_flags as flags
from mesos_batch.config.config_file import FileKind
from mesos_batch.config.connection_settings import HOW, PROFILE, TOKEN, TOKEN_FILE, TOKENS
from mesos_batch.config.masters import LOCAL, parse_master
from mesos_batch.config.output_settings import OUTPUT_DIR
from mesos_batch.config.report_settings import REPORT
from mesos_batch.config.secrets import Credentials, Given, Offered, find_credentials
from mesos_batch.config.setting import Setting
from mesos_batch.errors import UsageError
from mesos_batch_cli.output.streams import say_warning
from mesos_batch_cli.report_files import check_files
from mesos_batch_cli.showing import progress_meant
from mesos_batch_cli.values import Origin, Values

if TYPE_CHECKING:
    from collections.abc import Callable

    from mesos_batch.api import RunOptions

# By the name each has in LocalOptions.
_LOCAL_ONLY: dict[str, Setting[Any]] = {
    "agents": the.LOCAL_AGENTS,
    "cpus": the.LOCAL_CPUS,
    "mem": the.LOCAL_MEM,
    "disk": the.LOCAL_DISK,
}
# By the name of the setting, where the one in RunOptions is another.
_FIELDS = {placement.CONSTRAINT.name: "constraints"}
_REMOTE_ONLY: tuple[Setting[Any], ...] = (the.SECRET, the.SECRET_FILE, *TOKENS)
_PLAIN = tuple(
    option
    for option in commands.OPTIONS
    if option not in (the.MASTER, the.PRINCIPAL, *_LOCAL_ONLY.values())
)


def check_flags(values: Values, task_list: str | None) -> str:
    """Refuse flags of a new run that are missing, not yet supported or contradict each other.

    ``task_list`` is what names the list. Gives the master.

    Raises:
        UsageError: what is wrong and what to write instead.
    """
    _check_volumes(values)
    master = values[the.MASTER]
    if master is None:
        raise UsageError(
            "no master is given",
            "Add --master=local to run on this machine, or --master=HOST:PORT for a cluster.",
        )
    if task_list is None and not values[flags.REMOVE_PERSISTENT_VOLUME]:
        raise UsageError(
            "no task list is given", "Write mesos-batch run FILE, or add --task_list=FILE."
        )
    if not values[the.PARTITION_AWARE] and "PARTITION_AWARE" in values[the.FRAMEWORK_CAPABILITIES]:
        raise UsageError("--no-partition_aware contradicts --framework_capabilities")
    refuse_misplaced(values, master)
    check_output(values)
    check_keeping(values)
    return master


def check_keeping(values: Values) -> None:
    """Refuse leaving a run that nobody could come back to, and reports that cannot be written.

    Raises:
        UsageError: what is wrong and what to write instead.
    """
    check_files(values[REPORT])
    if values[the.JOURNAL]:
        return
    if values[REPORT]:
        raise UsageError("--report needs the journal that --no-journal switches off")
    if values[the.DETACH]:
        raise UsageError("--detach needs the journal that --no-journal switches off")
    if values[the.ON_INTERRUPT] == "detach":
        raise UsageError("--on_interrupt=detach needs the journal that --no-journal switches off")


def check_output(values: Values) -> None:
    """Refuse to be quiet and to show something at once.

    Raises:
        UsageError: both are asked for, or a live view where there is no terminal.
    """
    if values[the.QUIET] and values[the.VERBOSE]:
        raise UsageError("--quiet contradicts --verbose")
    progress_meant(values)


def leaves_tasks(values: Values, master: str) -> bool:
    """Whether an interruption leaves the tasks running, which a local cluster cannot do.

    Raises:
        UsageError: a flag asks a local cluster for it; a variable may be set for other runs.
    """
    if values[the.ON_INTERRUPT] != "detach":
        return False
    if master == LOCAL and values.origin(the.ON_INTERRUPT) is Origin.FLAG:
        raise UsageError(
            "--on_interrupt=detach cannot be used with --master=local: the local cluster ends"
            " with the program, and its tasks with it",
            "Use --detach, or start 'mesos-batch local' in another terminal as the cluster.",
        )
    return master != LOCAL


def refuse_misplaced(values: Values, master: str) -> None:
    """Refuse flags of the other kind of master; variables may be set for other runs.

    Raises:
        UsageError: which flag, and why.
    """
    for setting in _REMOTE_ONLY if master == LOCAL else _LOCAL_ONLY.values():
        if values.origin(setting) is Origin.FLAG:
            why = (
                "a local cluster makes its own secret"
                if master == LOCAL
                else "it sizes the cluster of --master=local"
            )
            raise UsageError(f"--{setting.name} cannot be used with --master={master}: {why}")


def with_credentials(master: str) -> str:
    """The address of a master a run was kept with, with its credentials where we have them.

    No journal keeps those of a ``zk://`` address, but the same address in MESOS_MASTER may.
    """
    try:
        usual = parse_master(os.environ.get(the.MASTER.env or "", ""))
    except ValueError:
        return master
    return usual if usual == master else master


def _check_volumes(values: Values) -> None:
    """Refuse flags on persistent volumes that make no sense together, as the original did."""
    creates, removes = values[flags.PERSISTENT_VOLUME], values[flags.REMOVE_PERSISTENT_VOLUME]
    resource = values[flags.PERSISTENT_VOLUME_RESOURCE]
    if creates and removes:
        raise UsageError("--persistent_volume contradicts --remove_persistent_volume")
    if not creates and not removes:
        if values.origin(flags.PERSISTENT_VOLUME_RESOURCE) is Origin.FLAG:
            raise UsageError(
                "--persistent_volume_resource alone does nothing",
                "Add --persistent_volume to create, or --remove_persistent_volume to destroy.",
            )
        return
    flag = "--persistent_volume" if creates else "--remove_persistent_volume"
    if resource is None:
        raise UsageError(
            f"{flag} needs to know which volumes", "Add --persistent_volume_resource=FILE."
        )
    if values[the.ROLE] == "*":
        raise UsageError(f"{flag}: nothing can be reserved for role *", "Add --role=NAME.")
    if values[the.PRINCIPAL] is None:
        raise UsageError(f"{flag}: a reservation belongs to a principal", "Add --principal=NAME.")
    if removes:
        _check_removal(values)


def _check_removal(values: Values) -> None:
    if values[the.MASTER] == LOCAL:
        raise UsageError(
            "--remove_persistent_volume cannot be used with --master=local: that cluster ends with"
            " its run, and its volumes with it",
            "Start 'mesos-batch local' in another terminal as the cluster.",
        )
    if values[the.DETACH]:
        raise UsageError("--remove_persistent_volume does not run in the background")
    if not values[the.JOURNAL]:
        raise UsageError("--remove_persistent_volume needs the journal that is the ledger")
    if values.origin(REPORT) is Origin.FLAG:
        raise UsageError("--remove_persistent_volume runs no task that a report could tell of")


def credentials_for(values: Values, master: str, principal: str | None) -> Credentials:
    """Who we are to the master; reads the secret file or the keyring where needed.

    What the user should know about where the secret came from is printed.

    Raises:
        UsageError: as :func:`mesos_batch.config.secrets.find_credentials`.
    """
    if master == LOCAL:
        return Credentials(principal)
    given = Given(
        principal=principal,
        flags=_offered(values.from_flag),
        environment=_offered(values.from_environment),
        files=_offered(values.from_file),
    )
    _refuse_for_projects(values, master, given)
    found = find_credentials(given, keyring_master=master)
    for warning in found.warnings:
        say_warning(warning)
    return found


def _offered(source: Callable[[Setting[Any]], Any]) -> Offered:
    return Offered(
        secret=source(the.SECRET),
        secret_file=source(the.SECRET_FILE),
        token=source(TOKEN),
        token_file=source(TOKEN_FILE),
    )


def _refuse_for_projects(values: Values, master: str, given: Given) -> None:
    """Send nothing to a master a project names that was meant for another.

    Flags are meant for this command line, and the keyring has the master with each secret. So has
    a profile of the user that a project chooses.

    Raises:
        UsageError: a secret is there that may be for any master.
    """
    entry = values.entry(the.MASTER)
    if entry is None or values[the.MASTER] != master or given.flags.names():
        return
    # Who chooses the profile says where that is.
    chosen = values.entry(PROFILE) if entry.profile is not None else None
    of_project = next((it for it in (entry, chosen) if it and it.kind is FileKind.PROJECT), None)
    if of_project is None:
        return
    together = entry.profile if entry.kind is not FileKind.PROJECT else None
    offered = given.environment.names() + [
        setting.name
        for setting in (the.SECRET_FILE, TOKEN_FILE)
        if (of_file := values.entry(setting)) is not None
        and (together is None or of_file.profile != together)
    ]
    if offered:
        raise UsageError(
            f"{of_project.place}, a file of this project, names the master {master}:"
            f" the {offered[0]} that is set is not sent where a project says",
            f"Name it yourself with --master={master}, or keep the secret for this master alone"
            " with 'mesos-batch credentials set'.",
        )


def how_to_connect(values: Values) -> dict[str, Any]:
    """The options on how we come to a master, beside who we are."""
    return {option.name: values[option] for option in HOW}


def run_options(values: Values, master: str, credentials: Credentials) -> RunOptions:
    """The options of a run, from flags that :func:`check_flags` let pass."""
    from mesos_batch.api import LocalOptions, RunOptions

    return RunOptions(
        master=master,
        principal=credentials.principal,
        secret=credentials.secret,
        output_dir=output_dir(values),
        token=credentials.token,
        local=LocalOptions(**{name: values[option] for name, option in _LOCAL_ONLY.items()}),
        **{_field(option): values[option] for option in _PLAIN},
    )


def output_dir(values: Values) -> str | None:
    """Where what the tasks write is collected, however we are called from elsewhere later."""
    given = values[OUTPUT_DIR]
    return None if given is None else str(given.absolute())


def changed_options(options: RunOptions, values: Values) -> RunOptions:
    """The options of an earlier run with what flags say otherwise; who we are comes after."""
    local = {
        name: values[option]
        for name, option in _LOCAL_ONLY.items()
        if values.origin(option) is Origin.FLAG
    }
    plain = {
        _field(option): values[option]
        for option in (the.MASTER, the.PRINCIPAL, *_PLAIN)
        if values.origin(option) is Origin.FLAG
    }
    return replace(options, local=replace(options.local, **local), **plain)


def _field(option: Setting[Any]) -> str:
    """The field of RunOptions that an option sets."""
    return _FIELDS.get(option.name, option.name)
