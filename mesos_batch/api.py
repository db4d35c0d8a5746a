"""The public door of the library: start a run, watch it, look at it, end it.

tasks = load_task_list(text, "tiles.json").tasks
with start(tasks, RunOptions(master="local")) as run:
    for fact in run.facts():
        print(fact)
    print(run.snapshot().exit_code)
"""

from __future__ import annotations

import getpass
import os
import queue
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_urlsafe
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mesos_batch.config.masters import LOCAL, parse_master
from mesos_batch.config.secrets import Secret
from mesos_batch.engine.policy import Policy
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch.local.options import Credential, LocalOptions
from mesos_batch.model.facts import Fact, RunEnded
from mesos_batch.protocol.calls import CAPABILITIES, Framework
from mesos_batch.protocol.codec import ContentType
from mesos_batch.protocol.connection import scheduler_url
from mesos_batch.runtime.runner import Runner
from mesos_batch.runtime.subscriber import Target
from mesos_batch.transport.http import Login

if TYPE_CHECKING:
    from mesos_batch.model.snapshot import RunSnapshot
    from mesos_batch.model.task import TaskSpec

__all__ = [
    "Credential",
    "ExitCode",
    "LocalOptions",
    "LocalServer",
    "Run",
    "RunOptions",
    "Secret",
    "serve_local",
    "start",
]

UNPLACEABLE_SECONDS = 300.0
UNREACHABLE_SECONDS = 900.0
# Long enough for a reconnection, short enough that a killed scheduler leaves nothing behind.
FAILOVER_SECONDS = 600.0
ALWAYS = ("TASK_KILLING_STATE", "RESERVATION_REFINEMENT")
CONTENT_TYPES = {"protobuf": ContentType.PROTOBUF, "json": ContentType.JSON}


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run a batch. Times are seconds.

    ``master`` is ``local`` for the embedded cluster, else ``HOST:PORT`` or a URL. ``user`` is
    who the tasks run as, by default the user of this process. ``unplaceable_timeout`` ``None``
    means five minutes, and no waiting on the embedded cluster, whose agents are fixed.
    ``local`` sizes the embedded cluster.
    """

    master: str
    framework_name: str = "mesos-batch instance"
    role: str = "*"
    user: str | None = None
    principal: str | None = None
    secret: Secret | None = None
    content_type: str = "protobuf"
    framework_capabilities: tuple[str, ...] = ()
    checkpoint: bool = False
    partition_aware: bool = True
    kill_after: float | None = None
    unplaceable_timeout: float | None = None
    unreachable_timeout: float = UNREACHABLE_SECONDS
    local: LocalOptions = field(default_factory=LocalOptions)


class Run:
    """A batch that runs. Use as a context manager, or call :meth:`close` in the end."""

    def __init__(self, tasks: Sequence[TaskSpec], options: RunOptions) -> None:
        self._resources = ExitStack()
        self._facts: queue.SimpleQueue[Fact] = queue.SimpleQueue()
        self._work_dir: Path | None = None
        try:
            target, roots = self._target(tasks, options)
            self._runner = Runner(tasks, _policy(options, roots), target, self._publish)
            self._runner.start()
        except BaseException:
            self._resources.close()
            raise

    @property
    def work_dir(self) -> Path | None:
        """Where the embedded cluster keeps sandboxes; they stay after the run."""
        return self._work_dir

    def facts(self) -> Iterator[Fact]:
        """The facts of the run from its beginning; blocks, and ends after ``RunEnded``.

        For one reader. One who joins later begins with :meth:`snapshot`.
        """
        while True:
            fact = self._facts.get()
            yield fact
            if isinstance(fact, RunEnded):
                return

    def snapshot(self) -> RunSnapshot:
        """The state of the run now; from any thread, cheap enough for ten a second."""
        return self._runner.snapshot()

    def cancel(self, exit_code: ExitCode = ExitCode.INTERRUPTED) -> None:
        """Kill the tasks, wait for the kills, tear the framework down, end with this code."""
        self._runner.cancel(exit_code)

    def abandon(self) -> None:
        """Leave at once; the master kills what is left."""
        self._runner.abandon()

    def wait(self, timeout: float | None = None) -> RunSnapshot:
        """Wait for the end, at most ``timeout`` seconds, and look.

        Raises:
            Exception: the run ended by a mistake of ours; this is that mistake.
        """
        self._runner.join(timeout)
        if self._runner.mistake is not None:
            raise self._runner.mistake
        return self.snapshot()

    def close(self) -> None:
        """Free everything; a run that still goes on is abandoned."""
        self._runner.abandon()
        self._runner.join()
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _publish(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            self._facts.put(fact)

    def _target(
        self, tasks: Sequence[TaskSpec], options: RunOptions
    ) -> tuple[Target, dict[str, str]]:
        if options.master == LOCAL:
            if options.secret is not None:
                raise UsageError("the embedded cluster makes its own secret")
            local = options.local
            if options.principal is not None:
                credential = Credential(options.principal, token_urlsafe(24))
                local = replace(local, credential=credential)
            server = self._resources.enter_context(serve_local(local))
            self._work_dir = server.work_dir
            own = Login(server.principal, server.secret.reveal())
            return _make_target(tasks, options, server.master, own), server.sandbox_roots
        login: Login | None = None
        if options.principal is not None and options.secret is not None:
            login = Login(options.principal, options.secret.reveal())
        return _make_target(tasks, options, options.master, login), {}


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A running local cluster and what a framework needs to connect to it."""

    master: str
    principal: str
    secret: Secret
    work_dir: Path
    sandbox_roots: dict[str, str]


@contextmanager
def serve_local(options: LocalOptions) -> Iterator[LocalServer]:
    """Run a local cluster for the duration of a ``with``.

    Raises:
        UsageError: the port is taken or the work directory cannot be used.
    """
    from mesos_batch.local.cluster import LocalCluster

    with LocalCluster(options) as cluster:
        yield LocalServer(
            master=cluster.master_address,
            principal=cluster.credential.principal,
            secret=Secret(cluster.credential.secret),
            work_dir=cluster.work_dir,
            sandbox_roots=cluster.agent_work_dirs,
        )


def start(tasks: Sequence[TaskSpec], options: RunOptions) -> Run:
    """Begin to run the tasks.

    Raises:
        UsageError: an option makes no sense; the message names it.
    """
    return Run(tasks, options)


def _make_target(
    tasks: Sequence[TaskSpec], options: RunOptions, master: str, login: Login | None
) -> Target:
    try:
        url = scheduler_url(parse_master(master))
    except ValueError as error:
        raise UsageError(str(error)) from None
    content_type = CONTENT_TYPES.get(options.content_type)
    if content_type is None:
        raise UsageError(f"content type '{options.content_type}' is none of protobuf, json")
    framework = Framework(
        name=options.framework_name,
        user=options.user or _local_user(),
        role=options.role,
        principal=login.principal if login is not None else options.principal,
        failover_timeout=FAILOVER_SECONDS,
        checkpoint=options.checkpoint,
        hostname=socket.gethostname(),
        capabilities=_capabilities(tasks, options),
    )
    return Target((url,), login, framework, content_type)


def _policy(options: RunOptions, sandbox_roots: dict[str, str]) -> Policy:
    timeout = options.unplaceable_timeout
    if timeout is None:
        timeout = 0.0 if options.master == LOCAL else UNPLACEABLE_SECONDS
    return Policy(
        role=options.role,
        unplaceable_timeout=timeout,
        unreachable_timeout=options.unreachable_timeout,
        kill_after=options.kill_after,
        sandbox_roots=sandbox_roots,
    )


def _capabilities(tasks: Sequence[TaskSpec], options: RunOptions) -> tuple[str, ...]:
    """What was asked for, what we always need, and what the tasks cannot be offered without."""
    wanted = dict.fromkeys(ALWAYS)
    if options.partition_aware:
        wanted["PARTITION_AWARE"] = None
    for name in options.framework_capabilities:
        if name not in CAPABILITIES:
            raise UsageError(f"Mesos knows no framework capability '{name}'")
        wanted[name] = None
    for task in tasks:
        for resource in task.resources:
            if resource.name == "gpus":
                wanted["GPU_RESOURCES"] = None
            if resource.shared:
                wanted["SHARED_RESOURCES"] = None
            if resource.revocable:
                wanted["REVOCABLE_RESOURCES"] = None
    return tuple(wanted)


def _local_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # A container may run as a number without a name.
        return str(os.getuid()) if hasattr(os, "getuid") else "nobody"
