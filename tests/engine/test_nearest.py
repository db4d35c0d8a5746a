"""Which agent comes nearest to having room for a task, in words."""

from __future__ import annotations

import pytest
from engine.world import World, task
from hypothesis import given, settings
from hypothesis import strategies as st

from mesos_batch.engine.nearest import Room, nearest_miss
from mesos_batch.engine.vector import Vector, fits

FOUR_CPUS = (4000, 64_000, 0, 0)


@pytest.mark.parametrize(
    ("wanted", "rooms", "text"),
    [
        (
            FOUR_CPUS,
            [
                Room("n1", (1000, 9_000_000, 0, 0), (8000, 9_000_000, 0, 0)),
                Room("n7", (3500, 9_000_000, 0, 0), (8000, 9_000_000, 0, 0)),
            ],
            "needs 4 cpus, best agent n7 has 3.5 free, 8 in all",
        ),
        (
            (1000, 512_000, 0, 0),
            [Room("n1", (-500, 256_000, 0, 0), (4000, 1_024_000, 0, 0))],
            (
                "needs 1 cpus and 512 MB mem, best agent n1 has 0 cpus free, 4 cpus in all"
                " and 256 MB mem free, 1024 MB mem in all"
            ),
        ),
        # Another agent could never hold it, however much of it is free.
        (
            FOUR_CPUS,
            [
                Room("small", (3900, 64_000, 0, 0), (3900, 64_000, 0, 0)),
                Room("large", (0, 64_000, 0, 0), (4000, 64_000, 0, 0)),
            ],
            "needs 4 cpus, best agent large has 0 free, 4 in all",
        ),
        (FOUR_CPUS, [Room("n1", FOUR_CPUS, FOUR_CPUS)], None),
        (FOUR_CPUS, [Room("n1", (0, 0, 0, 0), (1000, 0, 0, 0))], None),
        (FOUR_CPUS, [], None),
    ],
)
def test_the_best_agent_and_what_it_lacks(
    wanted: Vector, rooms: list[Room], text: str | None
) -> None:
    assert nearest_miss(wanted, rooms) == text


AMOUNTS = st.tuples(*[st.integers(0, 9000)] * 4)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(AMOUNTS, st.lists(st.tuples(AMOUNTS, AMOUNTS), max_size=5))
def test_there_is_a_miss_exactly_when_room_is_a_matter_of_time(
    wanted: Vector, agents: list[tuple[Vector, Vector]]
) -> None:
    rooms = [Room(f"n{index}", free, total) for index, (free, total) in enumerate(agents)]

    ever = any(fits(wanted, room.total) for room in rooms)
    now = any(fits(wanted, room.free) and fits(wanted, room.total) for room in rooms)

    assert (nearest_miss(wanted, rooms) is not None) == (ever and not now)


def test_a_snapshot_tells_what_the_next_task_lacks() -> None:
    world = World(task("first", cpus=3), task("next", cpus=2), max_running=None)
    world.subscribe()
    world.list_agents(a=4)
    world.offers(world.offer("a", cpus=4))

    assert (
        world.scheduler.snapshot().why_waiting
        == "next needs 2 cpus, best agent a has 1 free, 4 in all"
    )


def test_a_snapshot_tells_that_more_may_not_run() -> None:
    world = World(task("a"), task("b"), max_running=1)
    world.subscribe()
    world.offers(world.offer("a"))

    assert world.scheduler.snapshot().why_waiting == "1 run, and more may not (--max_running)"
