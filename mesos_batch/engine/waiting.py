"""The tasks that wait for an offer, kept by shape.

Tasks that want the same of the same agents are one shape: what does not fit the first does not
fit the thousandth. So a round of placement costs as much as it places, not as much as waits.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesos_batch.engine.fit import is_plain
from mesos_batch.engine.vector import NAMES, ZERO, Vector, vector, weigh
from mesos_batch.model.scheduling import ORDINARY, Scheduling

if TYPE_CHECKING:
    from mesos_batch.model.resource import Resource
    from mesos_batch.model.resources import Resources
    from mesos_batch.model.task import TaskSpec

Marks = tuple[tuple[object, ...], ...]
ShapeKey = tuple[int, bool, str | None, frozenset[str]]


@dataclass(slots=True, eq=False)
class Shape:
    """Tasks with equal needs, the earliest of the task list first.

    ``passed_over_since`` is when offers first went to later tasks because none could hold this
    one; ``None`` while that has not happened. ``avoid`` are agents they had better not go to.
    ``poolable`` ones may share an executor. ``measure`` is what one of them wants, its executor
    included; of an ``is_simple`` shape that is all there is to know.
    """

    wanted: Resources
    executor: Resources | None
    agent_id: str | None
    avoid: frozenset[str] = frozenset()
    scheduling: Scheduling = ORDINARY
    poolable: bool = False
    passed_over_since: float | None = None
    measure: Vector = ZERO
    is_simple: bool = False
    _positions: list[int] = field(default_factory=list)
    _pieces: dict[Marks, Resources] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.measure = vector(self.total)
        self.is_simple = self.executor is None and all(
            is_plain(resource) and resource.name in NAMES for resource in self.wanted
        )

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

    @property
    def is_free(self) -> bool:
        """Whether amounts alone decide where such a task may go."""
        anywhere = self.agent_id is None and not self.avoid and not self.scheduling.constraints
        return anywhere and self.is_simple

    def pieces(self, sources: Mapping[str, Resource], marks: Marks) -> Resources:
        """What one task of a simple shape takes where each amount has but one source.

        ``marks`` say all of the sources but how much there is.
        """
        known = self._pieces.get(marks)
        if known is None:
            known = self.wanted.map(lambda item: sources[item.name].with_value(item.value))
            self._pieces[marks] = known
        return known

    def may_go_to(self, agent_id: str) -> bool:
        """Whether such a task is neither pinned to another agent nor kept off this one."""
        return self.agent_id in (None, agent_id) and agent_id not in self.avoid

    def rank(self, by: Vector) -> tuple[int, float, int, int]:
        """Whose turn it is, the lowest first: by priority, longest, largest, earliest in the list.

        A task of unknown runtime may be the longest of all.
        """
        runtime = self.scheduling.expected_runtime
        length = math.inf if runtime is None else runtime
        return -self.scheduling.priority, -length, -weigh(self.measure, by), self.first


class Waiting:
    """All waiting tasks; ``version`` grows when a shape begins or ends to wait."""

    def __init__(self) -> None:
        self._shapes: dict[ShapeKey, Shape] = {}
        # Most tasks of a list share their resources; what they share is compared once.
        self._numbers: dict[tuple[int, int, int], tuple[TaskSpec, int]] = {}
        self._kinds: dict[tuple[object, ...], int] = {}
        self._count = 0
        self.version = 0
        self._ranked: list[Shape] = []
        self._ranked_by: tuple[int, Vector] | None = None
        self._ranked_at = 0
        self._begun = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Shape]:
        """The shapes with waiting tasks."""
        return iter([shape for shape in self._shapes.values() if len(shape)])

    def ranked(self, by: Vector) -> list[Shape]:
        """The shapes with waiting tasks, in the order of their turn; ``by`` weighs what is large.

        Sorted anew only after a shape began to wait.
        """
        if self._ranked_by != (self._begun, by):
            self._ranked = sorted(self, key=lambda shape: shape.rank(by))
            self._ranked_by = self._begun, by
        elif self._ranked_at != self.version:
            self._ranked = [shape for shape in self._ranked if len(shape)]
        self._ranked_at = self.version
        return self._ranked

    def push(
        self,
        position: int,
        spec: TaskSpec,
        avoid: frozenset[str] = frozenset(),
        *,
        alone: bool = False,
    ) -> Shape:
        """Let the task at this position of the task list wait; if ``alone`` for no pool."""
        key = self._key(spec, avoid, alone=alone)
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = Shape(
                spec.resources,
                spec.executor_resources,
                spec.agent_id,
                avoid,
                spec.scheduling,
                spec.poolable and not alone,
            )
        if not len(shape):
            self.version += 1
            self._begun += 1
        shape.push(position)
        self._count += 1
        return shape

    def pop(self, shape: Shape) -> int:
        """Take the earliest task of a shape."""
        self._count -= 1
        position = shape.pop()
        self._tidy(shape)
        return position

    def stop_avoiding(
        self, position: int, spec: TaskSpec, avoid: frozenset[str], *, alone: bool = False
    ) -> None:
        """Let a waiting task go to any agent again."""
        shape = self._shapes[self._key(spec, avoid, alone=alone)]
        shape.remove(position)
        self._count -= 1
        self._tidy(shape)
        self.push(position, spec, alone=alone)

    def drain(self) -> list[int]:
        """Take every task, in task list order."""
        positions = sorted(position for shape in self for position in shape.positions())
        self._shapes.clear()
        self._ranked.clear()
        self._begun += 1
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

    def _key(self, spec: TaskSpec, avoid: frozenset[str], *, alone: bool) -> ShapeKey:
        """What two tasks share when one fits exactly where the other does."""
        objects = id(spec.resources), id(spec.executor_resources), id(spec.scheduling)
        known = self._numbers.get(objects)
        if known is None:
            kind = (
                _resources_key(spec.resources),
                _resources_key(spec.executor_resources),
                spec.scheduling,
            )
            # The task is kept because ids are those of living objects only.
            known = self._numbers[objects] = spec, self._kinds.setdefault(kind, len(self._kinds))
        return known[1], spec.poolable and not alone, spec.agent_id, avoid


def _resources_key(resources: Resources | None) -> tuple[object, ...] | None:
    if resources is None:
        return None
    return tuple((*resource.key, resource.value, resource.disk) for resource in resources)
