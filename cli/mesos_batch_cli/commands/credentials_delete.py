"""``mesos-batch credentials delete``: forget a secret or a token."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mesos_batch.config import profile_settings as the
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.credentials import entry_meant, no_keyring
from mesos_batch_cli.output.outcome import tell_done
from mesos_batch_cli.values import Values

USAGE = (
    "mesos-batch credentials delete --master=HOST:PORT --principal=NAME",
    "mesos-batch credentials delete --master=HOST:PORT --token",
)
ABOUT = "Takes the secret of a principal, or a token, out of the keyring."
SETTINGS = the.CREDENTIALS


def run(arguments: Sequence[str]) -> int:
    """Forget it.

    Raises:
        UsageError: the arguments are wrong, there is none, or there is no keyring to use.
    """
    values = Values(arguments, os.environ, SETTINGS)
    entry = entry_meant(values, USAGE[values[the.AS_TOKEN]])

    from mesos_batch.config import credential_index, keyring_store

    try:
        was_there = keyring_store.delete(entry)
    except keyring_store.KeyringUnusableError as error:
        raise no_keyring(error, entry.kind) from error
    credential_index.remove(entry)
    if not was_there:
        raise UsageError(
            f"{entry.told} is not in the keyring", "'mesos-batch credentials list' tells what is."
        )
    tell_done(f"{entry.told} is forgotten", values)
    return ExitCode.FINISHED
