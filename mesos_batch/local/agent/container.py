"""A launched container as its executor sees it: it ends by itself or is stopped with grace."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mesos_batch.local.agent.process import Command, Exit, Process, spawn
from mesos_batch.local.agent.sandbox import command_variables
from mesos_batch.local.agent.supervised import spawn_supervised

if TYPE_CHECKING:
    from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
    from mesos_batch.local.agent.checkpoint import ExecutorRecord
    from mesos_batch.local.agent.guard import Guard
    from mesos_batch.local.agent.process import Account, FailedProcess, TaskProcess


LOOPBACK = "127.0.0.1"
_UNKNOWN = -1


class Container(Protocol):
    """What an executor needs of a container, whoever runs it."""

    pid: int | None
    exited: asyncio.Future[Exit | None]
    address: str

    def stop(self, grace: float) -> None:
        """Ask it to end and end it after ``grace`` seconds; again may only shorten that."""

    async def run_check(self, command: pb.CommandInfo) -> int:
        """Run a command beside the task and give its exit status."""


def command_of(
    command: pb.CommandInfo, environment: dict[str, str], directory: Path, account: Account | None
) -> Command:
    """The command to execute; ``environment`` yields to what the command sets itself."""
    variables = {**environment, **command_variables(command)}
    if command.shell:
        return Command.shell(command.value, variables, directory, account)
    argv = list(command.arguments) or [command.value]
    return Command(command.value, argv, variables, directory, account)


class ProcessContainer:
    """A task that is a plain process tree of this machine."""

    def __init__(self, process: Process, command: Command, guard: Guard) -> None:
        self.pid = process.pid
        self.exited = process.exited
        self.address = LOOPBACK
        self._process = process
        self._command = command
        self._guard = guard
        self._loop = asyncio.get_running_loop()
        self._stopped_at: float | None = None
        self._grace = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    async def launch(cls, command: Command, output: Path, guard: Guard) -> ProcessContainer:
        """Start a command with ``stdout`` and ``stderr`` in the directory ``output``."""
        process = await _spawn(command, output / "stdout", output / "stderr", guard)
        return cls(process, command, guard)

    @classmethod
    async def launch_supervised(
        cls, command: Command, output: Path, guard: Guard, record: ExecutorRecord
    ) -> ProcessContainer:
        """Start a command that goes on when we end; how it ends is noted in ``record``."""
        loop = asyncio.get_running_loop()
        process = await loop.run_in_executor(
            None,
            spawn_supervised,
            command,
            output / "stdout",
            output / "stderr",
            record.directory,
            record.lock,
            loop,
        )
        return cls(process, command, guard)

    def stop(self, grace: float) -> None:
        """SIGTERM to the tree now, SIGKILL ``grace`` seconds after the first call."""
        if self._stopped_at is None:
            self._stopped_at = self._loop.time()
            self._grace = grace
            asked = self._loop.run_in_executor(None, self._process.terminate)
            asked.add_done_callback(lambda _: self._arm())
        elif grace < self._grace:
            self._grace = grace
            if self._timer is not None:
                self._timer.cancel()
                self._arm()

    def _arm(self) -> None:
        if self._stopped_at is not None and not self.exited.done():
            self._timer = self._loop.call_at(self._stopped_at + self._grace, self._escalate)

    def _escalate(self) -> None:
        if not self.exited.done():
            self._loop.run_in_executor(None, self._process.kill)

    async def run_check(self, command: pb.CommandInfo) -> int:
        """Run a check command in the task's sandbox; its output goes to ``stderr``."""
        mine = self._command
        check = command_of(command, dict(mine.environment), mine.directory, mine.account)
        output = mine.directory / "stderr"
        process = await _spawn(check, output, output, self._guard)
        try:
            ended = await asyncio.shield(process.exited)
        finally:
            if not process.exited.done():
                self._loop.run_in_executor(None, process.kill)
        return _UNKNOWN if ended is None else ended.code


async def _spawn(
    command: Command, stdout: Path, stderr: Path, guard: Guard
) -> TaskProcess | FailedProcess:
    """Start a command off the event loop only where that helps: fork holds up all threads."""
    loop = asyncio.get_running_loop()
    if sys.platform == "win32":
        return await loop.run_in_executor(None, spawn, command, stdout, stderr, guard, loop)
    return spawn(command, stdout, stderr, guard, loop)
