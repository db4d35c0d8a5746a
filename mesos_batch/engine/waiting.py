"""The tasks that wait for an offer, kept by shape.

Tasks that want the same of the same agents are one shape: what does not fit the first does not
fit the thousandth. So a round of placement costs as much as it places, not as much as waits.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesos_batch.model.resources import CPUS, MEM

if TYPE_CHECKING:
    from mesos_batch.model.resources import Resources
    from mesos_batch.model.task import TaskSpec

ShapeKey = tuple[object, ...]
Measure = tuple[int, int]


def measure(resources: Resources) -> Measure:
    """Cpus and memory in thousandths: what most tasks and agents are compared by."""
    return resources.milli(CPUS), resources.milli(MEM)


@dataclass(slots=True, eq=False)
class Shape:
    """Tasks with equal needs, the earliest of the task list first.

    ``passed_over_since`` is when offers first went to later tasks because none could hold this
    one; ``None`` while that has not happened. ``avoid`` are agents they had better not go to.
    """

    wanted: Resources
    executor: Resources | None
    agent_id: str | None
    avoid: frozenset[str] = frozenset()
    passed_over_since: float | None = None
    measure: Measure = (0, 0)
    _positions: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.measure = measure(self.total)

    def __len__(self) -> int:
        return len(self._positions)

    @property
    def total(self) -> Resources:
        """What an agent must have for one such task: its own resources and its executor's."""
        return self.wanted if self.executor is None else self.wanted + self.executor

    @property
    def first(self) -> int:
        """The position in the task list of the earliest waiting task."""
        return self._positions[0]

    def positions(self) -> list[int]:
        """The positions of all waiting tasks of this shape, earliest first."""
        return sorted(self._positions)

    def push(self, position: int) -> None:
        """Add a task."""
        heapq.heappush(self._positions, position)

    def pop(self) -> int:
        """Take the earliest task."""
        return heapq.heappop(self._positions)

    def remove(self, position: int) -> None:
        """Take a task out of the middle."""
        self._positions.remove(position)
        heapq.heapify(self._positions)

    def may_go_to(self, agent_id: str) -> bool:
        """Whether such a task is neither pinned to another agent nor kept off this one."""
        return self.agent_id in (None, agent_id) and agent_id not in self.avoid


class Waiting:
    """All waiting tasks; ``version`` grows when a shape begins or ends to wait."""

    def __init__(self) -> None:
        self._shapes: dict[ShapeKey, Shape] = {}
        # Most tasks of a list share their resources; what they share is compared once.
        self._keys: dict[tuple[int, int], tuple[TaskSpec, ShapeKey]] = {}
        self._count = 0
        self.version = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Shape]:
        """The shapes with waiting tasks."""
        return iter([shape for shape in self._shapes.values() if len(shape)])

    def push(self, position: int, spec: TaskSpec, avoid: frozenset[str] = frozenset()) -> Shape:
        """Let the task at this position of the task list wait."""
        key = self._key(spec, avoid)
        shape = self._shapes.get(key)
        if shape is None:
            shape = Shape(spec.resources, spec.executor_resources, spec.agent_id, avoid)
            self._shapes[key] = shape
        self.version += not len(shape)
        shape.push(position)
        self._count += 1
        return shape

    def pop(self, shape: Shape) -> int:
        """Take the earliest task of a shape."""
        self._count -= 1
        position = shape.pop()
        self._tidy(shape)
        return position

    def stop_avoiding(self, position: int, spec: TaskSpec, avoid: frozenset[str]) -> None:
        """Let a waiting task go to any agent again."""
        shape = self._shapes[self._key(spec, avoid)]
        shape.remove(position)
        self._count -= 1
        self._tidy(shape)
        self.push(position, spec)

    def drain(self) -> list[int]:
        """Take every task, in task list order."""
        positions = sorted(position for shape in self for position in shape.positions())
        self._shapes.clear()
        self._count = 0
        self.version += 1
        return positions

    def clear(self, shape: Shape) -> list[int]:
        """Take every task of a shape, in task list order."""
        return [self.pop(shape) for _ in range(len(shape))]

    def _tidy(self, shape: Shape) -> None:
        """Forget an empty shape that hardly comes again: few tasks avoid the same agents."""
        if not len(shape):
            self.version += 1
            if shape.avoid:
                self._shapes = {key: known for key, known in self._shapes.items() if len(known)}

    def _key(self, spec: TaskSpec, avoid: frozenset[str]) -> ShapeKey:
        """What two tasks share when one fits exactly where the other does."""
        objects = id(spec.resources), id(spec.executor_resources)
        known = self._keys.get(objects)
        if known is None:
            wishes = _resources_key(spec.resources), _resources_key(spec.executor_resources)
            # The task is kept because ids are those of living objects only.
            known = self._keys[objects] = spec, wishes
        return avoid, spec.agent_id, *known[1]


def _resources_key(resources: Resources | None) -> ShapeKey | None:
    if resources is None:
        return None
    return tuple((*resource.key, resource.value, resource.disk) for resource in resources)
