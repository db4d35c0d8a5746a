"""Plans whose tasks depend on others; what the names in them mean, asked task by task."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from faults.plan import Plan, PlannedTask

NAMES = ("n", "m")


def with_dependencies(plan: Plan) -> Plan:
    """Let the tasks of some plans wait for earlier ones, by id and by name.

    They are drawn from a stream of their own: the rest of a plan is what it is without them.
    """
    rng = Random(f"dependencies {plan.seed}")
    if rng.random() < 0.6:
        return plan
    tasks: list[PlannedTask] = []
    for task in plan.tasks:
        earlier = [other.task_id for other in tasks if not _is_last(other)]
        earlier += sorted({other.name for other in tasks if other.name is not None})
        count = rng.choice((0, 1, 1, 1, 2, 3))
        # A task that waits for all others is not waited for; one of a name waits for no name.
        depends_on = tuple(rng.sample(earlier, min(count, len(earlier))))
        by_name = not set(NAMES).isdisjoint(depends_on)
        always = rng.random() < 0.2
        name = rng.choice((None, None, *NAMES))
        tasks.append(
            replace(
                task,
                depends_on=depends_on,
                always=always,
                name=None if by_name or _waits_for_names(tasks, depends_on) or always else name,
                max_attempts=rng.choice((None, None, None, 1, 2)),
            )
        )
    return replace(plan, tasks=tuple(tasks), keep_going=rng.random() < 0.75)


def parents(plan: Plan, position: int) -> list[int]:
    """The positions of what a task waits for; names that nothing bears are met."""
    own = plan.tasks[position]
    if _is_last(own):
        return [at for at, other in enumerate(plan.tasks) if not other.always]
    found: list[int] = []
    for name in own.depends_on:
        by_id = [at for at, other in enumerate(plan.tasks) if other.task_id == name]
        by_name = [
            at for at, other in enumerate(plan.tasks) if other.name == name and at != position
        ]
        found += by_id or by_name
    return found


def _is_last(task: PlannedTask) -> bool:
    return task.always and not task.depends_on


def _waits_for_names(tasks: list[PlannedTask], depends_on: tuple[str, ...]) -> bool:
    """Whether a task waits for a name through others: were it of that name, it would for itself."""
    return any(
        not set(NAMES).isdisjoint(other.depends_on) or _waits_for_names(tasks, other.depends_on)
        for other in tasks
        if other.task_id in depends_on
    )
