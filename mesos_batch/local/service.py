"""What every process of a local cluster has: an event loop in a thread, a directory, a log."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import secrets
import tempfile
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from mesos_batch.errors import ClusterError, UsageError
from mesos_batch.local.agent.agent import LocalAgent
from mesos_batch.local.options import Credential, LocalOptions
from mesos_batch.local.server import LOG, LOOPBACK

if TYPE_CHECKING:
    from types import TracebackType

T = TypeVar("T")
PRINCIPAL = "local"
# Made only when there is something to tell.
LOG_FILE = "cluster.log"
NOT_STARTED = "the cluster is not running"
_SECRET_BYTES = 24


class Service:
    """Masters and agents of one process. All methods may be called by any thread."""

    def __init__(self, options: LocalOptions | None = None) -> None:
        options = options or LocalOptions()
        self._credential = options.credential or Credential(
            PRINCIPAL, secrets.token_urlsafe(_SECRET_BYTES)
        )
        self._options = dataclasses.replace(options, credential=self._credential)
        # Nobody comes back to a temporary directory.
        self._recovers = options.work_dir is not None
        self._thread: _LoopThread | None = None
        self._log: logging.Handler | None = None
        self._failure: ClusterError | None = None
        self.agents: list[LocalAgent] = []

    @property
    def credential(self) -> Credential:
        """What clients need; a cluster that lets everybody in ignores it."""
        return self._credential

    @property
    def login(self) -> Credential | None:
        """What the masters ask for; ``None`` when they let everybody in."""
        return self._credential if self._options.authenticate else None

    @property
    def master_address(self) -> str:
        """``host:port`` of the master to connect to."""
        raise NotImplementedError

    @property
    def work_dir(self) -> Path:
        """Where agents keep sandboxes and volumes."""
        if self._options.work_dir is None:
            raise RuntimeError(NOT_STARTED)
        return self._options.work_dir

    @property
    def agent_work_dirs(self) -> dict[str, str]:
        """The work directory of each registered agent, by agent id."""
        return {agent.id: str(agent.work_dir) for agent in self.agents if agent.id}

    def check(self) -> None:
        """See whether all is well.

        Raises:
            ClusterError: it cannot go on; the message says why.
        """
        if self._failure is not None:
            raise self._failure

    def start(self) -> Self:
        """Start the master and its agents; all of them answer when this returns.

        Raises:
            UsageError: the port is taken, or the work directory cannot be used.
            ClusterError: ZooKeeper does not answer.
        """
        if self._options.work_dir is None:
            made = Path(tempfile.mkdtemp(prefix="mesos-batch-local-"))
            self._options = dataclasses.replace(self._options, work_dir=made)
        try:
            self.work_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from None
        self._thread = _LoopThread()
        self._log = logging.FileHandler(self.work_dir / LOG_FILE, encoding="utf-8", delay=True)
        LOG.addHandler(self._log)
        try:
            self._run(self._start())
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End all tasks, agents and masters; a second call does nothing."""
        if self._thread is not None:
            self._run(self._stop())
            self._thread.end()
            self._thread = None
        if self._log is not None:
            LOG.removeHandler(self._log)
            self._log.close()
            self._log = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._thread is None:
            work.close()
            raise RuntimeError(NOT_STARTED)
        return asyncio.run_coroutine_threadsafe(work, self._thread.loop).result()

    def _fail(self, error: ClusterError) -> None:
        self._failure = error

    def _make_agents(self) -> None:
        for index in range(self._options.agents):
            directory = self.work_dir / f"agent-{index}"
            agent = LocalAgent(index, self._options, directory, recovers=self._recovers)
            self.agents.append(agent)

    def _port_taken(self, error: OSError) -> UsageError:
        return UsageError(
            f"port {self._options.port} of {LOOPBACK} cannot be used: {error.strerror}",
            "Choose another port, or 0 for any free one.",
        )

    def _unusable(self, error: OSError) -> UsageError:
        return UsageError(
            f"agents cannot work in {self.work_dir}: {error.strerror}",
            "Choose a directory you may write to.",
        )

    async def _start(self) -> None:
        raise NotImplementedError

    async def _stop(self) -> None:
        raise NotImplementedError


def _log_mistake(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    LOG.error(context["message"], exc_info=context.get("exception"))


class _LoopThread:
    """An event loop that runs in a daemon thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(_log_mistake)
        self._thread = threading.Thread(
            target=self.loop.run_forever, name="local-cluster", daemon=True
        )
        self._thread.start()

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()
