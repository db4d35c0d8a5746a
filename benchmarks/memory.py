"""What a waiting task costs: memory, and processor seconds until the run subscribes.

``python benchmarks/memory.py [TASKS ...]`` (default 1,000, 10,000 and 100,000): for each number of
tasks the program itself reads a list from a file, checks it, writes its journal and subscribes to
a master that only listens. Memory is that of the process at that moment (steady) and its peak, both
above the same program with a list of one task. Linux only.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from lists import task_list

PROGRAM = Path(sys.executable).with_name("mesos-batch")
MB = 1e6
GIVE_UP_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process needed until it subscribed: processor seconds and bytes."""

    seconds: float
    steady: int
    peak: int


def ordinary(count: int) -> str:
    """Tasks that differ in name and id only."""
    return task_list([("true", 1)] * count)


def rendering(count: int) -> str:
    """Tasks with a command and a variable of their own among much that is equal."""
    same = [{"name": f"SHARED_{number}", "value": "a/long/path" * 3} for number in range(10)]
    tasks = [
        {
            "name": f"frame {number}",
            "task_id": {"value": f"frame-{number}"},
            "command": {
                "value": f"render --frame={number} --quality=high scene.blend",
                "environment": {
                    "variables": [*same, {"name": "FRAME", "value": str(number)}],
                },
                "uris": [{"value": "http://files.example.org/scene.tar.gz"}],
            },
            "container": {"type": "DOCKER", "docker": {"image": "registry/render:1"}},
            "resources": [
                {"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.5}},
                {"name": "mem", "type": "SCALAR", "scalar": {"value": 64}},
            ],
        }
        for number in range(count)
    ]
    return json.dumps({"tasks": tasks})


def memory_of(process: int) -> tuple[int, int]:
    """Resident bytes of a process now and at most."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    sizes = dict(re.findall(r"(VmRSS|VmHWM):\s+(\d+) kB", status))
    return int(sizes["VmRSS"]) * 1024, int(sizes["VmHWM"]) * 1024


def measure(text: str) -> Cost:
    """Run the program with a list until it subscribes, then end it."""
    with socket.create_server(("127.0.0.1", 0)) as master, tempfile.TemporaryDirectory() as folder:
        master.settimeout(GIVE_UP_SECONDS)
        path = Path(folder) / "tasks.json"
        path.write_text(text, encoding="utf-8")
        command = [str(PROGRAM), f"--master=127.0.0.1:{master.getsockname()[1]}", "--quiet"]
        environment = {**os.environ, "MESOS_BATCH_STATE_DIR": folder}
        process = subprocess.Popen([*command, f"--task_list={path}"], env=environment)
        try:
            connection, _ = master.accept()
            with connection:
                # The call itself: by then nothing of the start is under way.
                connection.recv(1)
                times = psutil.Process(process.pid).cpu_times()
                steady, peak = memory_of(process.pid)
        finally:
            process.kill()
            process.wait()
    return Cost(times.user + times.system, steady, peak)


def rows(counts: list[int]) -> Iterator[str]:
    """The lines of the table."""
    yield f"{'list':10} {'tasks':>9} {'to subscribe':>13} {'steady':>9} {'peak':>9} {'a task':>9}"
    for kind in (ordinary, rendering):
        idle = measure(kind(1))
        yield (
            f"{kind.__name__:10} {'idle':>9} {idle.seconds:11.2f} s {idle.steady / MB:6.0f} MB"
            f" {idle.peak / MB:6.0f} MB"
        )
        for count in counts:
            cost = measure(kind(count))
            steady, peak = cost.steady - idle.steady, cost.peak - idle.peak
            yield (
                f"{'':10} {count:9,} {cost.seconds:11.2f} s {steady / MB:+6.0f} MB"
                f" {peak / MB:+6.0f} MB {steady / count:7.0f} B"
            )


def main() -> None:
    """Measure and print."""
    for line in rows([int(count) for count in sys.argv[1:]] or [1_000, 10_000, 100_000]):
        print(line, flush=True)


if __name__ == "__main__":
    main()
