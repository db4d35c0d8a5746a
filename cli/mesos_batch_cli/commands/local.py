"""``mesos-batch local``: serve a local cluster until Ctrl-C, for any framework to connect to."""

from __future__ import annotations

import os
import queue
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from mesos_batch.config import local_settings as the
from mesos_batch.config.masters import ZOOKEEPER, parse_master
from mesos_batch.config.secret import Secret
from mesos_batch.config.secrets import (
    Credentials,
    Given,
    Offered,
    find_credentials,
    refuse_colons,
)
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.interrupts import LeaveAtOnceError, interrupts
from mesos_batch_cli.output.streams import emit, say_warning
from mesos_batch_cli.values import Origin, Values

if TYPE_CHECKING:
    from mesos_batch.api import Credential, LocalOptions, LocalServer, ZooKeeperAddress

USAGE = ("mesos-batch local [flags]",)
ABOUT = (
    "Serves a Mesos master and agents on this machine until Ctrl-C. Tasks run as processes of "
    "the user who started it. Only loopback is listened on. With --zk or --master, several such "
    "processes make one cluster."
)
SETTINGS = the.LOCAL
CLOSING = (
    "Each flag can come from the environment as MESOS_BATCH_LOCAL_<FLAG>. A flag wins over its "
    "variable."
)
_SECRET_BYTES = 24
_WAIT_SECONDS = 0.5


def run(arguments: Sequence[str]) -> int:
    """Serve until a signal comes; gives the exit code.

    Raises:
        UsageError: a flag is wrong, or the port is taken.
        ClusterError: ZooKeeper or the master is away, or refuses us.
    """
    values = Values(arguments, os.environ, SETTINGS)
    options = _options(values)

    from mesos_batch.api import serve_local

    asked: queue.SimpleQueue[ExitCode] = queue.SimpleQueue()
    try:
        with (
            interrupts(asked.put),
            serve_local(options) as server,
            _secret_file(values, server) as secret_file,
        ):
            connection = _connection(options, server, secret_file)
            if values[the.JSON]:
                from mesos_batch_cli.output.as_json import as_json

                emit(sys.stdout, as_json("local", connection))
            else:
                emit(sys.stdout, _how_to_connect(options, connection))
            _wait(asked, server)
    except LeaveAtOnceError as left:
        return left.exit_code
    return ExitCode.FINISHED


def _options(values: Values) -> LocalOptions:
    _check_roles(values)
    _check_resources(values)
    zk, master = values[the.ZK], values[the.MASTER]
    authenticate = values[the.AUTHENTICATE]
    principal, secret_file = values[the.PRINCIPAL], values[the.SECRET_FILE]
    if not authenticate and (principal is not None or secret_file is not None):
        raise UsageError("--no-authenticate leaves no use for --principal and --secret_file")

    from mesos_batch.api import LocalOptions

    return LocalOptions(
        agents=values[the.AGENTS],
        cpus=values[the.CPUS],
        mem=values[the.MEM],
        disk=values[the.DISK],
        gpus=values[the.GPUS],
        resources=values[the.RESOURCES],
        attributes=values[the.ATTRIBUTES],
        port=values[the.PORT],
        work_dir=values[the.WORK_DIR],
        credential=_credential(principal, secret_file),
        authenticate=authenticate,
        allocation_interval=values[the.ALLOCATION_INTERVAL],
        agent_ping_timeout=values[the.AGENT_PING_TIMEOUT],
        max_agent_ping_timeouts=values[the.MAX_AGENT_PING_TIMEOUTS],
        agent_reregister_timeout=values[the.AGENT_REREGISTER_TIMEOUT],
        zk=_zookeeper(zk) if zk is not None else None,
        zk_session_timeout=values[the.ZK_SESSION_TIMEOUT],
        master=_masters(master) if master is not None else None,
    )


def _check_roles(values: Values) -> None:
    """Refuse what makes no sense for a process that is not the whole cluster."""
    zk, master = values[the.ZK], values[the.MASTER]
    if zk is not None and master is not None:
        raise UsageError("--zk starts a master, --master none: give one of them")
    if master is None and zk is None:
        return
    if master is not None and not values[the.AGENTS]:
        raise UsageError("--master starts agents, --agents=0 none: there is nothing to do")
    if master is not None and values[the.PORT]:
        raise UsageError("--port is the port of a master, and with --master there is none")
    if values[the.AUTHENTICATE] and values[the.SECRET_FILE] is None:
        name = "--zk" if zk is not None else "--master"
        raise UsageError(
            f"with {name} several processes share a cluster, and need to share its secret",
            "Give each the same --secret_file and --principal, or --no-authenticate.",
        )


def _check_resources(values: Values) -> None:
    """Refuse to be told one thing twice."""
    named = the.named_resources(values[the.RESOURCES] or "")
    for setting in (the.CPUS, the.MEM, the.DISK, the.GPUS):
        origin = values.origin(setting)
        if setting.name in named and origin is not Origin.DEFAULT:
            other = values.place(setting)
            raise UsageError(
                f"{setting.name} is in --resources and in {other}", f"Leave {other} out."
            )


def _zookeeper(text: str) -> ZooKeeperAddress:
    from mesos_batch.api import ZooKeeperAddress

    address = parse_master(text)
    servers, _, path = address.removeprefix(ZOOKEEPER).partition("/")
    login = address.zk_login.reveal() if address.zk_login is not None else None
    return ZooKeeperAddress(servers, f"/{path}", login)


def _masters(address: str) -> tuple[str, ...] | ZooKeeperAddress:
    if address.startswith(ZOOKEEPER):
        return _zookeeper(address)
    return tuple(address.split(","))


def _credential(principal: str | None, secret_file: Path | None) -> Credential | None:
    from mesos_batch.api import Credential

    if secret_file is not None:
        found = find_credentials(
            Given(principal=principal, flags=Offered(secret_file=secret_file)), None
        )
        for warning in found.warnings:
            say_warning(warning)
        assert found.principal is not None
        assert found.secret is not None
        return Credential(found.principal, found.secret.reveal())
    if principal is None:
        return None
    refuse_colons(Credentials(principal, secret := Secret(token_urlsafe(_SECRET_BYTES))))
    return Credential(principal, secret.reveal())


@contextmanager
def _secret_file(values: Values, server: LocalServer) -> Iterator[Path | None]:
    """The file frameworks can read the secret from, ``None`` when they need none.

    A file we make goes away with the cluster.
    """
    given = values[the.SECRET_FILE]
    if given is not None or not values[the.AUTHENTICATE]:
        yield given
        return
    path = server.work_dir / "secret"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(server.secret.reveal() + "\n")
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _connection(
    options: LocalOptions, server: LocalServer, secret_file: Path | None
) -> dict[str, str | None]:
    """What a framework needs to connect, and what one of ours would be started with."""
    zookeeper = None if options.zk is None else str(options.zk)
    command = ["mesos-batch", f"--master={zookeeper or server.master}"]
    if secret_file is not None:
        command += [f"--principal={server.principal}", f"--secret_file={secret_file}"]
    return {
        "master": server.master,
        "zookeeper": zookeeper,
        "principal": None if secret_file is None else server.principal,
        "secret_file": None if secret_file is None else str(secret_file),
        "sandboxes": str(server.work_dir),
        "command": shlex.join(command),
    }


_LABELS = {
    "master": "master",
    "zookeeper": "zookeeper",
    "principal": "principal",
    "secret_file": "secret in",
    "sandboxes": "sandboxes",
}


def _how_to_connect(options: LocalOptions, connection: dict[str, str | None]) -> str:
    rows = [(label, connection[name]) for name, label in _LABELS.items() if connection[name]]
    return "\n".join(
        [
            _what_runs(options),
            "",
            *(f"  {label:<9}  {value}" for label, value in rows),
            "",
            "Run a task list on it:",
            "",
            f"  {connection['command']} --task_list=FILE",
            "",
            "Ctrl-C ends it, and every task on it."
            if options.master is None
            else "Ctrl-C ends these agents, and every task on them.",
        ]
    )


def _what_runs(options: LocalOptions) -> str:
    size = _size(options)
    one = options.agents == 1
    count = "1 agent" if one else f"{options.agents} agents"
    if options.master is not None:
        verbs = "is running and looks" if one else "are running and look"
        return f"{count} of {size} {verbs} for the master."
    kind = "local cluster" if options.zk is None else "local master"
    if not options.agents:
        return f"A {kind} without agents is running."
    return f"A {kind} with {count} {'with' if one else 'of'} {size} is running."


def _size(options: LocalOptions) -> str:
    amounts = {"cpus": options.cpus, "mem": options.mem, "disk": options.disk, "gpus": options.gpus}
    named = the.named_resources(options.resources or "")
    parts = [f"{it}:{amount:g}" for it, amount in amounts.items() if amount and it not in named]
    if named:
        parts.append(f"--resources ({', '.join(sorted(named))})")
    return " ".join(parts)


def _wait(asked: queue.SimpleQueue[ExitCode], server: LocalServer) -> None:
    """Wait for a signal; in short waits, because Windows delivers one only between two.

    Raises:
        ClusterError: the cluster cannot go on.
    """
    while True:
        server.check()
        try:
            asked.get(timeout=_WAIT_SECONDS)
        except queue.Empty:
            continue
        return
