"""Where tasks with constraints go, and how many run at one time."""

from __future__ import annotations

from engine.world import World, launched, of, task

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.model.facts import Phase, TaskUnplaceable
from mesos_batch.model.offer import Attribute, Offer
from mesos_batch.model.resources import Resources
from mesos_batch.model.scheduling import Constraint, Operator, Scheduling


def on(field: str, operator: Operator, *values: str) -> Scheduling:
    return Scheduling(constraints=(Constraint(field, operator, values),))


def offer(world: World, agent: str, **marks: str) -> Offer:
    attributes = tuple(Attribute(name, value) for name, value in marks.items())
    return world.offer(agent, attributes=attributes)


def places(world: World) -> dict[str, str]:
    return {
        launch.task_id: command.agent_id
        for command in of(do.Launch, world.commands)
        for launch in command.tasks
    }


def test_a_task_goes_only_where_its_constraints_hold() -> None:
    world = World(
        task("ssd", scheduling=on("disk", Operator.EQUALS, "ssd")),
        task("not-a", scheduling=on("hostname", Operator.UNLIKE, "a.*")),
    )
    world.subscribe()

    world.offers(offer(world, "a1", disk="hdd"))
    world.offers(offer(world, "b1", disk="hdd"))
    world.offers(offer(world, "a2", disk="ssd"))

    assert places(world) == {"not-a": "b1", "ssd": "a2"}


def test_unique_and_max_per_count_what_runs_now() -> None:
    world = World(
        *(task(f"u{i}", scheduling=on("hostname", Operator.UNIQUE)) for i in range(3)),
        *(task(f"m{i}", scheduling=on("rack", Operator.MAX_PER, "2")) for i in range(5)),
    )
    world.subscribe()

    first = launched(world.offers(offer(world, "a", rack="r1"), offer(world, "b", rack="r1")))
    again = launched(world.offers(offer(world, "a", rack="r1")))
    world.update("u0", "FINISHED", agent_id=places(world)["u0"])
    after = launched(world.offers(offer(world, places(world)["u0"], rack="r1")))

    assert sorted(first) == ["m0", "m1", "u0", "u1"]
    assert again == []
    assert after == ["u2"]


def test_group_by_spreads_evenly() -> None:
    world = World(*(task(f"t{i}", scheduling=on("rack", Operator.GROUP_BY)) for i in range(9)))
    world.subscribe()

    world.offers(
        offer(world, "a", rack="r1"), offer(world, "b", rack="r1"), offer(world, "c", rack="r2")
    )

    racks = ["r2" if agent == "c" else "r1" for agent in places(world).values()]
    assert (racks.count("r1"), racks.count("r2")) == (5, 4)


def test_what_runs_counts_after_a_resumption_too() -> None:
    world = World(*(task(f"u{i}", scheduling=on("hostname", Operator.UNIQUE)) for i in range(2)))
    world.subscribe()
    world.offers(offer(world, "a"))
    world.crash()
    world.subscribe()

    assert launched(world.offers(offer(world, "a"))) == []
    assert launched(world.offers(offer(world, "b"))) == ["u1"]


def test_constraints_that_no_agent_satisfies_are_told() -> None:
    world = World(task("t", scheduling=on("rack", Operator.IN, "r8", "r9")))
    world.subscribe()

    total = ev.AgentTotal("a", "a", Resources.scalars(cpus=4, mem=64), {"rack": "r1"})
    turn = world.do(ev.AgentsListed((total,)))

    found = of(TaskUnplaceable, turn.facts)[0]
    assert found.explanation == "no agent satisfies rack:in:r8,r9"


def test_no_more_tasks_run_than_max_running() -> None:
    world = World(*(task(f"t{i}") for i in range(5)), max_running=2)
    world.subscribe()

    first = world.offers(world.offer("a"), world.offer("b"))
    suppressed = of(do.Suppress, first.commands)
    ended = world.update("t0", "FINISHED")
    then = world.wait(1.0)
    second = world.offers(world.offer("a"))

    assert len(launched(first)) == 2
    assert suppressed
    assert of(do.Revive, ended.commands + then.commands)
    assert len(launched(second)) == 1
    assert world.phase("t4") is Phase.WAITING


def test_a_revive_waits_for_the_interval() -> None:
    world = World(*(task(f"t{i}", cpus=4) for i in range(9)), revive_interval=5.0)
    world.subscribe()
    world.offers(world.offer("a"), world.offer("b"))

    at_once = world.update("t0", "FINISHED", after=1.0)
    soon = world.wait(3.0)
    late = world.wait(2.0)

    assert of(do.Revive, at_once.commands + soon.commands) == []
    assert len(of(do.Revive, late.commands)) == 1
