"""A task on each agent that has it pull an image, so that the tasks of a run need not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mesos_batch.generating.rows import Row
from mesos_batch.generating.tasks import Json, TaskWish
from mesos_batch.model.resources import CPUS, MEM

if TYPE_CHECKING:
    from mesos_batch.model.inventory import AgentEntry

# What the original called them.
NAME = "fetch-{{ agent_id }}"
TASK_ID = "fetcher{{ agent_id }}"
_PULL = "docker pull {{ image | quote }}"
# By a containerizer the agent has pulled the image before this runs in it.
_NOTHING = "true"


def prefetch_wish(
    *, containerizer: str, force_pull: bool, command: str | None, cpus: float, mem: float
) -> TaskWish:
    """What each task is to be.

    ``containerizer`` is ``none`` for a command that pulls, else ``docker`` or ``mesos``, which
    pull the image to run ``command`` in it.
    """
    usual = _PULL if containerizer == "none" else _NOTHING
    return TaskWish(
        command=usual if command is None else command,
        name=NAME,
        task_id=TASK_ID,
        cpus=cpus,
        mem=mem,
        agent_id="{{ agent_id }}",
        container=_container(containerizer, force_pull=force_pull),
    )


def _container(containerizer: str, *, force_pull: bool) -> Json | None:
    image = "{{ image }}"
    match containerizer:
        case "docker":
            docker: Json = {"image": image}
            if force_pull:
                docker["force_pull_image"] = True
            return {"type": "DOCKER", "docker": docker}
        case "mesos":
            provided: Json = {"type": "DOCKER", "docker": {"name": image}}
            if force_pull:
                provided["cached"] = False
            return {"type": "MESOS", "mesos": {"image": provided}}
        case _:
            return None


def agent_rows(agents: Iterable[AgentEntry], image: str) -> Iterator[Row]:
    """A row for each agent: its id, host name, attributes and size, and the image."""
    for index, entry in enumerate(agents):
        agent = entry.agent
        yield Row(
            {
                "image": image,
                "agent_id": agent.agent_id,
                "hostname": agent.hostname,
                "attributes": dict(agent.attributes),
                "cpus": agent.total.amount(CPUS),
                "mem": agent.total.amount(MEM),
                "index": index,
            },
            f"agent {agent.place}",
        )
