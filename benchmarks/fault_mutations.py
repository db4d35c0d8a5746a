"""Break the engine on purpose and see that the fault search notices.

``python benchmarks/fault_mutations.py [--seeds=1000]`` applies each mutation of
``tests/faults/mutations.py`` to a private copy of the package and prints at which seed it is
found and by which rule. Exit code 1 when one is not, 2 when the engine fails as it is.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
from multiprocessing.pool import ThreadPool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from faults.mutations import MUTATIONS, Mutation, copy_of

ROOT = Path(__file__).resolve().parents[1]

# Runs where the mutated copy is the first on the path.
SEARCH = """
import sys
import mesos_batch
from faults.change_plan import make_plan
from faults.run import run
assert mesos_batch.__file__.startswith(sys.argv[1]), mesos_batch.__file__
for seed in range(int(sys.argv[2])):
    rule = run(make_plan(seed)).rule
    if rule is not None:
        print(f"seed {seed}: {rule}")
        break
"""


def found_at(mutation: Mutation | None, seeds: int) -> str:
    """The first seed that finds a mutation and the rule it breaks; empty when none does."""
    with tempfile.TemporaryDirectory() as directory:
        copy_of(ROOT / "mesos_batch", Path(directory), mutation)
        path = os.pathsep.join([directory, str(ROOT / "tests")])
        done = subprocess.run(
            [sys.executable, "-c", SEARCH, directory, str(seeds)],
            env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            cwd=directory,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return done.stdout.strip()


def main() -> int:
    """Look for all mutations, or those chosen."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--only", default="", help="a part of the names")
    options = parser.parse_args()
    chosen = [mutation for mutation in MUTATIONS if options.only in mutation.name]
    already = found_at(None, options.seeds)
    if already:
        print(f"the engine as it is breaks a rule: {already}")
        return 2
    missed = 0
    with ThreadPool(multiprocessing.cpu_count()) as pool:
        searches = [(m, pool.apply_async(found_at, (m, options.seeds))) for m in chosen]
        for mutation, search in searches:
            found = search.get()
            missed += not found
            print(f"{mutation.name:56} {found or 'NOT FOUND'}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} found within {options.seeds} seeds each")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
