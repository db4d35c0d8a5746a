"""Run one plan from its beginning to its end and say what was wrong with it."""

from __future__ import annotations

import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from faults.inject import inject
from faults.plan import START, Plan
from faults.violation import ViolationError
from faults.world import World

# No plan needs longer: one small agent, the slowest tasks, every retry.
LONGEST_RUN = 200_000.0
MOST_STEPS = 30_000
AFTERMATH = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went; ``rule`` is ``None`` when everything held."""

    rule: str | None
    text: str
    counts: Counter[str]
    steps: int
    seconds: float


def run(
    plan: Plan,
    trace: list[tuple[float, str, str]] | None = None,
    state_dir: Path | None = None,
) -> Outcome:
    """Run a plan; what goes wrong is told, never raised."""
    world = World(plan, trace, state_dir)
    rule, text = None, ""
    try:
        _run(world)
    except ViolationError as violation:
        rule, text = violation.rule, str(violation)
    except Exception as error:  # noqa: BLE001 - a crash of the engine is a finding like any other
        rule, text = f"no exception: {type(error).__name__}", traceback.format_exc()
    finally:
        world.journal.close()
    return Outcome(rule, text, world.counts, world.clock.steps, world.clock.now - START)


def _run(world: World) -> None:
    clock = world.clock
    for fault in world.plan.faults:
        clock.at(START + fault.at, inject, world, fault)
    world.begin()
    clock.run(START + LONGEST_RUN, lambda: world.over, MOST_STEPS)
    if not world.over and world.oracle.changes.promised_in_vain():
        return
    if not world.over:
        phases = [
            "waiting" if (entry := world.journal.tasks.get(position)) is None else entry.phase.value
            for position in range(len(world.specs))
        ]
        rule = "no busy loop" if clock.steps > MOST_STEPS else "the run ends"
        raise ViolationError(rule, f"after {clock.now - START:.0f} s the tasks are {phases}")
    clock.run(clock.now + AFTERMATH, lambda: False, 2 * MOST_STEPS)
    world.oracle.judge_end()
