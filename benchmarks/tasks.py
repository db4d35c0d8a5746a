"""How long a batch of empty tasks takes, next to xargs and GNU parallel in the same minute.

``python benchmarks/tasks.py [COUNT]`` prints seconds and ratios; nothing is asserted, since
machines are noisy. What is measured is the whole way: start of the program, local cluster,
subscription, offers, processes, status updates, acknowledgements, teardown.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SLOTS = 12
PROGRAM = Path(sys.executable).with_name("mesos-batch")


def task_list(count: int) -> str:
    """A list of ``true`` tasks, as many at once as ``SLOTS`` on the local cluster's 12 cpus."""
    tasks = [
        {
            "name": f"t{number}",
            "task_id": {"value": f"t{number}"},
            "command": {"value": "true"},
            "resources": [
                {"name": "cpus", "type": "SCALAR", "scalar": {"value": 12 / SLOTS}},
                {"name": "mem", "type": "SCALAR", "scalar": {"value": 32}},
            ],
        }
        for number in range(count)
    ]
    return json.dumps({"tasks": tasks})


def seconds(command: list[str], text: str = "") -> float:
    """Run a command with this input and give how long it took."""
    begin = time.perf_counter()
    subprocess.run(command, input=text.encode(), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    lines = "\n".join(str(number) for number in range(count))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tasks.json"
        path.write_text(task_list(count), encoding="utf-8")
        ours = [str(PROGRAM), "--master=local", f"--task_list={path}", "--quiet"]
        os.environ["MESOS_BATCH_STATE_DIR"] = folder
        results = {
            "mesos-batch": seconds(ours),
            "without a journal": seconds([*ours, "--no-journal"]),
        }
    xargs = ["xargs", "-P", str(SLOTS), "-n", "1", "sh", "-c", "true"]
    results["xargs"] = seconds(xargs, lines)
    if shutil.which("parallel"):
        results["GNU parallel"] = seconds(["parallel", "-j", str(SLOTS), "true"], lines)
    for name, taken in results.items():
        ratio = results["mesos-batch"] / taken
        print(f"{name:14} {taken:7.2f} s   {1000 * taken / count:6.2f} ms/task   x{ratio:.2f}")


if __name__ == "__main__":
    main()
