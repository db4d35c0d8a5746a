"""``mesos-batch generate prefetch``: a task on each agent that pulls an image."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesos_batch.config import generate_settings as the
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch.model.inventory import AgentStatus
from mesos_batch_cli.cluster_meant import cluster_of
from mesos_batch_cli.generating import print_list
from mesos_batch_cli.output.streams import say_warning
from mesos_batch_cli.output.text import agent_name
from mesos_batch_cli.selecting import agent_selector
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.model.inventory import AgentEntry

USAGE = ("mesos-batch generate prefetch --image=IMAGE --master=HOST:PORT [flags]",)
ABOUT = (
    "Prints a task list with a task for each agent that makes offers, pinned to it, which pulls "
    "an image, so that the tasks of later runs need not wait for that. The list goes straight "
    "into 'mesos-batch run -'."
)
SETTINGS = the.PREFETCH


def run(arguments: Sequence[str]) -> int:
    """Print the list.

    Raises:
        UsageError: a flag is wrong, or no agent is meant.
        ClusterError: no master answers, or it does not let us look.
        TaskListError: a template cannot be filled for an agent.
    """
    values = Values(arguments, os.environ, SETTINGS)
    image = values[the.PREFETCH_IMAGE]
    if image is None:
        raise UsageError("no image is given", "Add --image=IMAGE.")
    containerizer = values[the.CONTAINERIZER]
    if values[the.FORCE_PULL] and containerizer == "none":
        raise UsageError(
            "--force_pull goes with --containerizer=docker or mesos",
            "A 'docker pull' asks the registry every time.",
        )

    from mesos_batch.generating import agent_rows, generate, prefetch_wish

    wish = prefetch_wish(
        containerizer=containerizer,
        force_pull=values[the.FORCE_PULL],
        command=values[the.PREFETCH_COMMAND],
        cpus=values[the.CPUS],
        mem=values[the.MEM],
    )
    print_list(generate(wish, agent_rows(_agents(values), image)))
    return ExitCode.FINISHED


def _agents(values: Values) -> list[AgentEntry]:
    """The agents that are meant and make offers; those that do not are told.

    Raises:
        UsageError: there are none.
    """
    from mesos_batch.cluster import look_at_agents

    selector = agent_selector(values, frozenset(AgentStatus))
    meant = [it for it in look_at_agents(cluster_of(values)).agents if selector.takes(it)]
    for entry in meant:
        if entry.status is not AgentStatus.ACTIVE:
            name = agent_name(entry.agent.agent_id, entry.agent.hostname)
            say_warning(f"agent {name} is {entry.status.value} and left out: it makes no offers")
    active = [entry for entry in meant if entry.status is AgentStatus.ACTIVE]
    if not active:
        raise UsageError(
            "there is no such agent that makes offers", "'mesos-batch agents' lists them."
        )
    return active
