"""The container engine: the ``docker`` or ``podman`` program of this machine.

Which engine it speaks to is a matter of the program's own environment (``DOCKER_HOST``).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mesos_batch.local.agent.docker_options import image_with_tag
from mesos_batch.local.agent.process import Exit
from mesos_batch.local.agent.sandbox import (
    LaunchError,
    NoContainerizerError,
    inherited_environment,
)

PROGRAMS = ("docker", "podman")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call of the program gave."""

    ended: Exit
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Engine:
    """A program with the arguments each call begins with."""

    program: tuple[str, ...]

    @classmethod
    async def find(cls) -> Engine:
        """The first program whose engine answers.

        Raises:
            NoContainerizerError: none does.
        """
        reasons = []
        for name in PROGRAMS:
            path = shutil.which(name)
            if path is None:
                reasons.append(f"there is no program '{name}'")
                continue
            host = os.environ.get("DOCKER_HOST")
            engine = cls((name, "-H", host) if name == "docker" and host else (name,))
            reply = await engine.call("version")
            if reply.ended.ok:
                return engine
            lines = reply.stderr.strip().splitlines() or [f"'{name} version' {reply.ended}"]
            reasons.append(f"{name} has no engine: {lines[-1]}")
        raise NoContainerizerError("; ".join(reasons))

    async def call(self, *arguments: str) -> Reply:
        """Run the program to its end; a cancelled call ends it."""
        loop = asyncio.get_running_loop()
        replied: asyncio.Future[Reply] = loop.create_future()
        call = _Call([*self.program, *arguments])

        def work() -> None:
            reply = call.run()
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_resolve, replied, reply)

        # A pull or a stop may take minutes: a thread of its own, not one of the pool.
        threading.Thread(target=work, name=f"docker-{arguments[0]}", daemon=True).start()
        try:
            return await replied
        except asyncio.CancelledError:
            call.kill()
            raise

    async def pull(self, image: str, *, force: bool) -> None:
        """Have an image here; one that is here already is pulled only by ``force``.

        Raises:
            LaunchError: it cannot be pulled.
        """
        tagged = image_with_tag(image)
        if not force and (await self.call("inspect", tagged)).ended.ok:
            return
        reply = await self.call("pull", tagged)
        if not reply.ended.ok:
            command = " ".join((*self.program, "pull", tagged))
            raise LaunchError(f"Failed to run '{command}': {reply.ended}; stderr='{reply.stderr}'")


class _Call:
    def __init__(self, argv: list[str]) -> None:
        self._argv = argv
        self._lock = threading.Lock()
        self._popen: subprocess.Popen[str] | None = None
        self._cancelled = False

    def run(self) -> Reply:
        try:
            with self._lock:
                if self._cancelled:
                    return Reply(Exit(1), "", "cancelled")
                self._popen = subprocess.Popen(
                    self._argv,
                    env=inherited_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    encoding="utf-8",
                    errors="replace",
                )
            stdout, stderr = self._popen.communicate()
        except OSError as error:
            return Reply(Exit(1), "", str(error))
        code = self._popen.returncode
        return Reply(Exit(code) if code >= 0 else Exit(signal=-code), stdout, stderr)

    def kill(self) -> None:
        with self._lock:
            self._cancelled = True
            if self._popen is not None:
                self._popen.kill()


def _resolve(future: asyncio.Future[Reply], reply: Reply) -> None:
    if not future.done():
        future.set_result(reply)


@contextlib.contextmanager
def environment_arguments(
    variables: Mapping[str, str],
) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Arguments that set variables in a container, and what the program needs for them.

    Values never come into an argument list, where every user of the machine could read them:
    they go through a file only we can read, or, as a file cannot hold several lines, through the
    environment of the program. Blocks.
    """
    arguments: list[str] = []
    environment = inherited_environment()
    lines = []
    for name, value in sorted(variables.items()):
        if "\n" in value or "\r" in value:
            arguments += ["-e", name]
            environment[name] = value
        else:
            lines.append(f"{name}={value}\n")
    descriptor, path = tempfile.mkstemp(prefix="mesos-batch-", suffix=".env")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(lines)
        yield ["--env-file", path, *arguments], environment
    finally:
        Path(path).unlink(missing_ok=True)
