"""Who may begin when others have ended, against a model that asks everybody each time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesos_batch.model.dependencies import (
    Dependencies,
    Names,
    again_with,
    cycles,
    longest_chain,
    only,
)
from mesos_batch.model.resources import Resources
from mesos_batch.model.task import TaskSpec

NOTHING = Resources()
WORDS = ("a", "b", "c", "d", "e", "f")


def task(task_id: str, *depends_on: str, name: str | None = None, always: bool = False) -> TaskSpec:
    return TaskSpec(task_id, name or task_id, NOTHING, b"", depends_on=depends_on, always=always)


@st.composite
def task_lists(draw: st.DrawFn) -> list[TaskSpec]:
    """Short lists in which ids are names, names are shared, and some names mean nothing."""
    ids = draw(st.lists(st.sampled_from(WORDS), unique=True, min_size=1))
    return [
        task(
            task_id,
            *draw(st.lists(st.sampled_from((*WORDS, "n", "m")), max_size=2, unique=True)),
            name=draw(st.sampled_from((task_id, "n", "m", "a"))),
            always=draw(st.integers(0, 3)) == 0,
        )
        for task_id in ids
    ]


def parents(tasks: list[TaskSpec], position: int) -> list[set[int]]:
    """What a task waits for, a set for each name."""
    own = tasks[position]
    if own.always and not own.depends_on:
        return [{at for at, other in enumerate(tasks) if not other.always}]
    found = []
    for name in own.depends_on:
        by_id = {at for at, other in enumerate(tasks) if other.task_id == name}
        by_name = {at for at, other in enumerate(tasks) if other.name == name and at != position}
        found.append(by_id or by_name)
    return found


class Model:
    """Every task looks at every other."""

    def __init__(self, tasks: list[TaskSpec]) -> None:
        self.tasks = tasks
        self.well: dict[int, bool] = {}

    def blocked(self) -> set[int]:
        """Those that wait for others, and may yet begin."""
        return {
            at
            for at in range(len(self.tasks))
            if at not in self.well and not self.doomed(at) and not self.met(at)
        }

    def met(self, at: int) -> bool:
        return all(parent in self.well for group in parents(self.tasks, at) for parent in group)

    def doomed(self, at: int) -> bool:
        return not self.tasks[at].always and any(
            self.well.get(parent) is False for group in parents(self.tasks, at) for parent in group
        )


@settings(max_examples=300)
@given(task_lists(), st.data())
def test_the_same_tasks_begin_and_never_begin_as_in_the_model(
    tasks: list[TaskSpec], data: st.DataObject
) -> None:
    dependencies, model = Dependencies(tasks), Model(tasks)
    ended: set[int] = set()
    assert {at for at in range(len(tasks)) if dependencies.blocked(at)} == model.blocked()
    while len(ended) < len(tasks):
        # Any task may end, also one that never began: a run that is cancelled.
        position = data.draw(st.sampled_from(sorted(set(range(len(tasks))) - ended)))
        well = data.draw(st.booleans())
        before, before_doomed = model.blocked(), set(filter(model.doomed, range(len(tasks))))
        ready, doomed = dependencies.ended(position, well=well)
        ended.add(position)
        model.well[position] = well

        assert {at for at in range(len(tasks)) if dependencies.blocked(at)} == model.blocked()
        assert dependencies.blocked_count == len(model.blocked())
        assert sorted(ready) == sorted(
            at for at in before - model.blocked() - ended if not model.doomed(at)
        )
        assert sorted(doomed) == sorted(
            at for at in before - ended if model.doomed(at) and at not in before_doomed
        )


@settings(max_examples=300)
@given(task_lists())
def test_a_cycle_is_found_where_some_task_can_never_begin(tasks: list[TaskSpec]) -> None:
    model = Model(tasks)
    while begin := [
        at for at in range(len(tasks)) if at not in model.well and at not in model.blocked()
    ]:
        model.well.update(dict.fromkeys(begin, True))
    found = list(cycles(tasks))

    assert bool(found) == (len(model.well) < len(tasks))
    for cycle in found:
        around = [*cycle[1:], cycle[0]]
        assert len({link.position for link in cycle}) == len(cycle)
        for link, following in zip(cycle, around, strict=True):
            assert any(following.position in group for group in parents(tasks, link.position))
            assert link.name in (*tasks[link.position].depends_on, None)


@pytest.mark.parametrize(
    ("tasks", "cycle"),
    [
        ([task("a", "b"), task("b", "a")], [0, 1]),
        ([task("a", "a")], [0]),
        ([task("x", "t", name="t"), task("y", "t", name="t")], [0, 1]),
        ([task("x", "t", name="t"), task("y", "x", name="t")], [0, 1]),
        ([task("a", "end"), task("end", always=True)], [0, 1]),
    ],
)
def test_cycles_are_spelled(tasks: list[TaskSpec], cycle: list[int]) -> None:
    (found,) = cycles(tasks)
    assert sorted(link.position for link in found) == cycle


def test_each_of_two_cycles_is_found() -> None:
    tasks = [task("a", "b"), task("b", "a"), task("c", "d"), task("d", "c"), task("e", "a", "c")]
    assert [sorted(link.position for link in cycle) for cycle in cycles(tasks)] == [[0, 1], [2, 3]]


def test_a_task_does_not_wait_for_itself_by_its_own_name() -> None:
    tasks = [task("x", name="t"), task("y", "t", name="t"), task("z", "t")]
    dependencies = Dependencies(tasks)

    assert not list(cycles(tasks))
    assert dependencies.ended(0, well=True) == ([1], [])
    assert dependencies.ended(1, well=True) == ([2], [])


@pytest.mark.parametrize(
    ("tasks", "seconds", "longest"),
    [
        ([task("a"), task("b")], [5.0, 7.0], 0.0),
        ([task("a"), task("b", "a"), task("c", "b"), task("d")], [1.0, 2.0, 3.0, 5.5], 6.0),
        ([task("a", name="t"), task("b", name="t"), task("c", "t")], [1.0, 4.0, 2.0], 6.0),
        ([task("a"), task("b", "a"), task("end", always=True)], [1.0, 2.0, 4.0], 7.0),
    ],
)
def test_the_longest_chain(tasks: list[TaskSpec], seconds: list[float], longest: float) -> None:
    assert longest_chain(tasks, seconds) == longest


def test_names_are_ids_first() -> None:
    names = Names([task("t"), task("x", name="t"), task("y", name="u")], {"t", "u", "v"})
    assert [names.meant(name) for name in ("t", "u", "v")] == [[0], [2], []]


def test_a_part_of_a_list_waits_only_for_what_is_in_it() -> None:
    tasks = [
        task("a"),
        task("t1", "a", name="t"),
        task("t2", "a", name="t"),
        # By id in the whole list, which is not to mean the others of that name in a part of it.
        task("t"),
        task("end", "t1", "t2", "t", always=True),
        task("last", "u"),
        task("v", name="u"),
        task("clean", "a", always=True),
        task("all", always=True),
    ]
    kept = only(tasks, [1, 4, 5, 7, 8])

    assert [spec.depends_on for spec in kept] == [(), ("t1",), (), (), ()]
    assert [spec.always for spec in kept] == [False, True, False, False, True]
    assert [spec.depends_on for spec in only(tasks, range(len(tasks)))] == [
        spec.depends_on for spec in tasks
    ]


def test_always_tasks_follow_again() -> None:
    tasks = [
        task("a"),
        task("b"),
        task("of-a", "a", always=True),
        task("of-of-a", "of-a", always=True),
        task("of-b", "b", always=True),
        task("all", always=True),
    ]
    assert again_with(tasks, [0]) == {0, 2, 3, 5}
    assert again_with(tasks, [4]) == {4}
    assert again_with(tasks, []) == set()


def test_many_that_wait_for_many_cost_what_both_do() -> None:
    count = 20_000
    tasks = [task(f"p{at}", name="parent") for at in range(count)]
    tasks += [task(f"c{at}", "parent") for at in range(count)]

    dependencies = Dependencies(tasks)
    ready = [child for at in range(count) for child in dependencies.ended(at, well=True)[0]]
    found = list(cycles(tasks))

    assert len(ready) == count
    # Their product, 400 million, would take longer than a test may.
    assert not found
