"""The least time a cluster could need for a set of tasks, however they are placed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesos_batch.model.resources import CPUS, DISK, GPUS, MEM

if TYPE_CHECKING:
    from mesos_batch.model.resources import Resources

LONGEST_TASK = "the longest task"
_NAMES = (CPUS, MEM, DISK, GPUS)


@dataclass(frozen=True, slots=True)
class LowerBound:
    """Seconds that no schedule can do with less of; ``by`` is the resource that says so.

    ``by`` is ``LONGEST_TASK`` when that alone takes so long, ``None`` when there is no task.
    """

    seconds: float
    by: str | None


def lower_bound(
    tasks: Iterable[tuple[Resources, float]], capacities: Iterable[Resources]
) -> LowerBound:
    """The largest of work by capacity, for each resource, and of the longest task.

    ``tasks`` are what each task holds and for how many seconds, ``capacities`` what each agent
    has. A resource that no agent has bounds nothing: what needs it cannot have run.
    """
    longest = 0.0
    # Most tasks of a list share their resources: reading those once is most of the work.
    seconds: dict[int, float] = {}
    kinds: dict[int, Resources] = {}
    for resources, duration in tasks:
        kinds[id(resources)] = resources
        seconds[id(resources)] = seconds.get(id(resources), 0.0) + duration
        longest = max(longest, duration)
    best = LowerBound(longest, LONGEST_TASK if kinds else None)
    agents = list(capacities)
    for name in _NAMES:
        capacity = sum(agent.milli(name) for agent in agents)
        if capacity <= 0:
            continue
        work = sum(kinds[key].milli(name) * held for key, held in seconds.items())
        if work / capacity > best.seconds:
            best = LowerBound(work / capacity, name)
    return best
