"""How close the engine comes to the lower bound on thirty mixes of tasks and agents.

``python benchmarks/mixes.py [SEED...]`` runs the real engine in virtual time, where the machine is
out of the picture: the ratios are the same wherever they are made. Each mix is made from its seed;
the thirty of the first seed are shown one by one, those of the others as one line. The expected
runtime of every task is known to the engine. Below the mixes stand four small works that show one
thing each. ``--svg=FILE`` draws the ratios of the first seed.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from charts import bars

from mesos_batch.engine.lower_bound import LowerBound, lower_bound
from mesos_batch.engine.policy import Policy
from mesos_batch.engine.scheduler import BatchScheduler
from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import Resources
from mesos_batch.model.scheduling import Scheduling
from mesos_batch.model.task import TaskSpec
from mesos_batch.simulation.virtual_agent import VirtualAgent
from mesos_batch.simulation.virtual_cluster import VirtualCluster
from mesos_batch.simulation.virtual_time import BEGIN, drive

Work = tuple[float, float, float]
"""Cpus, MB and seconds of one task."""
Sizes = Sequence[tuple[float, float]]
"""Cpus and MB of each agent."""
SEEDS = (1, 2, 3, 4, 5, 6)
OF_EACH_KIND = 3


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a mix; seconds of virtual time."""

    makespan: float
    bound: LowerBound
    finished: int

    @property
    def ratio(self) -> float:
        """1 is as good as can be."""
        return self.makespan / self.bound.seconds


def run(works: Sequence[Work], agents: Sizes) -> Result:
    """Run the tasks in virtual time."""
    shared: dict[tuple[float, float], Resources] = {}
    plans: dict[float, Scheduling] = {}
    tasks = []
    for number, (cpus, mem, seconds) in enumerate(works):
        needs = shared.setdefault((cpus, mem), Resources.scalars(cpus=cpus, mem=mem))
        how = plans.setdefault(seconds, Scheduling(expected_runtime=seconds))
        tasks.append(TaskSpec(f"t{number}", f"t{number}", needs, b"", scheduling=how))
    hosts = [
        VirtualAgent(f"a{number}", f"a{number}", Resources.scalars(cpus=cpus, mem=mem))
        for number, (cpus, mem) in enumerate(agents)
    ]
    scheduler = BatchScheduler(tasks, Policy(unplaceable_timeout=0.0), BEGIN)
    drive(scheduler, VirtualCluster(hosts, [seconds for _, _, seconds in works], BEGIN))
    done = [view for view in scheduler.snapshot().tasks if view.phase is Phase.FINISHED]
    held = [(view.spec.resources, view.spec.scheduling.expected_runtime or 0.0) for view in done]
    last = max(view.ended_at or 0.0 for view in done)
    return Result(last - BEGIN, lower_bound(held, [host.free for host in hosts]), len(done))


# --- tasks of a mix ------------------------------------------------------------------------


def uniform(dice: random.Random) -> Iterable[Work]:
    """All of one size, between five and fifteen seconds."""
    return [(1, 512, dice.uniform(5, 15)) for _ in range(300)]


def heavy_tail(dice: random.Random) -> Iterable[Work]:
    """Most are short, a few take many times as long."""
    return [
        (dice.choice((0.5, 1, 2)), 256, min(2 * dice.paretovariate(1.2), 120)) for _ in range(300)
    ]


def two_kinds(dice: random.Random) -> Iterable[Work]:
    """Small ones and large ones in any order."""
    kinds = ((0.5, 128, 4.0), (3, 1024, 10.0))
    return [dice.choice(kinds) for _ in range(300)]


def many_kinds(dice: random.Random) -> Iterable[Work]:
    """Hardly two alike."""
    return [
        (round(dice.uniform(0.1, 3), 1), dice.randrange(64, 2048, 64), dice.uniform(2, 20))
        for _ in range(250)
    ]


def memory_bound(dice: random.Random) -> Iterable[Work]:
    """Memory is what runs out."""
    return [(0.2, dice.choice((512, 1024, 2048)), dice.uniform(3, 12)) for _ in range(200)]


def opposites(dice: random.Random) -> Iterable[Work]:
    """Half want cpus, half memory: together they fill an agent."""
    kinds = ((1, 256), (0.25, 1024))
    return [(*dice.choice(kinds), dice.uniform(4, 12)) for _ in range(250)]


def big_ones_last(dice: random.Random) -> Iterable[Work]:
    """The list ends with the largest ones."""
    small = [(0.5, 128, dice.uniform(2, 6)) for _ in range(250)]
    return [*small, *((4, 2048, dice.uniform(10, 20)) for _ in range(15))]


def long_ones_last(dice: random.Random) -> Iterable[Work]:
    """The list ends with the ones that take longest."""
    short = [(1, 256, dice.uniform(2, 6)) for _ in range(250)]
    return [*short, *((1, 256, dice.uniform(30, 40)) for _ in range(5))]


def big_ones_between(dice: random.Random) -> Iterable[Work]:
    """A large one now and then among many small ones."""
    return [
        (4, 3072, dice.uniform(8, 12)) if number % 20 == 10 else (0.5, 64, dice.uniform(1, 5))
        for number in range(300)
    ]


def short_ones(dice: random.Random) -> Iterable[Work]:
    """Over in less than an allocation interval."""
    return [(dice.choice((0.5, 1)), 128, dice.uniform(0.1, 0.6)) for _ in range(400)]


MIXES: tuple[Callable[[random.Random], Iterable[Work]], ...] = (
    uniform,
    heavy_tail,
    two_kinds,
    many_kinds,
    memory_bound,
    opposites,
    big_ones_last,
    long_ones_last,
    big_ones_between,
    short_ones,
)


def some_agents(dice: random.Random, *, equal: bool) -> Sizes:
    """Agents of one size, or of three."""
    count = dice.randrange(4, 11)
    if equal:
        return [(4, 4096)] * count
    return [dice.choice(((4, 4096), (8, 8192), (16, 65536))) for _ in range(count)]


# --- the four works ------------------------------------------------------------------------

TWO_AGENTS = [(4.0, 4096.0)] * 2
FOUR: dict[str, tuple[list[Work], str]] = {
    "80 x 1 s of 1 cpu": ([(1, 32, 1.0)] * 80, "ten times in a row on eight slots"),
    "32 x 2 s of 3 and 0.5 cpus": (
        [(3 if number % 2 == 0 else 0.5, 32, 2.0) for number in range(32)],
        "the small ones beside the large ones",
    ),
    "200 x true of 0.1 cpu": ([(0.1, 32, 0.01)] * 200, "a REVIVE decides, not an interval"),
    "99 cpus first, 10 small ones": (
        [(99, 32, 1.0), *[(0.5, 32, 1.0)] * 10],
        "the small ones are not held up",
    ),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seeds", nargs="*", type=int, default=SEEDS)
    parser.add_argument("--svg", type=Path)
    given = parser.parse_args()
    first, *others = given.seeds
    rows = thirty(first, show=True)
    print(f"\nseed {first:<4} {figures([ratio for _, ratio in rows])}")
    ratios = [ratio for _, ratio in rows]
    for seed in others:
        more = [ratio for _, ratio in thirty(seed, show=False)]
        print(f"seed {seed:<4} {figures(more)}")
        ratios += more
    print(f"all       {figures(ratios)}")
    if given.svg is not None:
        bars(given.svg, "Makespan by lower bound, thirty mixes on so many agents", rows, "")
    print(f"\n{'WORK ON 2 AGENTS OF 4 CPUS':30} {'MAKESPAN':>10} {'BOUND':>10} {'RATIO':>6}")
    for name, (works, shows) in FOUR.items():
        result = run(works, TWO_AGENTS)
        print(
            f"{name:30} {result.makespan:9.2f}s {result.bound.seconds:9.2f}s {result.ratio:6.2f}"
            f"   {result.finished} finished: {shows}"
        )


def figures(ratios: Iterable[float]) -> str:
    """Median and 95th percentile in words."""
    in_order = sorted(ratios)
    high = in_order[math.ceil(0.95 * len(in_order)) - 1]
    return f"median {statistics.median(in_order):.3f}   95th percentile {high:.3f}"


def thirty(seed: int, *, show: bool) -> list[tuple[str, float]]:
    """The mixes of one seed: what each is called, and its ratio."""
    if show:
        print(f"seed {seed}")
        print(f"{'MIX':20} {'TASKS':>6} {'AGENTS':>12} {'MAKESPAN':>10} {'BOUND':>10} {'RATIO':>6}")
    rows: list[tuple[str, float]] = []
    for mix in MIXES:
        for turn in range(OF_EACH_KIND):
            dice = random.Random(f"{seed} {mix.__name__} {turn}")
            works, agents = list(mix(dice)), some_agents(dice, equal=turn == 0)
            result = run(works, agents)
            name = mix.__name__.replace("_", " ")
            kind = f"{len(agents)} {'equal' if turn == 0 else 'unequal'}"
            rows.append((f"{name}, {kind}", result.ratio))
            assert result.finished == len(works)
            if show:
                print(
                    f"{name:20} {len(works):6} {kind:>12} {result.makespan:9.1f}s"
                    f" {result.bound.seconds:9.1f}s {result.ratio:6.3f}"
                )
    return rows


if __name__ == "__main__":
    main()
