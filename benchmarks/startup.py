"""How long the program takes to start, as multiples of an empty Python.

``python benchmarks/startup.py`` runs each command several times and takes the best.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

PROGRAM = str(Path(sys.executable).with_name("mesos-batch"))
EMPTY = [sys.executable, "-c", "pass"]
COMMANDS = {
    "an empty Python": EMPTY,
    "mesos-batch --version": [PROGRAM, "--version"],
    "mesos-batch --help": [PROGRAM, "--help"],
    "mesos-batch runs": [PROGRAM, "runs"],
    "import mesos_batch.api": [sys.executable, "-c", "import mesos_batch.api"],
    "mesos-batch, an empty list": [PROGRAM, "--master=local", '--task_list={"tasks":[]}'],
}
ROUNDS = 5


def best(command: list[str]) -> float:
    """Seconds of the fastest of some runs."""
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - begin)
    return min(times)


def main() -> None:
    """Measure and print."""
    empty = best(EMPTY)
    print(f"{'':30} {'SECONDS':>8} {'RATIO':>6}")
    for name, command in COMMANDS.items():
        took = best(command)
        print(f"{name:30} {took:8.3f} {took / empty:6.1f}", flush=True)


if __name__ == "__main__":
    main()
