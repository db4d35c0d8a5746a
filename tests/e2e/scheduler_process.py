"""mesos-batch as a process whose output goes to a log, to be killed and looked at."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from program import PROGRAM, STATE_DIR, clean_environment

PATIENCE = 100


class Scheduler:
    """Started at once; its runs are kept in ``state`` of the directory."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.state = directory / "state"
        self._environment = clean_environment({STATE_DIR: str(self.state)})
        self._log = directory / "scheduler.log"
        self.start(*arguments)

    def start(self, *arguments: str) -> None:
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                [*PROGRAM, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
            )

    def output(self) -> str:
        return self._log.read_text()

    def wait_until(self, happened: Callable[[], bool]) -> None:
        """Look again and again while it runs."""
        deadline = time.monotonic() + PATIENCE
        while not happened():
            assert self.process.poll() is None, self.output()
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.005)

    def kill_when(self, happened: Callable[[], bool]) -> None:
        """SIGKILL once this has happened."""
        self.wait_until(happened)
        self.process.kill()
        self.process.wait()

    def ended(self) -> int:
        """Wait for the end; the exit code."""
        return self.process.wait(PATIENCE)
