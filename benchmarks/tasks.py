"""How long a batch of empty tasks takes, next to xargs and GNU parallel in the same minute.

``python benchmarks/tasks.py [COUNT] [ROUNDS]`` (default 1,000 tasks, 3 rounds) prints seconds and
ratios; nothing is asserted, since machines are noisy. In each round everybody has a turn, and of
each the best counts. What is measured is the whole way: start of the program, local cluster of
two agents with four cpus each, subscription, offers, processes, status updates, acknowledgements,
teardown. "at once" says how many processes run at the same time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lists import task_list

AGENTS, CPUS = 2, 4
SLOTS = AGENTS * CPUS
PROGRAM = Path(sys.executable).with_name("mesos-batch")


def seconds(command: list[str], text: str) -> float:
    """Run a command with this input and give how long it took."""
    begin = time.perf_counter()
    subprocess.run(command, input=text.encode(), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def main() -> None:
    """Measure and print."""
    numbers = [int(argument) for argument in sys.argv[1:]]
    count, rounds = (*numbers, *(1000, 3)[len(numbers) :])
    lines = "\n".join(str(number) for number in range(count))
    cluster = ["--master=local", f"--local_agents={AGENTS}", f"--local_cpus={CPUS}"]
    commands = {
        "xargs": ["xargs", "-P", str(SLOTS), "-n", "1", "sh", "-c", "true"],
        "GNU parallel": ["parallel", "-j", str(SLOTS), "true"],
    }
    if not shutil.which("parallel"):
        del commands["GNU parallel"]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MESOS_BATCH_STATE_DIR"] = folder
        path = Path(folder) / "tasks.json"
        path.write_text(task_list([("true", 1)] * count), encoding="utf-8")
        ours = [str(PROGRAM), *cluster, f"--task_list={path}", "--quiet"]
        commands = {"mesos-batch": ours, "without journal": [*ours, "--no-journal"], **commands}
        taken = dict.fromkeys(commands, float("inf"))
        for _ in range(rounds):
            for name, command in commands.items():
                taken[name] = min(taken[name], seconds(command, lines))
    print(f"{count} tasks, {SLOTS} at once; mesos-batch takes so many times as long:")
    for name, best in taken.items():
        ratio = taken["mesos-batch"] / best
        print(f"{name:15} {best:7.2f} s   {1000 * best / count:6.2f} ms/task   x{ratio:.2f}")


if __name__ == "__main__":
    main()
