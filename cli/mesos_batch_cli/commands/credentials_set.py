"""``mesos-batch credentials set``: keep a secret or a token in the keyring."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesos_batch.config import profile_settings as the
from mesos_batch.config.secret import Secret
from mesos_batch.config.secrets import Credentials, checked_token, refuse_colons
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.credentials import entry_meant, no_keyring
from mesos_batch_cli.output.outcome import tell_done
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.config.keyring_entry import Entry

USAGE = (
    "mesos-batch credentials set --master=HOST:PORT --principal=NAME",
    "mesos-batch credentials set --master=HOST:PORT --token",
)
ABOUT = (
    "Keeps the secret of a principal, or a token, in the keyring of the operating system, for one "
    "master. It is asked for, or read from the first line of standard input; it is never an "
    "argument, and never kept in plain text."
)
SETTINGS = the.CREDENTIALS


def run(arguments: Sequence[str]) -> int:
    """Ask for it and keep it.

    Raises:
        UsageError: the arguments are wrong, or there is no keyring to use.
    """
    values = Values(arguments, os.environ, SETTINGS)
    entry = entry_meant(values, USAGE[values[the.AS_TOKEN]])

    from mesos_batch.config import credential_index, keyring_store

    try:
        keyring_store.require()
        secret = _ask(entry)
        if entry.kind == "token":
            checked_token(secret)
        else:
            refuse_colons(Credentials(entry.principal, secret))
        keyring_store.save(entry, secret)
    except keyring_store.KeyringUnusableError as error:
        raise no_keyring(error, entry.kind) from error
    credential_index.add(entry)
    tell_done(f"{entry.told} is in the keyring", values)
    return ExitCode.FINISHED


def _ask(entry: Entry) -> Secret:
    if sys.stdin.isatty():
        from getpass import getpass

        told = entry.told.removeprefix("the ")
        text = getpass(f"{told[0].upper()}{told[1:]}: ")
    else:
        text = sys.stdin.readline().rstrip("\r\n")
    if not text:
        raise UsageError(f"the {entry.kind} is empty")
    return Secret(text)
