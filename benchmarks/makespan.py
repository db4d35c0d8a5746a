"""Four works with real sleeps on a local cluster that allocates once a second, next to the ideal.

``python benchmarks/makespan.py [--master=HOST:PORT]`` starts two agents of 4 cpus (or takes the
cluster at that address, of the same size) and runs each work with command executors and with
pools. A ratio of 1 is the ideal makespan; the start of the program and its registration count too.
``--svg=FILE`` draws the ratios.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from charts import bars
from lists import task_list

PROGRAM = Path(sys.executable).with_name("mesos-batch")
# Name, what each task runs with how many cpus, and the ideal in seconds; none is known for the
# third, which is bound by how fast processes start.
WORKS: dict[str, tuple[list[tuple[str, float]], float | None]] = {
    "80 x 1 s of 1 cpu": ([("sleep 1", 1)] * 80, 10.0),
    "32 x 2 s of 3 and 0.5 cpus": ([("sleep 2", 3), ("sleep 2", 0.5)] * 16, 16.0),
    "200 x true of 0.1 cpu": ([("true", 0.1)] * 200, None),
    "99 cpus first, 10 small ones": ([("sleep 1", 99), *[("sleep 1", 0.1)] * 10], 1.0),
}


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """A local cluster in a process of its own; gives its address."""
    command = [
        *(str(PROGRAM), "local", "--agents=2", "--cpus=4", "--mem=4096"),
        *("--allocation_interval=1secs", "--no-authenticate", f"--work_dir={folder}"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield next(line.split()[1] for line in process.stdout if "master" in line)
    finally:
        process.terminate()
        process.wait()


def seconds(master: str, tasks: list[tuple[str, float]], executor: str) -> float:
    """How long a run takes; a task that fits nowhere is given up at once."""
    command = [
        *(str(PROGRAM), f"--master={master}", "--task_list=-", "--quiet", "--no-journal"),
        *(f"--executor={executor}", "--unplaceable_timeout=0secs"),
    ]
    begin = time.perf_counter()
    subprocess.run(command, input=task_list(tasks).encode(), stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - begin


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--master")
    parser.add_argument("--svg", type=Path)
    given = parser.parse_args()
    rows: list[tuple[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MESOS_BATCH_STATE_DIR"] = folder
        if given.master is not None:
            measure(given.master, rows)
        else:
            with cluster(Path(folder, "cluster")) as master:
                measure(master, rows)
    if given.svg is not None:
        bars(given.svg, "Makespan as a multiple of the ideal, allocation every second", rows, "")


def measure(master: str, rows: list[tuple[str, float]]) -> None:
    """Run all works and print a line for each."""
    print(f"{'WORK':30} {'EXECUTOR':>9} {'SECONDS':>8} {'IDEAL':>6} {'RATIO':>6}")
    for name, (tasks, ideal) in WORKS.items():
        for executor in ("command", "pool"):
            took = seconds(master, tasks, executor)
            ratio = f"{took / ideal:6.2f}" if ideal is not None else f"{'-':>6}"
            shown = f"{ideal:6.1f}" if ideal is not None else f"{'-':>6}"
            print(f"{name:30} {executor:>9} {took:8.2f} {shown} {ratio}", flush=True)
            if ideal is not None:
                rows.append((f"{name}, {executor}", took / ideal))


if __name__ == "__main__":
    main()
