"""``mesos-batch secret set|delete``: the secret of a principal in the keyring."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from mesos_batch.config import settings as the
from mesos_batch.config.masters import LOCAL
from mesos_batch.config.secrets import Credentials, Secret, refuse_colons
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.output.streams import emit
from mesos_batch_cli.values import Values

USAGE = (
    "mesos-batch secret set --master=HOST:PORT --principal=NAME",
    "mesos-batch secret delete --master=HOST:PORT --principal=NAME",
)
ABOUT = (
    "Keeps the secret of a principal in the keyring of the operating system, or forgets it. "
    "'set' asks for the secret, or reads it from the first line of standard input."
)
SETTINGS = the.SECRET_COMMAND


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say and give the exit code.

    Raises:
        UsageError: the arguments are wrong, or there is no keyring to use.
    """
    if not arguments or arguments[0] not in ("set", "delete"):
        raise UsageError("'mesos-batch secret' is followed by set or delete", f"Write {USAGE[0]}.")
    values = Values(arguments[1:], os.environ, SETTINGS)
    master, principal = values[the.MASTER], values[the.PRINCIPAL]
    if master is None or principal is None:
        missing = "master" if master is None else "principal"
        raise UsageError(f"no {missing} is given", f"Write {USAGE[arguments[0] == 'delete']}.")
    if master == LOCAL:
        raise UsageError("a local cluster makes its own secret, so none is kept")

    from mesos_batch.config import keyring_store

    try:
        if arguments[0] == "set":
            secret = _ask(principal, master)
            refuse_colons(Credentials(principal, secret))
            keyring_store.save(principal, master, secret)
            emit(sys.stdout, f"the secret of {principal} at {master} is in the keyring")
        elif keyring_store.delete(principal, master):
            emit(sys.stdout, f"the secret of {principal} at {master} is forgotten")
        else:
            raise UsageError(f"the keyring has no secret of {principal} at {master}")
    except keyring_store.KeyringUnusableError as error:
        raise UsageError(
            f"the keyring cannot be used: {error}",
            "--secret_file and MESOS_BATCH_SECRET work without one.",
        ) from error
    return ExitCode.FINISHED


def _ask(principal: str, master: str) -> Secret:
    if sys.stdin.isatty():
        from getpass import getpass

        text = getpass(f"Secret of {principal} at {master}: ")
    else:
        text = sys.stdin.readline().rstrip("\r\n")
    if not text:
        raise UsageError("the secret is empty")
    return Secret(text)
