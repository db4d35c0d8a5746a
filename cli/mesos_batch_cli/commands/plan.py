"""``mesos-batch plan LIST``: what a run would be like, without running anything."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesos_batch.config import placement_settings as placement
from mesos_batch.config import plan_settings as plans
from mesos_batch.config import settings as the
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.output.streams import emit, paint_for, say_warning, width_of
from mesos_batch_cli.run_options import credentials_for, how_to_connect, refuse_misplaced
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.options import RunOptions

USAGE = ("mesos-batch plan LIST --master=HOST:PORT|local [flags]",)
ABOUT = (
    "Says how long a task list would take on the agents that a cluster has now, how busy they "
    "would be, what it would cost and which tasks would never fit. The scheduler of real runs "
    "decides, in virtual time: nothing is run and no framework registers; the master is only "
    "asked for its agents."
)
SETTINGS = plans.PLAN


def run(arguments: Sequence[str]) -> int:
    """Print the plan; 3 when a task would never fit.

    Raises:
        UsageError: a flag is wrong.
        TaskListError: the list cannot be read.
        ClusterError: no master answers, or it does not show its agents.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=1)

    from mesos_batch_cli.task_list import list_meant, read_task_list

    source = list_meant(values)
    if source is None:
        raise UsageError("no task list is given", "Write mesos-batch plan LIST --master=...")
    options = _options(values)

    task_list = read_task_list(source, options.role, options.principal)

    from mesos_batch import planning
    from mesos_batch_cli.output.as_json import as_json
    from mesos_batch_cli.output.plan_page import plan_fields, plan_page
    from mesos_batch_cli.output.text import counted

    cluster = planning.cluster_of(options)
    if cluster.recovering:
        agents = counted(len(cluster.recovering), "agent")
        say_warning(f"the new master still waits for {agents}: the plan is without what they have")
    made = planning.plan(
        task_list.tasks,
        options,
        cluster.agents,
        assume_runtime=values[plans.ASSUME_RUNTIME],
        assume_start=values[plans.ASSUME_START],
    )
    if values[the.JSON]:
        emit(sys.stdout, as_json("plan", plan_fields(made)))
    else:
        paint = paint_for(sys.stdout, values[the.COLOR], os.environ)
        width = width_of(sys.stdout, os.environ)
        emit(sys.stdout, plan_page(made, paint, width, everything=values[the.VERBOSE]))
    return ExitCode.UNPLACEABLE if made.never_fits else ExitCode.FINISHED


def _options(values: Values) -> RunOptions:
    """The options of the run that is planned, as far as a plan looks at them.

    Raises:
        UsageError: no master is given, a flag is for another kind of master, or the secret cannot
            be read.
    """
    from mesos_batch.api import LocalOptions, RunOptions

    master = values[plans.MASTER]
    if master is None:
        raise UsageError(
            "no master is given",
            "Add --master=HOST:PORT for a cluster, or --master=local for one on this machine.",
        )
    refuse_misplaced(values, master)
    who = credentials_for(values, master, values[the.PRINCIPAL])
    return RunOptions(
        master=master,
        role=values[the.ROLE],
        principal=who.principal,
        secret=who.secret,
        token=who.token,
        **how_to_connect(values),
        framework_capabilities=values[the.FRAMEWORK_CAPABILITIES],
        constraints=values[placement.CONSTRAINT],
        max_running=values[placement.MAX_RUNNING],
        local=LocalOptions(
            agents=values[the.LOCAL_AGENTS],
            cpus=values[the.LOCAL_CPUS],
            mem=values[the.LOCAL_MEM],
            disk=values[the.LOCAL_DISK],
        ),
    )
