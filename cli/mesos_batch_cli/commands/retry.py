"""``mesos-batch retry RUN``: a new run of what failed in another."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mesos_batch.config import command_settings as commands
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch.model.dependencies import again_with, only
from mesos_batch.model.facts import Phase
from mesos_batch_cli.run_options import (
    changed_options,
    check_keeping,
    check_output,
    credentials_for,
    leaves_tasks,
    output_dir,
    refuse_misplaced,
    with_credentials,
)
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.model.task import TaskSpec
    from mesos_batch.runs import RunInfo

USAGE = ("mesos-batch retry RUN [--failed|--unfinished] [flags]",)
ABOUT = (
    "Starts a new run of the tasks that failed in another. It runs as that run did, but for the "
    "flags given here. RUN is the id of a run, a part of it that no other has, or 'last'."
)
SETTINGS = commands.RETRY
CLOSING = (
    "What a run is like is taken from the other run, not from the environment or from files; all "
    "other flags can come from there, as MESOS_BATCH_<FLAG> or under their names."
)
_FAILED = (
    Phase.FAILED,
    Phase.KILLED,
    Phase.LOST,
    Phase.ERROR,
    Phase.UNPLACEABLE,
    Phase.SKIPPED,
)


def run(arguments: Sequence[str]) -> int:
    """Run the tasks and give the exit code.

    Raises:
        UsageError: a flag is wrong.
        JournalError: there is no such run, or the new one cannot be kept.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=1)
    check_output(values)
    check_keeping(values)
    if values[commands.FAILED] and values[commands.UNFINISHED]:
        raise UsageError("--failed contradicts --unfinished")
    if values.word is None:
        raise UsageError("no run is given", "Write mesos-batch retry RUN; RUN may be 'last'.")

    from mesos_batch.runs import options_of
    from mesos_batch.spec.load import TaskList
    from mesos_batch_cli.commands.batch import run_new
    from mesos_batch_cli.keeping import run_meant
    from mesos_batch_cli.output.outcome import tell_nothing_done
    from mesos_batch_cli.task_list import check_role

    info = run_meant(values)
    tasks = _chosen(info, values)
    if not tasks:
        what = "unfinished" if values[commands.UNFINISHED] else "failed"
        nothing = f"run {info.run_id} has no {what} tasks: there is nothing to do"
        if not values[commands.UNFINISHED] and info.counts.get(Phase.FINISHED, 0) < info.total:
            nothing += "; --unfinished runs those that did not finish"
        tell_nothing_done(nothing, values)
        return ExitCode.FINISHED
    options = changed_options(options_of(info), values)
    refuse_misplaced(values, options.master)
    leave = leaves_tasks(values, options.master)
    master = with_credentials(options.master)
    who = credentials_for(values, master, options.principal)
    source = f"retry of {info.run_id}"
    check_role(TaskList(source, tuple(tasks)), options.role, who.principal)
    options = replace(
        options,
        master=master,
        principal=who.principal,
        secret=who.secret,
        token=who.token,
        # That of the other run has what failed there.
        output_dir=output_dir(values),
    )
    return run_new(tasks, options, source, values, leave=leave)


def _chosen(info: RunInfo, values: Values) -> list[TaskSpec]:
    """The tasks to run again; what they depend on and has finished is met.

    Raises:
        UsageError: what did not finish may still be running.
    """
    from mesos_batch.runs import RunState, read_snapshot
    from mesos_batch_cli.keeping import again

    if info.state is not RunState.ENDED:
        raise UsageError(
            f"run {info.run_id} has not ended: its tasks may still be running",
            f"Write '{again('cancel', info.run_id, values)}' first.",
        )
    views = read_snapshot(info).tasks
    tasks = [view.spec for view in views]
    wanted = frozenset(Phase) - {Phase.FINISHED} if values[commands.UNFINISHED] else _FAILED
    chosen = [position for position, view in enumerate(views) if view.phase in wanted]
    return only(tasks, again_with(tasks, chosen))
