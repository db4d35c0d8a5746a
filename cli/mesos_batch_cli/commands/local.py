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

from mesos_batch.config import settings as the
from mesos_batch.config.secrets import Credentials, Given, Secret, find_credentials, refuse_colons
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.help import help_text
from mesos_batch_cli.interrupts import LeaveAtOnceError, interrupts
from mesos_batch_cli.output.streams import emit, say_warning
from mesos_batch_cli.seedflags import asks_for_help
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.api import Credential, LocalOptions, LocalServer

USAGE = ("mesos-batch local [flags]",)
ABOUT = (
    "Serves a Mesos master and agents on this machine until Ctrl-C. Tasks run as processes of "
    "the user who started it. Only loopback is listened on."
)
ENVIRONMENT = (
    "Each flag can come from the environment as MESOS_BATCH_LOCAL_<FLAG>. A flag wins over its "
    "variable."
)
_SECRET_BYTES = 24
_WAIT_SECONDS = 0.5


def run(arguments: Sequence[str]) -> int:
    """Serve until a signal comes; gives the exit code.

    Raises:
        UsageError: a flag is wrong, or the port is taken.
    """
    if asks_for_help(arguments):
        emit(sys.stdout, help_text(USAGE, ABOUT, the.LOCAL, ENVIRONMENT))
        return ExitCode.FINISHED
    values = Values(arguments, os.environ, the.LOCAL)
    options = _options(values)

    from mesos_batch.api import serve_local

    asked: queue.SimpleQueue[ExitCode] = queue.SimpleQueue()
    try:
        with (
            interrupts(asked.put),
            serve_local(options) as server,
            _secret_file(values, server) as secret_file,
        ):
            emit(sys.stdout, _how_to_connect(options, server, secret_file))
            _wait(asked)
    except LeaveAtOnceError as left:
        return left.exit_code
    return ExitCode.FINISHED


def _options(values: Values) -> LocalOptions:
    authenticate = values[the.AUTHENTICATE]
    principal, secret_file = values[the.LOCAL_PRINCIPAL], values[the.LOCAL_SECRET_FILE]
    if not authenticate and (principal is not None or secret_file is not None):
        raise UsageError("--no-authenticate leaves no use for --principal and --secret_file")

    from mesos_batch.api import LocalOptions

    return LocalOptions(
        agents=values[the.AGENTS],
        cpus=values[the.CPUS],
        mem=values[the.MEM],
        disk=values[the.DISK],
        gpus=values[the.GPUS],
        attributes=values[the.ATTRIBUTES],
        port=values[the.PORT],
        work_dir=values[the.WORK_DIR],
        credential=_credential(principal, secret_file),
        authenticate=authenticate,
        allocation_interval=values[the.ALLOCATION_INTERVAL],
    )


def _credential(principal: str | None, secret_file: Path | None) -> Credential | None:
    from mesos_batch.api import Credential

    if secret_file is not None:
        found = find_credentials(Given(principal=principal, flag_file=secret_file), None)
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
    given = values[the.LOCAL_SECRET_FILE]
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


def _how_to_connect(options: LocalOptions, server: LocalServer, secret_file: Path | None) -> str:
    command = ["mesos-batch", f"--master={server.master}"]
    rows = [("master", server.master)]
    if secret_file is not None:
        command += [f"--principal={server.principal}", f"--secret_file={secret_file}"]
        rows += [("principal", server.principal), ("secret in", str(secret_file))]
    rows.append(("sandboxes", str(server.work_dir)))
    size = f"cpus:{options.cpus:g} mem:{options.mem:g} disk:{options.disk:g}"
    if options.gpus:
        size += f" gpus:{options.gpus}"
    each = "with" if options.agents == 1 else "of"
    count = "1 agent" if options.agents == 1 else f"{options.agents} agents"
    return "\n".join(
        [
            f"A local cluster with {count} {each} {size} is running.",
            "",
            *(f"  {name:<9}  {value}" for name, value in rows),
            "",
            "Run a task list on it:",
            "",
            f"  {shlex.join(command)} --task_list=FILE",
            "",
            "Ctrl-C ends it, and every task on it.",
        ]
    )


def _wait(asked: queue.SimpleQueue[ExitCode]) -> None:
    """Wait for a signal; in short waits, because Windows delivers one only between two."""
    while True:
        try:
            asked.get(timeout=_WAIT_SECONDS)
        except queue.Empty:
            continue
        return
