"""Which tasks wait for others to end, and which of them may begin once one has ended.

What a task depends on is named by a task id, else by a name, which means all tasks of that name.
These are counted down together: 100,000 tasks that wait for 100,000 others cost as much as both,
not as much as their product. Tasks that neither wait nor are waited for cost nothing.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesos_batch.model.task import TaskSpec


class Names:
    """What some names mean in a task list: positions by task id, else by name."""

    def __init__(self, tasks: Sequence[TaskSpec], wanted: Collection[str]) -> None:
        self.ids = {
            task.task_id: position for position, task in enumerate(tasks) if task.task_id in wanted
        }
        self.groups: dict[str, list[int]] = {}
        for position, task in enumerate(tasks):
            if task.name in wanted and task.name not in self.ids:
                self.groups.setdefault(task.name, []).append(position)

    @classmethod
    def of(cls, tasks: Sequence[TaskSpec]) -> Names:
        """The meaning of every name that a task of the list depends on."""
        return cls(tasks, {name for task in tasks for name in task.depends_on})

    def meant(self, name: str) -> list[int]:
        """The positions of the tasks that are meant; none when nothing is called so."""
        position = self.ids.get(name)
        return self.groups.get(name, []) if position is None else [position]


@dataclass(slots=True, eq=False)
class _Group:
    """Tasks that are waited for together: those of one name, or all that are not ``always``.

    ``outsiders`` wait for all of them, ``insiders`` are of the group and wait for the others.
    ``left`` have not ended; ``spoiled`` says that one of them has ended badly.
    """

    left: int = 0
    outsiders: list[int] = field(default_factory=list)
    insiders: list[int] = field(default_factory=list)
    spoiled: bool = False


class Dependencies:
    """How far the dependencies of a task list are met. A name that nothing bears is met.

    An ``always`` task waits for the end of what it depends on, however that came; without
    ``depends_on`` it waits for all tasks that are not ``always``. Every other one waits for all it
    depends on to finish. ``exist`` says whether any task waits for another at all.
    """

    def __init__(self, tasks: Sequence[TaskSpec]) -> None:
        self._tasks = tasks
        self._unmet: dict[int, int] = {}
        self._children: dict[int, list[int]] = {}
        self._groups: dict[str, _Group] = {}
        self._ordinary = _Group()
        self.exist = any(task.depends_on or task.always for task in tasks)
        if self.exist:
            self._build(Names.of(tasks))

    def blocked(self, position: int) -> bool:
        """Whether a task waits for others to end."""
        return position in self._unmet

    @property
    def blocked_count(self) -> int:
        """How many tasks wait for others to end."""
        return len(self._unmet)

    def ended(self, position: int, *, well: bool) -> tuple[list[int], list[int]]:
        """Note that a task has ended, once; who may begin because of that, and who never will.

        Those who never will are to end in their turn, and to be noted too.
        """
        task = self._tasks[position]
        ready: list[int] = []
        doomed: list[int] = []
        self._unmet.pop(position, None)
        children = self._children.pop(position, ())
        if not well:
            self._doom(children, doomed)
        self._meet(children, ready)
        group = self._groups.get(task.name)
        if group is not None:
            if not well and not group.spoiled:
                group.spoiled = True
                self._doom(group.outsiders, doomed)
                self._doom(group.insiders, doomed)
            self._count_down(group, ready)
        if not task.always:
            self._count_down(self._ordinary, ready)
        return ready, doomed

    def _build(self, names: Names) -> None:
        self._groups = {name: _Group(len(members)) for name, members in names.groups.items()}
        for position, task in enumerate(self._tasks):
            unmet = 0
            for name in task.depends_on:
                parent = names.ids.get(name)
                group = self._groups.get(name)
                if parent is not None:
                    self._children.setdefault(parent, []).append(position)
                elif group is not None:
                    inside = task.name == name
                    (group.insiders if inside else group.outsiders).append(position)
                else:
                    continue
                unmet += 1
            if task.always and not task.depends_on:
                self._ordinary.outsiders.append(position)
                unmet = 1
            if unmet:
                self._unmet[position] = unmet
        self._ordinary.left = sum(not task.always for task in self._tasks)
        for group in (*self._groups.values(), self._ordinary):
            self._look(group, [])

    def _count_down(self, group: _Group, ready: list[int]) -> None:
        group.left -= 1
        self._look(group, ready)

    def _look(self, group: _Group, ready: list[int]) -> None:
        # The last one left waits for the others of its group only, and they have ended.
        if group.left == 1:
            self._meet(group.insiders, ready)
        elif group.left == 0:
            self._meet(group.outsiders, ready)

    def _meet(self, positions: Iterable[int], ready: list[int]) -> None:
        """One thing that these wait for has come."""
        for position in positions:
            unmet = self._unmet.get(position)
            if unmet == 1:
                del self._unmet[position]
                ready.append(position)
            elif unmet is not None:
                self._unmet[position] = unmet - 1

    def _doom(self, positions: Iterable[int], doomed: list[int]) -> None:
        """One thing that these wait for will never come; ``always`` tasks do not mind."""
        doomed += (
            position
            for position in positions
            if not self._tasks[position].always and self._unmet.pop(position, None) is not None
        )


@dataclass(frozen=True, slots=True)
class Link:
    """A task that waits for the next one of a cycle, by this ``name``.

    The name is ``None`` where an ``always`` task waits for all that are not.
    """

    position: int
    name: str | None


def cycles(tasks: Sequence[TaskSpec]) -> Iterator[list[Link]]:
    """Tasks that wait for each other so that none of them can begin, each cycle once.

    Of cycles that share tasks only one is sure to be found. The time is that of reading the list.
    """
    dependencies = Dependencies(tasks)
    beginning = deque(at for at in range(len(tasks)) if not dependencies.blocked(at))
    while beginning:
        ready, _ = dependencies.ended(beginning.popleft(), well=True)
        beginning += ready
    stuck = [at for at in range(len(tasks)) if dependencies.blocked(at)]
    if not stuck:
        return
    walk = _Walk(tasks, stuck)
    for start in stuck:
        cycle = walk.cycle_from(start)
        if cycle:
            yield cycle


class _Walk:
    """Goes from tasks that are stuck to those they wait for, to no task twice."""

    def __init__(self, tasks: Sequence[TaskSpec], stuck: Sequence[int]) -> None:
        self._tasks = tasks
        self._stuck = frozenset(stuck)
        self._names = Names.of(tasks)
        self._seen: set[int] = set()
        self._ordinary = next((at for at in stuck if not tasks[at].always), None)
        # Of each group two that are stuck: a task does not wait for itself.
        self._two: dict[str, list[int]] = {}

    def cycle_from(self, start: int) -> list[Link]:
        """The cycle the way from here comes to, if it is a new one."""
        path: dict[int, Link] = {}
        position = start
        while position not in self._seen:
            self._seen.add(position)
            path[position], position = self._step(position)
        links = list(path.values())
        return links[list(path).index(position) :] if position in path else []

    def _step(self, position: int) -> tuple[Link, int]:
        for name in self._tasks[position].depends_on:
            for parent in self._stuck_of(name):
                if parent != position or name in self._names.ids:
                    return Link(position, name), parent
        assert self._ordinary is not None, "what is stuck waits for something"
        return Link(position, None), self._ordinary

    def _stuck_of(self, name: str) -> list[int]:
        known = self._two.get(name)
        if known is None:
            meant = (at for at in self._names.meant(name) if at in self._stuck)
            known = self._two[name] = list(islice(meant, 2))
        return known


def longest_chain(tasks: Sequence[TaskSpec], seconds: Sequence[float]) -> float:
    """Seconds until all have ended when each takes so long and all that may begin do so at once.

    0 where no task waits for another.
    """
    dependencies = Dependencies(tasks)
    if not dependencies.exist:
        return 0.0
    ends = [(seconds[at], at) for at in range(len(tasks)) if not dependencies.blocked(at)]
    heapq.heapify(ends)
    now = 0.0
    while ends:
        now, position = heapq.heappop(ends)
        for child in dependencies.ended(position, well=True)[0]:
            heapq.heappush(ends, (now + seconds[child], child))
    return now


def only(tasks: Sequence[TaskSpec], positions: Iterable[int]) -> list[TaskSpec]:
    """These tasks as a list of their own, in order, beside which all others have finished.

    What they depend on besides each other is met: the names of it are gone.
    """
    names = Names.of(tasks)
    kept = frozenset(positions)
    return [_without(tasks, at, names, kept) for at in sorted(kept)]


def _without(
    tasks: Sequence[TaskSpec], position: int, names: Names, kept: frozenset[int]
) -> TaskSpec:
    task = tasks[position]
    if not task.depends_on:
        return task
    left = tuple(
        name
        for name in task.depends_on
        if any(parent in kept and parent != position for parent in names.meant(name))
    )
    if left == task.depends_on:
        return task
    # Without a name an ``always`` task would wait for all others.
    return replace(task, depends_on=left, always=task.always and bool(left))


def again_with(tasks: Sequence[TaskSpec], positions: Iterable[int]) -> frozenset[int]:
    """These tasks and the ``always`` tasks that wait for one of them: they follow each time."""
    chosen = frozenset(positions)
    dependencies = Dependencies(tasks)
    over = deque(
        at
        for at, task in enumerate(tasks)
        if at not in chosen and not (task.always and dependencies.blocked(at))
    )
    while over:
        ready, _ = dependencies.ended(over.popleft(), well=True)
        over += (at for at in ready if tasks[at].always and at not in chosen)
    following = (at for at, task in enumerate(tasks) if task.always and dependencies.blocked(at))
    return chosen.union(following)
