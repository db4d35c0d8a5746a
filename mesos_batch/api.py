"""The public door of the library: start a run, watch it, look at it, end it, take it up again.

tasks = load_task_list(text, "tiles.json").tasks
with start(tasks, RunOptions(master="local")) as run:
    for fact in run.facts():
        print(fact)
    print(run.snapshot().exit_code)
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_urlsafe
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mesos_batch.asking import login_of
from mesos_batch.collector import collector_paused
from mesos_batch.config.masters import LOCAL
from mesos_batch.config.secret import Secret
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch.journal import Journal, find_run
from mesos_batch.local.options import Credential, LocalOptions, ZooKeeperAddress
from mesos_batch.model.facts import Fact, RunEnded
from mesos_batch.options import Keep, RunOptions, from_json, settled, to_json
from mesos_batch.registration import make_policy, make_target, with_constraints
from mesos_batch.runtime.runner import Runner
from mesos_batch.transport.http import Login

if TYPE_CHECKING:
    from mesos_batch.model.change import Change
    from mesos_batch.model.saved import Past
    from mesos_batch.model.snapshot import RunSnapshot
    from mesos_batch.model.task import TaskSpec
    from mesos_batch.runtime.subscriber import Target

__all__ = [
    "Credential",
    "ExitCode",
    "Keep",
    "LocalOptions",
    "LocalServer",
    "Run",
    "RunOptions",
    "Secret",
    "ZooKeeperAddress",
    "create",
    "resume",
    "serve_local",
    "start",
]


class Run:
    """A batch that runs. Use as a context manager, or call :meth:`close` in the end."""

    def __init__(
        self,
        tasks: Sequence[TaskSpec],
        options: RunOptions,
        journal: Journal | None = None,
        past: Past | None = None,
        changes: Sequence[Change] = (),
        *,
        starts_nothing: bool = False,
    ) -> None:
        self._resources = ExitStack()
        self._facts: queue.SimpleQueue[Fact] = queue.SimpleQueue()
        self._work_dir: Path | None = None
        self._run_id = journal.run_id if journal is not None else None
        try:
            if journal is not None:
                self._resources.callback(journal.close)
            # The journal has the tasks as they are; the constraints of the run are options.
            tasks = with_constraints(tasks, options)
            target, roots = self._target(tasks, options, changes)
            environment = {"MESOS_BATCH_TASK_COUNT": str(len(tasks))}
            if self._run_id is not None:
                environment["MESOS_BATCH_RUN_ID"] = self._run_id
            if past is not None and options.master == LOCAL:
                # The embedded cluster ended with the program it was embedded in.
                past = replace(past, framework_id=None, changes=(), operations=())
            self._runner = Runner(
                tasks,
                make_policy(options, roots, starts_nothing=starts_nothing),
                target,
                self._publish,
                environment=environment,
                journal=journal,
                past=past,
                changes=changes,
            )
            self._runner.start()
        except BaseException:
            self._resources.close()
            raise

    @property
    def run_id(self) -> str | None:
        """What to call the run by when it is looked at or resumed; ``None`` without a journal."""
        return self._run_id

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

    def detach(self, exit_code: ExitCode = ExitCode.INTERRUPTED) -> None:
        """End with this code and let the tasks run on; what was kept can be resumed."""
        self._runner.detach(exit_code)

    def abandon(self) -> None:
        """Leave at once; the master, if it can be told, kills what is left."""
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
        self._runner.leave()
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
        self, tasks: Sequence[TaskSpec], options: RunOptions, changes: Sequence[Change]
    ) -> tuple[Target, dict[str, str]]:
        if options.master == LOCAL:
            if options.secret is not None or options.token is not None:
                raise UsageError("the embedded cluster makes its own secret")
            local = options.local
            if options.principal is not None:
                credential = Credential(options.principal, token_urlsafe(24))
                local = replace(local, credential=credential)
            server = self._resources.enter_context(serve_local(local))
            self._work_dir = server.work_dir
            own = Login(server.principal, server.secret.reveal())
            target = make_target(tasks, options, server.master, own, changes)
            return target, server.sandbox_roots
        return make_target(tasks, options, options.master, login_of(options), changes), {}


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A running local cluster and what a framework needs to connect to it.

    ``check`` raises ``ClusterError`` when it cannot go on.
    """

    master: str
    principal: str
    secret: Secret
    work_dir: Path
    sandbox_roots: dict[str, str]
    check: Callable[[], None]


@contextmanager
def serve_local(options: LocalOptions) -> Iterator[LocalServer]:
    """Run a local cluster, or one process of it, for the duration of a ``with``.

    Raises:
        UsageError: the port is taken or the work directory cannot be used.
        ClusterError: ZooKeeper does not answer.
    """
    from mesos_batch.local.cluster import LocalCluster
    from mesos_batch.local.member import ClusterMember

    shared = options.zk is not None or options.master is not None
    with ClusterMember(options) if shared else LocalCluster(options) as cluster:
        yield LocalServer(
            master=cluster.master_address,
            principal=cluster.credential.principal,
            secret=Secret(cluster.credential.secret),
            work_dir=cluster.work_dir,
            sandbox_roots=cluster.agent_work_dirs,
            check=cluster.check,
        )


def start(
    tasks: Sequence[TaskSpec],
    options: RunOptions,
    keep: Keep | None = None,
    changes: Sequence[Change] = (),
) -> Run:
    """Begin to run the tasks; with ``keep`` in a journal, so that the run can be resumed.

    ``changes`` of reservations and volumes (``mesos_batch.volumes`` makes them) come first; when
    one of them fails no task is run.

    Raises:
        UsageError: an option makes no sense; the message names it.
        JournalError: the journal cannot be written.
    """
    options = settled(options, kept=keep is not None)
    if keep is None:
        with collector_paused():
            return Run(tasks, options, changes=changes)
    journal = _new_journal(tasks, options, keep, changes)
    try:
        with collector_paused():
            return Run(tasks, options, journal, changes=changes)
    except BaseException:
        # Nothing has begun that could be resumed.
        journal.discard()
        raise


def create(
    tasks: Sequence[TaskSpec], options: RunOptions, keep: Keep, changes: Sequence[Change] = ()
) -> str:
    """Write the journal of a run that nobody drives yet, and give the id to :func:`resume` it by.

    Raises:
        UsageError: an option makes no sense; the message names it.
        JournalError: the journal cannot be written.
    """
    journal = _new_journal(tasks, settled(options, kept=True), keep, changes)
    journal.close()
    return journal.run_id


def resume(
    run_id: str,
    state_dir: Path | None = None,
    *,
    secret: Secret | None = None,
    token: Secret | None = None,
    master: str | None = None,
    auth_scheme: str | None = None,
    cacert: Path | None = None,
    client_cert: Path | None = None,
    client_key: Path | None = None,
    starts_nothing: bool = False,
) -> Run:
    """Go on with a run whose program ended: crashed, killed, detached or cut off.

    Tasks that still run are taken over, what ended meanwhile is taken in, the rest is launched.
    ``secret`` is that of the principal the run began with, or a ``token`` is shown instead.
    ``master`` is where the cluster is now, when that has changed or is an address with
    credentials, which no journal keeps. How a token is sent and where certificates are may have
    changed too. A run that ``starts_nothing`` takes over what there is and waits to be cancelled.

    Raises:
        UsageError: an option makes no sense; the message names it.
        JournalError: there is no such run, it has ended, another process drives it, or its
            journal cannot be used.
    """
    journal = Journal.open(find_run(state_dir, run_id).directory)
    try:
        kept = from_json(journal.header.master, journal.header.options)
        given = replace(
            kept,
            secret=secret,
            token=token,
            master=master or kept.master,
            auth_scheme=auth_scheme or kept.auth_scheme,
            cacert=cacert or kept.cacert,
            client_cert=client_cert or kept.client_cert,
            client_key=client_key or kept.client_key,
        )
        options = settled(given, kept=True)
        with collector_paused():
            return Run(
                journal.tasks,
                options,
                journal,
                journal.past,
                journal.changes,
                starts_nothing=starts_nothing,
            )
    except BaseException:
        journal.close()
        raise


def _new_journal(
    tasks: Sequence[TaskSpec], options: RunOptions, keep: Keep, changes: Sequence[Change]
) -> Journal:
    return Journal.create(
        keep.state_dir,
        tasks,
        master=options.master,
        source=keep.source,
        options=to_json(options),
        changes=changes,
    )
