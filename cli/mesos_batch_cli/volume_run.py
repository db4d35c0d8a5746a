"""What the commands that change volumes and reservations share: look, ask, carry out."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesos_batch.config import settings as the
from mesos_batch.config import volume_flags as flags
from mesos_batch.config.connection_settings import HOW, TOKEN_FILE
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.keeping import state_dir
from mesos_batch_cli.output.streams import emit, say_error, say_warning
from mesos_batch_cli.output.text import counted
from mesos_batch_cli.values import Origin, Values

if TYPE_CHECKING:
    from mesos_batch.api import Run, RunOptions
    from mesos_batch.model.change import Change
    from mesos_batch.model.cluster import ClusterView
    from mesos_batch.spec.volume_resource import VolumeResource
    from mesos_batch.volumes import DestroyPlan, Ledger


def look_at(options: RunOptions, values: Values) -> tuple[ClusterView, Ledger]:
    """The cluster as it is now, and what our runs made on it.

    Raises:
        UsageError: it is the embedded cluster.
        ClusterError: no master answers, or it does not let us look.
        JournalError: the directory of the runs cannot be read.
    """
    from mesos_batch.volumes import look, read_ledger

    cluster = look(options)
    ledger = read_ledger(cluster, options.master, state_dir(values))
    if cluster.recovering:
        agents = counted(len(cluster.recovering), "agent")
        say_warning(f"the new master still waits for {agents}: what is on them is not shown")
    for unreadable in ledger.unreadable:
        say_warning(f"the ledger is not complete: {unreadable}")
    return cluster, ledger


def needs_role_and_principal(role: str, principal: str | None) -> None:
    """Refuse what the master would: only a role can have reservations, and somebody makes them.

    Raises:
        UsageError: one of them is missing.
    """
    if role == "*":
        raise UsageError("nothing can be reserved for role *", "Add --role=NAME.")
    if principal is None:
        raise UsageError("a reservation belongs to a principal", "Add --principal=NAME.")


def carry_out(
    changes: Sequence[Change], options: RunOptions, source: str, values: Values
) -> ExitCode:
    """Do it, and show it until each step is confirmed; ``source`` is what the run is called.

    Raises:
        UsageError: an option makes no sense.
        JournalError: it cannot be kept, so nothing was sent.
    """
    from dataclasses import replace

    from mesos_batch import api
    from mesos_batch_cli.drive import Drive, drive

    options = replace(
        options,
        content_type=values[the.CONTENT_TYPE],
        volume_timeout=values[flags.VOLUME_TIMEOUT],
    )
    keep = api.Keep(state_dir(values), source)

    def begin() -> Run:
        return api.start((), options, keep, changes)

    return drive(
        begin, Drive(tasks=(), title=options.framework_name, options=options, begins=True), values
    )


def destroy_command(flag: str, options: RunOptions, values: Values) -> str:
    """The command line that destroys what a flag names: ``mesos-batch volumes destroy ...``."""
    words = ["mesos-batch", "volumes", "destroy", flag, f"--master={options.master}"]
    if options.principal is not None:
        words.append(f"--principal={options.principal}")
    words += [
        f"--{setting.name}={values.text(setting)}"
        for setting in (the.SECRET_FILE, TOKEN_FILE, *HOW)
        if values.origin(setting) is Origin.FLAG
    ]
    place = state_dir(values)
    if place is not None and values.origin(the.STATE_DIR) is Origin.FLAG:
        words.append(f"--state_dir={place}")
    return shlex.join(words)


def tell_refused(plan: DestroyPlan, values: Values) -> bool:
    """Whether something must not be touched; then it is told why."""
    from mesos_batch_cli.output.outcome import tell_nothing_done

    for sentence in plan.refused:
        say_error(sentence)
    if plan.refused:
        tell_nothing_done("nothing was destroyed", values)
    return bool(plan.refused)


def missing_of(
    resource: VolumeResource, agents: Sequence[str], options: RunOptions, values: Values
) -> list[Change]:
    """What of a file is not on the cluster yet; what is there already is told.

    Raises:
        UsageError: volumes of these ids are elsewhere or of another size.
        RefusedError: a volume belongs to another principal, or its agent is away.
        NoRoomError: no agent could ever hold it.
        ClusterError: no master answers, or it does not let us look.
        JournalError: the directory of the runs cannot be read.
    """
    from mesos_batch.volumes import plan_ensure

    cluster, ledger = look_at(options, values)
    changes, notes = plan_ensure(resource.resources, cluster, ledger, agents)
    if not values[the.QUIET]:
        for note in notes:
            emit(sys.stderr, note)
    return changes


def preview(changes: Sequence[Change], cluster: ClusterView, values: Values) -> None:
    """Show what would be undone; beside JSON that is for people only."""
    from mesos_batch_cli.output.found import paint_and_width
    from mesos_batch_cli.output.volume_table import plan_table

    if values[the.QUIET]:
        return
    page = plan_table(changes, cluster, *paint_and_width(values))
    emit(sys.stderr if values[the.JSON] else sys.stdout, "\n".join(page))


def confirmed(question: str, *, yes: bool) -> bool:
    """Whether the user agrees; nobody can be asked where stdin is no terminal.

    Raises:
        UsageError: there is nobody to ask.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked here, so nothing was sent", "Add --yes.")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
