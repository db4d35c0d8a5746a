"""``mesos-batch volumes destroy``: destroy volumes and unreserve their disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mesos_batch.config import volume_settings as volumes
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.cluster_meant import cluster_of
from mesos_batch_cli.output.outcome import tell_nothing_done
from mesos_batch_cli.run_options import check_output
from mesos_batch_cli.values import Values
from mesos_batch_cli.volume_run import carry_out, confirmed, look_at, preview, tell_refused

if TYPE_CHECKING:
    from mesos_batch.model.cluster import ClusterView
    from mesos_batch.runs import RunInfo
    from mesos_batch.volumes import DestroyPlan, Ledger

USAGE = (
    "mesos-batch volumes destroy ID... --master=HOST:PORT --principal=NAME [flags]",
    "mesos-batch volumes destroy --run=RUN [flags]",
    "mesos-batch volumes destroy --forget_agent=AGENT_ID --master=HOST:PORT [flags]",
)
ABOUT = (
    "Destroys persistent volumes with all that is on them, and unreserves their disk and what was "
    "reserved together with them. A volume that is in use, that belongs to another principal, or "
    "whose agent is away is refused, and then nothing is sent."
)
SETTINGS = volumes.DESTROY
_MOST_IDS = 10_000


def run(arguments: Sequence[str]) -> int:
    """Destroy them and give the exit code.

    Raises:
        UsageError: a flag is wrong, or nobody can be asked.
        RefusedError: an agent to be written off is there.
        ClusterError: no master answers, or it does not let us look.
        JournalError: the run cannot be kept, so nothing was sent.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=_MOST_IDS)
    _check(values)

    from mesos_batch.runs import RunState, options_of
    from mesos_batch_cli.take_up import take_up_to_cancel

    undone = _run_to_undo(values)
    options = cluster_of(values, None if undone is None else options_of(undone))
    cluster, ledger = look_at(options, values)
    forgotten = values[volumes.FORGET_AGENT]
    if forgotten is not None:
        return _forget(forgotten, cluster, ledger, values)
    plan = _plan(values, cluster, ledger, options.principal, undone)
    if tell_refused(plan, values) or not _agreed(plan, cluster, values):
        return ExitCode.TASK_FAILED
    if undone is not None and undone.state is RunState.STOPPED:
        # Its framework goes, and what became of its last operations is known after that.
        take_up_to_cancel(undone, values)
        cluster, ledger = look_at(options, values)
        later = _plan(values, cluster, ledger, options.principal, undone)
        if tell_refused(later, values) or not (plan.changes or _agreed(later, cluster, values)):
            return ExitCode.TASK_FAILED
        plan = later
    if not plan.changes:
        tell_nothing_done("nothing of it is left: there is nothing to do", values)
        return ExitCode.FINISHED
    options = replace(options, role=plan.role or "*")
    return carry_out(plan.changes, options, "volumes destroy", values)


def _agreed(plan: DestroyPlan, cluster: ClusterView, values: Values) -> bool:
    """Show what would go and ask; there is nothing to ask about what is not there."""
    if not plan.changes:
        return True
    preview(plan.changes, cluster, values)
    if confirmed("Destroy this, with all data on it?", yes=values[volumes.YES]):
        return True
    tell_nothing_done("nothing was destroyed", values)
    return False


def _check(values: Values) -> None:
    check_output(values)
    chosen = [
        bool(values.words),
        values[volumes.OF_RUN] is not None,
        values[volumes.FORGET_AGENT] is not None,
    ]
    if sum(chosen) != 1:
        raise UsageError(
            "name the volumes to destroy by their ids, or give --run or --forget_agent",
            "'mesos-batch volumes list' shows the ids.",
        )
    if values[volumes.KEEP_RESERVATIONS] and not values.words:
        raise UsageError("--keep_reservations goes with ids of volumes")
    if len(values[volumes.AGENT]) > 1:
        raise UsageError("one agent at a time can be named here")


def _run_to_undo(values: Values) -> RunInfo | None:
    """The run that --run names.

    Raises:
        UsageError: it is still under way.
        JournalError: there is no such run.
    """
    from mesos_batch.runs import RunState, find_run
    from mesos_batch_cli.keeping import again, state_dir

    name = values[volumes.OF_RUN]
    if name is None:
        return None
    info = find_run(name, state_dir(values))
    if info.state is RunState.RUNNING:
        raise UsageError(
            f"run {info.run_id} is still under way",
            f"Write '{again('cancel', info.run_id, values)}' first.",
        )
    return info


def _plan(
    values: Values,
    cluster: ClusterView,
    ledger: Ledger,
    principal: str | None,
    undone: RunInfo | None,
) -> DestroyPlan:
    from mesos_batch.volumes import plan_destroy, plan_undo

    if undone is not None:
        return plan_undo(undone.run_id, cluster, ledger, principal=principal)
    agents = values[volumes.AGENT]
    return plan_destroy(
        values.words,
        cluster,
        ledger,
        principal=principal,
        role=values[volumes.OF_ROLE],
        agent=agents[0] if agents else None,
        keep_reservations=values[volumes.KEEP_RESERVATIONS],
    )


def _forget(agent_id: str, cluster: ClusterView, ledger: Ledger, values: Values) -> ExitCode:
    from mesos_batch.volumes import plan_forget

    changes = plan_forget(agent_id, cluster, ledger)
    preview(changes, cluster, values)
    question = f"Write this off, because agent {agent_id} is gone for good?"
    if not confirmed(question, yes=values[volumes.YES]):
        tell_nothing_done("nothing was written off", values)
        return ExitCode.TASK_FAILED
    return carry_out(changes, cluster_of(values), "volumes destroy --forget_agent", values)
