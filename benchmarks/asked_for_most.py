"""What users ask for most, timed as a user: one command each, with the start of the program in it.

A list of 100 tasks of which 10 fail has run on a local cluster of its own. From there to their
stderr on the screen, and to the failed ones having run again; beside it what the program takes to
start and say its version.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = (sys.executable, "-m", "mesos_batch_cli")
FAILING = 10
TIMES = 5


def main() -> None:
    """Run the list, then each command a few times; the best counts."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tiles.json").write_text(json.dumps(_tiles(100)), encoding="utf-8")
        run_in(folder, "run", "tiles.json", "--master=local", "--quiet")
        shown = run_in(folder, "logs", "last", "--stderr", "--failed").stdout.splitlines()
        assert len(shown) == FAILING, shown
        start = best(folder, "--version")
        logs = best(folder, "logs", "last", "--stderr", "--failed")
        retry = best(folder, "retry", "last", "--quiet")
    print(f"start of the program                 {start:5.2f} s")
    print(f"stderr of the {FAILING} that failed, logs      {logs:5.2f} s  x{logs / start:.1f}")
    print(f"the {FAILING} that failed again, retry         {retry:5.2f} s  x{retry / start:.1f}")


def _tiles(count: int) -> dict[str, object]:
    amounts = {"cpus": 0.1, "mem": 32}
    resources = [
        {"name": name, "type": "SCALAR", "scalar": {"value": value}}
        for name, value in amounts.items()
    ]
    step = count // FAILING
    return {
        "tasks": [
            {
                "name": f"tile-{number}",
                "task_id": {"value": f"tile-{number}"},
                "command": {"value": "true" if number % step else "echo no band B10 >&2; exit 3"},
                "resources": resources,
            }
            for number in range(count)
        ]
    }


def run_in(folder: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program as a user starts it."""
    environment = {**os.environ, "MESOS_BATCH_STATE_DIR": str(Path(folder) / "state")}
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def best(folder: str, *arguments: str) -> float:
    """The shortest of some times, in seconds."""
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        run_in(folder, *arguments)
        times.append(time.perf_counter() - began)
    return min(times)


if __name__ == "__main__":
    main()
