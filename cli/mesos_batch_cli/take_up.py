"""Takes up a run that stopped: finds where its cluster is and the secret for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mesos_batch.config import settings as the
from mesos_batch.config.connection_settings import HOW
from mesos_batch.config.masters import LOCAL
from mesos_batch.config.output_settings import OUTPUT_DIR, STREAM_LOGS
from mesos_batch.config.report_settings import REPORT
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.drive import Drive, drive
from mesos_batch_cli.keeping import state_dir
from mesos_batch_cli.run_options import (
    credentials_for,
    leaves_tasks,
    output_dir,
    refuse_misplaced,
    with_credentials,
)
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.api import Run
    from mesos_batch.runs import RunInfo
    from mesos_batch_cli.background import HandedOver


def take_up(info: RunInfo, values: Values, handed_over: HandedOver | None = None) -> ExitCode:
    """Go on with the run to its end.

    Raises:
        UsageError: a flag does not go with this run, or the secret cannot be read.
        RefusedError: it would destroy what another run has created since.
        JournalError: the run cannot be taken up.
    """
    leave = leaves_tasks(values, _master_of(info, values))
    return _drive(info, values, handed_over, leave=leave, cancel=False)


def take_up_to_cancel(info: RunInfo, values: Values) -> ExitCode:
    """Go on with the run only to kill its tasks.

    Raises:
        UsageError: a flag does not go with this run, or the secret cannot be read.
        JournalError: the run cannot be taken up.
    """
    return _drive(info, values, None, leave=False, cancel=True)


def _drive(
    info: RunInfo, values: Values, handed_over: HandedOver | None, *, leave: bool, cancel: bool
) -> ExitCode:
    from mesos_batch import api, runs

    if not cancel:
        from mesos_batch.volumes import refuse_outdated

        refuse_outdated(info, state_dir(values))
    options = runs.options_of(info)
    if not cancel and values[OUTPUT_DIR] is not None:
        options = replace(options, output_dir=output_dir(values))
    master = _master_of(info, values)
    if handed_over is not None:
        secret, token = handed_over.secret, handed_over.token
        master = handed_over.master or master
    else:
        who = credentials_for(values, master, options.principal)
        secret, token = who.secret, who.token
    changed = {option.name: values.from_flag(option) for option in HOW}

    def begin() -> Run:
        return api.resume(
            info.run_id,
            state_dir(values),
            secret=secret,
            token=token,
            master=master,
            starts_nothing=cancel,
            **changed,
        )

    streams = not cancel and values[STREAM_LOGS]
    # Only launches that are told one by one are told with their commands.
    tasks = runs.read_tasks(info) if values[the.VERBOSE] or streams else ()
    how = Drive(
        tasks=tasks,
        title=options.framework_name,
        options=replace(options, master=master, secret=secret),
        streams=streams,
        leaves_tasks=leave,
        cancel=cancel,
        reports=() if cancel else values[REPORT],
    )
    return drive(begin, how, values)


def _master_of(info: RunInfo, values: Values) -> str:
    """Where the cluster of the run is now.

    Raises:
        UsageError: it cannot be there.
    """
    master = values[the.MASTER]
    if master is None:
        master = with_credentials(info.master)
    elif LOCAL in (master, info.master) and master != info.master:
        raise UsageError(
            f"run {info.run_id} began with --master={info.master}: "
            f"it cannot go on with --master={master}"
        )
    if master == LOCAL:
        refuse_misplaced(values, master)
    return master
