"""How many tasks a second the scheduler takes from launch to the last acknowledgement, over HTTP.

``python benchmarks/throughput.py [TASKS] [--profile]`` (default 5,000) drives a null master in a
second process (``null_master.py``): three updates a task, each acknowledged. For each content
type, with and without a journal, it prints tasks per second by the clock on the wall, and what a
task costs in processor time: ours, that of the null master, and how many times more ours is.
With ``--profile`` it prints where ours goes; under the profiler everything takes longer.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from lists import task_list

from mesos_batch.api import Keep, RunOptions, start
from mesos_batch.errors import ExitCode
from mesos_batch.model.task import TaskSpec
from mesos_batch.spec.load import load_task_list

AGENTS, CPUS = 32, 8
_SHOWN = 40


def specs(count: int) -> list[TaskSpec]:
    """Tasks of one cpu."""
    text = task_list([("true", 1)] * count)
    return list(load_task_list(text.encode(), "tiles.json").tasks)


class NullMaster:
    """The other process."""

    def __enter__(self) -> Self:
        program = Path(__file__).with_name("null_master.py")
        self._process = subprocess.Popen(
            [sys.executable, str(program), str(AGENTS), str(CPUS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self.address = f"127.0.0.1:{int(self._process.stdout.readline())}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def cpu_seconds(self) -> float:
        """What it has used."""
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)


class ThreadProfiles:
    """Where processor time goes in the threads that begin meanwhile."""

    def __init__(self) -> None:
        self.found: list[cProfile.Profile] = []

    def __enter__(self) -> Self:
        threading.setprofile(self._begin)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        threading.setprofile(None)

    def _begin(self, *_: object) -> None:
        profile = cProfile.Profile(time.thread_time)
        # From Python 3.12 on the first thread, which is the engine's, is the only one.
        with suppress(ValueError):
            profile.enable()
            self.found.append(profile)


def measure(
    tasks: list[TaskSpec], master: NullMaster, content_type: str, keep: Keep | None
) -> None:
    """Run the tasks and print a row."""
    options = RunOptions(master=master.address, content_type=content_type)
    theirs, ours, begin = master.cpu_seconds(), time.process_time(), time.perf_counter()
    with start(tasks, options, keep) as run:
        end = run.wait()
        taken = time.perf_counter() - begin
        ours = time.process_time() - ours
    theirs = master.cpu_seconds() - theirs
    if end.exit_code is not ExitCode.FINISHED:
        sys.exit(f"the run ended with {end.exit_code}: {end.message}")
    count = len(tasks)
    print(
        f"{content_type:9} {'journal' if keep else 'none':8} {count / taken:8.0f}"
        f" {1e6 * ours / count:11.0f} {1e6 * theirs / count:11.0f} {ours / theirs:7.1f}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("tasks", nargs="?", type=int, default=5000)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    tasks = specs(arguments.tasks)
    print("content   journal   tasks/s  us CPU/task   the master   ratio")
    with NullMaster() as master, tempfile.TemporaryDirectory() as folder:
        for content_type in ("protobuf", "json"):
            for keep in (None, Keep(Path(folder))):
                if arguments.profile:
                    with ThreadProfiles() as profiles:
                        measure(tasks, master, content_type, keep)
                    pstats.Stats(*profiles.found).sort_stats("tottime").print_stats(_SHOWN)
                else:
                    measure(tasks, master, content_type, keep)


if __name__ == "__main__":
    main()
