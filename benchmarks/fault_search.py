"""Search for faults: run the engine against a simulated cluster in which a seed breaks things.

``python benchmarks/fault_search.py --seeds=100000`` runs so many seeds over all processors and
prints what was broken how often, and what did not hold. ``--first=N`` begins at another seed.
``--seed=N`` runs one seed, shrunk when it fails, and prints all that happens in it.
Exit code 1 when something did not hold. See docs/fault-search.md.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from faults.change_plan import make_plan
from faults.run import run
from faults.shrink import explain, traced

CHUNK = 200
SHOWN = 5
PROGRESS_SECONDS = 10.0


@dataclass(slots=True)
class Findings:
    """What a range of seeds brought."""

    seeds: int = 0
    steps: int = 0
    virtual: float = 0.0
    processor: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, other: Findings) -> None:
        """Add those of another range."""
        self.seeds += other.seeds
        self.steps += other.steps
        self.virtual += other.virtual
        self.processor += other.processor
        self.counts += other.counts
        self.broken += other.broken


def search(seeds: range) -> Findings:
    """Run these seeds."""
    found = Findings(seeds=len(seeds))
    began = time.process_time()
    for seed in seeds:
        outcome = run(make_plan(seed))
        found.counts += outcome.counts
        found.steps += outcome.steps
        found.virtual += outcome.seconds
        if outcome.rule is not None:
            found.broken.append((seed, outcome.rule, outcome.text))
    found.processor = time.process_time() - began
    return found


def chunks(first: int, count: int) -> Iterator[range]:
    """The seeds in portions for the processes."""
    for start in range(first, first + count, CHUNK):
        yield range(start, min(start + CHUNK, first + count))


def search_all(first: int, count: int, processes: int) -> int:
    """Run many seeds with a line of progress, then tell what came of it."""
    began = shown = time.monotonic()
    total = Findings()
    with multiprocessing.Pool(processes) as pool:
        for part in pool.imap_unordered(search, chunks(first, count)):
            total.add(part)
            if time.monotonic() - shown < PROGRESS_SECONDS:
                continue
            shown = time.monotonic()
            left = (shown - began) / total.seeds * (count - total.seeds)
            line = f"{total.seeds:,} of {count:,} seeds, {len(total.broken)} violations"
            print(f"{line}, {shown - began:.0f} s, {left:.0f} s left", file=sys.stderr)
    tell(total, time.monotonic() - began, first, processes)
    return 1 if total.broken else 0


def tell(total: Findings, took: float, first: int, processes: int) -> None:
    """Print the summary."""
    print(f"seeds {first} to {first + total.seeds - 1}: {len(total.broken)} violations")
    print(
        f"{took:.0f} s with {processes} processes, {1000 * total.processor / total.seeds:.1f} ms of"
        f" processor per seed; {total.steps:,} steps, {total.virtual / 86400:,.0f} days of virtual"
        " time"
    )
    for kind, times in sorted(total.counts.items()):
        print(f"  {kind:28}{times:>10,}")
    rules = Counter(rule for _, rule, _ in total.broken)
    for rule, times in rules.most_common():
        own = sorted((seed, text) for seed, of, text in total.broken if of == rule)
        shown = ", ".join(str(seed) for seed, _ in own[:SHOWN])
        print(f"BROKEN {times} times: {rule}; seeds {shown}")
        print("   ", own[0][1][:600])


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    options = parser.parse_args()
    if options.seed is None:
        return search_all(options.first, options.seeds, options.processes)
    plan = make_plan(options.seed)
    rule = run(plan).rule
    print(plan.describe() + "\n\n" + traced(plan)[1] if rule is None else explain(plan, rule))
    return 0 if rule is None else 1


if __name__ == "__main__":
    sys.exit(main())
