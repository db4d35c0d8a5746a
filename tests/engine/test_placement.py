"""Which waiting tasks go onto which offers."""

from __future__ import annotations

import pytest
from engine.world import World, launched, of, task
from hypothesis import given, settings
from hypothesis import strategies as st

from mesos_batch.engine import commands as do
from mesos_batch.engine.fit import take
from mesos_batch.engine.placement import LONGEST_DRAIN, PATIENCE
from mesos_batch.model.facts import Phase, TaskEnded, TaskPlaceable, TaskUnplaceable
from mesos_batch.model.ranges import Ranges
from mesos_batch.model.resource import Disk, Reservation, ReservationType, Resource
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.model.scheduling import Scheduling

OURS = Reservation(ReservationType.DYNAMIC, "ours", "me")


def test_a_task_that_fits_nowhere_blocks_nobody() -> None:
    world = World(task("big", cpus=99), *(task(f"t{i}", cpus=0.1) for i in range(10)))
    world.subscribe()

    turn = world.offers(world.offer("a"))

    assert launched(turn) == [f"t{i}" for i in range(10)]
    assert world.phase("big") is Phase.WAITING


def test_one_accept_holds_all_tasks_of_an_agent_and_merges_its_offers() -> None:
    world = World(task("t", cpus=6))
    world.subscribe()

    turn = world.offers(world.offer("a", cpus=4), world.offer("a", cpus=4), world.offer("b"))

    launch = of(do.Launch, turn.commands)[0]
    assert launch.offer_ids == ("O0", "O1")
    assert of(do.Decline, turn.commands)[0].offer_ids == ("O2",)


def test_every_offer_is_answered_in_its_turn() -> None:
    world = World(task("t"))
    world.subscribe()

    turn = world.offers(*(world.offer(name) for name in "abc"))

    answered = [
        offer_id
        for command in turn.commands
        if isinstance(command, do.Launch | do.Decline)
        for offer_id in command.offer_ids
    ]
    assert sorted(answered) == ["O0", "O1", "O2"]


def test_agent_id_pins_a_task() -> None:
    world = World(task("t", agent_id="b"))
    world.subscribe()

    assert launched(world.offers(world.offer("a"))) == []
    assert launched(world.offers(world.offer("b"))) == ["t"]


def test_few_tasks_are_spread_and_many_are_packed() -> None:
    few = World(task("t0"), task("t1"))
    few.subscribe()
    spread = few.offers(few.offer("a"), few.offer("b"))
    many = World(*(task(f"t{i}", cpus=1.5) for i in range(9)))
    many.subscribe()
    packed = many.offers(many.offer("a", cpus=9), many.offer("b", cpus=2))

    assert {c.agent_id for c in of(do.Launch, spread.commands)} == {"a", "b"}
    by_agent = {c.agent_id: [t.task_id for t in c.tasks] for c in of(do.Launch, packed.commands)}
    assert by_agent == {"a": [f"t{i}" for i in range(1, 7)], "b": ["t0"]}


def test_what_all_fits_is_spread_so_that_it_does() -> None:
    """Two small long ones, each on an agent of its own, would leave no room for the large one."""
    long, short = Scheduling(expected_runtime=60), Scheduling(expected_runtime=1)
    world = World(
        task("s0", scheduling=long),
        task("s1", scheduling=long),
        task("l", cpus=4, scheduling=short),
    )
    world.subscribe()

    turn = world.offers(world.offer("a"), world.offer("b"))

    assert sorted(launched(turn)) == ["l", "s0", "s1"]


def test_the_order_is_priority_then_length_then_size_then_the_list() -> None:
    world = World(
        task("small"),
        task("large", cpus=2),
        task("short", scheduling=Scheduling(expected_runtime=5)),
        task("long", scheduling=Scheduling(expected_runtime=500)),
        task("urgent", scheduling=Scheduling(priority=1, expected_runtime=1)),
        task("small too"),
        task("last", scheduling=Scheduling(priority=-1)),
    )
    world.subscribe()

    order = [launched(world.offers(world.offer("a", cpus=2)))]
    order += [launched(world.offers(world.offer("a", cpus=1))) for _ in range(5)]

    assert order[0][0] == "urgent"
    assert [name for names in order for name in names] == [
        "urgent",
        "small",
        "small too",
        "long",
        "short",
        "last",
    ]


def test_a_large_task_is_not_starved_by_a_stream_of_small_ones() -> None:
    """Small tasks come and go on the only agent; the large one starts soon after PATIENCE."""
    world = World(task("large", cpus=4), *(task(f"s{i}", cpus=1) for i in range(400)))
    world.subscribe()
    world.offers(world.offer("a", cpus=3))
    running = ["s0", "s1", "s2"]
    free = 1.0
    for _ in range(60):
        ended = running.pop(0) if running else None
        if ended is not None:
            world.update(ended, "FINISHED")
            free += 1
        turn = world.offers(world.offer("a", cpus=free), after=1.0)
        new = launched(turn)
        if "large" in new:
            break
        running += new
        free -= len(new)
    else:
        raise AssertionError("the large task never started")


def test_a_drained_agent_is_given_back_when_draining_takes_too_long() -> None:
    world = World(task("large", cpus=4), *(task(f"s{i}") for i in range(9)))
    world.subscribe()
    world.offers(world.offer("a", cpus=3))
    world.offers(world.offer("a", cpus=1))
    world.update("s0", "FINISHED")
    assert launched(world.offers(world.offer("a", cpus=1), after=PATIENCE + 1)) == []

    turn = world.offers(world.offer("a", cpus=1), after=LONGEST_DRAIN + PATIENCE)

    assert len(launched(turn)) == 1


def test_own_reservations_are_used_before_unreserved_resources() -> None:
    reserved = Resource("cpus", Scalar.of(0.5), reservations=(OURS,))
    available = Resources([Resource("cpus", Scalar.of(2)), reserved])

    pieces = take(available, Resources.scalars(cpus=1))

    assert pieces == Resources([reserved, Resource("cpus", Scalar.of(0.5))])


def test_what_names_a_reservation_takes_exactly_that() -> None:
    wish = Resource("cpus", Scalar.of(1), reservations=(OURS,))

    assert take(Resources.scalars(cpus=8), Resources([wish])) is None
    assert take(Resources([wish.with_value(Scalar.of(3))]), Resources([wish])) == Resources([wish])


def test_plain_disk_never_comes_from_a_volume() -> None:
    volume = Resource("disk", Scalar.of(100), reservations=(OURS,), disk=Disk(persistence_id="v"))

    assert take(Resources([volume]), Resources.scalars(disk=10)) is None


def test_ports_asked_for_by_number_are_found_among_the_offered() -> None:
    offered = Resources([Resource("ports", Ranges.of((31000, 32000)))])
    wish = Resources([Resource("ports", Ranges.of((31005, 31006)))])

    assert take(offered, wish) == wish
    assert take(offered, Resources([Resource("ports", Ranges.of((80, 80)))])) is None


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    wishes=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 40)), min_size=1, max_size=25),
    offers=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 50), st.integers(0, 50)),
        min_size=1,
        max_size=6,
    ),
)
def test_placement_gives_no_more_than_was_offered_and_leaves_nothing_that_fits(
    wishes: list[tuple[int, int]], offers: list[tuple[str, int, int]]
) -> None:
    specs = [task(f"t{i}", cpus=c / 10, mem=m) for i, (c, m) in enumerate(wishes)]
    world = World(*specs)
    world.subscribe()
    made = [world.offer(agent, cpus=c / 10, mem=m) for agent, c, m in offers]
    left: dict[str, Resources] = {}
    for offer in made:
        left[offer.agent_id] = left.get(offer.agent_id, Resources()) + offer.resources

    turn = world.offers(*made)

    for launch in of(do.Launch, turn.commands):
        for item in launch.tasks:
            assert item.resources == item.spec.resources
            left[launch.agent_id] -= item.resources
    started = set(launched(turn))
    for spec in specs:
        if spec.task_id not in started:
            assert all(take(rest, spec.resources) is None for rest in left.values())


def test_what_no_agent_could_hold_is_told_at_once_and_fails_after_the_timeout() -> None:
    world = World(task("big", cpus=99), task("t"), unplaceable_timeout=300)
    world.subscribe()

    told = world.list_agents(a=4, b=8)
    world.offers(world.offer("a"))
    world.update("t", "FINISHED")
    world.wait(299)
    before = world.scheduler.ended
    end = world.wait(2)

    found = of(TaskUnplaceable, told.facts)[0]
    assert found.task_id == "big"
    assert found.explanation == "needs cpus 99, and the largest agent (b) has 8"
    assert not before
    assert of(TaskEnded, end.facts)[0].phase is Phase.UNPLACEABLE
    assert world.scheduler.snapshot().exit_code == 3


def test_a_larger_agent_that_comes_clears_the_verdict() -> None:
    world = World(task("big", cpus=9))
    world.subscribe()
    world.list_agents(a=4)

    asked = world.wait(20)
    cleared = world.list_agents(a=4, b=16)
    end = world.wait(1000)

    assert of(do.ListAgents, asked.commands)
    assert [found.task_id for found in of(TaskPlaceable, cleared.facts)] == ["big"]
    assert of(TaskEnded, end.facts) == []
    assert launched(world.offers(world.offer("b", cpus=16))) == ["big"]


def test_without_the_masters_list_offers_tell_after_a_moment() -> None:
    world = World(task("big", cpus=9))
    world.subscribe()
    assert of(TaskUnplaceable, world.offers(world.offer("a")).facts) == []

    assert of(TaskUnplaceable, world.wait(5).facts)[0].task_id == "big"


def test_an_agent_full_of_our_tasks_still_counts_with_all_it_has() -> None:
    world = World(task("first", cpus=4), task("second", cpus=4))
    world.subscribe()
    world.offers(world.offer("a", cpus=4))

    assert of(TaskUnplaceable, world.wait(60).facts) == []


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (task("t", agent_id="x"), "agent x, which the task names, is not known to the master"),
        (
            task("t", resources=Resources([Resource("cpus", Scalar(1), reservations=(OURS,))])),
            "needs cpus 0.001 reserved for role ours by principal me, which no agent has",
        ),
        (
            task("t", resources=Resources.scalars(gpus=1)),
            "needs gpus 1, and no agent has gpus for role *",
        ),
    ],
)
def test_the_explanation_says_what_is_missing(wish: object, words: str) -> None:
    world = World(wish)  # type: ignore[arg-type]
    world.subscribe()

    assert of(TaskUnplaceable, world.list_agents(a=4).facts)[0].explanation == words


def test_what_tasks_gave_back_is_not_counted_as_more() -> None:
    world = World(task("t", cpus=4), task("big", cpus=8))
    world.subscribe()
    world.offers(world.offer("a", cpus=4))
    world.update("t", "FINISHED")
    world.offers(world.offer("a", cpus=4))

    assert [found.task_id for found in of(TaskUnplaceable, world.wait(5).facts)] == ["big"]


def test_a_task_that_waits_again_is_judged_again() -> None:
    world = World(task("t", agent_id="a"))
    world.subscribe()
    world.offers(world.offer("a"))
    world.list_agents(b=4)

    turn = world.update("t", "DROPPED")

    assert [found.task_id for found in of(TaskUnplaceable, turn.facts)] == ["t"]
