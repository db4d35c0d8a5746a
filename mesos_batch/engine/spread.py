"""Which agents the constraints of waiting tasks let them go to, in one round of placement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mesos_batch.model.constraint_match import COUNTED, has_room, value_of

if TYPE_CHECKING:
    from mesos_batch.engine.agents import Agents
    from mesos_batch.engine.bundle import Bundle
    from mesos_batch.engine.tasks import Tasks
    from mesos_batch.engine.waiting import Shape
    from mesos_batch.model.scheduling import Constraint


class Spread:
    """Counts the tasks that run, by what their constraints count them by."""

    def __init__(self, agents: Agents, shapes: Iterable[Shape], tasks: Tasks) -> None:
        self._agents = agents
        self._counts: dict[Constraint, Counter[str]] = {
            constraint: Counter()
            for shape in shapes
            for constraint in shape.scheduling.constraints
            if constraint.operator in COUNTED
        }
        self._known: dict[tuple[Shape, str], frozenset[str]] = {}
        if self._counts:
            for record in tasks.active():
                self._count(record.spec.scheduling.constraints, record.view.agent_id or "")

    def admits(self, shape: Shape, bundle: Bundle) -> bool:
        """Whether one more task of the shape may go to the agent."""
        constraints = shape.scheduling.constraints
        if not self._agents.satisfies(bundle.agent_id, constraints):
            return False
        return all(
            has_room(
                constraint,
                self._counts[constraint],
                self._values(shape, constraint.field),
                self._value(bundle.agent_id, constraint.field),
            )
            for constraint in constraints
            if constraint.operator in COUNTED
        )

    def placed(self, shape: Shape, bundle: Bundle) -> None:
        """Note that a task of the shape goes to the agent."""
        self._count(shape.scheduling.constraints, bundle.agent_id)

    def _count(self, constraints: Iterable[Constraint], agent_id: str) -> None:
        for constraint in constraints:
            counter = self._counts.get(constraint)
            value = self._value(agent_id, constraint.field)
            if counter is not None and value is not None:
                counter[value] += 1

    def _values(self, shape: Shape, field: str) -> frozenset[str]:
        """What the agents that the shape may go to have in a field."""
        key = shape, field
        known = self._known.get(key)
        if known is None:
            values = (
                self._value(agent_id, field)
                for agent_id in self._agents.ids()
                if self._agents.satisfies(agent_id, shape.scheduling.constraints)
            )
            known = self._known[key] = frozenset(value for value in values if value is not None)
        return known

    def _value(self, agent_id: str, field: str) -> str | None:
        return value_of(field, *self._agents.marks(agent_id))
