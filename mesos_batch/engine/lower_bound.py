"""The least time a cluster could need for a set of tasks, however they are placed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesos_batch.model.resources import CPUS, DISK, GPUS, MEM

if TYPE_CHECKING:
    from mesos_batch.model.resources import Resources

LONGEST_TASK = "the longest task"
LONGEST_CHAIN = "the longest chain of tasks"
_NAMES = (CPUS, MEM, DISK, GPUS)
# Sizes that are looked at of each resource; a list in which all differ has thousands.
_MOST_SIZES = 100


@dataclass(frozen=True, slots=True)
class LowerBound:
    """Seconds that no schedule can do with less of; ``by`` is the resource that says so.

    ``by`` is ``LONGEST_TASK`` when that alone takes so long, ``LONGEST_CHAIN`` when tasks that wait
    for each other do, ``None`` when there is no task.
    """

    seconds: float
    by: str | None


def lower_bound(
    tasks: Iterable[tuple[Resources, float]],
    capacities: Iterable[Resources],
    chain: float = 0.0,
) -> LowerBound:
    """The largest of work by capacity, for each resource, of the longest task and chain of tasks.

    Agents cannot be cut to measure: of tasks that want three cpus an agent with four holds one at
    a time. So of the tasks of a size or more, each agent holds so many at most, and these need
    their time too.

    ``tasks`` are what each task holds and for how many seconds, ``capacities`` what each agent
    has. ``chain`` is how many seconds tasks take of which each waits for the end of the one before.
    A resource that no agent has bounds nothing: what needs it cannot have run.
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
    if chain > longest:
        best = LowerBound(chain, LONGEST_CHAIN)
    agents = list(capacities)
    for name in _NAMES:
        by_size: dict[int, float] = {}
        for key, held in seconds.items():
            size = kinds[key].milli(name)
            by_size[size] = by_size.get(size, 0.0) + held
        needed = _needed(by_size, [agent.milli(name) for agent in agents])
        if needed > best.seconds:
            best = LowerBound(needed, name)
    return best


def _needed(by_size: dict[int, float], capacities: Sequence[int]) -> float:
    """Seconds that tasks need for want of one resource; ``by_size`` is how long they hold it."""
    capacity = sum(capacities)
    if capacity <= 0:
        return 0.0
    best = sum(size * held for size, held in by_size.items()) / capacity
    sizes = sorted((size for size in by_size if size), reverse=True)
    step = max(1, len(sizes) // _MOST_SIZES)
    held = 0.0
    for index, size in enumerate(sizes):
        held += by_size[size]
        if index % step == 0:
            places = sum(have // size for have in capacities)
            best = max(best, held / places) if places else best
    return best
