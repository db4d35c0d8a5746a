"""What a task costs the engine while it waits: lists of 100,000 tasks are ordinary."""

from __future__ import annotations

import tracemalloc

from engine.world import World, task

from mesos_batch.model.resources import Resources

COUNT = 2_000


def test_a_waiting_task_costs_less_than_half_a_kilobyte() -> None:
    needs = Resources.scalars(cpus=1, mem=32)
    tasks = [task(f"t{number}", resources=needs) for number in range(COUNT)]
    World(*tasks)

    tracemalloc.start()
    try:
        world = World(*tasks)
        world.subscribe()
        world.offers(world.offer("a", cpus=0.5))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(world.scheduler.snapshot().tasks) == COUNT
    assert kept / COUNT < 500
